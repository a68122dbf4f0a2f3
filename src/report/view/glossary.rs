//! The words the report uses, explained where they are used.

use serde::Serialize;

/// One word and what it means.
#[derive(Debug, Serialize)]
pub(crate) struct Term {
    word: &'static str,
    meaning: &'static str,
}

/// General words.
pub(crate) static TERMS: &[Term] = &[
    Term {
        word: "campaign",
        meaning: "A group of accounts that evidence ties together more closely than chance would.",
    },
    Term {
        word: "lead",
        meaning: "Verdict: one family of evidence, or evidence from network and client alone. Worth a look, no more.",
    },
    Term {
        word: "likely",
        meaning: "Verdict: two or more families that agree beyond chance, and the null runs expect at most 5 % false clusters.",
    },
    Term {
        word: "strong",
        meaning: "Verdict: three or more families, or a hard key together with dispatch or exactly-once evidence, and at most 1 % expected false.",
    },
    Term {
        word: "role",
        meaning: "What an account is in its campaign, from dates and bits: core; satellite, with at most one family by its own keys; replaced, closed while the campaign went on; standby, made before a closure and silent until after it; relay, with the template among the traffic of others; silent, without a request in the log, paid for by a payer whose other accounts are all in the campaign. It enters no verdict.",
    },
    Term {
        word: "bits",
        meaning: "Weight of evidence: each bit doubles how much better the evidence fits one operator than chance. Ten bits are about a thousand to one, before asking how likely a campaign was to begin with. Corrected for how much was tried.",
    },
    Term {
        word: "family",
        meaning: "A kind of evidence with its own way of being wrong. Within a family the strongest finding counts, up to a cap; families add up. Where two families show one agreement from its two sides, the agreement is in both: the sum ranks campaigns and is no probability.",
    },
    Term {
        word: "null model",
        meaning: "What the log would look like if the accounts had nothing to do with each other. Every finding names the one it was measured against.",
    },
    Term {
        word: "null run",
        meaning: "The same clustering on links that were shuffled while every account and every key kept its number of links. What still clusters there is chance.",
    },
    Term {
        word: "expected false",
        meaning: "How many clusters the null runs gave, on average, whose second strongest family has at least as many bits as the campaign's. A lead is not measured.",
    },
    Term {
        word: "template",
        meaning: "A prompt text that many requests share but for some words.",
    },
    Term {
        word: "hub",
        meaning: "A key shared by many accounts that have nothing else in common, such as the address of a large provider. Hubs are left out and listed.",
    },
    Term {
        word: "rival explanation",
        meaning: "A way in which the campaign could be innocent, with what the log says for and against it.",
    },
    Term {
        word: "row locator",
        meaning: "File and record number, counted from one, so that a claim can be checked in the original log.",
    },
];

/// The families of evidence.
pub(crate) static FAMILIES: &[Term] = &[
    Term {
        word: "payment",
        meaning: "Shared payment instruments.",
    },
    Term {
        word: "identity",
        meaning: "Patterns in e-mail, phone and name.",
    },
    Term {
        word: "network",
        meaning: "Shared addresses and prefixes.",
    },
    Term {
        word: "client",
        meaning: "Shared TLS, user agent and header fingerprints.",
    },
    Term {
        word: "content",
        meaning: "Shared prompt templates and repeats.",
    },
    Term {
        word: "coordination",
        meaning: "Dispatch, synchrony, sharding and shared order.",
    },
    Term {
        word: "lifecycle",
        meaning: "Sign-up, ramp-up and succession of accounts.",
    },
    Term {
        word: "dynamics",
        meaning: "Moving to a new model, failing over, replaying.",
    },
    Term {
        word: "watchlist",
        meaning: "Named by a list that was given with --indicators. It carries no bits and enters no verdict.",
    },
];

/// All texts of the glossary.
pub(crate) fn texts() -> impl Iterator<Item = &'static str> {
    let terms = TERMS.iter().chain(FAMILIES);
    terms.flat_map(|term| [term.word, term.meaning])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Family;

    #[test]
    fn every_family_is_explained() {
        let words: Vec<_> = FAMILIES.iter().map(|term| term.word).collect();
        assert_eq!(words, Family::ALL.map(Family::name));
    }
}
