//! A request in full: every column of one row.

use crate::simulate::grammar::Voice;
use crate::simulate::origins::{language, origin};
use crate::simulate::page::push_code;
use crate::simulate::places::COUNTRIES;
use crate::simulate::random::{Random, mix};
use crate::simulate::ticks::Tick;
use crate::simulate::world::{
    Account, Bank, Frame, HOUR_US, ModelChoice, Signature, Source, World,
};

/// Letters of identifiers: digits and lower case without look-alikes.
const ID_LETTERS: &[u8] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Share of the requests of a replaying campaign that carry a saved blob (ours).
const REPLAYED_SHARE: f64 = 0.9;
/// People type in haste: in one text of eight, one word in fifty is wrong (ours).
const HASTY_SHARE: f64 = 0.12;
const HASTY_RATE: f64 = 0.02;
/// Access pathways: the provider's own and three clouds.
pub(crate) const PLATFORMS: [&str; 4] = ["api", "bedrock", "vertex", "azure"];

/// The columns of one row; buffers are reused from row to row.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) at_us: i64,
    pub(crate) request_id: String,
    pub(crate) account_id: String,
    pub(crate) api_key_id: String,
    pub(crate) end_user_id: Option<String>,
    pub(crate) conversation_id: String,
    pub(crate) platform: &'static str,
    pub(crate) model: &'static str,
    pub(crate) system_prompt: String,
    pub(crate) prompt: String,
    pub(crate) tool_names: &'static str,
    pub(crate) input_tokens: i64,
    pub(crate) output_tokens: i64,
    pub(crate) temperature: Option<f64>,
    pub(crate) max_tokens: Option<i64>,
    pub(crate) stream: bool,
    pub(crate) status: &'static str,
    pub(crate) http_status: i64,
    pub(crate) ip: String,
    pub(crate) asn: i64,
    pub(crate) country: &'static str,
    pub(crate) client: u16,
    pub(crate) reasoning_signature: Option<String>,
}

/// Appends an identifier of a word.
pub(crate) fn push_id(prefix: &str, word: u64, out: &mut String) {
    out.push_str(prefix);
    push_code(out, word, 12, ID_LETTERS);
    push_code(out, mix(word, 0x1d), 8, ID_LETTERS);
}

/// An account's public identifier.
pub(crate) fn account_id(account: &Account) -> String {
    let mut id = String::new();
    push_id("acct_", mix(account.key, 0xacc), &mut id);
    id
}

impl Row {
    /// Fills in everything that a tick stands for.
    pub(crate) fn fill(&mut self, world: &World, tick: &Tick, corpus: &[String]) {
        let (Some(account), Some(source)) = (
            world.accounts.get(tick.account as usize),
            world.sources.get(usize::from(tick.source)),
        ) else {
            return;
        };
        let mut random = Random::new(mix(tick.draw, account.key));
        self.at_us = tick.at_us;
        for (buffer, prefix, word) in [
            (
                &mut self.request_id,
                "req_",
                mix(tick.draw, mix(account.key, tick.at_us as u64)),
            ),
            (&mut self.account_id, "acct_", mix(account.key, 0xacc)),
            (
                &mut self.api_key_id,
                "key_",
                mix(
                    account.key,
                    0x4e + random.below(u64::from(account.keys.max(1))),
                ),
            ),
            (&mut self.conversation_id, "conv_", tick.session),
        ] {
            buffer.clear();
            push_id(prefix, word, buffer);
        }
        let end_user = if account.end_users > 0 {
            Some(mix(tick.session, 0xe4d) % u64::from(account.end_users))
        } else {
            None
        };
        self.end_user_id = end_user.map(|user| {
            let mut id = String::new();
            push_id("user_", mix(mix(account.key, 0xeed), user), &mut id);
            id
        });
        self.platform = PLATFORMS
            .get(usize::from(account.platform))
            .copied()
            .unwrap_or("api");
        self.model = model(world, account, source, tick.at_us, &mut random);
        self.words(world, account, source, tick, end_user, corpus);
        self.parameters(account, source, tick, &mut random);
        self.address(world, account, tick);
        let clients = account
            .clients
            .get(..usize::from(account.client_count.clamp(1, 3)))
            .unwrap_or_default();
        self.client = Random::new(mix(tick.session, 0xc1))
            .pick(clients)
            .copied()
            .unwrap_or(0);
        self.reasoning_signature = signature(source, tick, &mut random);
    }

