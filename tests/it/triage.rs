//! What `triage` reads from every form in which people hold the evidence of a failed start.
//!
//! `tests/events/` holds one file per form, and beside it, as `NAME.expected`, what is to be said of it. The shapes
//! are those that CloudTrail and EC2 give; every identifier is invented. `BLESS=1` writes the expected texts anew.

use std::path::{Path, PathBuf};

use ebs_preflight::event::{Found, incidents, read};
use ebs_preflight::triage::{json, text};
use jiff::tz::TimeZone;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/events")
}

fn inputs() -> Vec<PathBuf> {
    let all = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut inputs: Vec<PathBuf> =
        all.filter(|path| path.extension().is_some_and(|end| end == "json" || end == "txt")).collect();
    inputs.sort();
    inputs
}

/// Three hours before UTC's midnight it is already the next day there.
fn zone() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(9))
}

/// What the program says: of what was not read, on standard error, first.
fn said(found: &Found) -> String {
    let notes = found.unread.iter().map(|part| format!("not read: {part}\n"));
    notes.chain([text(&incidents(found.materials.clone()), &zone())]).collect::<Vec<_>>().concat()
}

#[test]
fn every_form_is_read_as_expected() {
    let inputs = inputs();
    assert!(inputs.len() > 40, "tests/events/ is not whole");
    let mut wrong = Vec::new();
    for path in inputs {
        let found = read(&std::fs::read_to_string(&path).unwrap());
        let said = found.map_or_else(|error| format!("{error}\n"), |found| said(&found));
        let expected = path.with_extension("expected");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&expected, &said).unwrap();
        }
        if std::fs::read_to_string(&expected).unwrap_or_default() != said {
            wrong.push(format!("{}:\n{said}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Wrapping changes nothing: the same record alone, looked up, exported, by `EventBridge`, or on a page.
#[test]
fn wrapping_changes_nothing() {
    let read_file = |name: &str| {
        let found = read(&std::fs::read_to_string(folder().join(name)).unwrap()).unwrap();
        let [incident] = incidents(found.materials).try_into().unwrap();
        incident
    };
    let alone = read_file("refused-no-identity.json");
    for name in ["eventbridge.json", "console-page.txt", "console-page-quoted-in-mail.txt"] {
        let wrapped = read_file(name);
        assert_eq!((&wrapped.told, &wrapped.actor, wrapped.time), (&alone.told, &alone.actor, alone.time), "{name}");
    }
}

/// However a terminal or a mail wraps an error text, it names what the whole one names, or nothing.
#[test]
fn a_wrapped_error_text_is_read_whole_or_refused() {
    let whole = std::fs::read_to_string(folder().join("text-plain.txt")).unwrap();
    let whole = whole.trim_end();
    let told =
        |found: Found| incidents(found.materials).into_iter().map(|one| (one.told, one.keys)).collect::<Vec<_>>();
    let expected = told(read(whole).unwrap());
    let letters: Vec<char> = whole.chars().collect();
    let around = [("", ""), ("$ aws kms create-grant --key-id …\n", "\n$ "), ("", "\nWhat may we do about this?")];
    for (before, after) in around {
        let mut refused = 0;
        for width in 40..160 {
            let lines: Vec<String> = letters.chunks(width).map(|line| line.iter().collect()).collect();
            let text = format!("{before}{}{after}", lines.join("\n"));
            match read(&text) {
                Ok(found) => assert_eq!(told(found), expected, "{width}: {text}"),
                Err(_) => refused += 1,
            }
        }
        assert!(refused < 3, "{refused}");
    }
}

/// A record cut anywhere is never taken for one that says less: it is told as cut, and its error text, where that is
/// whole, as what it is.
#[test]
fn a_record_that_is_cut_is_told_as_cut() {
    let whole = std::fs::read_to_string(folder().join("console-page-german.txt")).unwrap();
    let refused = |found: Found| incidents(found.materials).into_iter().map(|incident| incident.told).next();
    let expected = refused(read(&whole).unwrap()).unwrap();
    let begins = whole.find('{').unwrap();
    for end in (begins + 2..whole.trim_end().len()).step_by(7) {
        let cut = &whole[..end];
        if let Ok(found) = read(cut) {
            assert!(!found.unread.is_empty(), "{cut}");
            assert_eq!(refused(found), Some(expected.clone()), "{cut}");
        }
    }
}

#[test]
fn json_holds_what_the_text_says() {
    let found = read(&std::fs::read_to_string(folder().join("refused-deny-scp.json")).unwrap()).unwrap();
    let value: serde_json::Value = serde_json::from_str(&json(&incidents(found.materials), &[], &zone())).unwrap();
    let incident = &value["incidents"][0];
    assert_eq!(value["verdict"], "BLOCKED");
    assert_eq!(incident["time"], "2026-10-02T22:30:02Z");
    assert_eq!(incident["refusal"]["decision"], "explicitDeny");
    assert_eq!(incident["refusal"]["policyType"], "service control policy");
    assert_eq!(incident["principal"], "arn:aws:iam::222244446666:role/ops/NightStarter");
}

#[cfg(feature = "cli")]
mod program {
    use std::io::Write as _;
    use std::process::{Command, Output};

    use super::folder;

    fn triage(arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ebs-preflight"));
        command.arg("triage").args(["--time-zone", "Europe/Berlin"]).args(arguments);
        command.current_dir(folder()).env_clear().output().unwrap()
    }

    #[test]
    fn the_exit_code_tells_what_the_evidence_comes_to() {
        for (file, code) in [
            ("start-refused-lookup.json", 1),
            ("start-whole-log-file.json", 0),
            ("state-client-error.json", 3),
            ("state-running.json", 0),
            ("../it/triage.rs", 2),
            ("no-such-file", 2),
            ("record-and-error-text.txt", 1),
            ("not-read-second-record-cut.txt", 3),
            ("not-read-yaml.txt", 1),
            ("not-read-typographic-quotes.json", 1),
            ("unrelated-events.json", 0),
            ("decoded-allowed.json", 0),
        ] {
            assert_eq!(triage(&[file]).status.code(), Some(code), "{file}");
        }
    }

    #[test]
    fn a_gzipped_log_file_is_unpacked() {
        let plain = folder().join("start-whole-log-file.json");
        let packed = tempfile::Builder::new().suffix(".json.gz").tempfile().unwrap();
        let mut packer = flate2::write::GzEncoder::new(packed.as_file(), flate2::Compression::default());
        packer.write_all(&std::fs::read(&plain).unwrap()).unwrap();
        packer.finish().unwrap();
        let output = triage(&[packed.path().to_str().unwrap()]);
        assert_eq!(output.stdout, triage(&[plain.to_str().unwrap()]).stdout);
        assert!(String::from_utf8_lossy(&output.stdout).contains("2026-10-03 00:30:00 CEST (2026-10-02 22:30:00 UTC)"));
    }

    #[test]
    fn what_is_not_read_is_told_with_its_place() {
        let output = triage(&["not-read-second-record-cut.txt", "--format", "json"]);
        let place = "`not-read-second-record-cut.txt`:101:1: ";
        assert!(String::from_utf8_lossy(&output.stderr).starts_with(&format!("note: not read: {place}")));
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(said["verdict"], "UNDECIDED");
        assert!(said["notRead"][0].as_str().unwrap().starts_with(place), "{said}");
    }

    #[test]
    fn a_decoded_message_must_be_that_of_the_error() {
        let output = triage(&["wrap-at-80.txt", "--decoded", "decoded-of-another-request.json"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2));
        assert!(said.contains("its action is ec2:RunInstances, that of the error text ec2:StartInstances"), "{said}");
        let both = triage(&["text-encoded.txt", "wrap-at-80.txt", "--decoded", "decoded.json"]);
        let said = String::from_utf8_lossy(&both.stderr).into_owned();
        assert!(said.contains("may be of several of the errors"), "{said}");
        let allowed = triage(&["wrap-at-80.txt", "--decoded", "decoded-allowed.json"]);
        assert_eq!(allowed.status.code(), Some(0));
        assert!(String::from_utf8_lossy(&allowed.stdout).starts_with("NOT REFUSED"));
    }

    #[test]
    fn a_decoded_message_tells_what_the_encoded_one_hides() {
        let output = triage(&["text-encoded.txt", "--decoded", "decoded.json"]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1));
        assert!(said.contains("ec2:StartInstances refused to role NightStarter"), "{said}");
        assert!(said.contains("NoStartsAtNight"), "{said}");
        assert!(said.contains("--instance-id i-0a9b8c7d6e5f40312"), "{said}");
    }
}
