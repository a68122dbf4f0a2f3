//! What a stage may tell the person who waits, without knowing how it is shown.

/// Receives progress; the command line shows it as a bar, as plain lines, or not at all.
pub trait Progress: Sync {
    /// A stage begins; `total` is in bytes of input or in steps, when known.
    fn begin(&self, stage: &str, total: Option<u64>);
    /// So much more of the stage is done.
    fn advance(&self, amount: u64);
    /// The stage is over.
    fn end(&self);
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _stage: &str, _total: Option<u64>) {}
    fn advance(&self, _amount: u64) {}
    fn end(&self) {}
}
