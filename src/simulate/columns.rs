//! Rows gathered into column batches.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Float64Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::model::column::RequestColumn;
use crate::simulate::row::Row;
use crate::simulate::ticks::Tick;
use crate::simulate::world::World;

/// The request columns that are written, in this order.
pub(crate) const COLUMNS: [RequestColumn; 25] = [
    RequestColumn::Timestamp,
    RequestColumn::RequestId,
    RequestColumn::AccountId,
    RequestColumn::ApiKeyId,
    RequestColumn::EndUserId,
    RequestColumn::ConversationId,
    RequestColumn::Platform,
    RequestColumn::Model,
    RequestColumn::SystemPrompt,
    RequestColumn::Prompt,
    RequestColumn::ToolNames,
    RequestColumn::InputTokens,
    RequestColumn::OutputTokens,
    RequestColumn::Temperature,
    RequestColumn::MaxTokens,
    RequestColumn::Stream,
    RequestColumn::Status,
    RequestColumn::HttpStatus,
    RequestColumn::Ip,
    RequestColumn::Asn,
    RequestColumn::Country,
    RequestColumn::UserAgent,
    RequestColumn::AcceptLanguage,
    RequestColumn::TlsFingerprint,
    RequestColumn::ReasoningSignature,
];

/// Arrow schema of the requests.
pub(crate) fn request_schema() -> SchemaRef {
    let fields: Vec<Field> = COLUMNS
        .iter()
        .map(|column| {
            let (data_type, nullable) = match column {
                RequestColumn::Timestamp => (
                    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
                    false,
                ),
                RequestColumn::InputTokens
                | RequestColumn::OutputTokens
                | RequestColumn::MaxTokens => (DataType::Int64, true),
                RequestColumn::HttpStatus | RequestColumn::Asn => (DataType::Int64, true),
                RequestColumn::Temperature => (DataType::Float64, true),
                RequestColumn::Stream => (DataType::Boolean, true),
                _ => (DataType::Utf8, true),
            };
            Field::new(column.name(), data_type, nullable)
        })
        .collect();
    Arc::new(Schema::new(fields))
}

/// Arrow schema of the truth about requests.
pub(crate) fn truth_schema() -> SchemaRef {
    let text = |name| Field::new(name, DataType::Utf8, false);
    Arc::new(Schema::new(vec![
        text("request_id"),
        text("account_id"),
        text("campaign"),
        text("template"),
        Field::new("substream", DataType::Boolean, false),
    ]))
}

/// A stretch of rows with the truth about those that have any.
pub(crate) struct Stretch {
    pub(crate) requests: RecordBatch,
    pub(crate) truth: RecordBatch,
}

/// Renders ticks into columns.
pub(crate) fn render(world: &World, ticks: &[Tick], corpus: &[String]) -> anyhow::Result<Stretch> {
    let mut row = Row::default();
    let mut columns = Columns::new(ticks.len());
    let mut truth = Truth::default();
    for tick in ticks {
        row.fill(world, tick, corpus);
        columns.push(world, tick, &row);
        truth.push(world, tick, &row);
    }
    Ok(Stretch {
        requests: columns.finish()?,
        truth: truth.finish()?,
    })
}

struct Columns {
    at: TimestampMicrosecondBuilder,
    texts: [StringBuilder; 17],
    integers: [Int64Builder; 5],
    temperature: Float64Builder,
    stream: BooleanBuilder,
}

impl Columns {
    fn new(rows: usize) -> Self {
        Self {
            at: TimestampMicrosecondBuilder::with_capacity(rows).with_timezone("UTC"),
            texts: std::array::from_fn(|_| StringBuilder::new()),
            integers: std::array::from_fn(|_| Int64Builder::with_capacity(rows)),
            temperature: Float64Builder::with_capacity(rows),
            stream: BooleanBuilder::with_capacity(rows),
        }
    }

