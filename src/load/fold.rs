//! Reads all planned files in parallel and folds their rows into states.
//!
//! Work comes in units: a text file, or a row group of a Parquet file. Each worker has a
//! place for one open unit and takes a block of records out of it under a lock, then
//! converts and folds the block on its own. When no unit is left to open, workers help
//! with the units of others. So a single large file still keeps all workers busy, nothing
//! waits in a queue, and memory holds one block for each worker.
//!
//! Hashing: text passes through the hash on its way to the decoder. For Parquet, opening a
//! row group first reads the file on to the end of that row group for the hash; the decoder
//! then reads the columns it needs from the page cache. The bytes come off the disk once,
//! and no row group has to be held in memory as stored.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Error, Result};
use arrow_array::RecordBatch;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;

use crate::load::discover::no_input;
use crate::load::parquet_column::convert_batch;
use crate::load::parquet_file::{self, LostRows, RowGroup};
use crate::load::plan::{LoadPlan, PlannedFile, gather_notes};
use crate::load::recognise::Container;
use crate::load::records::{RecordReader, TextBlock};
use crate::load::rejects::RejectLog;
use crate::load::rows::{FileReading, add};
use crate::load::stream::{Content, SharedFile};
use crate::load::text_file::{TextLayout, convert_block, framing};
use crate::model::batch::RequestBatch;
use crate::model::coverage::InputFile;
use crate::model::progress::Progress;

/// Bytes of text records taken at a time.
const BLOCK_BYTES: usize = 8 << 20;

/// What reading gave besides the states.
pub(crate) struct Outcome {
    pub(crate) inputs: Vec<InputFile>,
    pub(crate) rejects: RejectLog,
    pub(crate) notes: Vec<String>,
}

/// One file while it is read.
struct FileTask<'p> {
    reading: FileReading<'p>,
    layout: Option<TextLayout>,
    /// Units not yet finished.
    open_units: AtomicUsize,
    shared: Mutex<Option<SharedFile<'p>>>,
    metadata: Mutex<Option<ArrowReaderMetadata>>,
    finished: Mutex<Option<(String, u64)>>,
    /// What a text file was after decompression.
    content: Mutex<Option<Content>>,
    problems: Mutex<BTreeSet<String>>,
    late: Mutex<BTreeSet<usize>>,
}

enum Unit<'p> {
    Text(usize, RecordReader<'p>),
    Parquet(usize, RowGroup),
}

enum Block {
    Text(usize, TextBlock),
    Arrow(usize, u64, RecordBatch),
    Lost(usize, LostRows),
}

struct Engine<'p> {
    plan: &'p LoadPlan,
    hash: bool,
    progress: &'p dyn Progress,
    tasks: Vec<FileTask<'p>>,
    /// File, and row group where it is Parquet.
    units: Vec<(usize, usize)>,
    next_unit: AtomicUsize,
    places: Vec<Mutex<Option<Unit<'p>>>>,
    error: Mutex<Option<(usize, Error)>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Folds the rows of every file of a plan; `wanted` tells which columns are read.
pub(crate) fn fold_table<S: Send>(
    plan: &LoadPlan,
    wanted: &[bool],
    hash: bool,
    progress: &dyn Progress,
    init: impl Fn() -> S + Sync,
    fold: impl Fn(&mut S, &RequestBatch) + Sync,
) -> Result<(Vec<S>, Outcome)> {
    let workers = rayon::current_num_threads().max(1);
    let engine = Engine::new(plan, wanted, hash, progress, workers);
    let states = Mutex::new(Vec::new());
    let rejects = Mutex::new(RejectLog::new(plan.config.rejects_listed_per_file));
    rayon::scope(|scope| {
        for worker in 0..workers {
            let (engine, states, rejects, init, fold) = (&engine, &states, &rejects, &init, &fold);
            scope.spawn(move |_| {
                let mut log = RejectLog::new(plan.config.rejects_listed_per_file);
                let mut state = None;
                while let Some(block) = engine.take(worker) {
                    if let Some(batch) = engine.convert(block, &mut log) {
                        fold(state.get_or_insert_with(init), &batch);
                    }
                }
                lock(rejects).merge(log);
                lock(states).extend(state);
            });
        }
    });
    let outcome = engine.finish(rejects.into_inner().unwrap_or_else(PoisonError::into_inner))?;
    Ok((
        states.into_inner().unwrap_or_else(PoisonError::into_inner),
        outcome,
    ))
}

