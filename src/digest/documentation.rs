//! The stored tables, column by column: the code that stores them and the text that
//! explains them read the same list.

/// Type of a stored column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredType {
    /// UTF-8 text.
    Text,
    /// UTF-8 text that may be null.
    OptionalText,
    /// Unsigned 32-bit integer.
    U32,
    /// Unsigned 64-bit integer.
    U64,
    /// Signed 64-bit integer.
    I64,
    /// Boolean.
    Boolean,
}

impl StoredType {
    /// Name as printed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            StoredType::Text => "text",
            StoredType::OptionalText => "text or null",
            StoredType::U32 => "unsigned 32-bit integer",
            StoredType::U64 => "unsigned 64-bit integer",
            StoredType::I64 => "signed 64-bit integer",
            StoredType::Boolean => "boolean",
        }
    }
}

/// One stored column.
#[derive(Debug, Clone, Copy)]
pub struct StoredColumn {
    /// Name.
    pub name: &'static str,
    /// Type.
    pub stored_type: StoredType,
    /// Unit, or empty.
    pub unit: &'static str,
    /// What it holds.
    pub meaning: &'static str,
}

/// One stored table.
#[derive(Debug, Clone, Copy)]
pub struct StoredTable {
    /// Name; stored as `<name>.parquet`.
    pub name: &'static str,
    /// What a row is and how rows are sorted.
    pub meaning: &'static str,
    /// Columns in order.
    pub columns: &'static [StoredColumn],
}

macro_rules! tables {
    ($($table:literal $about:literal [$($column:literal $kind:ident $unit:literal $meaning:literal;)*])*) => {
        /// Every table of a stored digest.
        pub static TABLES: &[StoredTable] = &[$(StoredTable {
            name: $table, meaning: $about,
            columns: &[$(StoredColumn {
                name: $column, stored_type: StoredType::$kind, unit: $unit, meaning: $meaning,
            },)*],
        },)*];
    };
}

