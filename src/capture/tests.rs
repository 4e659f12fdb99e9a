use super::Capture;

const SMALL: &str = r#"{
  "formatVersion": 1,
  "tool": {"name": "ebs-preflight", "version": "0.1.0"},
  "read": {"by": {"known": "arn:aws:sts::111122223333:assumed-role/reader/me"},
           "from": "2026-11-24T09:12:00Z", "until": "2026-11-24T09:12:03Z", "region": "ap-northeast-1"},
  "targets": [{"instanceId": "i-0f3c2a9d8b7e61254", "roleArn": "arn:aws:iam::111122223333:role/StartJob"}],
  "keys": {"arn:aws:kms:ap-northeast-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab":
           {"policy": {"known": {"Statement": []}}}}
}"#;

#[test]
fn what_is_printed_is_read_again() {
    let capture = Capture::parse(SMALL).unwrap();
    assert_eq!(Capture::parse(&capture.print().unwrap()).unwrap(), capture);
    let key = capture.keys.values().next().unwrap();
    assert_eq!(key.policy.known().unwrap().text(), "{\"Statement\": []}");
    assert!(key.grants.unread().is_some());
}

#[test]
fn what_is_no_capture_is_said_plainly() {
    let cases = [
        ("", "the capture is empty"),
        ("hello", "the capture is not JSON: expected value at line 1 column 1"),
        (
            "{\"formatVersion\": 1, \"tool\": {",
            "the capture is cut off: EOF while parsing an object at line 1 column 30",
        ),
        ("{}", "this is no capture: it has no `formatVersion`"),
        ("{\"formatVersion\": 7}", "the capture is of version 7, and this program reads version 1"),
    ];
    for (text, message) in cases {
        assert_eq!(Capture::parse(text).unwrap_err().to_string(), message);
    }
    let unknown = SMALL.replacen("\"targets\"", "\"tragets\"", 1);
    assert!(Capture::parse(&unknown).unwrap_err().to_string().contains("unknown field `tragets`"));
}