    fn push(&mut self, world: &World, tick: &Tick, row: &Row) {
        let filled = |text: &'static str| (!text.is_empty()).then_some(text);
        let client = world.clients.get(row.client);
        let accepts = client.filter(|client| client.is_browser).and_then(|_| {
            let account = world.accounts.get(tick.account as usize)?;
            crate::simulate::places::COUNTRIES
                .get(usize::from(account.country))
                .map(|country| country.accept_language)
        });
        self.at.append_value(row.at_us);
        let texts: [Option<&str>; 17] = [
            Some(&row.request_id),
            Some(&row.account_id),
            Some(&row.api_key_id),
            row.end_user_id.as_deref(),
            Some(&row.conversation_id),
            Some(row.platform),
            Some(row.model),
            (!row.system_prompt.is_empty()).then_some(&row.system_prompt),
            Some(&row.prompt),
            filled(row.tool_names),
            Some(row.status),
            Some(&row.ip),
            Some(row.country),
            client.map(|client| client.user_agent.as_str()),
            accepts,
            client.map(|client| client.tls_fingerprint.as_str()),
            row.reasoning_signature.as_deref(),
        ];
        for (builder, text) in self.texts.iter_mut().zip(texts) {
            builder.append_option(text);
        }
        let integers = [
            Some(row.input_tokens),
            Some(row.output_tokens),
            row.max_tokens,
            Some(row.http_status),
            Some(row.asn),
        ];
        for (builder, integer) in self.integers.iter_mut().zip(integers) {
            builder.append_option(integer);
        }
        self.temperature.append_option(row.temperature);
        self.stream.append_value(row.stream);
    }

    fn finish(mut self) -> anyhow::Result<RecordBatch> {
        let mut texts = self
            .texts
            .iter_mut()
            .map(|builder| Arc::new(builder.finish()) as ArrayRef);
        let mut integers = self
            .integers
            .iter_mut()
            .map(|builder| Arc::new(builder.finish()) as ArrayRef);
        let schema = request_schema();
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            let array = match field.data_type() {
                DataType::Timestamp(..) => Some(Arc::new(self.at.finish()) as ArrayRef),
                DataType::Int64 => integers.next(),
                DataType::Float64 => Some(Arc::new(self.temperature.finish()) as ArrayRef),
                DataType::Boolean => Some(Arc::new(self.stream.finish()) as ArrayRef),
                _ => texts.next(),
            };
            arrays.push(
                array.ok_or_else(|| anyhow::anyhow!("column {} has no builder", field.name()))?,
            );
        }
        Ok(RecordBatch::try_new(schema, arrays)?)
    }
}

/// Truth rows: all requests of campaign accounts, and every request that follows a template.
#[derive(Default)]
struct Truth {
    texts: [StringBuilder; 4],
    substream: BooleanBuilder,
}

impl Truth {
    fn push(&mut self, world: &World, tick: &Tick, row: &Row) {
        let Some(source) = world.sources.get(usize::from(tick.source)) else {
            return;
        };
        if source.template.is_empty() && source.campaign.is_none() {
            return;
        }
        let campaign = source
            .campaign
            .and_then(|at| world.campaigns.get(usize::from(at)))
            .map_or("", String::as_str);
        let texts = [
            row.request_id.as_str(),
            &row.account_id,
            campaign,
            &source.template,
        ];
        for (builder, text) in self.texts.iter_mut().zip(texts) {
            builder.append_value(text);
        }
        self.substream.append_value(source.substream);
    }

    fn finish(mut self) -> anyhow::Result<RecordBatch> {
        let mut arrays: Vec<ArrayRef> = self
            .texts
            .iter_mut()
            .map(|builder| Arc::new(builder.finish()) as ArrayRef)
            .collect();
        arrays.push(Arc::new(self.substream.finish()));
        Ok(RecordBatch::try_new(truth_schema(), arrays)?)
    }
}