tables! {
"accounts" "One row per account, sorted by account_id; other tables name an account by its row number here." [
    "account_id" Text "" "The account, as found.";
    "requests" U64 "requests" "Requests in the log.";
    "errors" U64 "requests" "Ended in an error other than the ones below.";
    "rate_limited" U64 "requests" "Turned away for rate (status rate_limited or HTTP 429).";
    "blocked" U64 "requests" "Turned away by policy (status blocked or HTTP 403).";
    "refused" U64 "requests" "Refused by the model.";
    "prompts" U64 "requests" "With a prompt column that is not null.";
    "system_prompts" U64 "requests" "With a system prompt that is not null.";
    "tool_requests" U64 "requests" "That offer tools.";
    "image_requests" U64 "requests" "That carry an image.";
    "stream_requests" U64 "requests" "With streaming on.";
    "first_us" I64 "microseconds since 1970-01-01 UTC" "First request.";
    "last_us" I64 "microseconds since 1970-01-01 UTC" "Last request.";
    "input_tokens" I64 "tokens" "Sum of input tokens; nulls and negative numbers count as 0.";
    "output_tokens" I64 "tokens" "Sum of output tokens; nulls and negative numbers count as 0.";
    "distinct_texts_estimate" U64 "texts" "Distinct prompts: exact below the sample size, else estimated from the largest sampled hash.";
]
"keys" "One row per key, sorted by kind and value; links name a key by its row number here." [
    "kind" Text "" "ip, asn, country, user_agent, accept_language, tls, headers, api_key, platform, project, parameters, tools, client or reasoning_signature.";
    "value" Text "" "The key as found; beyond 4096 bytes its start and a hash.";
]
"links" "One row per account and key, sorted by account and key, with the request that stands for it." [
    "account" U32 "row of accounts" "The account.";
    "key" U32 "row of keys" "The key.";
    "requests" U64 "requests" "Requests of the account with the key.";
    "first_us" I64 "microseconds since 1970-01-01 UTC" "First of them.";
    "last_us" I64 "microseconds since 1970-01-01 UTC" "Last of them.";
    "file" U32 "position in the inputs" "File of the sample request.";
    "row" U64 "one-based record number" "Record of the sample request.";
    "request_id" Text "" "Its id, or file:row where the input has none.";
    "own_id" Boolean "" "Whether request_id comes from the input.";
    "priority" U64 "" "Hash by which the sample was chosen; the smallest wins.";
]
"signature_conversations" "Conversations in which an account uses a signed reasoning blob, sorted by account and key; only where the log names conversations." [
    "account" U32 "row of accounts" "The account.";
    "key" U32 "row of keys" "The blob.";
    "smallest" U64 "" "xxh3-64 of a conversation id, the smallest.";
    "largest" U64 "" "The largest; another than the smallest where there is more than one.";
]
"cells" "Activity: one row per account, hour and model, sorted so." [
    "account" U32 "row of accounts" "The account.";
    "hour" I64 "hours since 1970-01-01 UTC" "Start of the hour (of the bucket of cell_hours hours, where they were joined).";
    "model" U32 "row of models" "The model; requests without one stand under the empty name.";
    "requests" U32 "requests" "Requests.";
    "rate_limited" U32 "requests" "Turned away for rate.";
    "blocked" U32 "requests" "Turned away by policy.";
    "output_tokens" I64 "tokens" "Output tokens.";
]
"moments" "Exact times of requests, sorted by account and time; of some stretches of six hours only, where there are more than max_moments." [
    "account" U32 "row of accounts" "The account.";
    "time_us" I64 "microseconds since 1970-01-01 UTC" "A request, as the log has its time.";
    "duration_ms" U32 "milliseconds" "How long it took; 0 where the log does not say.";
]
"texts" "Sampled distinct texts: per account and role those with the smallest hashes, sorted by account, role and hash." [
    "account" U32 "row of accounts" "The account.";
    "role" U32 "" "0 user prompt, 1 system prompt.";
    "text_hash" U64 "" "xxh3-64 of the exact text.";
    "uses" U64 "requests" "Requests of the account with exactly this text.";
    "first_us" I64 "microseconds since 1970-01-01 UTC" "First of them.";
    "first_way" U32 "" "Hashes of the credential (low 16 bits) and platform (high) it was sent with; 0 where not known.";
    "last_us" I64 "microseconds since 1970-01-01 UTC" "Last of them.";
    "last_way" U32 "" "Its credential and platform.";
    "bytes" U32 "bytes" "Length of the text as UTF-8.";
    "file" U32 "position in the inputs" "File of the sample request.";
    "row" U64 "one-based record number" "Record of the sample request.";
    "request_id" Text "" "Its id, or file:row where the input has none.";
    "own_id" Boolean "" "Whether request_id comes from the input.";
    "priority" U64 "" "Hash by which the sample was chosen; the smallest wins.";
    "excerpt" OptionalText "" "Masked excerpt; only for the first two texts of an account and role, and only where quoting is allowed.";
    "fragments" U32 "fragments" "How many of the following values in the fragments table belong to this text.";
    "words_1" U64 "" "Words that stand for what the text is about, of up to sixteen the first four: 16 bits of the hash of each, ascending, 0 where there are fewer.";
    "words_2" U64 "" "The next four.";
    "words_3" U64 "" "The next four.";
    "words_4" U64 "" "The last four.";
]
"fragments" "Fragments of the rows of texts, one text after another, distinct and ascending within a text." [
    "value" U64 "" "Hash of a shingle of fragment_words words.";
]
"samples" "Sample requests of each account, sorted by account, priority, file and row." [
    "account" U32 "row of accounts" "The account.";
    "file" U32 "position in the inputs" "File.";
    "row" U64 "one-based record number" "Record.";
    "request_id" Text "" "The request's id, or file:row where the input has none.";
    "own_id" Boolean "" "Whether request_id comes from the input.";
    "priority" U64 "" "Hash by which the sample was chosen; the smallest wins.";
]
"thinned_texts" "Hashes of sampled texts that were thinned out of texts, sorted by account, role and hash; they still bound the sample." [
    "account" U32 "row of accounts" "The account.";
    "role" U32 "" "0 user prompt, 1 system prompt.";
    "text_hash" U64 "" "xxh3-64 of the exact text.";
]
"patterns" "Requests that match a rule of the pattern packs: one row per account and rule, sorted so." [
    "account" U32 "row of accounts" "The account.";
    "rule" U32 "position in patterns.rules of digest.json" "The rule.";
    "requests" U64 "requests" "Requests of the account whose prompt or system prompt matches.";
    "first_us" I64 "microseconds since 1970-01-01 UTC" "First of them.";
    "last_us" I64 "microseconds since 1970-01-01 UTC" "Last of them.";
]
"pattern_samples" "Sample requests of each account and rule, sorted by account, rule, priority, file and row." [
    "account" U32 "row of accounts" "The account.";
    "rule" U32 "position in patterns.rules of digest.json" "The rule.";
    "file" U32 "position in the inputs" "File.";
    "row" U64 "one-based record number" "Record.";
    "request_id" Text "" "The request's id, or file:row where the input has none.";
    "own_id" Boolean "" "Whether request_id comes from the input.";
    "priority" U64 "" "Hash by which the sample was chosen; the smallest wins.";
]
"text_patterns" "Rules of the pattern packs that the sampled texts match, sorted by text and rule." [
    "text" U32 "row of texts" "The text.";
    "rule" U32 "position in patterns.rules of digest.json" "The rule.";
]
"turned_away" "Sampled texts that were turned away, for rate or by policy, sorted by text." [
    "text" U32 "row of texts" "The text.";
    "first_us" I64 "microseconds since 1970-01-01 UTC" "First request of the account with this text that was turned away.";
]
"models" "Models, sorted by name; other tables name a model by its row number here." [
    "model" Text "" "The model, as found; empty for requests without one.";
]
"minutes" "Requests of the whole log by minute, ascending; silent minutes are absent." [
    "minute" I64 "minutes since 1970-01-01 UTC" "Start of the minute (of the bucket of minute_width minutes, where they were joined).";
    "requests" U64 "requests" "Requests.";
]
}

/// The stored table with this name.
#[must_use]
pub fn table(name: &str) -> Option<&'static StoredTable> {
    TABLES.iter().find(|table| table.name == name)
}