    fn words(
        &mut self,
        world: &World,
        account: &Account,
        source: &Source,
        tick: &Tick,
        end_user: Option<u64>,
        corpus: &[String],
    ) {
        let person = match (source.mixed_voices, end_user) {
            (true, Some(user)) => mix(account.key, user + 1),
            (true, None) => mix(account.key, 1 + tick.session % 24),
            _ => account.key,
        };
        let mut random = match source.bank {
            Bank::Items(bank) => Random::new(mix(bank, tick.item)),
            Bank::Free => Random::new(mix(tick.draw, 0x70)),
        };
        let country = if source.mixed_voices {
            world.places.country(&mut Random::new(person))
        } else {
            account.country
        };
        let language = language(country, person, tick.session);
        let frame = match source.frame {
            Frame::Account => account.key,
            Frame::Shared(frame) => frame,
        };
        let is_follow_up = tick.turn > 0;
        let rules = source
            .follow_ups
            .as_ref()
            .filter(|_| is_follow_up)
            .unwrap_or(&source.prompts);
        let voice = Voice {
            frame,
            row: random.next(),
            paraphrase: source.paraphrase,
            interests: (source.bank == Bank::Free).then_some(person),
            is_one_shape: source.frame == Frame::Account && !source.template.is_empty(),
            corpus,
        };
        self.prompt.clear();
        let from_corpus = source.template.is_empty() && !is_follow_up && !corpus.is_empty();
        match corpus
            .get((voice.row % corpus.len().max(1) as u64) as usize)
            .filter(|_| from_corpus)
        {
            Some(text) => self.prompt.push_str(text),
            None => {
                let rule = rules.get(language as usize).copied().unwrap_or(0);
                world
                    .grammar
                    .expand(rule, &mut random, &voice, &mut self.prompt);
            }
        }
        if source.paraphrase > 0.0 {
            reword(&mut self.prompt, source.paraphrase * 0.05, &mut random);
        } else if source.template.is_empty() && random.chance(HASTY_SHARE) {
            reword(&mut self.prompt, HASTY_RATE, &mut random);
        }
        self.system_prompt.clear();
        if let Some(system) = source.system {
            // A system prompt is one text per frame.
            let voice = Voice {
                paraphrase: 0.0,
                interests: None,
                corpus: &[],
                ..voice
            };
            world.grammar.expand(
                system,
                &mut Random::new(mix(frame, 0x5a)),
                &voice,
                &mut self.system_prompt,
            );
        }
    }

    fn parameters(&mut self, account: &Account, source: &Source, tick: &Tick, random: &mut Random) {
        self.tool_names = source.tools;
        let habit = Random::new(mix(account.key, 0x7e)).next();
        let own_temperature = [
            None,
            None,
            None,
            None,
            Some(0.0),
            Some(0.2),
            Some(0.7),
            Some(1.0),
            Some(0.3),
            Some(0.6),
        ];
        let own_limit = [
            None,
            None,
            Some(1_024),
            Some(4_096),
            Some(2_048),
            Some(512),
            Some(8_192),
            Some(16_384),
        ];
        let own = (
            own_temperature
                .get((habit % 10) as usize)
                .copied()
                .flatten(),
            own_limit.get((habit / 10 % 8) as usize).copied().flatten(),
            habit / 80 % 5 < 2,
        );
        let fixed = source.parameters;
        self.temperature = fixed.and_then(|fixed| fixed.temperature).or(own.0);
        self.max_tokens = fixed.and_then(|fixed| fixed.max_tokens).or(own.1);
        self.stream = fixed.and_then(|fixed| fixed.stream).unwrap_or(own.2);
        let bytes = self.prompt.len() + self.system_prompt.len();
        let history = i64::from(tick.turn) * (250 + (tick.session % 400) as i64);
        self.input_tokens = 8 + bytes as i64 / 4 + history;
        let limit = self.max_tokens.unwrap_or(32_000);
        self.output_tokens = (random.log_normal(source.output_tokens, 0.75) as i64).clamp(1, limit);
        let draw = random.unit();
        (self.status, self.http_status) = if tick.rate_limited {
            ("rate_limited", 429)
        } else if draw < source.refusal {
            ("refused", 200)
        } else if draw < source.refusal + 0.006 {
            ("rate_limited", 429)
        } else if draw < source.refusal + 0.011 {
            ("error", [500, 529, 400, 504][random.index(4)])
        } else {
            ("ok", 200)
        };
        match self.status {
            "refused" => self.output_tokens = self.output_tokens.min(40),
            "ok" => {}
            _ => self.output_tokens = 0,
        }
    }

