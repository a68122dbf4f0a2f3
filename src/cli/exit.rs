//! Exit codes: what a script or a cron job may rely on.

/// The command did what it was asked to, whether or not it found anything.
pub const DONE: u8 = 0;
/// Something failed that is not the user's doing: a full disk, a defect.
pub const INTERNAL: u8 = 1;
/// Wrong command line, column map or configuration.
pub const USAGE: u8 = 2;
/// No file could be read, or no row of them could be used.
pub const NO_INPUT: u8 = 3;
/// Finished, but rows or detectors were lost and `--strict` or `--max-rejects` minds.
pub const DEGRADED: u8 = 4;
/// A case, or an input it was made from, is not what its hashes say.
pub const VERIFICATION: u8 = 5;
/// A campaign at or above `--fail-on`.
pub const FOUND: u8 = 10;
/// With `--fail-on-new`: a campaign that is new or has grown since the baseline.
pub const FOUND_NEW: u8 = 11;

/// Every code with its meaning, as help and README show it.
pub const TABLE: [(u8, &str); 8] = [
    (DONE, "done, with or without findings"),
    (
        INTERNAL,
        "internal error (full disk, no permission, a defect)",
    ),
    (USAGE, "wrong command line, column map or configuration"),
    (NO_INPUT, "no usable input"),
    (
        DEGRADED,
        "finished with losses, and `--strict` or `--max-rejects` minds",
    ),
    (VERIFICATION, "verification failed"),
    (FOUND, "a campaign at or above `--fail-on`"),
    (
        FOUND_NEW,
        "a campaign at or above `--fail-on-new` is new or has grown since the baseline",
    ),
];

/// The table as the last paragraph of the help.
#[must_use]
pub fn help() -> String {
    let mut text = String::from("Exit codes:\n");
    for (code, meaning) in TABLE {
        text.push_str(&format!("  {code:>2}  {meaning}\n"));
    }
    text.push_str("Of several that apply, 11 is given before 10 and 10 before 4: an alarm is not hidden by a loss.");
    text
}
