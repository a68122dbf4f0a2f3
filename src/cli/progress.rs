//! Progress on standard error: a bar on a terminal, plain lines elsewhere, or nothing.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::model::progress::{Progress, Silent};

/// Silence between two plain lines of one stage: short enough to see that a job lives,
/// long enough not to fill its log.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// How often the clock looks whether a line is due.
const TICK: Duration = Duration::from_secs(1);

/// Pictures per second of a bar.
const PICTURES_PER_SECOND: u8 = 10;

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ProgressMode {
    /// A bar on a terminal, plain lines elsewhere.
    #[default]
    Auto,
    /// One line per stage, and one every 30 seconds of a long stage.
    Plain,
    /// Nothing.
    Never,
}

/// What shows the progress of a run.
#[must_use]
pub(crate) fn display(mode: ProgressMode, quiet: bool) -> Box<dyn Progress> {
    let terminal = std::io::stderr().is_terminal()
        && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb");
    match mode {
        _ if quiet => Box::new(Silent),
        ProgressMode::Never => Box::new(Silent),
        ProgressMode::Auto if terminal => Box::new(Bar::default()),
        ProgressMode::Auto | ProgressMode::Plain => {
            Box::new(Plain::new(std::io::stderr()).ticking())
        }
    }
}

/// A bar that is wiped when its stage is over.
#[derive(Default)]
struct Bar {
    current: Mutex<Option<ProgressBar>>,
}

impl Progress for Bar {
    fn begin(&self, stage: &str, total: Option<u64>) {
        let target = ProgressDrawTarget::stderr_with_hz(PICTURES_PER_SECOND);
        let bar = ProgressBar::with_draw_target(total, target).with_message(stage.to_owned());
        let template = match total {
            Some(_) => "{msg:<10} [{wide_bar:.cyan}] {percent:>3} %  {elapsed_precise}",
            None => "{msg:<10} {spinner}  {elapsed_precise}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        if let Ok(mut current) = self.current.lock()
            && let Some(before) = current.replace(bar)
        {
            before.finish_and_clear();
        }
    }

    fn advance(&self, amount: u64) {
        if let Ok(current) = self.current.lock()
            && let Some(bar) = current.as_ref()
        {
            bar.inc(amount);
        }
    }

    fn end(&self) {
        if let Ok(mut current) = self.current.lock()
            && let Some(bar) = current.take()
        {
            bar.finish_and_clear();
        }
    }
}

/// One line per stage and a heartbeat.
struct Plain<W> {
    state: Arc<Mutex<State<W>>>,
    started: Instant,
}

struct State<W> {
    output: W,
    stage: String,
    total: Option<u64>,
    done: u64,
    last_line: Duration,
}

impl<W: Write> Plain<W> {
    fn new(output: W) -> Self {
        let state = State {
            output,
            stage: String::new(),
            total: None,
            done: 0,
            last_line: Duration::ZERO,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            started: Instant::now(),
        }
    }
}

impl<W: Write + Send + 'static> Plain<W> {
    /// Keeps a clock beside the work, for stages that do not say how far they are; it stops when
    /// the display is dropped.
    fn ticking(self) -> Self {
        let (state, started) = (Arc::downgrade(&self.state), self.started);
        std::thread::spawn(move || {
            while let Some(state) = state.upgrade() {
                if let Ok(mut state) = state.lock() {
                    state.advance(started.elapsed(), 0);
                }
                drop(state);
                std::thread::sleep(TICK);
            }
        });
        self
    }
}

impl<W: Write> State<W> {
    fn line(&mut self, now: Duration, text: &str) {
        self.last_line = now;
        let seconds = now.as_secs_f64();
        // A log that cannot be written to must not end the run.
        let _ = writeln!(self.output, "[{seconds:>8.1} s] {text}");
    }

    fn begin(&mut self, now: Duration, stage: &str, total: Option<u64>) {
        stage.clone_into(&mut self.stage);
        self.total = total;
        self.done = 0;
        self.line(now, stage);
    }

    fn advance(&mut self, now: Duration, amount: u64) {
        self.done = self.done.saturating_add(amount);
        if now.saturating_sub(self.last_line) < HEARTBEAT {
            return;
        }
        let share = match self.total {
            Some(total) if total > 0 => {
                let percent = u128::from(self.done.min(total)) * 100 / u128::from(total);
                format!("{percent} %")
            }
            _ => "still at it".to_owned(),
        };
        let text = format!("{}: {share}", self.stage);
        self.line(now, &text);
    }
}

impl<W: Write + Send> Progress for Plain<W> {
    fn begin(&self, stage: &str, total: Option<u64>) {
        if let Ok(mut state) = self.state.lock() {
            state.begin(self.started.elapsed(), stage, total);
        }
    }

    fn advance(&self, amount: u64) {
        if let Ok(mut state) = self.state.lock() {
            state.advance(self.started.elapsed(), amount);
        }
    }

    fn end(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_progress_is_a_line_per_stage_and_a_heartbeat() {
        let plain = Plain::new(Vec::new());
        let mut state = Arc::into_inner(plain.state).unwrap().into_inner().unwrap();
        let at = Duration::from_secs;
        state.begin(at(0), "load", Some(200));
        state.advance(at(10), 50);
        state.advance(at(31), 50);
        state.advance(at(32), 50);
        state.begin(at(40), "detect", None);
        state.advance(at(80), 1);
        let text = String::from_utf8(state.output).unwrap();
        assert_eq!(
            text,
            "[     0.0 s] load\n[    31.0 s] load: 50 %\n[    40.0 s] detect\n[    80.0 s] detect: still at it\n"
        );
    }

    #[test]
    fn an_empty_stage_does_not_divide_by_its_total() {
        let plain = Plain::new(Vec::new());
        let mut state = Arc::into_inner(plain.state).unwrap().into_inner().unwrap();
        state.begin(Duration::ZERO, "load", Some(0));
        state.advance(Duration::from_secs(60), u64::MAX);
        assert!(
            String::from_utf8(state.output)
                .unwrap()
                .ends_with("still at it\n")
        );
    }
}