impl<'p> Engine<'p> {
    fn new(
        plan: &'p LoadPlan,
        wanted: &[bool],
        hash: bool,
        progress: &'p dyn Progress,
        workers: usize,
    ) -> Self {
        let mut tasks = Vec::with_capacity(plan.files.len());
        let mut units = Vec::new();
        for (file, planned) in plan.files.iter().enumerate() {
            let count = match planned.container {
                Container::Empty => 0,
                Container::Parquet => planned.row_groups,
                Container::Csv | Container::Ndjson => 1,
            };
            units.extend((0..count).map(|unit| (file, unit)));
            let is_text = matches!(planned.container, Container::Csv | Container::Ndjson);
            let id = u32::try_from(file).unwrap_or(u32::MAX);
            tasks.push(FileTask {
                reading: FileReading::new(id, planned, plan.table, wanted)
                    .within(plan.since_us, plan.until_us),
                layout: is_text.then(|| TextLayout::new(planned, wanted)),
                open_units: AtomicUsize::new(count),
                shared: Mutex::new(None),
                metadata: Mutex::new(None),
                finished: Mutex::new(None),
                content: Mutex::new(None),
                problems: Mutex::default(),
                late: Mutex::default(),
            });
        }
        Engine {
            plan,
            hash,
            progress,
            tasks,
            units,
            next_unit: AtomicUsize::new(0),
            places: (0..workers).map(|_| Mutex::new(None)).collect(),
            error: Mutex::new(None),
        }
    }

    /// The next block for a worker, from its own unit or, at the end, from another's.
    fn take(&self, worker: usize) -> Option<Block> {
        let own = self.places.get(worker)?;
        loop {
            // The place stays locked until the unit stands in it, so that a helper that
            // finds no unit left to open cannot overlook one that is being opened.
            let mut place = lock(own);
            if place.is_none() {
                let Some((file, unit)) = self
                    .units
                    .get(self.next_unit.fetch_add(1, Ordering::Relaxed))
                else {
                    break;
                };
                match self.open(*file, *unit) {
                    Ok(Ok(unit)) => *place = Some(unit),
                    Ok(Err(lost)) => {
                        self.close(*file);
                        return Some(Block::Lost(*file, lost));
                    }
                    Err(error) => {
                        self.fail(*file, error);
                        return None;
                    }
                }
            }
            if let Some(block) = self.block(&mut place) {
                return Some(block);
            }
        }
        self.places
            .iter()
            .find_map(|place| self.block(&mut lock(place)))
    }

    /// Takes a block out of an open unit and closes the unit at its end.
    fn block(&self, place: &mut Option<Unit<'p>>) -> Option<Block> {
        let (file, block) = match place.as_mut()? {
            Unit::Text(file, reader) => {
                let block = reader.block(self.plan.config.batch_rows.max(1), BLOCK_BYTES);
                if let (None, Some(failure), Some(task)) =
                    (&block, reader.failure(), self.tasks.get(*file))
                {
                    lock(&task.problems).insert(format!(
                        "file ends early: {failure}; what came before is used"
                    ));
                }
                (*file, block.map(|block| Block::Text(*file, block)))
            }
            Unit::Parquet(file, group) => {
                let block = group.next().map(|next| match next {
                    Ok((row, batch)) => Block::Arrow(*file, row, batch),
                    Err(lost) => Block::Lost(*file, lost),
                });
                (*file, block)
            }
        };
        // After lost rows there is nothing more in a unit.
        if matches!(block, None | Some(Block::Lost(..))) {
            *place = None;
            self.close(file);
        }
        block
    }

