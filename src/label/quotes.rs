//! What the texts of a template have in common, and excerpts of them.

use rayon::iter::{IntoParallelRefMutIterator, ParallelIterator};

use super::{Labelled, Search};
use crate::model::campaign::{COMPARED_TEXTS, Template};
use crate::text::hash::{mix, text_hash};
use crate::text::{common_text, excerpt};

/// Characters of a text that are compared with others of its template.
const COMPARED_CHARS: usize = 4_000;

impl Search {
    /// Keeps the text as it may be shown, if it is among those of its template that are compared.
    pub(super) fn quote(&self, template: u32, text: &str, found: &mut Labelled) {
        let hash = mix(text_hash(text));
        let quotes = found.quotes.entry(template).or_default();
        let full = quotes.len() >= COMPARED_TEXTS;
        let wanted = !full || quotes.last_key_value().is_some_and(|last| hash < *last.0);
        if wanted
            && !quotes.contains_key(&hash)
            && let Some(excerpt) = excerpt(text, COMPARED_CHARS, self.quote)
        {
            quotes.insert(hash, excerpt);
            if full {
                quotes.pop_last();
            }
        }
    }

    /// Puts parts of a second look together, in any order, and gives templates the text that those
    /// found have in common, and excerpts where they lack some.
    #[must_use]
    pub fn join(
        &self,
        parts: impl IntoIterator<Item = Labelled>,
        templates: &mut [Template],
    ) -> Labelled {
        let mut all = Labelled::default();
        for part in parts {
            all.absorb(part);
        }
        let numbers = self.numbers();
        templates.par_iter_mut().for_each(|template| {
            let number = numbers.get(template.id.as_str());
            let Some(quotes) = number.and_then(|number| all.quotes.get(number)) else {
                return;
            };
            let texts: Vec<String> = quotes.values().cloned().collect();
            let common = common_text(&texts);
            if !common.is_empty() {
                template.common_text = common;
            }
            let wanted = self
                .excerpts_per_template
                .saturating_sub(template.excerpts.len());
            let short = texts
                .iter()
                .filter_map(|text| excerpt(text, self.excerpt_chars, self.quote));
            let new: Vec<String> = short
                .filter(|text| !template.excerpts.contains(text))
                .take(wanted)
                .collect();
            template.excerpts.extend(new);
        });
        all.requests.sort_unstable();
        all
    }
}

/// Gives templates the text that their excerpts have in common, where none is known from whole
/// texts, and keeps as many excerpts as are shown.
pub fn finish_texts(templates: &mut [Template], excerpts_per_template: usize) {
    templates.par_iter_mut().for_each(|template| {
        if template.common_text.is_empty() {
            template.common_text = common_text(&template.excerpts);
        }
        template.excerpts.truncate(excerpts_per_template);
    });
}
