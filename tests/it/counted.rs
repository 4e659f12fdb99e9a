//! What `triage` tells once: alike refusals with how often, and refusals of no start in a line.

use std::path::{Path, PathBuf};

use ebs_preflight::event::{incidents, read};
use ebs_preflight::triage::{json, text};
use jiff::tz::TimeZone;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/events")
}

/// Thirty nights that ended alike are one entry: how often, the first and the last, and who it was.
#[test]
fn thirty_alike_nights_are_one_entry() {
    let night = std::fs::read_to_string(folder().join("refused-no-identity.json")).unwrap();
    let nights: Vec<serde_json::Value> = (1..=30)
        .map(|day| {
            let mut record: serde_json::Value = night.replace("job-17", &format!("job-{day}")).parse().unwrap();
            record["eventTime"] = format!("2026-09-{day:02}T22:30:02Z").into();
            record["requestID"] = format!("4be1f0d2-9a3c-4f6e-8d75-0c2b6e9a{day:04}").into();
            record["eventID"] = format!("e0000000-0000-4000-8000-00000000{day:04}").into();
            record
        })
        .collect();
    let found = read(&serde_json::json!({ "Records": nights }).to_string()).unwrap();
    let told: serde_json::Value = json(&incidents(found.materials.clone()), &[], &TimeZone::UTC).parse().unwrap();
    let [entry] = told["incidents"].as_array().unwrap().as_slice() else { panic!("{told}") };
    assert_eq!(entry["count"], 30);
    assert_eq!((&entry["time"], &entry["lastTime"]), (&"2026-09-01T22:30:02Z".into(), &"2026-09-30T22:30:02Z".into()));
    assert_eq!(entry["principal"], "arn:aws:iam::222244446666:role/ops/NightStarter");
    assert_eq!(entry["sessionNames"].as_array().unwrap().len(), 30);
    let said = text(&incidents(found.materials), &TimeZone::UTC);
    for words in ["30 times", "first 2026-09-01", "last 2026-09-30", "NightStarter"] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

/// Refusals of no start are one line behind what matters, each action once with how often; alone they are the answer.
#[test]
fn unrelated_refusals_are_one_line_at_the_end() {
    let refused = |action: &str, call: &str, resource: &str| {
        format!(
            "An error occurred (AccessDenied) when calling the {call} operation: User: \
             arn:aws:sts::222244446666:assumed-role/NightStarter/job-17 is not authorized to perform: {action} on \
             resource: {resource} because no identity-based policy allows the {action} action\n\n"
        )
    };
    let start = std::fs::read_to_string(folder().join("refused-no-identity.json")).unwrap();
    let object = |name: &str| refused("s3:GetObject", "GetObject", &format!("arn:aws:s3:::logs/{name}"));
    let others =
        [object("a"), refused("sns:Publish", "Publish", "arn:aws:sns:eu-central-1:222244446666:ops"), object("a")]
            .concat();
    let found = read(&format!("{others}{start}\n\n{}", object("a"))).unwrap();
    let said = text(&incidents(found.materials.clone()), &TimeZone::UTC);
    let last = said.trim_end().lines().last().unwrap();
    assert!(last.starts_with("Refused as well, of no start: "), "{said}");
    for action in ["s3:GetObject", "sns:Publish"] {
        assert_eq!((said.matches(action).count(), last.matches(action).count()), (1, 1), "{action}: {said}");
    }
    let told: serde_json::Value = json(&incidents(found.materials), &[], &TimeZone::UTC).parse().unwrap();
    assert_eq!((told["incidents"].as_array().unwrap().len(), told["otherRefusals"].as_array().unwrap().len()), (1, 2));
    let alone = text(&incidents(read(&others).unwrap().materials), &TimeZone::UTC);
    assert!(!alone.contains("Refused as well") && alone.contains("sns:Publish"), "{alone}");
}
