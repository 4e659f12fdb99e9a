use super::{escape, one_line};

#[test]
fn what_would_move_the_cursor_or_hide_is_shown_as_json_writes_it() {
    for (text, shown) in [
        ("a\tb\r\nc\n", "a\tb\r\nc\n"),
        ("over\rwritten", r"over\rwritten"),
        ("\u{1b}[2J\u{9b}1m\u{7f}", r"\u001b[2J\u009b1m\u007f"),
        ("\u{202e}eslaf\u{2066}\u{200b}\u{feff}\u{2028}", r"\u202eeslaf\u2066\u200b\ufeff\u2028"),
        ("soft\u{ad}hyphen \u{e0041}", r"soft\u00adhyphen \udb40\udc41"),
        ("クラウド é", "クラウド é"),
    ] {
        assert_eq!(escape(text), shown);
    }
    assert_eq!(one_line("a\tb\r\nc"), r"a\tb\r\nc");
}

#[test]
fn escaped_json_says_the_same() {
    let policy = "{\"Sid\": \"a\u{202e}b\u{e0041}\"}";
    let shown = escape(policy);
    assert!(shown.is_ascii());
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(read(&shown), read(policy));
}
