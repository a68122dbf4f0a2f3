//! The canonical columns: one table of names, types, units and meanings from which
//! the loader, the detectors and `stillhunt schema` all read.

/// The three input tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// One row per API request.
    Requests,
    /// One row per account.
    Accounts,
    /// One row per dated fact about the platform (release, ban wave, policy change).
    Events,
}

/// How a column's values are held after loading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// UTF-8 text, kept byte for byte (`00123` stays `00123`).
    Text,
    /// A list of texts, held joined by `|`; a list, a JSON list or `|`-joined text is accepted.
    TextList,
    /// Microseconds since 1970-01-01T00:00:00Z, signed 64 bit.
    Timestamp,
    /// Signed 64-bit integer.
    Integer,
    /// 64-bit float.
    Float,
    /// Boolean.
    Boolean,
}

/// Whether a column must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A row without it is rejected.
    Required,
    /// Needed for content detectors only.
    Content,
    /// May be absent; detectors that need it then say "not run".
    Optional,
}

/// One canonical column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Canonical name.
    pub name: &'static str,
    /// Value type.
    pub column_type: ColumnType,
    /// Whether it must be there.
    pub need: Need,
    /// Other names under which exports are known to carry it; matched without case, `_`, `-`, `.` and blanks.
    pub aliases: &'static [&'static str],
    /// What it holds, with its unit.
    pub meaning: &'static str,
}

