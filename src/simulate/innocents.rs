//! Innocent populations that look like campaigns to a careless detector, and their sizes.

use std::collections::BTreeMap;

macro_rules! innocents {
    ($($variant:ident $name:literal $full:literal $floor:literal $meaning:literal;)*) => {
        /// A population that must stay quiet.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Innocent { $(#[doc = $meaning] $variant,)* }

        impl Innocent {
            /// All populations in canonical order.
            pub const ALL: &'static [Innocent] = &[$(Innocent::$variant,)*];

            /// Name in the truth and on the command line.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Innocent::$variant => $name,)* }
            }

            /// What it is.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Innocent::$variant => $meaning,)* }
            }

            /// Accounts at scale one, and the fewest that still make the look-alike.
            fn sizes(self) -> (u32, u32) {
                match self { $(Innocent::$variant => ($full, $floor),)* }
            }
        }
    };
}

// The sizes of the office, the campus and the popular client follow the must-pass list that
// network detectors are held to (300 accounts on one address, 5,000 on one range, thousands
// with one system prompt); the others are chosen to be as large as in ordinary logs.
innocents! {
    Office "office_nat" 300 40 "an office of 300 behind one address, same hours";
    Campus "campus" 5000 120 "a campus behind one range: sign-up burst at term start, assignments with identical texts in class hours";
    PopularClient "popular_client" 8000 120 "users of one client: same user agent, TLS and system prompt";
    TemplateApps "template_apps" 600 30 "applications: one account, one template, high volume; half use a public default prompt";
    JudgePipeline "judge_pipeline" 3 1 "an honest judge pipeline: rubrics at scale in one account";
    EvalHarness "eval_harness" 40 8 "labs and hobbyists that run the same benchmark on release day";
    SeatPool "seat_pool" 400 30 "an enterprise seat pool behind a round-robin gateway, one invoice";
    Reseller "reseller" 150 15 "an honest reseller: one card, many accounts and end users";
    CiFleet "ci_fleet" 120 8 "build machines: all hours, many addresses per key";
    CloudEgress "cloud_egress" 1500 40 "unrelated services behind shared cloud addresses";
    VpnUsers "vpn_users" 1200 40 "unrelated people behind the exits of a few VPNs";
    EarlyAdopters "early_adopters" 1500 40 "people who all move to a new model on release day";
    TranslationShop "translation_shop" 25 6 "a translation shop: identical instructions, disjoint texts, office hours";
    ClassifierBuilder "classifier_builder" 2 1 "a customer that labels data for a small model of its own, in one account";
    CarrierNat "carrier_nat" 4000 60 "customers of one mobile operator behind a few dozen translated addresses";
    AnnotationVendor "annotation_vendor" 3 1 "an annotation vendor: people grade with rubrics in office hours, in one account";
    Serverless "serverless" 150 8 "scheduled functions: around the clock, one key, nearly every request from another address";
    Aggregator "aggregator" 60 6 "an honest aggregator: one payer, coding and chat clients of many end users relayed with their system prompts and tools";
    WronglyClosed "wrongly_closed" 0 0 "people whom a wrong rule closes in waves: most come back within days with a new account on the same card (in no preset by itself)";
}

impl Innocent {
    /// The population of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

/// Sizes for a log at `scale`: they shrink with its square root, so that look-alikes stay
/// large enough to matter in small logs, and never below their floor.
pub(crate) fn sizes(scale: f64) -> BTreeMap<Innocent, u32> {
    Innocent::ALL
        .iter()
        .map(|&kind| {
            let (full, floor) = kind.sizes();
            let factor = if scale < 1.0 { scale.sqrt() } else { scale };
            let size = (f64::from(full) * factor)
                .round()
                .clamp(f64::from(floor), 4e7);
            (kind, size as u32)
        })
        .collect()
}
