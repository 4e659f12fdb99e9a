use super::{Document, Position};
use crate::fact::Fact;

#[test]
fn positions_count_lines_and_characters() {
    let text = "{\n  \"é\": 1\n}";
    assert_eq!(Position::of(text, 0), Position { line: 1, column: 1 });
    assert_eq!(Position::of(text, text.find(':').unwrap()), Position { line: 2, column: 6 });
    assert_eq!(Position::of(text, 999), Position { line: 3, column: 2 });
}

#[test]
fn a_document_keeps_its_bytes_in_either_form() {
    let value: Document = serde_json::from_str("{ \"A\":1,  \"A\":2 }").unwrap();
    assert_eq!(value.text(), "{ \"A\":1,  \"A\":2 }");
    let text: Document = serde_json::from_str("\"{\\\"A\\\": 1}\"").unwrap();
    assert_eq!(text.text(), "{\"A\": 1}");
    let again: Document = serde_json::from_str(&serde_json::to_string(&value).unwrap()).unwrap();
    assert_eq!(again, value);
}

#[test]
fn what_is_left_out_was_not_read() {
    let reading: Fact<u8> = Fact::default();
    assert!(reading.unread().is_some());
    assert_eq!(serde_json::to_string(&Fact::Known(1)).unwrap(), "{\"known\":1}");
    assert_eq!(serde_json::to_string(&Fact::<u8>::Absent).unwrap(), "\"absent\"");
}