macro_rules! columns {
    ($(#[$meta:meta])* $enum_name:ident, $table_name:ident, [$($variant:ident $name:literal $kind:ident $need:ident [$($alias:literal),*] $meaning:literal;)*]) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(usize)]
        pub enum $enum_name { $(#[doc = $meaning] $variant,)* }

        /// The columns in canonical order; index with the enum of the same table.
        pub static $table_name: &[Column] = &[$(Column {
            name: $name, column_type: ColumnType::$kind, need: Need::$need,
            aliases: &[$($alias),*], meaning: $meaning },)*];

        impl $enum_name {
            /// All columns in canonical order.
            pub const ALL: &'static [$enum_name] = &[$($enum_name::$variant,)*];
            /// Position in canonical order.
            #[must_use]
            pub const fn index(self) -> usize { self as usize }
            /// Canonical name.
            #[must_use]
            pub fn name(self) -> &'static str { $table_name[self as usize].name }
            /// The column's description.
            #[must_use]
            pub fn column(self) -> &'static Column { &$table_name[self as usize] }
            /// The column with this canonical name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|column| column.name() == name)
            }
        }
    };
}

columns! {
    /// Columns of the `requests` table.
    RequestColumn, REQUESTS, [
    Timestamp "timestamp" Timestamp Required ["time","start_time","starttime","started_at","request_time","request_timestamp","request_ts","requested_at","request_at","received_at","event_time","event_timestamp","event_ts","timestamp_utc","timestamp_ms","timestamp_us","@timestamp","timegenerated","occurred_at","logged_at","sent_at","datetime","ts","ts_ms","time_utc","created_at","created","date"] "Start of the request, UTC.";
    AccountId "account_id" Text Required ["account","user_id","userid","customer_id","org_id","organization_id","organisation_id","team_id","tenant_id","billing_account","acct_id","account_uuid","customer","user"] "Who pays: the account that sent the request.";
    RequestId "request_id" Text Optional ["id","requestid","call_id","generation_id","x_request_id","correlation_id","response_id","request_uuid","req_id","event_id","uuid"] "Identifier of the request; without it `file:row` names the row.";
    ApiKeyId "api_key_id" Text Optional ["api_key","key_id","apikey","api_key_hash","virtual_key","key_hash","key_fingerprint","api_key_fingerprint","credential_id"] "Identifier or hash of the credential, never the secret itself.";
    EndUserId "end_user_id" Text Optional ["end_user","enduser_id","enduser"] "The account's own user, where the caller passes one on.";
    ProjectId "project_id" Text Optional ["project","workspace","workspace_id"] "Workspace, team or project inside the account.";
    ConversationId "conversation_id" Text Optional ["conversation","session_id","thread_id","trace_id","conv_id","chat_id"] "Conversation or session.";
    Platform "platform" Text Optional ["pathway","provider","channel"] "Access pathway: first-party API or the cloud that resells it.";
    Operation "operation" Text Optional ["call_type","endpoint_type"] "What was called: chat, completion, embeddings, batch, login.";
    Model "model" Text Optional ["model_id","model_name","request_model","model_group"] "Model asked for.";
    SystemPrompt "system_prompt" Text Optional ["system","instructions","system_instruction","system_message","system_text"] "System prompt; of a chat, the messages of the system.";
    Prompt "prompt" Text Content ["text","input","input_text","user_prompt","user_message","prompt_text","query","content","last_user_message","user_input","user_text","request_text"] "Last user message, text parts joined by line feeds; of a chat (a JSON list of messages, or a request body with one), the last message of the user.";
    Messages "messages" Text Optional [] "JSON list of all messages; where there is no prompt or system prompt column, both are taken from it.";
    MessageCount "message_count" Integer Optional ["num_messages","n_messages","messages_in_context","messages_count"] "Messages in the request.";
    ToolNames "tool_names" TextList Optional ["tools"] "Tools offered.";
    ToolCalls "tool_calls" TextList Optional [] "Tools called in the answer.";
    HasImage "has_image" Boolean Optional [] "Whether the request carries an image.";
    Response "response" Text Optional ["completion","output","answer"] "Answer text; not read into the digest.";
    InputTokens "input_tokens" Integer Optional ["prompt_tokens","tokens_in","tokens_prompt","input_token_count","prompt_token_count","num_input_tokens"] "Input tokens, cached ones included.";
    OutputTokens "output_tokens" Integer Optional ["completion_tokens","tokens_out","tokens_completion","output_token_count","completion_token_count","num_output_tokens"] "Output tokens.";
    CachedInputTokens "cached_input_tokens" Integer Optional ["cached_tokens","tokens_cached"] "Input tokens served from a cache.";
    ReasoningTokens "reasoning_tokens" Integer Optional ["tokens_reasoning"] "Tokens spent on hidden reasoning.";
    Temperature "temperature" Float Optional [] "Sampling temperature.";
    TopP "top_p" Float Optional [] "Nucleus sampling share.";
    MaxTokens "max_tokens" Integer Optional ["max_output_tokens","max_completion_tokens","max_new_tokens"] "Upper limit of output tokens.";
    N "n" Integer Optional ["choice_count"] "Answers asked for.";
    Stream "stream" Boolean Optional ["streamed","stream_mode","is_stream","is_streaming","streaming"] "Whether the answer was streamed.";
    Logprobs "logprobs" Boolean Optional [] "Whether token probabilities were asked for.";
    ResponseFormat "response_format" Text Optional ["output_type"] "text, json or json_schema.";
    Status "status" Text Optional ["outcome"] "ok, error, rate_limited, refused or blocked.";
    HttpStatus "http_status" Integer Optional ["status_code","response_status","response_code","http_code","statuscode","http_status_code","response_status_code"] "HTTP status code.";
    FinishReason "finish_reason" Text Optional ["stop_reason"] "Why the answer ended, as found.";
    LatencyMs "latency_ms" Float Optional ["duration_ms","delay_ms","response_time_ms","total_latency_ms","elapsed_ms"] "Duration of the request in milliseconds.";
    Ip "ip" Text Optional ["ip_address","client_ip","remote_addr","source_ip","requester_ip_address","client_address","calleripaddress","remote_ip","src_ip","ip_addr","user_ip","remote_address","ip_hash","client_ip_hash"] "Client address; may be hashed or masked, then no prefix is derived.";
    Asn "asn" Integer Optional ["as_number","client_asn","source_asn","ip_asn","remote_asn"] "Autonomous system number of the client address.";
    AsOrg "as_org" Text Optional ["as_name","isp"] "Name of the autonomous system.";
    Country "country" Text Optional ["country_code","client_country","ip_country","geo_country","source_country"] "ISO 3166-1 alpha-2 country of the client address; never evidence by itself.";
    UserAgent "user_agent" Text Optional ["useragent","ua","http_user_agent","client_user_agent"] "HTTP user agent.";
    AcceptLanguage "accept_language" Text Optional [] "HTTP Accept-Language.";
    TlsFingerprint "tls_fingerprint" Text Optional ["ja4","ja3","tls","ja3_hash","ja4_fingerprint","ja3_fingerprint","tls_ja4","tls_ja3","ja4_hash","tls_hash"] "JA4 or JA3 fingerprint of the TLS hello.";
    HeadersFingerprint "headers_fingerprint" Text Optional ["header_order","headers_hash"] "Hash of the order of HTTP headers.";
    ReasoningSignature "reasoning_signature" Text Optional ["thinking_signature","signature_hash","prior_reasoning_signature","prior_signature","reasoning_signature_hash"] "Hash of a signed or encrypted reasoning blob that the request carries in.";
    CostUsd "cost_usd" Float Optional ["cost","spend"] "Cost in US dollars.";
    Truncated "truncated" Boolean Optional [] "Whether the text is known to be cut.";
    ]
}

columns! {
    /// Columns of the `accounts` table.
    AccountColumn, ACCOUNTS, [
    AccountId "account_id" Text Required ["account","user_id","userid","customer_id","org_id","organization_id","id","acct_id","account_uuid","customer","user"] "Joins to `requests.account_id`.";
    CreatedAt "created_at" Timestamp Optional ["signup_at","created","signup_time","registered_at","signup_date","registered_on","registration_date","registration_time","created_on","creation_date","creation_time","joined_at","opened_at"] "When the account was created, UTC.";
    ClosedAt "closed_at" Timestamp Optional ["banned_at","suspended_at","deleted_at","disabled_at","deactivated_at","terminated_at","closed","closed_on","closure_time","blocked_at","revoked_at","ban_time"] "When the account was closed or banned, UTC.";
    Status "status" Text Optional ["state","account_status","account_state"] "active, suspended, banned, closed or another word of the provider's; a bare closed is taken as the customer's doing where other accounts have a word for the provider's.";
    CloseReason "close_reason" Text Optional ["ban_reason","closure_reason","closed_reason","suspension_reason","termination_reason","block_reason","deactivation_reason","reason_closed"] "Why it was closed, by the provider (abuse, fraud, unpaid ...) or the customer (user request ...).";
    Email "email" Text Optional ["email_address","mail"] "E-mail address, or a hash of it.";
    EmailDomain "email_domain" Text Optional ["mail_domain","signup_email_domain","domain"] "E-mail domain, where the address is hashed.";
    Phone "phone" Text Optional ["phone_number","phone_hash"] "Telephone number or a hash of it.";
    BillingCountry "billing_country" Text Optional ["billing_country_code","card_country","payment_country"] "ISO 3166-1 alpha-2 country of the bill.";
    PaymentId "payment_id" Text Optional ["payment_fingerprint","card_fingerprint","payment_hash","card_hash","payment_method_id","card_id","card_token","payment_instrument","payment_instrument_id","payment_instrument_fingerprint","payment_instrument_hash","payment_method_fingerprint","payment_method_hash","billing_fingerprint","card_fp","payment_fp","payment_token"] "Opaque fingerprint of the payment instrument; raw card numbers and words that name none are dropped.";
    PaymentKind "payment_kind" Text Optional ["payment_type","payment_method","payment_instrument_type","payment_method_type","instrument_type","funding_type","card_type"] "card, prepaid, invoice, crypto or credits.";
    OrgName "org_name" Text Optional ["organization_name","organization","organisation","company","company_name","display_name","name"] "Organisation or display name.";
    OrgId "org_id" Text Optional ["organization_id","parent_org_id"] "Declared parent organisation (seat pool, reseller).";
    SignupIp "signup_ip" Text Optional ["registration_ip","signup_ip_address","registration_ip_address","signup_ip_hash","creation_ip","created_ip"] "Address at sign-up.";
    SignupAsn "signup_asn" Integer Optional [] "Autonomous system number at sign-up.";
    SignupCountry "signup_country" Text Optional ["registration_country"] "Country of the sign-up address.";
    SignupUserAgent "signup_user_agent" Text Optional [] "User agent at sign-up.";
    SignupTlsFingerprint "signup_tls_fingerprint" Text Optional ["signup_device","device_id"] "TLS or device fingerprint at sign-up.";
    ReferrerCode "referrer_code" Text Optional ["referrer","promo_code"] "Referral or promotion code.";
    Plan "plan" Text Optional ["tier","subscription","plan_name","account_tier","account_type","subscription_tier"] "Plan or tier.";
    ObservedAt "observed_at" Timestamp Optional ["as_of","snapshot_at"] "When the row was true, UTC; where an account has several rows, the latest counts, and without it the first.";
    Label "label" Text Optional ["truth"] "Known label; used by evaluation only, never by a detector.";
    ]
}

columns! {
    /// Columns of the `events` table.
    EventColumn, EVENTS, [
    Timestamp "timestamp" Timestamp Required ["time","date","datetime","at"] "When it happened, UTC.";
    Kind "kind" Text Required ["type","event"] "model_release, ban_wave, policy_change or other.";
    Name "name" Text Optional ["title","description"] "What happened, in words.";
    Model "model" Text Optional ["model_id"] "The model concerned.";
    ]
}

impl Table {
    /// Lower-case name of the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Table::Requests => "requests",
            Table::Accounts => "accounts",
            Table::Events => "events",
        }
    }

    /// The table's columns in canonical order.
    #[must_use]
    pub fn columns(self) -> &'static [Column] {
        match self {
            Table::Requests => REQUESTS,
            Table::Accounts => ACCOUNTS,
            Table::Events => EVENTS,
        }
    }
}
