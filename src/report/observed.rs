//! What events of earlier starts say, in the text report.

use std::collections::BTreeSet;

use crate::event::Starter;
use crate::fact::UnreadReason;
use crate::observed::Observed;
use crate::outcome::Earlier;
use crate::words;
use crate::words::Page;

/// The block of the text report.
pub(super) fn text(observed: &[Observed], earlier: &Earlier) -> Page {
    let mut text = Page::default();
    text.blank();
    // A further page that is not asked for is no failure.
    let failed = earlier.gaps.iter().filter(|gap| gap.unread.why != UnreadReason::NotAsked);
    let failed: BTreeSet<String> = failed.map(|gap| format!("A look-up failed: {}", gap.unread.message)).collect();
    if observed.is_empty() {
        let nothing = match (failed.is_empty(), earlier.incidents.is_empty()) {
            (true, _) => "none is of this start. That proves nothing: events arrive minutes late",
            (false, true) => "they could not be looked up",
            (false, false) => "none of those found is of this start, and some could not be looked up",
        };
        text.wrap("Events: ", 8, nothing);
    } else {
        text.wrap("Events ", 8, "(evidence beside the judgement; an allow is never a verdict):");
    }
    for line in earlier.starter.iter().map(principal_from).chain(failed) {
        text.wrap("  ", 4, &line);
    }
    for one in observed {
        let time = one.time.as_deref().unwrap_or("time not told");
        text.wrap("  ", 4, &format!("{time}  {}", one.what));
        let ids =
            if one.event_ids.is_empty() { String::new() } else { format!(" (event {})", one.event_ids.join(", ")) };
        text.wrap("    ", 4, &format!("{}{ids}", one.says));
    }
    text
}

/// Why this principal is judged, where nobody named one.
pub(super) fn principal_from(starter: &Starter) -> String {
    let time = starter.time.map_or_else(|| "time not told".to_owned(), words::minute);
    let did = match &starter.error {
        None => "made the last StartInstances".to_owned(),
        Some(code) => format!("made the last StartInstances, which was not accepted ({code})"),
    };
    format!("The principal is taken from the events: it {did}, {time} (event {})", starter.event_id)
}
