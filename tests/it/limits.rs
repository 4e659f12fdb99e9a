//! What is past a bound of `docs/limits.md` ends in an error or counts as not read, in a process that has 1 GB of memory
//! and no more: never in an abort.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::golden::library;

const MIB: usize = 1 << 20;

/// Runs the program on `stdin` in a shell that gives it 1 GB of memory, in `folder`; its exit code and all that it said.
fn run(folder: &Path, arguments: &[&str], stdin: Stdio) -> (Option<i32>, String) {
    run_within("ulimit -v 1000000", folder, arguments, stdin)
}

/// The same within these limits of the shell.
fn run_within(limits: &str, folder: &Path, arguments: &[&str], stdin: Stdio) -> (Option<i32>, String) {
    let mut command = Command::new("sh");
    let script = format!("{limits} && exec \"$0\" \"$@\"");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_ebs-preflight")]);
    let output = command.args(arguments).current_dir(folder).env_clear().stdin(stdin).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

/// Runs the program on a file `input` with these bytes.
fn of_file(bytes: &[u8], arguments: &[&str]) -> (Option<i32>, String) {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("input"), bytes).unwrap();
    run(folder.path(), arguments, Stdio::null())
}

fn assert_refused((exit, said): (Option<i32>, String), words: &str) {
    let start = said.get(..said.len().min(400));
    assert_eq!((exit, said.contains(words)), (Some(2), true), "{words}: {start:?}");
}

/// Each way in that takes a whole file.
const WAYS: [&[&str]; 3] = [
    &["triage", "input"],
    &["check", "--capture", "input"],
    &["diff", "--capture", "input", "--set-key-policy", "a=input"],
];

#[test]
fn no_file_is_read_without_end() {
    let large = vec![b' '; 32 * MIB + 1];
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&large).unwrap();
    let packed = packed.finish().unwrap();
    for way in WAYS {
        assert_refused(of_file(&large, way), "is larger than 32 MiB");
        assert_refused(of_file(&packed, way), "unpacks to more than 32 MiB");
    }
    // A device and a pipe have no end at all.
    let folder = TempDir::new().unwrap();
    assert_refused(run(folder.path(), &["triage", "/dev/zero"], Stdio::null()), "is larger than 32 MiB");
    let endless = fs::File::open("/dev/zero").unwrap();
    assert_refused(run(folder.path(), &["check", "--capture", "-"], endless.into()), "is larger than 32 MiB");
}

#[test]
fn many_files_are_not_read_without_end() {
    let folder = TempDir::new().unwrap();
    for name in ["a", "b"] {
        fs::write(folder.path().join(name), vec![b' '; 30 * MIB]).unwrap();
    }
    assert_refused(run(folder.path(), &["check", "--capture", "."], Stdio::null()), "than 48 MiB");
}

