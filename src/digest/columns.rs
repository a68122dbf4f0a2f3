//! The columns of a batch as the fold reads them, cell by cell.

use arrow_array::{Array, BooleanArray, Float64Array, Int64Array, StringArray};

use crate::digest::tables::KeyKind;
use crate::model::batch::RequestBatch;
use crate::model::column::RequestColumn as C;

/// A text column that may be absent.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a>(Option<&'a StringArray>);

impl<'a> Text<'a> {
    /// The cell, unless it is null.
    #[inline]
    pub(crate) fn get(self, row: usize) -> Option<&'a str> {
        self.0
            .filter(|array| row < array.len() && array.is_valid(row))
            .map(|array| array.value(row))
    }

    /// The cell, unless it is null, empty or blank.
    #[inline]
    pub(crate) fn filled(self, row: usize) -> Option<&'a str> {
        self.get(row)
            .filter(|text| !text.bytes().all(|byte| byte == b' ' || byte == b'\t'))
    }
}

macro_rules! number_column {
    ($(#[$meta:meta])* $name:ident, $array:ty, $value:ty) => {
        $(#[$meta])*
        #[derive(Clone, Copy)]
        pub(crate) struct $name<'a>(Option<&'a $array>);

        impl $name<'_> {
            /// The cell, unless it is null.
            #[inline]
            pub(crate) fn get(self, row: usize) -> Option<$value> {
                self.0.filter(|array| row < array.len() && array.is_valid(row)).map(|array| array.value(row))
            }
        }
    };
}

number_column!(
    /// An integer column that may be absent.
    Integer, Int64Array, i64);
number_column!(
    /// A float column that may be absent.
    Float, Float64Array, f64);
number_column!(
    /// A boolean column that may be absent.
    Boolean, BooleanArray, bool);

/// All columns the fold reads.
pub(crate) struct Columns<'a> {
    pub(crate) timestamp: Integer<'a>,
    pub(crate) account_id: Text<'a>,
    pub(crate) request_id: Text<'a>,
    pub(crate) conversation_id: Text<'a>,
    pub(crate) model: Text<'a>,
    pub(crate) system_prompt: Text<'a>,
    pub(crate) prompt: Text<'a>,
    pub(crate) tool_names: Text<'a>,
    pub(crate) has_image: Boolean<'a>,
    pub(crate) input_tokens: Integer<'a>,
    pub(crate) output_tokens: Integer<'a>,
    pub(crate) latency_ms: Float<'a>,
    pub(crate) temperature: Float<'a>,
    pub(crate) top_p: Float<'a>,
    pub(crate) max_tokens: Integer<'a>,
    pub(crate) n: Integer<'a>,
    pub(crate) stream: Boolean<'a>,
    pub(crate) response_format: Text<'a>,
    pub(crate) status: Text<'a>,
    pub(crate) http_status: Integer<'a>,
    pub(crate) asn: Integer<'a>,
    /// Columns whose values are keys as they stand.
    pub(crate) plain_keys: [(KeyKind, Text<'a>); 10],
}

impl<'a> Columns<'a> {
    pub(crate) fn of(batch: &'a RequestBatch) -> Self {
        let text = |column| Text(batch.text(column));
        let integer = |column| Integer(batch.integer(column));
        let float = |column| Float(batch.float(column));
        let boolean = |column| Boolean(batch.boolean(column));
        Self {
            timestamp: integer(C::Timestamp),
            account_id: text(C::AccountId),
            request_id: text(C::RequestId),
            conversation_id: text(C::ConversationId),
            model: text(C::Model),
            system_prompt: text(C::SystemPrompt),
            prompt: text(C::Prompt),
            tool_names: text(C::ToolNames),
            has_image: boolean(C::HasImage),
            input_tokens: integer(C::InputTokens),
            output_tokens: integer(C::OutputTokens),
            latency_ms: float(C::LatencyMs),
            temperature: float(C::Temperature),
            top_p: float(C::TopP),
            max_tokens: integer(C::MaxTokens),
            n: integer(C::N),
            stream: boolean(C::Stream),
            response_format: text(C::ResponseFormat),
            status: text(C::Status),
            http_status: integer(C::HttpStatus),
            asn: integer(C::Asn),
            plain_keys: [
                (KeyKind::AcceptLanguage, text(C::AcceptLanguage)),
                (KeyKind::Headers, text(C::HeadersFingerprint)),
                (KeyKind::Tls, text(C::TlsFingerprint)),
                (KeyKind::UserAgent, text(C::UserAgent)),
                (KeyKind::ApiKey, text(C::ApiKeyId)),
                (KeyKind::Country, text(C::Country)),
                (KeyKind::Ip, text(C::Ip)),
                (KeyKind::Platform, text(C::Platform)),
                (KeyKind::Project, text(C::ProjectId)),
                (KeyKind::ReasoningSignature, text(C::ReasoningSignature)),
            ],
        }
    }
}
