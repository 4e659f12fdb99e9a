//! What every output keeps to, whoever wrote what is in it.

/// Characters that move the cursor, show nothing, turn the direction of what follows or break the line.
pub(crate) fn is_hidden(character: char) -> bool {
    let bidi = ['\u{61c}', '\u{200e}', '\u{200f}'].contains(&character)
        || ('\u{202a}'..='\u{202e}').contains(&character)
        || ('\u{2066}'..='\u{2069}').contains(&character);
    let without_width = ['\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}', '\u{ad}'].contains(&character);
    let tag = ('\u{e0000}'..='\u{e007f}').contains(&character);
    character.is_control() || bidi || without_width || tag || ['\u{2028}', '\u{2029}'].contains(&character)
}

/// JSON holds no such character but its own line ends.
pub(crate) fn json(text: &str) {
    let hidden = text.chars().find(|character| *character != '\n' && is_hidden(*character));
    assert_eq!(hidden, None, "{text}");
    assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{text}");
}

/// Text holds none but its line ends and the tabs of policies, and its lines begin with words of this program: as many
/// with a verdict as there are starts.
pub(crate) fn text(text: &str, starts: usize) {
    let hidden = text.chars().find(|character| !['\n', '\t'].contains(character) && is_hidden(*character));
    assert_eq!(hidden, None, "{text}");
    let verdicts = ["READY", "BLOCKED", "UNDECIDED", "NOT REFUSED", "ERROR"];
    let told = text.lines().filter(|line| verdicts.iter().any(|verdict| line.starts_with(verdict)));
    assert_eq!(told.count(), starts, "{text}");
}
