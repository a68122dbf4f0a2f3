//! How the numbers of the report come about, and whose methods they are.

use serde::Serialize;

/// One step of the method.
#[derive(Debug, Serialize)]
pub(crate) struct Step {
    title: &'static str,
    text: &'static str,
}

/// A publication.
#[derive(Debug, Serialize)]
pub(crate) struct Source {
    what: &'static str,
    work: &'static str,
}

/// From the log to a verdict.
pub(crate) static STEPS: &[Step] = &[
    Step {
        title: "Reading",
        text: "Every row is counted: rows read are rows used, rejected, and outside the asked window. A row or value that could not be used is listed with its place and reason. Whatever was looked for without its columns is named as not run.",
    },
    Step {
        title: "Summary",
        text: "The log is read once into counters, links between accounts and keys, and a bounded sample of prompts with the rows to point to. The sample is drawn by hash, so it does not depend on order, threads or chance.",
    },
    Step {
        title: "Templates",
        text: "Fixed parts of prompts are found as runs of words that many texts of several accounts share. Slots marked in this report follow from the excerpts shown: words that most of them have in common, in the same order, are fixed; what differs is a slot.",
    },
    Step {
        title: "Evidence in bits",
        text: "A group of accounts that share a key is held against a null model: the same number of accounts drawn at random among equally active ones, with every key keeping its number of accounts. The evidence is the negative binary logarithm of the chance of so much agreement, less the price of every test made on this log.",
    },
    Step {
        title: "Families",
        text: "Evidence of one family can be wrong in one common way. So only the strongest of a family counts, up to a cap (20 bits unless set otherwise), and families add up. Where the accounts of one card also share one template beyond chance, it is this agreement that is evidence, of both families: either alone has an innocent cause. It is one measurement of two kinds of keys, and is told from both sides. An account is scored by its own keys and not by the group, so the bits of the median account differ from those of the families.",
    },
    Step {
        title: "Verdict",
        text: "A rule, not a sum, over the kinds of keys that agree: one family is a lead; two that agree beyond chance (one agreement of two families is enough), without an everyday cause and with few expected false clusters, are likely; three, or a hard key with dispatched work, are strong. Network and client evidence alone stays a lead.",
    },
    Step {
        title: "Null runs",
        text: "All links are rewired at random, every account and every key keeping its number of links, and the whole test is run again. What still clusters is chance; its rate stands beside each campaign as expected false. So few runs cannot show 5 % or 1 % by themselves: that no agreement counts below ten bits, a chance of one in a thousand that the log holds one after the price of all tests, keeps the rate there, and the null runs check it and lower a verdict where they show more.",
    },
    Step {
        title: "What this is not",
        text: "Findings are relative to this log's own population. Bits weigh evidence before asking how likely a campaign was to begin with. A person has to read the rows and the innocent explanations before anyone acts.",
    },
];

/// Where the methods were published.
pub(crate) static SOURCES: &[Source] = &[
    Source {
        what: "Weighing agreement on rare and common values",
        work: "I. P. Fellegi, A. B. Sunter, \u{201c}A Theory for Record Linkage\u{201d}, Journal of the American Statistical Association 64, 1969.",
    },
    Source {
        what: "Random links with degrees kept",
        work: "R. Milo et al., \u{201c}On the uniform generation of random graphs with prescribed degree sequences\u{201d}, 2003; G. Strona et al., Nature Communications 5:4114, 2014.",
    },
    Source {
        what: "Shared fragments of near-duplicate texts",
        work: "A. Z. Broder, \u{201c}On the resemblance and containment of documents\u{201d}, Compression and Complexity of Sequences, 1997.",
    },
    Source {
        what: "Exact tails of counts",
        work: "C. Loader, \u{201c}Fast and Accurate Computation of Binomial Probabilities\u{201d}, 2000.",
    },
    Source {
        what: "Order of the account graph",
        work: "K. Sugiyama et al., \u{201c}Methods for Visual Understanding of Hierarchical System Structures\u{201d}, IEEE Transactions on Systems, Man, and Cybernetics 11, 1981.",
    },
    Source {
        what: "What such campaigns look like",
        work: "Anthropic, \u{201c}Detecting and preventing distillation attacks\u{201d}, 23 February 2026. Its numbers are the vendor\u{2019}s own claims.",
    },
];

/// All texts of the method.
pub(crate) fn texts() -> impl Iterator<Item = &'static str> {
    STEPS.iter().flat_map(|step| [step.title, step.text])
}
