//! The exit codes: a contract.

use crate::outcome::{Report, Verdict};
use crate::report::Diff;

use super::args::FailOn;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Ready, or the work was done.
    Done,
    /// Something certainly stops the start.
    Blocked,
    /// Usage or bad input.
    BadInput,
    /// Evidence is missing.
    Undecided,
    /// AWS, credentials or the network failed; no verdict.
    NoVerdict,
    /// Interrupted.
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only reads of AWS take long enough"))]
    Interrupted,
}

impl Exit {
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Done => Verdict::Ready.exit_code(),
            Self::Blocked => Verdict::Blocked.exit_code(),
            Self::BadInput => 2,
            Self::Undecided => Verdict::Undecided.exit_code(),
            Self::NoVerdict => 4,
            Self::Interrupted => 130,
        }
    }

    /// Of several targets the worst counts: 130 > 2 > 1 > 4 > 3 > 0.
    pub(super) fn worst(self, other: Self) -> Self {
        let rank = |exit| match exit {
            Self::Interrupted => 5,
            Self::BadInput => 4,
            Self::Blocked => 3,
            Self::NoVerdict => 2,
            Self::Undecided => 1,
            Self::Done => 0,
        };
        if rank(self) >= rank(other) { self } else { other }
    }

    /// How a report ends the program.
    pub(super) fn of(report: &Report, fail_on: FailOn) -> Self {
        let judged = match report.verdict() {
            Verdict::Blocked if fail_on <= FailOn::Blocked => Self::Blocked,
            Verdict::Undecided if fail_on <= FailOn::Undecided => Self::Undecided,
            Verdict::Ready if report.has_warnings() && fail_on == FailOn::Warning => Self::Blocked,
            Verdict::Ready if report.assumes_organization() && fail_on <= FailOn::Assumed => Self::Undecided,
            Verdict::Ready | Verdict::Blocked | Verdict::Undecided => Self::Done,
        };
        Self::with_errors(judged, report)
    }

    /// What a change makes worse decides; what was no better before does not.
    pub(super) fn of_diff(diff: &Diff, fail_on: FailOn) -> Self {
        let judged = match diff.worst_regression() {
            Some(Verdict::Blocked) if fail_on <= FailOn::Blocked => Self::Blocked,
            Some(Verdict::Undecided) if fail_on <= FailOn::Undecided => Self::Undecided,
            Some(_) | None if fail_on == FailOn::Warning && diff.has_new_warnings() => Self::Blocked,
            Some(_) | None if fail_on <= FailOn::Assumed && diff.newly_assumes_organization() => Self::Undecided,
            Some(_) | None => Self::Done,
        };
        Self::with_errors(judged, diff.after())
    }

    fn with_errors(judged: Self, report: &Report) -> Self {
        report
            .errors()
            .fold(judged, |exit, is_bad_input| exit.worst(if is_bad_input { Self::BadInput } else { Self::NoVerdict }))
    }
}
