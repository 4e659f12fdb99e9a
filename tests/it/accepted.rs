//! What `check` and `triage` say to type next is typed, with its blanks filled in: the program takes every line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::golden::library;
use crate::problems::assert_none;
use crate::program::{Outcome, Run};
use crate::shapes;

const INSTANCE: &str = "i-0a9b8c7d6e5f40312";

/// What stands in printed commands for what the evidence does not tell.
const BLANKS: [(&str, &str); 6] = [
    ("i-…", INSTANCE),
    ("ACCOUNT", "222233334444"),
    ("NAME", "NightShift"),
    ("PROFILE", "nightly"),
    ("VALUE", "true"),
    (" …", ""),
];

fn filled(line: &str) -> Vec<String> {
    let line = BLANKS.iter().fold(line.to_owned(), |line, (blank, value)| line.replace(blank, value));
    shlex::split(&line).unwrap_or_else(|| panic!("`{line}` is no line of a shell"))
}

/// Why a run shows that the line was not taken, if it does: it is misspelled, incomplete or malformed. That this build
/// or nobody's credentials read AWS is no fault of the line.
fn refused(outcome: &Outcome) -> Option<String> {
    let reads_aws = outcome.stderr.contains("this build cannot read AWS") || outcome.exit == Some(4);
    (!reads_aws && outcome.exit == Some(2)).then(|| outcome.stderr.clone())
}

fn policy(path: &str) -> Value {
    let principal = if path == "key.json" { json!({ "Principal": { "AWS": "*" } }) } else { json!({}) };
    let mut statement = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    statement.as_object_mut().unwrap().extend(principal.as_object().unwrap().clone());
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

/// Runs a printed line; what it names as files is there.
fn typed(words: &[String], files: &[(&str, String)]) -> Outcome {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // Whoever types a line has a Region.
    let run = Run::new(&words).variable("AWS_REGION", "eu-central-1");
    for (name, text) in files {
        run.file(name, text);
    }
    run.finish()
}

/// The lines to be typed below each "Next" of a report, each as the words of one command: the golden one's own, and what
/// is added to it.
fn advice(report: &str, own: &[String]) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    let mut is_next = false;
    for line in report.lines() {
        is_next = line.starts_with("   Next") || (is_next && line.starts_with("     "));
        let Some(line) = line.strip_prefix("       ").filter(|_| is_next) else { continue };
        let words = |command: &str, more: &str| [vec![command.to_owned()], own.to_vec(), filled(more)].concat();
        if let Some(more) = line.strip_prefix("the same command with ") {
            found.insert(line.to_owned(), words("check", more));
        } else if let Some(more) = line.strip_prefix("the same command, with diff in place of check and ") {
            found.insert(line.to_owned(), words("diff", more));
        } else if let Some(more) = line.strip_prefix("ebs-preflight ") {
            found.insert(line.to_owned(), filled(more));
        }
    }
    found
}

#[test]
fn every_next_of_check_is_taken() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let mut wrong = Vec::new();
    let mut count = 0;
    for golden in library() {
        let path = folder.join(&golden.name).with_extension("json");
        let flags = golden.flags().into_iter().map(|flag| {
            let file = folder.join(&flag);
            if file.is_file() { file.display().to_string() } else { flag }
        });
        let own: Vec<String> = ["--capture".to_owned(), path.display().to_string()].into_iter().chain(flags).collect();
        let report = ebs_preflight::report::text::render(&golden.report());
        let capture: Value = serde_json::from_str(&golden.text).unwrap();
        let first =
            |records: &str| capture[records].as_object().and_then(|all| all.keys().next().cloned()).unwrap_or_default();
        let (key, role) = (first("keys"), first("identities"));
        let inline =
            capture["identities"][&role]["known"]["inline"]["known"][0]["name"].as_str().unwrap_or("start").to_owned();
        let organizations = capture["organizations"].as_object().into_iter().flatten();
        let levels = organizations.filter_map(|(_, one)| one.pointer("/known/scps/known")?.as_array()).flatten();
        let mut ids =
            levels.flat_map(|level| level["policies"].as_array().unwrap()).filter_map(|one| one["id"].as_str());
        // Nobody changes the policies of AWS.
        let organization = ids.find(|id| *id != "p-FullAWSAccess");
        let files = ["key.json", "policy.json"].map(|name| (name, policy(name).to_string()));
        let grants = ("grants.json", json!({ "Grants": [] }).to_string());
        let files = [&files[..], &[grants]].concat();
        for (line, words) in advice(&report, &own) {
            let mut before = String::new();
            let words: Vec<String> = words
                .into_iter()
                .map(|word| {
                    let value = match (before.as_str(), word.as_str()) {
                        ("--grants-file", _) => format!("{key}=grants.json"),
                        (_, "KEY=FILE") => format!("{key}=key.json"),
                        (_, "ROLE/NAME=FILE" | "ROLE/NightShift=FILE") => format!("{role}/{inline}=policy.json"),
                        (_, "ID=FILE") => format!("{}=policy.json", organization.unwrap_or_default()),
                        (_, "FILE") => "policy.json".to_owned(),
                        _ => word.clone(),
                    };
                    before = word;
                    value
                })
                .collect();
            count += 1;
            let outcome = typed(&words, &files);
            // What the lines of the report printed is for whoever has run them.
            let is_to_be_run = words.contains(&"--add".to_owned()) && outcome.stderr.contains("cannot be read");
            if let Some(error) = refused(&outcome).filter(|_| !is_to_be_run) {
                wrong.push(format!("{}: `{line}`: {words:?}: {error}", golden.name));
            }
        }
    }
    assert_none(&wrong);
    assert!(count > 40, "{count}");
}

#[test]
fn every_next_of_triage_is_taken() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/events");
    let paths = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let paths: BTreeSet<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "json" || end == "txt")).collect();
    let texts =
        paths.iter().map(|path| fs::read_to_string(path).unwrap()).chain(shapes::texts().map(|(_, _, text)| text));
    let mut lines: BTreeSet<String> = BTreeSet::new();
    for text in texts {
        let Ok(found) = ebs_preflight::event::read(&text) else { continue };
        let told = ebs_preflight::triage::json(
            &ebs_preflight::event::incidents(found.materials),
            &[],
            &jiff::tz::TimeZone::UTC,
        );
        let told: Value = serde_json::from_str(&told).unwrap();
        let incidents = told["incidents"].as_array().unwrap();
        let next = incidents.iter().flat_map(|incident| incident["next"].as_array().unwrap());
        lines.extend(next.map(|line| line.as_str().unwrap().to_owned()));
    }
    let event = fs::read_to_string(folder.join("refused-no-identity.json")).unwrap();
    let decoded = fs::read_to_string(folder.join("decoded.json")).unwrap();
    let files = [("events.json", event), ("decoded.json", decoded)];
    let (mut wrong, mut count) = (Vec::new(), 0);
    for line in &lines {
        // `# without credentials: COMMAND prints lines …`
        let command = line.find("ebs-preflight ").map(|at| &line[at + "ebs-preflight ".len()..]);
        let Some(command) = command.map(|command| command.split(" prints ").next().unwrap()) else { continue };
        count += 1;
        if let Some(error) = refused(&typed(&filled(command), &files)) {
            wrong.push(format!("`{line}`: {error}"));
        }
    }
    println!("{count} commands");
    assert_none(&wrong);
    assert!(count > 40, "{count}");
}
