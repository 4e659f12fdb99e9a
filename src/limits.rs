//! How much of anything is read, and what becomes of more: one table, which `docs/limits.md` shows.
//!
//! Whoever sends a file, or answers in AWS's place, may send without end; none of it takes all memory.

use std::fmt;

/// One bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    what: &'static str,
    most: usize,
    unit: Unit,
    past: Past,
    why: &'static str,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Bytes,
    Of(&'static str),
}

/// What becomes of more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Past {
    /// An error with exit code 2.
    BadInput,
    /// It counts as not read: what depends on it is undecided.
    Unread,
    /// An error with exit code 4: there are no credentials.
    NoCredentials,
}

impl Limit {
    /// Returns the most that is read.
    pub(crate) fn most(self) -> usize {
        self.most
    }

    /// Returns `true` if `count` is more than is read.
    pub(crate) fn is_past(self, count: usize) -> bool {
        count > self.most
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const KIB: usize = 1 << 10;
        const MIB: usize = 1 << 20;
        match self.unit {
            Unit::Bytes if self.most.is_multiple_of(MIB) => write!(f, "{} MiB", self.most / MIB),
            Unit::Bytes => write!(f, "{} KiB", self.most / KIB),
            Unit::Of(what) => write!(f, "{} {what}", self.most),
        }
    }
}

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident = ($what:literal, $most:expr, $unit:expr, $past:expr, $why:literal);)+) => {
        $($(#[$doc])* pub(crate) const $name: Limit =
            Limit { what: $what, most: $most, unit: $unit, past: $past, why: $why };)+

        /// All of them, in the order of the page.
        #[cfg(test)]
        pub(crate) const LIMITS: &[Limit] = &[$($name),+];
    };
}

limits! {
    /// One file, or standard input: as it is, and unpacked.
    INPUT_BYTES = ("one file or standard input, as it is and unpacked", 32 << 20, Unit::Bytes, Past::BadInput,
        "a day's CloudTrail log file of a busy account has some MiB, the capture of a key with 50,000 grants 21 MiB");
    /// All files of a run, unpacked.
    INPUTS_BYTES = ("all files of one run together, unpacked", 48 << 20, Unit::Bytes, Past::BadInput,
        "all of them are held at once");
    /// Elements of JSON in one file.
    ELEMENTS = ("values of JSON in one file: its braces, brackets and commas", 3_000_000, Unit::Of("values"),
        Past::BadInput, "small values take far more memory than text; the capture of a key with 50,000 grants has 500,000");
    /// How deep JSON is nested.
    NESTING = ("nesting of JSON", 128, Unit::Of("levels"), Past::BadInput,
        "policies have 7 levels, CloudTrail records about 10");
    /// One case of `judge`.
    CASE_BYTES = ("one line of the cases of `judge`", 4 << 20, Unit::Bytes, Past::BadInput,
        "all policies that AWS admits for one request have less than 1 MiB");
    /// One policy document.
    POLICY_BYTES = ("one policy document", 1 << 20, Unit::Bytes, Past::Unread,
        "AWS's largest, a key policy, has 32 KiB; a policy that is handed in by an option is bad input");
    /// Statements of one policy document.
    STATEMENTS = ("statements of one policy document", 10_000, Unit::Of("statements"), Past::Unread,
        "32 KiB hold less than 1,000");
    /// Starts of a run.
    TARGETS = ("starts of one run", 10_000, Unit::Of("starts"), Past::BadInput,
        "an account has 5 to some thousand instances in a Region");
    /// One answer of AWS.
    ANSWER_BYTES = ("one answer of AWS", 16 << 20, Unit::Bytes, Past::Unread, "pages have at most 1 MiB");
    /// All answers of a run.
    ANSWERS_BYTES = ("all answers of AWS in one run together", 128 << 20, Unit::Bytes, Past::Unread,
        "all of them are held at once");
    /// Pages of one list.
    PAGES = ("pages of one list of AWS", 1_000, Unit::Of("pages"), Past::Unread,
        "the 50,000 grants that a key may have are 500");
    /// What a credential process prints.
    CREDENTIAL_PROCESS_BYTES = ("output of a credential process", 64 << 10, Unit::Bytes, Past::NoCredentials,
        "credentials have about 2 KiB");
}

/// Returns the bound on JSON that `text` passes, if any: [`ELEMENTS`] or [`NESTING`].
///
/// The text may hold JSON anywhere, as mails and transcripts do, so that nesting is only looked at from a first bracket
/// on, and values are counted in strings, too.
pub(crate) fn passed(text: &str) -> Option<Limit> {
    let elements = text.bytes().filter(|byte| matches!(byte, b'{' | b'[' | b',')).count();
    if ELEMENTS.is_past(elements) {
        return Some(ELEMENTS);
    }
    is_too_deep(text).then_some(NESTING)
}

/// Returns `true` if a text that is JSON as a whole is nested deeper than [`NESTING`].
pub(crate) fn is_too_deep(text: &str) -> bool {
    if !text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']) {
        return false;
    }
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    text.bytes().any(|byte| {
        if in_string {
            in_string = byte != b'"' || is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            return false;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        NESTING.is_past(depth)
    })
}

#[cfg(test)]
mod tests {
    use super::{ELEMENTS, LIMITS, NESTING, Past, passed};

    /// Returns the table of `docs/limits.md`.
    fn table() -> String {
        let rows = LIMITS.iter().map(|limit| {
            let past = match limit.past {
                Past::BadInput => "error, exit code 2",
                Past::Unread => "not read: undecided where it matters",
                Past::NoCredentials => "error, exit code 4",
            };
            format!("| {} | {limit} | {past} | {} |\n", limit.what, limit.why)
        });
        format!("| what | at most | more is | because |\n|---|---|---|---|\n{}", rows.collect::<String>())
    }

    #[test]
    fn the_page_shows_the_table() {
        let page = include_str!("../docs/limits.md");
        assert!(page.contains(&table()), "docs/limits.md lacks:\n{}", table());
    }

    #[test]
    fn nesting_and_values_are_counted_before_anything_is_parsed() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(passed(&nested(NESTING.most())), None);
        assert_eq!(passed(&nested(NESTING.most() + 1)), Some(NESTING));
        let in_string = format!(r#"["\"{}"]"#, "[".repeat(1_000));
        assert_eq!(passed(&in_string), None);
        assert_eq!(passed(&format!("[1{}]", ",1".repeat(ELEMENTS.most()))), Some(ELEMENTS));
    }
}
