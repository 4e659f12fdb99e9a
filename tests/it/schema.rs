//! The formats are what the schemas in `docs/schema` say.

use ebs_preflight::capture::Capture;
use ebs_preflight::operations::Question;
use ebs_preflight::preflight::preflight;
use ebs_preflight::report::json;
use serde_json::Value;

const DEMO: &str = include_str!("../../src/cli/demo.json");

fn faults(schema: &str, instance: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(instance).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

pub(crate) fn report_faults(text: &str) -> Vec<String> {
    faults(include_str!("../../docs/schema/report-v1.json"), &serde_json::from_str(text).unwrap())
}

fn capture_faults(text: &str) -> Vec<String> {
    faults(include_str!("../../docs/schema/capture-v1.json"), &serde_json::from_str(text).unwrap())
}

#[test]
fn the_demo_and_its_report_fit() {
    assert_eq!(capture_faults(DEMO), Vec::<String>::new());
    let capture = Capture::parse(DEMO).unwrap();
    // Written anew, it has every field that the program writes.
    assert_eq!(capture_faults(&capture.print().unwrap()), Vec::<String>::new());
    assert_eq!(report_faults(&json::render(&preflight(&capture, &Question::default()))), Vec::<String>::new());
    assert_eq!(report_faults(&json::render_error("code", "message", "help")), Vec::<String>::new());
}

#[test]
fn every_capture_of_the_tests_fits_with_its_report() {
    let mut faults = Vec::new();
    let mut seen = 0;
    for entry in files(std::path::Path::new("tests/captures")) {
        let text = std::fs::read_to_string(&entry).unwrap();
        let Ok(capture) = Capture::parse(&text) else { continue };
        seen += 1;
        faults.extend(capture_faults(&text).into_iter().map(|fault| format!("{}: {fault}", entry.display())));
        let report = json::render(&preflight(&capture, &Question::default()));
        faults
            .extend(report_faults(&report).into_iter().map(|fault| format!("report of {}: {fault}", entry.display())));
    }
    assert!(seen > 0);
    assert_eq!(faults, Vec::<String>::new());
}

fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    found
}

#[test]
fn what_does_not_fit_is_found() {
    let missing = DEMO.replacen("\"targets\"", "\"target\"", 1);
    assert!(!capture_faults(&missing).is_empty());
    assert!(!report_faults("{\"formatVersion\": 2}").is_empty());
}