    fn address(&mut self, world: &World, account: &Account, tick: &Tick) {
        self.ip.clear();
        let (network, host) = origin(world, account, tick.session, tick.at_us);
        world.places.push_address(network, host, &mut self.ip);
        if let Some(network) = world.places.get(network) {
            self.asn = network.asn;
            self.country = COUNTRIES
                .get(usize::from(network.country))
                .map_or("US", |country| country.code);
        }
    }
}

fn model(
    world: &World,
    account: &Account,
    source: &Source,
    at_us: i64,
    random: &mut Random,
) -> &'static str {
    let names = |at: usize| world.models.get(at).copied().unwrap_or(world.new_model);
    let is_released = at_us >= world.release_us;
    match source.model {
        ModelChoice::Newest if is_released => world.new_model,
        ModelChoice::Moving { share, ramp_hours } if is_released => {
            let passed =
                (at_us - world.release_us) as f64 / (f64::from(ramp_hours) * HOUR_US as f64);
            let old = if random.chance(0.9) { 0 } else { 1 };
            if random.chance(f64::from(share) * passed.min(1.0)) {
                world.new_model
            } else {
                names(old)
            }
        }
        ModelChoice::Own => {
            if is_released && at_us >= account.adoption_us && random.chance(0.8) {
                return world.new_model;
            }
            let mut preference = Random::new(mix(account.key, 0x30de1));
            let favourite = preference.weighted(&world.model_weights);
            names(if random.chance(0.85) {
                favourite
            } else {
                random.weighted(&world.model_weights)
            })
        }
        _ => names(if random.chance(0.92) { 0 } else { 1 }),
    }
}

fn signature(source: &Source, tick: &Tick, random: &mut Random) -> Option<String> {
    let word = match source.signature {
        Signature::Never => return None,
        // Reasoning blobs come back with the next turn of the same conversation.
        Signature::Natural => {
            if tick.turn == 0 || !mix(tick.session, 0x51).is_multiple_of(4) {
                return None;
            }
            mix(mix(tick.session, 0x52), u64::from(tick.turn))
        }
        Signature::Replay { uses, share } => {
            if !random.chance(REPLAYED_SHARE) {
                return None;
            }
            let Bank::Items(bank) = source.bank else {
                return None;
            };
            // Items that the source has before this one and that carry a blob.
            let carried = tick.item as f64 * f64::from(share) * REPLAYED_SHARE;
            mix(mix(bank, 0x53), (carried / f64::from(uses.max(1))) as u64)
        }
    };
    let mut text = String::new();
    push_code(&mut text, word, 12, b"0123456789abcdef");
    push_code(&mut text, mix(word, 9), 20, b"0123456789abcdef");
    Some(text)
}

/// Edits words at random, as hasty typing does: left out, doubled or swapped with the next.
/// The white space between them stays what it is.
fn reword(text: &mut String, rate: f64, random: &mut Random) {
    let mut out = String::with_capacity(text.len() + 16);
    let mut words: Vec<(&str, &str)> = text.split_inclusive(' ').map(word_and_blank).collect();
    for at in 0..words.len() {
        let Some(&(word, blank)) = words.get(at) else {
            break;
        };
        let is_last = at + 1 == words.len();
        // A piece without a letter or digit is layout, not a word.
        let is_word = word.contains(|letter: char| letter.is_alphanumeric());
        match (is_word && random.chance(rate)).then(|| random.index(3)) {
            Some(0) if !is_last => continue,
            Some(1) if !is_last => {
                let next = words.get(at + 1).map_or("", |next| next.0);
                out.push_str(next);
                out.push_str(blank);
                if let Some(next) = words.get_mut(at + 1) {
                    next.0 = word;
                }
                continue;
            }
            Some(2) => {
                out.push_str(word);
                out.push(' ');
            }
            _ => {}
        }
        out.push_str(word);
        out.push_str(blank);
    }
    if !out.trim().is_empty() {
        *text = out;
    }
}

/// A word and the blank after it.
fn word_and_blank(piece: &str) -> (&str, &str) {
    piece.split_at(piece.trim_end_matches(' ').len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rewording_changes_a_few_words() {
        let original = "one two three four five six seven eight nine ten ".repeat(20);
        let mut text = original.clone();
        reword(&mut text, 0.05, &mut Random::new(2));
        assert_ne!(text, original);
        let (before, after) = (original.split(' ').count(), text.split(' ').count());
        assert!(before.abs_diff(after) < 15, "{before} {after}");
        assert_eq!(text.contains("  "), original.contains("  "));
    }
}
