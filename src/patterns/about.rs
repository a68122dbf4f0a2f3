//! Which packs and rules a digest was made with: stored with it, compared before merging.

use serde::{Deserialize, Serialize};

/// Packs in the order given, rules in the order of their ids.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PatternsAbout {
    /// The packs.
    pub packs: Vec<PackAbout>,
    /// The rules; the digest's tables name a rule by its position here.
    pub rules: Vec<RuleAbout>,
}

/// One pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackAbout {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// SHA-256 of the file.
    pub sha256: String,
}

/// What detection needs of a rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleAbout {
    /// Id.
    pub id: String,
    /// Capability.
    pub capability: String,
    /// Weight in bits.
    pub bits: f64,
}

impl PatternsAbout {
    /// `builtin/reasoning 1 (3fa9c1d2), mine 4 (0b11aa87)`.
    #[must_use]
    pub fn shown(&self) -> String {
        if self.packs.is_empty() {
            return "no pattern packs".to_owned();
        }
        let packs: Vec<String> = self
            .packs
            .iter()
            .map(|pack| {
                let hash: String = pack.sha256.chars().take(8).collect();
                format!("{} {} ({hash})", pack.name, pack.version)
            })
            .collect();
        packs.join(", ")
    }

    /// The packs that `other` lacks, in words; empty where it has them all.
    #[must_use]
    pub fn beyond(&self, other: &Self) -> String {
        let packs = self
            .packs
            .iter()
            .filter(|pack| !other.packs.contains(pack))
            .cloned()
            .collect();
        PatternsAbout {
            packs,
            rules: Vec::new(),
        }
        .shown()
    }
}
