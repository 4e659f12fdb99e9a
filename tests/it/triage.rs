//! What `triage` reads from every form in which people hold the evidence of a failed start.
//!
//! `tests/events/` holds one file per form, and beside it, as `NAME.expected`, what is to be said of it. The shapes
//! are those that CloudTrail and EC2 give; every identifier is invented. `BLESS=1` writes the expected texts anew.

use std::path::{Path, PathBuf};

use ebs_preflight::event::{incidents, read};
use ebs_preflight::report::triage::{json, text};
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

#[test]
fn every_form_is_read_as_expected() {
    let inputs = inputs();
    assert!(inputs.len() > 40, "tests/events/ is not whole");
    let mut wrong = Vec::new();
    for path in inputs {
        let found = read(&std::fs::read_to_string(&path).unwrap());
        let said = found.map_or_else(|error| format!("{error}\n"), |found| text(&incidents(found), &zone()));
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
        let [incident] = incidents(found).try_into().unwrap();
        incident
    };
    let alone = read_file("refused-no-identity.json");
    for name in ["eventbridge.json", "console-page.txt", "console-page-quoted-in-mail.txt"] {
        let wrapped = read_file(name);
        assert_eq!((&wrapped.told, &wrapped.actor, wrapped.time), (&alone.told, &alone.actor, alone.time), "{name}");
    }
}

/// A record cut anywhere is never taken for one that says less.
#[test]
fn a_record_that_is_cut_is_refused() {
    let whole = std::fs::read_to_string(folder().join("console-page-german.txt")).unwrap();
    let begins = whole.find('{').unwrap();
    for end in (begins + 2..whole.trim_end().len()).step_by(7) {
        let cut = &whole[..end];
        assert!(read(cut).is_err(), "{cut}");
    }
}

#[test]
fn json_holds_what_the_text_says() {
    let found = read(&std::fs::read_to_string(folder().join("refused-deny-scp.json")).unwrap()).unwrap();
    let value: serde_json::Value = serde_json::from_str(&json(&incidents(found), &zone())).unwrap();
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
    fn a_decoded_message_tells_what_the_encoded_one_hides() {
        let output = triage(&["text-encoded.txt", "--decoded", "decoded.json"]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1));
        assert!(said.contains("ec2:StartInstances was refused: explicit deny"), "{said}");
        assert!(said.contains("NoStartsAtNight"), "{said}");
        assert!(said.contains("--instance-id i-0a9b8c7d6e5f40312"), "{said}");
    }
}
