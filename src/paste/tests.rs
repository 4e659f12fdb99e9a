use super::{Flow, after, decoded};

#[test]
fn a_flow_undoes_what_mail_and_logs_do() {
    for (text, flow) in [
        ("a \t b", "a b"),
        ("a\nb", "a\nb"),
        ("a \nb", "a b"),
        ("a\n  b", "a b"),
        ("a\n\nb", "a\u{1e}b"),
        ("a\r\nb", "a\nb"),
        (r#"\"a\" \\\"b\\\" c\n\td"#, r#""a" "b" c d"#),
        (r"\u003ca\u003e", "<a>"),
        ("&quot;a&quot; &lt;b&gt; &amp; &x;", "\"a\" <b> & &x;"),
        ("\u{201c}a\u{201d} \u{2018}b\u{2019}", "\"a\" 'b'"),
        ("\u{1b}[31ma\u{1b}[0m", "a"),
        ("a\u{200b}b\u{ad}c", "abc"),
        ("a\u{a0}b", "a b"),
    ] {
        assert_eq!(Flow::of(text).text(), flow, "{text:?}");
    }
}

#[test]
fn a_line_of_quoted_printable_goes_on() {
    let line = format!("{}=\r\nb", "a".repeat(75));
    assert_eq!(Flow::of(&line).text(), format!("{}b", "a".repeat(75)));
    assert_eq!(Flow::of("a=\nb").text(), "a=\nb");
}

#[test]
fn a_flow_knows_where_its_signs_stood() {
    let text = "a  b\n\n\\\"cé\\\" \u{200b}d";
    let flow = Flow::of(text);
    for sign in ["a", "b", "cé", "d"] {
        assert_eq!(flow.place(flow.text().find(sign).unwrap()), text.find(sign).unwrap(), "{sign}");
    }
}

#[test]
fn words_are_found_across_line_ends() {
    assert_eq!(after("not auth\norized to\nperform: x", "not authorized to perform: "), Some("x"));
    assert_eq!(after("not\u{1e}authorized", "not authorized"), None);
    assert_eq!(after("not author", "not authorized"), None);
}

#[test]
fn encodings_are_told_apart() {
    let japanese = "インスタンスの状態";
    let (shift_jis, _, _) = encoding_rs::SHIFT_JIS.encode(japanese);
    assert_eq!(decoded(shift_jis.to_vec()), Ok((japanese.to_owned(), Some("Shift_JIS"))));
    let wide: Vec<u8> = "Client.InternalError".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(decoded(wide.clone()), Ok(("Client.InternalError".to_owned(), Some("UTF-16LE"))));
    let marked: Vec<u8> = [0xff, 0xfe].into_iter().chain(wide).collect();
    assert_eq!(decoded(marked), Ok(("Client.InternalError".to_owned(), Some("UTF-16LE"))));
    assert_eq!(decoded("plain".as_bytes().to_vec()), Ok(("plain".to_owned(), None)));
    assert_eq!(
        decoded(b"caf\xe9 f\xfcr alle".to_vec()),
        Ok(("caf\u{e9} f\u{fc}r alle".to_owned(), Some("windows-1252")))
    );
    assert_eq!(decoded(vec![0, 1, 2, 3, 0xff]), Err(vec![0, 1, 2, 3, 0xff]));
}
