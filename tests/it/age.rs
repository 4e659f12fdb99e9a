//! How old the evidence is, by the asker's clock: told past a day, warned of past a month, and no part of the verdict.

use ebs_preflight::capture::Capture;
use ebs_preflight::operations::Question;
use ebs_preflight::outcome::{Report, Verdict};
use ebs_preflight::preflight::preflight;
use ebs_preflight::report::{json, text};
use serde_json::{Value, json};

use crate::golden::file;

/// Read 2026-11-24 from 00:12 on.
const READY: &str = "ready-grant-to-the-role.json";

fn asked(capture: &Value, now: Option<&str>) -> Report {
    let now = now.map(|now| now.parse().unwrap());
    preflight(&Capture::parse(&capture.to_string()).unwrap(), &Question { now, ..Question::default() })
}

fn capture() -> Value {
    let mut capture: Value = serde_json::from_str(&file(READY)).unwrap();
    capture["read"]["from"] = json!("2026-11-24T00:12:00Z");
    capture["read"]["until"] = json!("2026-11-24T00:12:02Z");
    capture
}

fn age_days(report: &Report) -> Value {
    serde_json::from_str::<Value>(&json::render(report)).unwrap()["read"]["ageDays"].clone()
}

#[test]
fn evidence_tells_its_age_past_a_day_and_is_warned_of_past_a_month() {
    for (now, days, is_old) in [
        (None, None, false),
        (Some("2026-11-24T00:12:02Z"), None, false),
        (Some("2026-11-20T00:00:00Z"), None, false),
        (Some("2026-11-25T00:12:00Z"), None, false),
        (Some("2026-11-25T00:12:01Z"), Some(1), false),
        (Some("2026-11-30T09:00:00Z"), Some(6), false),
        (Some("2026-12-24T00:12:00Z"), Some(30), false),
        (Some("2026-12-24T00:12:01Z"), Some(30), true),
        (Some("2027-11-24T00:12:00Z"), Some(365), true),
    ] {
        let report = asked(&capture(), now);
        let text = text::render(&report);
        let ago = days.map(|days| format!("{days} day{} ago", if days == 1 { "" } else { "s" }));
        let told = ago.as_ref().map_or(0, |ago| text.matches(ago.as_str()).count());
        // Beside the verdict, and where it is told who read what.
        assert_eq!(told, if days.is_some() { 2 } else { 0 }, "{now:?}\n{text}");
        assert_eq!(text.matches(" ago").count(), told, "{now:?}\n{text}");
        assert_eq!(age_days(&report), days.map_or(Value::Null, |days| json!(days)), "{now:?}");
        assert_eq!(text.contains("Warning: read "), is_old, "{now:?}\n{text}");
        assert_eq!(text.starts_with("READY (1 warning)"), is_old, "{now:?}\n{text}");
        assert_eq!(report.has_warnings(), is_old, "{now:?}");
        assert_eq!(report.verdict(), Verdict::Ready, "age alone decides nothing");
    }
}

#[test]
fn the_oldest_part_tells_the_age() {
    let mut capture = capture();
    capture["handed"] = json!([
        {"what": "key policy", "file": "policy.json", "read": "2026-10-01T00:00:00Z"},
        {"what": "grants", "file": "grants.json"},
    ]);
    let report = asked(&capture, Some("2026-11-24T01:00:00Z"));
    assert!(report.has_warnings() && age_days(&report) == json!(54), "{}", text::render(&report));
}