    fn open(&self, file: usize, unit: usize) -> Result<std::result::Result<Unit<'p>, LostRows>> {
        let Some(task) = self.tasks.get(file) else {
            return Err(no_input("no such file".to_owned()));
        };
        let planned = task.reading.planned;
        let shared = self.shared(task)?;
        let unreadable =
            |error: std::io::Error| no_input(format!("{}: cannot be read: {error}", planned.name));
        if planned.container != Container::Parquet {
            let source = shared.decoded(planned.compression).map_err(unreadable)?;
            let mut reader =
                RecordReader::new(source, framing(planned), self.plan.config.line_limit_bytes);
            if planned.container == Container::Csv {
                reader.header();
            }
            return Ok(Ok(Unit::Text(file, reader)));
        }
        let mut cached = lock(&task.metadata);
        let metadata = match cached.take() {
            Some(metadata) => metadata,
            None => parquet_file::metadata(planned)?,
        };
        if unit + 1 < planned.row_groups {
            *cached = Some(metadata.clone());
        }
        drop(cached);
        shared
            .pass_over(parquet_file::end_of(&metadata, unit).min(planned.bytes))
            .map_err(unreadable)?;
        let read = task.reading.columns.iter().filter(|column| column.planned);
        let sources: Vec<String> = read
            .flat_map(|column| column.sources.iter().cloned())
            .collect();
        let group = RowGroup::open(
            planned,
            &metadata,
            unit,
            &sources,
            self.plan.config.batch_rows,
        );
        Ok(group.map(|group| Unit::Parquet(file, group)))
    }

    fn shared(&self, task: &FileTask<'p>) -> Result<SharedFile<'p>> {
        let planned: &PlannedFile = task.reading.planned;
        let mut shared = lock(&task.shared);
        if let Some(open) = shared.as_ref() {
            return Ok(open.clone());
        }
        let open = SharedFile::open(&planned.path, self.hash, self.progress)
            .map_err(|error| no_input(format!("{}: cannot be read: {error}", planned.name)))?;
        *shared = Some(open.clone());
        Ok(open)
    }

    /// One unit of a file is done; the last one ends the file.
    fn close(&self, file: usize) {
        let Some(task) = self.tasks.get(file) else {
            return;
        };
        if task.open_units.fetch_sub(1, Ordering::AcqRel) == 1
            && let Err(error) = self.end(task)
        {
            self.fail(file, error);
        }
    }

    /// Reads what is left for the hash and lets go of the file.
    fn end(&self, task: &FileTask<'p>) -> Result<()> {
        let planned = task.reading.planned;
        let shared = self.shared(task)?;
        *lock(&task.content) = shared.content();
        let finished = shared.finish(planned.bytes);
        let finished = finished
            .map_err(|error| no_input(format!("{}: cannot be read: {error}", planned.name)))?;
        *lock(&task.finished) = Some(finished);
        *lock(&task.shared) = None;
        Ok(())
    }

    /// Keeps the error of the first file by name and opens no further unit.
    fn fail(&self, file: usize, error: Error) {
        let mut kept = lock(&self.error);
        if kept.as_ref().is_none_or(|(before, _)| file < *before) {
            *kept = Some((file, error));
        }
        self.next_unit.store(self.units.len(), Ordering::Relaxed);
    }

    fn convert(&self, block: Block, rejects: &mut RejectLog) -> Option<RequestBatch> {
        let (Block::Text(file, _) | Block::Arrow(file, ..) | Block::Lost(file, _)) = &block;
        let task = self.tasks.get(*file)?;
        match block {
            Block::Text(_, block) => {
                let mut late = BTreeSet::new();
                let batch = convert_block(
                    task.layout.as_ref()?,
                    &task.reading,
                    &block,
                    rejects,
                    &mut late,
                );
                if !late.is_empty() {
                    lock(&task.late).extend(late);
                }
                batch
            }
            Block::Arrow(_, row, batch) => convert_batch(&task.reading, row, &batch, rejects),
            Block::Lost(_, lost) => {
                add(&task.reading.tally.rejected, lost.count);
                rejects.row(
                    task.reading.file,
                    lost.row,
                    "",
                    Cow::Owned(lost.reason.clone()),
                    lost.count,
                );
                lock(&task.problems)
                    .insert(format!("{}; {} row(s) are lost", lost.reason, lost.count));
                None
            }
        }
    }

    fn finish(self, rejects: RejectLog) -> Result<Outcome> {
        if let Some((_, error)) = lock(&self.error).take() {
            return Err(error);
        }
        let mut inputs = Vec::with_capacity(self.tasks.len());
        let mut noted: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut same: BTreeMap<(Option<Content>, String), Vec<String>> = BTreeMap::new();
        for task in &self.tasks {
            let planned = task.reading.planned;
            if lock(&task.finished).is_none() {
                self.end(task)?;
            }
            let (sha256, bytes) = lock(&task.finished).take().unwrap_or_default();
            for problem in lock(&task.problems).iter() {
                noted
                    .entry(problem.clone())
                    .or_default()
                    .push(planned.name.clone());
            }
            for name in lock(&task.late)
                .iter()
                .filter_map(|index| planned.columns.get(*index))
            {
                let note = format!(
                    "column `{}` first appears after the records looked at; it is read where it appears",
                    name.column.name
                );
                noted.entry(note).or_default().push(planned.name.clone());
            }
            if self.hash && bytes > 0 {
                // A text is the same text however it is packed.
                let content = *lock(&task.content);
                let stored = content.map_or_else(|| sha256.clone(), |_| String::new());
                same.entry((content, stored))
                    .or_default()
                    .push(planned.name.clone());
            }
            let tally = &task.reading.tally;
            let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
            let (used, rejected, outside) = (
                count(&tally.used),
                count(&tally.rejected),
                count(&tally.outside),
            );
            inputs.push(InputFile {
                name: planned.name.clone(),
                sha256,
                bytes,
                container: planned.container.name().to_owned(),
                compression: planned.compression.name().to_owned(),
                rows_read: used.saturating_add(rejected).saturating_add(outside),
                rows_used: used,
                rows_rejected: rejected,
                rows_outside_window: outside,
            });
        }
        let mut notes = gather_notes(noted);
        for names in same.into_values().filter(|names| names.len() > 1) {
            notes.push(format!(
                "these inputs hold the same records, so each of them counts repeatedly: {}; leave all but one out",
                names.join(", ")
            ));
        }
        Ok(Outcome {
            inputs,
            rejects,
            notes,
        })
    }
}
