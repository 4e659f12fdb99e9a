//! What is handed in takes the place of what could not be read, and says so.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

const KEY: &str = "arn:aws:kms:ap-northeast-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// The demo's capture as somebody has it who may not read the key.
fn without_key() -> Value {
    let mut capture: Value = serde_json::from_str(include_str!("../../src/cli/demo.json")).unwrap();
    for part in ["policy", "ramPolicy", "grants"] {
        capture["keys"][KEY].as_object_mut().unwrap().remove(part);
    }
    capture
}

fn key_policy() -> String {
    let capture: Value = serde_json::from_str(include_str!("../../src/cli/demo.json")).unwrap();
    serde_json::to_string_pretty(&capture["keys"][KEY]["policy"]["known"]).unwrap()
}

fn check(folder: &Path, arguments: &[&str]) -> Output {
    let capture = folder.join("capture.json");
    std::fs::write(&capture, without_key().to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ebs-preflight"));
    command.args(["check", "--capture"]).arg(capture).args(["--format", "json"]).args(arguments);
    command.current_dir(folder).env_clear().output().unwrap()
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_key_policy_and_grants_settle_what_was_undecided() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(check(folder.path(), &[]).status.code(), Some(3));
    let quoted: String = key_policy().lines().map(|line| ["> ", line, "\r\n"].concat()).collect();
    std::fs::write(folder.path().join("policy.txt"), ["\u{feff}", quoted.as_str()].concat()).unwrap();
    std::fs::write(folder.path().join("grants.json"), json!({ "Grants": [], "Truncated": false }).to_string()).unwrap();
    let policy = format!("{KEY}=policy.txt");
    let output = check(folder.path(), &["--key-policy-file", &policy, "--grants-file", "alias/ebs-prod=grants.json"]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said, "note: `policy.txt`: taken off: a byte-order mark, the marks of a quoted reply\n");
    let handed = &report(&output)["handed"];
    assert_eq!(handed[0]["what"], format!("key policy of {KEY}, taken as not shared through AWS RAM"));
    assert_eq!(handed[1]["file"], "grants.json");
}

#[test]
fn a_policy_that_was_changed_on_its_way_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("policy.txt"), key_policy().replacen("\"Sid\"", "\u{201c}Sid\u{201d}", 1))
        .unwrap();
    let output = check(folder.path(), &["--key-policy-file", "alias/ebs-prod=policy.txt"]);
    let error = &report(&output)["error"];
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(error["code"], "text-mangled");
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with("`policy.txt`:10:7: `\u{201c}` (U+201C)"), "{message}");
    assert!(error["help"].as_str().unwrap().ends_with(&key_policy()));
}

/// What was read is evidence: another text is for `diff`, and of two files for one key none is taken.
#[test]
fn what_is_known_is_not_overruled() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("policy.json", &key_policy());
    write("grants.json", &json!({ "Grants": [] }).to_string());
    write("whole.json", include_str!("../../src/cli/demo.json"));
    let whole = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ebs-preflight"));
        command.args(["check", "--capture", "whole.json", "--format", "json"]).args(arguments);
        command.current_dir(folder.path()).env_clear().output().unwrap()
    };
    let policy = ["--key-policy-file", "alias/ebs-prod=policy.json"];
    let grants = ["--grants-file", "alias/ebs-prod=grants.json"];
    for (output, says) in [
        (whole(&policy), "was read 2026-"),
        (whole(&grants), "was read 2026-"),
        (check(folder.path(), &[policy, policy].concat()), "`policy.json` holds the key policy"),
        (check(folder.path(), &[grants, grants].concat()), "`grants.json` holds the grants"),
    ] {
        let error = &report(&output)["error"];
        assert_eq!((output.status.code(), error["code"].as_str()), (Some(2), Some("known-already")));
        assert!(error["message"].as_str().unwrap().contains(says), "{error}");
    }
    assert!(report(&whole(&policy))["error"]["help"].as_str().unwrap().contains("--set-key-policy KEY=FILE"));
}

#[test]
fn grants_on_another_key_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let grant = |key: &str| json!({ "Grants": [{ "KeyId": key, "GrantId": "a1", "GranteePrincipal": "arn:aws:iam::111122223333:root", "Operations": ["Decrypt"] }] });
    let other = "arn:aws:kms:ap-northeast-1:111122223333:key/9999abcd-12ab-34cd-56ef-1234567890ab";
    for (key, refused) in
        [(KEY, false), (&KEY[KEY.len() - 36..], false), (other, true), (&other[other.len() - 36..], true)]
    {
        std::fs::write(folder.path().join("grants.json"), grant(key).to_string()).unwrap();
        let output = check(folder.path(), &["--grants-file", "alias/ebs-prod=grants.json"]);
        let report = report(&output);
        let message = report["error"]["message"].as_str().unwrap_or_default();
        assert_eq!(message.contains(key) && message.contains(KEY), refused, "{message}");
    }
}

/// A fault in what the AWS CLI printed is drawn where it stands in the file.
#[test]
fn a_refused_policy_is_shown_as_the_file_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let policy = key_policy().replacen("\"Effect\"", "\"Affect\"", 1);
    let output = format!("\n\n{}", json!({ "Policy": policy, "PolicyName": "default" }));
    std::fs::write(folder.path().join("policy.json"), &output).unwrap();
    let error = &report(&check(folder.path(), &["--key-policy-file", "alias/ebs-prod=policy.json"]))["error"];
    let message = error["message"].as_str().unwrap();
    let column = output.trim_start().find("Affect").unwrap() - 1;
    assert!(message.starts_with("AWS would reject this policy"), "{message}");
    assert!(
        message.contains("--> policy.json:3:") && message.contains(&format!("policy.json:3:{column}")),
        "{message}"
    );
}

#[test]
fn what_does_not_belong_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("policy.json", &key_policy());
    write("broken.json", &key_policy().replacen("\"Effect\"", "\"Affect\"", 1));
    write("prose.json", "no JSON at all");
    write("ram.json", &json!({ "Policy": key_policy(), "PolicyName": "AWS_RAM" }).to_string());
    let twice = |operation: &str| json!({ "GrantId": "a1", "GranteePrincipal": "x", "Operations": [operation] });
    write("two.json", &json!({ "Grants": [twice("Decrypt"), twice("CreateGrant")] }).to_string());
    write("names.json", r#"{ "Grants": [], "Grants": [] }"#);
    write("cut.json", &json!({ "Grants": [], "Truncated": true, "NextMarker": "m" }).to_string());
    for (arguments, code) in [
        (["--key-policy-file", "alias/other=policy.json"], "key-not-concerned"),
        (["--key-policy-file", "alias/ebs-prod=broken.json"], "policy-refused"),
        (["--key-policy-file", "alias/ebs-prod=prose.json"], "text-mangled"),
        (["--key-policy-file", "alias/ebs-prod=ram.json"], "not-as-asked-for"),
        (["--key-policy-file", "alias/ebs-prod=none.json"], "file-unreadable"),
        (["--key-policy-file", "none.json"], "file-unreadable"),
        (["--grants-file", "alias/ebs-prod=cut.json"], "not-as-asked-for"),
        (["--grants-file", "alias/ebs-prod=two.json"], "not-as-asked-for"),
        (["--grants-file", "alias/ebs-prod=names.json"], "text-mangled"),
    ] {
        let output = check(folder.path(), &arguments);
        assert_eq!(report(&output)["error"]["code"], code);
        assert_eq!(output.status.code(), Some(2), "{code}");
    }
}