#[test]
fn json_is_neither_too_deep_nor_of_too_many_values() {
    let deep = ["[".repeat(100_000), "]".repeat(100_000)].concat();
    let objects = [r#"{"a":"#.repeat(100_000), "}".repeat(100_000)].concat();
    let many = format!("[1{}]", ",{}".repeat(2_000_000));
    for way in WAYS {
        assert_refused(of_file(deep.as_bytes(), way), "more than 128 levels");
        assert_refused(of_file(objects.as_bytes(), way), "more than 128 levels");
        assert_refused(of_file(many.as_bytes(), way), "more than 3000000 values");
    }
}

#[test]
fn deep_json_is_a_refused_case() {
    let case = format!(r#"{{"id":1,"request":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert_refused(of_file(case.as_bytes(), &["judge", "--cases", "input"]), "\"error\"");
}

#[test]
fn a_case_ends() {
    let folder = TempDir::new().unwrap();
    let endless = fs::File::open("/dev/zero").unwrap();
    let refused = run(folder.path(), &["judge", "--cases", "-"], endless.into());
    assert_refused(refused, "line 1 of `-` is longer than 4 MiB");
}

/// A capture of the library that is READY, with another text as the policy of its first key.
fn with_key_policy(policy: &str) -> String {
    let library = library();
    let ready = library.iter().find(|golden| golden.name == "ready-deny-without-tls").unwrap();
    let mut capture: Value = serde_json::from_str(&ready.text).unwrap();
    let key = capture["keys"].as_object_mut().unwrap().values_mut().next().unwrap();
    key["policy"]["known"] = json!(policy);
    capture.to_string()
}

#[test]
fn a_policy_past_its_bounds_is_not_read() {
    let statement = r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#;
    let whole = |statements: usize| {
        let statements = vec![statement; statements].join(",");
        format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)
    };
    let check: &[&str] = &["check", "--capture", "input"];
    let (exit, said) = of_file(with_key_policy(&whole(1)).as_bytes(), check);
    assert_eq!(exit, Some(0), "{said}");
    // Past the bound on statements, and past that on bytes.
    for policy in [whole(10_001), format!("{}{}", whole(1), " ".repeat(MIB))] {
        let (exit, said) = of_file(with_key_policy(&policy).as_bytes(), check);
        let start = said.get(..said.len().min(400));
        assert_eq!((exit, said.starts_with("UNDECIDED")), (Some(3), true), "{start:?}");
    }
}

#[test]
fn starts_are_counted_before_they_are_judged() {
    let library = library();
    let mut capture: Value = serde_json::from_str(&library[0].text).unwrap();
    let target = capture["targets"][0].clone();
    capture["targets"] = vec![target; 10_001].into();
    assert_refused(of_file(capture.to_string().as_bytes(), &["check", "--capture", "input"]), "10000 starts");
}

/// A piece that is repeated behind a word to a text of 400 KB: each that was once read again and again.
const PIECES: [&str; 24] = [
    "[",
    "{",
    "[[",
    r#"{"a":"#,
    "{\"a\":\n",
    "[{\"a\":[",
    r#"{"a":1}"#,
    "{\"a\":1}\n",
    "[1,",
    "[\"",
    "\\\"",
    "### ",
    "### \n",
    "> ",
    "> \n",
    "a\n",
    "An error occurred (",
    "An error occurred (X) when calling the Y operation (",
    "operation error ",
    "api error ",
    "is not authorized to perform: ",
    "Encoded authorization failure message: ",
    "Client.InternalError: Client error on launch ",
    "KMS key is inaccessible i-0123456789abcdef0 ",
];

#[test]
fn no_text_takes_long() {
    const SIZE: usize = 400_000;
    let folder = TempDir::new().unwrap();
    for piece in PIECES {
        for end in ["", " x"] {
            let text = format!("word {}{end}", piece.repeat(SIZE / piece.len()));
            fs::write(folder.path().join("input"), text).unwrap();
            // As many seconds as it needs tenths of; what reads to the end from every piece takes minutes.
            let (exit, said) = run_within("ulimit -v 1000000 -t 6", folder.path(), &["triage", "input"], Stdio::null());
            let start = said.get(..said.len().min(400));
            assert!(matches!(exit, Some(0..=3)), "{piece:?}{end:?}: {exit:?} {start:?}");
        }
    }
}

/// A transcript with this answer to one read.
fn transcript(answer: &str) -> String {
    let key = "arn:aws:kms:eu-central-1:111122223333:key/6f1c2d3e-4b5a-4c6d-8e7f-000000000001";
    format!(
        "### ebs-preflight transcript 1\n### region eu-central-1\n### time 2026-11-24T04:00:00Z\n\
        ### read kms:ListGrants {key}\n{answer}\n### exit 0\n### time 2026-11-24T04:00:09Z\n### end\n"
    )
}

#[test]
fn no_transcript_takes_long() {
    const SIZE: usize = 400_000;
    let folder = TempDir::new().unwrap();
    for piece in PIECES {
        let repeated = piece.repeat(SIZE / piece.len());
        for text in [transcript(&repeated), transcript(&format!("{{\"Grants\": {repeated}")), repeated] {
            fs::write(folder.path().join("input"), text).unwrap();
            let check = ["check", "--capture", "input"];
            let (exit, said) = run_within("ulimit -v 1000000 -t 6", folder.path(), &check, Stdio::null());
            let start = said.get(..said.len().min(400));
            assert!(matches!(exit, Some(2 | 3)), "{piece:?}: {exit:?} {start:?}");
        }
    }
}

#[test]
fn json_behind_a_word_is_no_deeper_than_other_json() {
    let nested = |depth: usize| format!("it said: {}1{} and so on", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    let (_, said) = of_file(nested(128).as_bytes(), &["triage", "input"]);
    assert!(!said.contains("128 levels"), "{said}");
    assert_refused(of_file(nested(129).as_bytes(), &["triage", "input"]), "has more than 128 levels");
    assert_refused(of_file(nested(300_000).as_bytes(), &["triage", "input"]), "has more than 128 levels");
}

#[test]
fn what_cannot_be_read_is_told_so_often() {
    let text = "An error occurred (\n\n".repeat(1000);
    let (exit, said) = of_file(text.as_bytes(), &["triage", "input"]);
    assert_eq!((exit, said.matches("is not understood").count()), (Some(2), 100), "{said}");
    assert!(said.contains("more cannot be read from here on"), "{said}");
}
