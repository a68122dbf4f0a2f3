//! One account as the `accounts` table describes it.

use serde::{Deserialize, Serialize};

/// Facts from the provider's own account database; every field but the id may be absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // the other fields are the columns of `AccountColumn`, described there
pub struct AccountProfile {
    /// The customer that the user of stillhunt declares it to be of; no column of the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared_customer: Option<String>,
    pub account_id: String,
    pub created_at_us: Option<i64>,
    pub closed_at_us: Option<i64>,
    pub status: Option<String>,
    pub close_reason: Option<String>,
    pub email: Option<String>,
    pub email_domain: Option<String>,
    pub phone: Option<String>,
    pub billing_country: Option<String>,
    pub payment_id: Option<String>,
    pub payment_kind: Option<String>,
    pub org_name: Option<String>,
    pub org_id: Option<String>,
    pub signup_ip: Option<String>,
    pub signup_asn: Option<i64>,
    pub signup_country: Option<String>,
    pub signup_user_agent: Option<String>,
    pub signup_tls_fingerprint: Option<String>,
    pub referrer_code: Option<String>,
    pub plan: Option<String>,
}
