//! Who closed an account, as far as the words of the accounts table tell.

use crate::model::profile::AccountProfile;

/// Who closed an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closer {
    /// The provider.
    Provider,
    /// The customer, or nobody: the words say that the account is open, or was opened again.
    Customer,
    /// The words do not say who, and nothing says that it was the customer.
    Unclear,
}

/// Parts of a status or a reason by which a provider says that it closed the account (ours, after
/// the words that billing and identity products use).
const BY_PROVIDER: [&str; 37] = [
    "distill",
    "extract",
    "scrap",
    "automat",
    "bots",
    "multi",
    "export control",
    "ofac",
    "stolen",
    "resell",
    "trust",
    "safety",
    "t&s",
    "flag",
    "admin",
    "ban",
    "suspen",
    "disabl",
    "deactivat",
    "terminat",
    "block",
    "revok",
    "restrict",
    "lock",
    "abus",
    "fraud",
    "spam",
    "violat",
    "terms",
    "policy",
    "enforce",
    "risk",
    "chargeback",
    "payment",
    "unpaid",
    "compromis",
    "sanction",
];

/// Parts by which it says that a closure was taken back, or was none (ours).
const TAKEN_BACK: [&str; 7] = [
    "unban",
    "reinstat",
    "restor",
    "mistake",
    "appeal",
    "not ban",
    "unsuspend",
];

/// Parts by which it says that the customer did (ours).
const BY_CUSTOMER: [&str; 10] = [
    "user",
    "customer",
    "owner",
    "self",
    "volunt",
    "churn",
    "cancel",
    "unsubscri",
    "request",
    "left",
];

/// What the words for closures mean in one accounts table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Closures {
    /// Whether some status or reason is a provider's: a bare `closed` is the customer's doing then.
    names_provider: bool,
}

impl Closures {
    /// Reads the words of all accounts.
    #[must_use]
    pub fn of<'a>(profiles: impl IntoIterator<Item = &'a AccountProfile>) -> Self {
        Self {
            names_provider: profiles
                .into_iter()
                .any(|profile| said(profile) == Some(Closer::Provider)),
        }
    }

    /// Who closed the account. One without a time of closing counts as well, where its status
    /// says so; `None` where it is open.
    #[must_use]
    pub fn closer(self, profile: &AccountProfile) -> Option<Closer> {
        let status = lower(profile.status.as_deref());
        let timed = profile.closed_at_us.is_some();
        if matches!(status.as_str(), "active" | "open" | "enabled") {
            return timed.then_some(Closer::Customer);
        }
        if !timed && status.is_empty() {
            return None;
        }
        let is_closed = ["closed", "deleted", "removed", "inactive"].contains(&status.as_str());
        let reasoned = profile.close_reason.is_some();
        match said(profile) {
            Some(closer) => Some(closer),
            // A time without a word: the column may be called `banned_at`.
            None if timed && status.is_empty() && !reasoned => Some(Closer::Provider),
            None if is_closed && self.names_provider && !reasoned => Some(Closer::Customer),
            None if is_closed || timed => Some(Closer::Unclear),
            None => None,
        }
    }

    /// Whether the account was closed at a time that the log knows, and not by a provider.
    #[must_use]
    pub fn left_by_itself(self, profile: &AccountProfile) -> bool {
        profile.closed_at_us.is_some() && self.closer(profile) == Some(Closer::Customer)
    }
}

/// Who did it, where the reason says so, or else the status; words of both sides leave it unclear.
fn said(profile: &AccountProfile) -> Option<Closer> {
    let of = |words: &str| {
        let holds = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
        match (holds(&BY_PROVIDER), holds(&BY_CUSTOMER)) {
            _ if holds(&TAKEN_BACK) => Some(Closer::Customer),
            (true, true) => Some(Closer::Unclear),
            (true, false) => Some(Closer::Provider),
            (false, true) => Some(Closer::Customer),
            (false, false) => None,
        }
    };
    of(&lower(profile.close_reason.as_deref())).or_else(|| of(&lower(profile.status.as_deref())))
}

fn lower(words: Option<&str>) -> String {
    words.unwrap_or_default().trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(status: &str, reason: &str) -> AccountProfile {
        let given = |words: &str| (!words.is_empty()).then(|| words.to_owned());
        AccountProfile {
            closed_at_us: Some(1),
            status: given(status),
            close_reason: given(reason),
            ..AccountProfile::default()
        }
    }

    #[test]
    fn a_bare_closed_is_the_customers_only_where_the_log_names_the_provider() {
        let bare = closed("closed", "");
        assert_eq!(Closures::of([&bare]).closer(&bare), Some(Closer::Unclear));
        let banned = closed("Banned", "");
        let words = Closures::of([&bare, &banned]);
        assert_eq!(words.closer(&bare), Some(Closer::Customer));
        assert_eq!(words.closer(&banned), Some(Closer::Provider));
    }

    #[test]
    fn a_reason_goes_before_the_status() {
        let words = Closures::default();
        let closer = |status, reason| words.closer(&closed(status, reason));
        assert_eq!(closer("closed", "user_request"), Some(Closer::Customer));
        assert_eq!(closer("closed", "Terms of service"), Some(Closer::Provider));
        assert_eq!(
            closer("suspended", "unpaid invoice"),
            Some(Closer::Provider)
        );
        assert_eq!(closer("deactivated", ""), Some(Closer::Provider));
        assert_eq!(closer("", ""), Some(Closer::Provider));
        assert_eq!(closer("active", ""), Some(Closer::Customer));
        assert_eq!(
            closer("closed", "model distillation"),
            Some(Closer::Provider)
        );
        assert_eq!(
            closer("closed", "user flagged by admin"),
            Some(Closer::Unclear)
        );
        assert_eq!(
            closer("closed", "banned by mistake, restored"),
            Some(Closer::Customer)
        );
        assert_eq!(closer("reinstated", ""), Some(Closer::Customer));
        assert_eq!(closer("archived", ""), Some(Closer::Unclear));
        let banned = closed("banned", "");
        let other = closed("closed", "something else");
        let words = Closures::of([&banned, &other]);
        assert_eq!(words.closer(&other), Some(Closer::Unclear));
    }

    #[test]
    fn a_status_without_a_time_tells_of_a_closure_as_well() {
        let words = Closures::default();
        let untimed = |status| {
            let profile = AccountProfile {
                closed_at_us: None,
                ..closed(status, "")
            };
            words.closer(&profile)
        };
        assert_eq!(untimed("banned"), Some(Closer::Provider));
        assert_eq!(untimed("closed"), Some(Closer::Unclear));
        assert_eq!(untimed("active"), None);
        assert_eq!(untimed("trial"), None);
        assert_eq!(untimed(""), None);
    }
}
