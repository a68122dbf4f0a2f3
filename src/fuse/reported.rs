//! Which campaigns a case lists, and that each has an id of its own.

use rustc_hash::FxHashMap;

use crate::config::options::Profile;
use crate::model::campaign::{Campaign, Verdict};
use crate::model::finding::Family;

/// Whether a campaign is part of the case at all; `is_everyday` says that it stands on a text alone,
/// and that its accounts live like unrelated customers, as an application's do, or sit in one place.
pub(super) fn is_reported(campaign: &Campaign, profile: Profile, is_everyday: bool) -> bool {
    match profile {
        Profile::Cautious => campaign.verdict >= Verdict::Likely,
        Profile::Balanced => {
            campaign.verdict >= Verdict::Likely
                || (!is_everyday
                    && campaign.evidence.iter().any(|evidence| {
                        !matches!(evidence.family, Family::Network | Family::Client)
                    }))
        }
        Profile::Broad => true,
    }
}

/// Two campaigns may hang on one template; the weaker one then gets a number.
pub(super) fn distinct_ids(campaigns: &mut [(Campaign, usize)]) {
    let mut seen: FxHashMap<String, u32> = FxHashMap::default();
    for (campaign, _) in campaigns {
        let count = seen.entry(campaign.id.clone()).or_insert(0);
        *count += 1;
        if *count > 1 {
            campaign.id = format!("{}-{count}", campaign.id);
        }
    }
}
