//! What an id names in a case, and what was perhaps meant by one that names nothing.

use crate::config::suggestion::nearest_few;
use crate::explain::Kind;
use crate::explain::key::named;
use crate::explain::known::Known;
use crate::model::failure::Failure;

/// Close names offered for an unknown id.
const SUGGESTED: usize = 3;

/// Characters of an unknown id that an error repeats.
const REPEATED: usize = 80;

/// All kinds that the id fits, in the order in which one is taken. `accounts` are those of
/// the digest, where the case has one.
#[must_use]
pub fn kinds(id: &str, known: &Known<'_>, accounts: &[String]) -> Vec<Kind> {
    let case = known.case;
    let is_account = || {
        let mut members = case.campaigns.iter().flat_map(|campaign| &campaign.members);
        members.any(|member| member.account_id == id)
            || known.silent(id).next().is_some()
            || accounts.iter().any(|account| account == id)
            || known.suppressed(id).next().is_some()
            || known
                .requests
                .iter()
                .any(|request| *request.account_id == *id)
            || case
                .findings
                .iter()
                .any(|finding| finding.accounts.iter().any(|account| account == id))
    };
    let is_request = || {
        known
            .requests
            .iter()
            .any(|request| *request.request_id == *id)
            || locator_ids(known).any(|request_id| request_id == id)
            || place(id, known).is_some()
    };
    let mut kinds = Vec::new();
    kinds.extend(known.campaign(id).map(|_| Kind::Campaign));
    kinds.extend(known.template(id).map(|_| Kind::Template));
    kinds.extend(known.finding(id).map(|_| Kind::Finding));
    kinds.extend(is_account().then_some(Kind::Account));
    kinds.extend(is_request().then_some(Kind::Request));
    kinds.extend((!named(id, known).is_empty()).then_some(Kind::Key));
    kinds
}

fn locator_ids<'a>(known: &Known<'a>) -> impl Iterator<Item = &'a str> {
    let case = known.case;
    let campaigns = case
        .campaigns
        .iter()
        .flat_map(|campaign| &campaign.locators);
    let findings = case.findings.iter().flat_map(|finding| &finding.locators);
    let templates = case
        .templates
        .iter()
        .flat_map(|template| &template.locators);
    campaigns
        .chain(findings)
        .chain(templates)
        .map(|locator| locator.request_id.as_str())
}

/// The file and row that an id of the form `file:row` names, if the case read such a row.
#[must_use]
pub fn place(id: &str, known: &Known<'_>) -> Option<(u32, u64)> {
    let (name, row) = id.rsplit_once(':')?;
    let row: u64 = row.parse().ok()?;
    let inputs = &known.case.coverage.inputs;
    let at = inputs
        .iter()
        .position(|input| input.name == name)
        .or_else(|| name.parse().ok())?;
    let read = inputs.get(at)?.rows_read;
    Some((u32::try_from(at).ok()?, row)).filter(|_| (1..=read).contains(&row))
}

/// The id that a screen, a page (`\u{202e}`, `\n`) or a JSON file (`\u202e`) wrote with
/// escapes; nothing where it holds none.
#[must_use]
pub fn unescaped(id: &str) -> Option<String> {
    let mut parts = id.split("\\u{");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let letter = part.split_once('}').and_then(|(digits, rest)| {
            let letter = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
            Some((letter, rest))
        });
        match letter {
            Some((letter, rest)) => {
                plain.push(letter);
                plain.push_str(rest);
            }
            None => {
                plain.push_str("\\u{");
                plain.push_str(part);
            }
        }
    }
    if plain.contains('\\')
        && !plain.contains('"')
        && let Ok(text) = serde_json::from_str::<String>(&format!("\"{plain}\""))
    {
        plain = text;
    }
    (plain != id).then_some(plain)
}

/// The error for an id that names nothing, or nothing of the kind that was asked for.
#[must_use]
pub fn unknown(
    id: &str,
    wanted: Option<Kind>,
    fits: &[Kind],
    known: &Known<'_>,
    accounts: &[String],
    has_digest: bool,
) -> Failure {
    let mut shown: String = id.chars().take(REPEATED).collect();
    if shown.len() < id.len() {
        shown.push_str("...");
    }
    if let Some(campaign) = known
        .case
        .suppressed_campaigns
        .iter()
        .find(|campaign| campaign.id == id)
    {
        let lines: Vec<String> = campaign.lines.iter().map(u64::to_string).collect();
        return Failure::Usage(format!(
            "campaign `{shown}` is suppressed by line {} of the suppression file; scan with --no-suppress to have it explained",
            lines.join(" and ")
        ));
    }
    if let (Some(wanted), false) = (wanted, fits.is_empty()) {
        let others: Vec<&str> = fits.iter().map(|kind| kind.with_article()).collect();
        return Failure::Usage(format!(
            "no {} `{shown}` in this case, but {} of that id",
            wanted.name(),
            others.join(" and ")
        ));
    }
    let mut text = match wanted {
        Some(kind) => format!("no {} `{shown}` in this case", kind.name()),
        None => {
            format!(
                "`{shown}` is no campaign, template, finding, account, request or shared key of this case"
            )
        }
    };
    if wanted.is_none_or(|kind| kind == Kind::Request) {
        text.push_str(
            "; of requests it knows the attributed ones (of leads only with --profile broad) and samples",
        );
    }
    if !has_digest && wanted.is_none_or(|kind| kind == Kind::Account) {
        text.push_str(
            "; it has no digest (a pseudonymised case leaves it out), so accounts outside campaigns are not known",
        );
    }
    let close = nearest_few(id, names(wanted, known, accounts), SUGGESTED);
    if !close.is_empty() {
        text.push_str(&format!("; did you mean `{}`?", close.join("` or `")));
    }
    Failure::Usage(text)
}

/// The ids of the wanted kind, or of all.
fn names<'a>(
    wanted: Option<Kind>,
    known: &Known<'a>,
    accounts: &'a [String],
) -> impl Iterator<Item = &'a str> {
    let case = known.case;
    let asked = move |kind: Kind| wanted.is_none_or(|wanted| wanted == kind);
    let campaigns = case.campaigns.iter().map(|campaign| campaign.id.as_str());
    let templates = case.templates.iter().map(|template| template.id.as_str());
    let findings = case.findings.iter().map(|finding| finding.id.as_str());
    let members = case
        .campaigns
        .iter()
        .flat_map(|campaign| &campaign.members)
        .map(|member| member.account_id.as_str());
    let requests = known.requests;
    campaigns
        .filter(move |_| asked(Kind::Campaign))
        .chain(templates.filter(move |_| asked(Kind::Template)))
        .chain(findings.filter(move |_| asked(Kind::Finding)))
        .chain(
            members
                .chain(accounts.iter().map(String::as_str))
                .filter(move |_| asked(Kind::Account)),
        )
        .chain(
            requests
                .iter()
                .map(|request| &*request.request_id)
                .chain(locator_ids(known))
                .filter(move |_| asked(Kind::Request)),
        )
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn ids_are_understood_as_screens_and_files_write_them() {
        let meant = Some("a\u{202e}b\n".to_owned());
        assert_eq!(unescaped(r"a\u{202e}b\n"), meant);
        assert_eq!(unescaped(r"a\u202eb\n"), meant);
        assert_eq!(unescaped(r"a\ud83d\ude00"), Some("a\u{1f600}".to_owned()));
        for plain in ["acct_1", r"a\u{zz}", r"a\u{110000}", r"c:\x", "\\"] {
            assert_eq!(unescaped(plain), None, "{plain}");
        }
    }
}
