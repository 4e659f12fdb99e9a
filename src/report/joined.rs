//! What several starts need of one thing, told once.

use crate::remedy::{Part, join};

use crate::outcome::{Report, Together};
use crate::words::Page;

/// The changes of a report's remedies, what several starts need of one thing in one; each is shown once.
pub(super) struct Shown {
    joined: Vec<(Part, bool)>,
}

impl Shown {
    pub(super) fn new(report: &Report) -> Self {
        let parts = join(report.starts().filter_map(|start| start.remedy.as_ref()));
        Self { joined: parts.into_iter().map(|part| (part, false)).collect() }
    }

    /// The whole change of what the part changes, and whether it was shown already.
    pub(super) fn whole(&mut self, part: &Part) -> (Part, bool) {
        let found = self.joined.iter_mut().find(|(known, _)| known.is_of_same(part));
        found.map_or_else(
            || (part.clone(), false),
            |(known, is_shown)| (known.clone(), std::mem::replace(is_shown, true)),
        )
    }
}

/// How the starts fare with all changes of the report.
pub(super) fn together(text: &mut Page, report: &Report) {
    let Some(Together { cured, of }) = report.together else { return };
    text.blank();
    let how = if cured == of { format!("all {of} starts are") } else { format!("{cured} of {of} starts are") };
    let words = format!(
        "Several starts need changes of one thing, which are told as one. Judged with all changes of this report together, {how} cured."
    );
    text.wrap("", 1, &words);
}
