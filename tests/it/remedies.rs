//! Remedies as users meet them: the incident's own cure, the forms, and `diff`.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use ebs_preflight::capture::Capture;
use ebs_preflight::engine::{Context, Decision, NamedPolicy, PolicySet, Principal, Request, judge};
use ebs_preflight::names::{Action, PrincipalArn};
use ebs_preflight::operations::Question;
use ebs_preflight::outcome::Verdict;
use ebs_preflight::policy::PolicyType;
use ebs_preflight::preflight::{cured, preflight};
use ebs_preflight::report::json;
use serde_json::Value;

const INCIDENT: &str = include_str!("../../src/cli/demo.json");
const ROLE: &str = "arn:aws:iam::111122223333:role/scheduler/StartJob";
const KEY: &str = "arn:aws:kms:ap-northeast-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// What cured the incident when it happened: two statements in the key policy.
const CURE: [&str; 2] = [
    r#"{
      "Sid": "Use",
      "Effect": "Allow",
      "Principal": {"AWS": "arn:aws:iam::111122223333:role/scheduler/StartJob"},
      "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
      "Resource": "*",
      "Condition": {"StringEquals": {"kms:ViaService": "ec2.ap-northeast-1.amazonaws.com"}}
    }"#,
    r#"{
      "Sid": "Grants",
      "Effect": "Allow",
      "Principal": {"AWS": "arn:aws:iam::111122223333:role/scheduler/StartJob"},
      "Action": "kms:CreateGrant",
      "Resource": "*",
      "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    }"#,
];

fn incident() -> Capture {
    Capture::parse(INCIDENT).unwrap()
}

fn key_policy(extra: &[&str]) -> String {
    let own = r#"{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}"#;
    let all: Vec<&str> = std::iter::once(own).chain(extra.iter().copied()).collect();
    format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{}]}}", all.join(", "))
}

fn with_key_policy(text: &str) -> Capture {
    let mut value: Value = serde_json::from_str(INCIDENT).unwrap();
    value["keys"][KEY]["policy"]["known"] = serde_json::from_str(text).unwrap();
    Capture::parse(&value.to_string()).unwrap()
}

#[test]
fn the_incidents_own_cure_makes_it_ready() {
    let report = preflight(&with_key_policy(&key_policy(&CURE)), &Question::default());
    assert_eq!(report.verdict(), Verdict::Ready);
    assert!(!report.has_warnings());
    let grants_only = preflight(&with_key_policy(&key_policy(&CURE[1..])), &Question::default());
    assert!(grants_only.verdict() == Verdict::Ready && grants_only.has_warnings());
    let use_only = preflight(&with_key_policy(&key_policy(&CURE[..1])), &Question::default());
    assert_eq!(use_only.verdict(), Verdict::Blocked);
}

/// Requests on keys in every way that a condition of either cure tells apart.
fn requests() -> Vec<Request> {
    let actions = [
        "CreateGrant",
        "Decrypt",
        "DescribeKey",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "ReEncryptFrom",
        "ReEncryptTo",
        "ListGrants",
        "RevokeGrant",
        "PutKeyPolicy",
        "ScheduleKeyDeletion",
    ];
    let vias = [None, Some("ec2.ap-northeast-1.amazonaws.com"), Some("rds.ap-northeast-1.amazonaws.com")];
    let principals = [ROLE, "arn:aws:iam::111122223333:role/Another"];
    let keys = [KEY.to_owned(), KEY.replace("1234abcd", "5678abcd")];
    let mut requests = Vec::new();
    for action in actions {
        for via in vias {
            for flag in [None, Some("true"), Some("false")] {
                for principal in principals {
                    for key in &keys {
                        let mut context = Context::new();
                        if let Some(via) = via {
                            context.set("kms:ViaService", via);
                        }
                        if let Some(flag) = flag {
                            context.set("kms:GrantIsForAWSResource", flag);
                        }
                        let action = Action::parse(&format!("kms:{action}")).unwrap();
                        let principal = Principal::new(&PrincipalArn::parse(principal).unwrap(), None, None);
                        requests.push(Request::new(action, key, None, principal, context).unwrap());
                    }
                }
            }
        }
    }
    requests
}

#[test]
fn the_suggestion_allows_nothing_that_the_incidents_own_cure_would_not() {
    let before = incident();
    let question = Question::default();
    let (after, _) = cured(&before, &question, &preflight(&before, &question));
    let inline = after.identities[ROLE].known().unwrap().inline.known().unwrap();
    let policy = |name: &str, text: &str, kind| Arc::new(NamedPolicy::parse(name, text, kind).unwrap());
    let identity: Vec<_> = inline
        .iter()
        .map(|inline| policy(inline.name.as_str(), inline.document.known().unwrap().text(), PolicyType::Identity))
        .collect();
    let theirs = policy("key policy", &key_policy(&CURE), PolicyType::KeyPolicy);
    let ours = policy("key policy", &key_policy(&[]), PolicyType::KeyPolicy);
    let (mut suggested, mut asked) = (0, 0);
    for request in requests() {
        // The identity policies are the role's own.
        let is_role = *request.principal.arn == *ROLE;
        let identity = if is_role { identity.clone() } else { Vec::new() };
        let suggestion = PolicySet { identity, key_policies: vec![Arc::clone(&ours)], ..PolicySet::none() };
        let key_policies = if request.resource() == KEY { vec![Arc::clone(&theirs)] } else { vec![Arc::clone(&ours)] };
        let cure = PolicySet { key_policies, ..PolicySet::none() };
        let by_cure = judge(&request, &cure) == Decision::Allowed;
        asked += usize::from(by_cure);
        if judge(&request, &suggestion) == Decision::Allowed {
            suggested += 1;
            assert!(by_cure, "{request:?}");
        }
    }
    assert!(0 < suggested && suggested < asked, "{suggested} of {asked}");
}

#[test]
fn each_finding_lists_just_its_own_remedies() {
    let sids = |code: &str, fix_warnings: bool| -> Vec<String> {
        let question = Question { fix_warnings, ..Question::default() };
        let report: Value = serde_json::from_str(&json::render(&preflight(&incident(), &question))).unwrap();
        let findings = report["targets"][0]["findings"].as_array().unwrap();
        let finding = findings.iter().find(|finding| finding["code"] == code).unwrap();
        let remedies = finding["remedies"].as_array().unwrap();
        remedies.iter().map(|remedy| remedy["statement"]["Sid"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(sids("EBP0101", false), ["GrantKeyToEC2ForStart"]);
    assert_eq!(sids("EBP0201", false), [""; 0], "the start does not need it");
    assert_eq!(sids("EBP0101", true), ["GrantKeyToEC2ForStart"]);
    assert_eq!(sids("EBP0201", true), ["UseKeyThroughEC2"]);
}

/// A folder with a capture in it, and the program to run there.
pub(crate) struct Desk(tempfile::TempDir);

impl Desk {
    pub(crate) fn with(name: &str, text: &str) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        desk.put(name, text);
        desk
    }

    pub(crate) fn put(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_ebs-preflight"))
            .args(arguments)
            .current_dir(self.0.path())
            .output()
            .unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let (exit, text) = self.run(&[arguments, &["--format", "json"]].concat());
        (exit, serde_json::from_str(&text).unwrap())
    }
}

/// The incident's start on the day before its volumes were encrypted.
fn before_the_incident() -> String {
    let mut value: Value = serde_json::from_str(INCIDENT).unwrap();
    for volume in value["volumes"].as_object_mut().unwrap().values_mut() {
        volume["known"]["key"] = "absent".into();
    }
    value.to_string()
}

#[test]
fn diff_foretells_the_incident_and_its_remedy_prevents_it() {
    let desk = Desk::with("before.json", &before_the_incident());
    let encrypt = ["diff", "--capture", "before.json", "--encrypt-volumes-with", "alias/ebs-prod"];
    let (exit, diff) = desk.json(&encrypt);
    let target = &diff["targets"][0];
    assert_eq!((exit, &target["effect"], &target["before"]), (1, &"regression".into(), &"READY".into()));
    let codes: Vec<&Value> = target["findings"].as_array().unwrap().iter().map(|finding| &finding["code"]).collect();
    assert_eq!(codes, ["EBP0101", "EBP0201", "EBP0202"]);
    // The suggested statements, made beforehand.
    let statements: Vec<String> = target["findings"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|finding| finding["remedies"].as_array().unwrap())
        .map(|remedy| remedy["statement"].to_string())
        .collect();
    desk.put("policy.json", &format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{}]}}", statements.join(", ")));
    let prevent = ["--set-role-policy", "StartJob/start=policy.json"];
    let (exit, diff) = desk.json(&[&encrypt[..], &prevent].concat());
    assert_eq!((exit, &diff["targets"][0]["effect"], &diff["after"]), (0, &"unchanged".into(), &"READY".into()));
}

#[test]
fn diff_puts_what_becomes_worse_first_and_says_what_is_not_touched() {
    let desk = Desk::with("before.json", &before_the_incident());
    let (exit, text) = desk.run(&["diff", "--capture", "before.json", "--encrypt-volumes-with", "alias/ebs-prod"]);
    assert_eq!(exit, 1);
    assert!(text.starts_with("1 start would break, 0 would be fixed, 0 stay as they are, if\n"), "{text}");
    assert!(text.contains("\nREADY → BLOCKED  i-0f3c2a9d8b7e61254 (batch-01) by role scheduler/StartJob\n"), "{text}");
    assert!(text.contains("kms:CreateGrant: not needed before → not allowed (2 volumes)"), "{text}");
    assert!(text.contains("A running instance is not touched"), "{text}");
}

#[test]
fn diff_knows_every_kind_of_change() {
    let ready = with_key_policy(&key_policy(&CURE)).print().unwrap();
    let desk = Desk::with("ready.json", &ready);
    desk.put("policy.json", &key_policy(&CURE));
    desk.put("closed.json", &key_policy(&CURE).replace("111122223333\"}", "444455556666\"}"));
    desk.put("none.json", r#"{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}"#);
    let cases: [(&[&str], i32, &str); 10] = [
        (&["--set-key-policy", "alias/ebs-prod=policy.json"], 0, "READY"),
        (&["--set-role-policy", "StartJob/start-instances=none.json"], 1, "BLOCKED"),
        (&["--set-boundary", "StartJob=none.json"], 1, "BLOCKED"),
        (&["--disable-key", "1234abcd-12ab-34cd-56ef-1234567890ab"], 1, "BLOCKED"),
        (&["--delete-role", ROLE], 1, "BLOCKED"),
        (&["--recreate-role", ROLE], 1, "BLOCKED"),
        (&["--new-key", "prod=policy.json", "--encrypt-volumes-with", "prod"], 0, "READY"),
        (&["--encrypt-volumes-with", &KEY.replace("1234abcd", "5678abcd")], 3, "UNDECIDED"),
        (&["--revoke-grant", "unknown"], 2, ""),
        (&["--set-scp", "p-unknown=none.json"], 2, ""),
    ];
    for (change, expected, after) in cases {
        let (exit, diff) = desk.json(&[&["diff", "--capture", "ready.json"], change].concat());
        assert_eq!(exit, expected, "{change:?}: {diff:#}");
        assert_eq!(diff["after"].as_str().unwrap_or_default(), after, "{change:?}");
    }
    let (exit, _) = desk.run(&["diff", "--capture", "ready.json"]);
    assert_eq!(exit, 2, "a diff needs a change");
    let goldens: [(&str, &[&str], i32, &str); 3] = [
        ("ready-grant-to-the-role", &["--revoke-grant", "0f1e2d3c4b5a"], 1, "BLOCKED"),
        ("scp-binds-ec2-itself", &["--set-scp", "p-onlybatchdecrypts=scp.json"], 0, "READY"),
        ("rcp-network-perimeter-forgets-ec2", &["--set-rcp", "p-perimeter=rcp.json"], 0, "READY"),
    ];
    let all = r#"{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
    desk.put("scp.json", all);
    let other = r#"{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}]}"#;
    desk.put("rcp.json", other);
    for (name, change, expected, after) in goldens {
        let capture = format!("{}/tests/captures/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let (exit, diff) = desk.json(&[&["diff", "--capture", &capture], change].concat());
        assert_eq!((exit, diff["after"].as_str()), (expected, Some(after)), "{name}: {diff:#}");
    }
}

#[test]
fn a_written_remedy_is_whole_and_cures() {
    let desk = Desk::with("incident.json", INCIDENT);
    let write = ["check", "--capture", "incident.json", "--write-remedy", "cure"];
    assert_eq!(desk.run(&write).0, 1);
    let policy = std::fs::read_to_string(
        desk.path("cure/account-111122223333/role-111122223333-StartJob-StartEncryptedInstances.json"),
    )
    .unwrap();
    assert!(NamedPolicy::parse("cure", &policy, PolicyType::Identity).is_ok());
    let apply = std::fs::read_to_string(desk.path("cure/account-111122223333/apply.sh")).unwrap();
    assert!(apply.contains("aws iam put-role-policy --role-name StartJob "), "{apply}");
    assert_eq!(desk.run(&write).0, 2, "files that exist stay");
    assert_eq!(desk.run(&[&write[..], &["--force"]].concat()).0, 1);
    let (exit, diff) = desk.json(&["diff", "--capture", "incident.json", "--apply-remedy", "cure/remedy.json"]);
    assert_eq!((exit, &diff["targets"][0]["effect"], &diff["after"]), (0, &"cure".into(), &"READY".into()));
}

#[test]
fn what_two_starts_need_of_one_policy_is_written_once() {
    let mut value: Value = serde_json::from_str(INCIDENT).unwrap();
    let (other_key, other_volume) = (KEY.replace("1234abcd", "5678abcd"), "vol-0c3d4e5f60718293a");
    value["keys"][&other_key] = value["keys"][KEY].clone();
    value["keys"][&other_key]["aliases"] = serde_json::json!({"known": ["alias/ebs-other"]});
    value["volumes"][other_volume] = value["volumes"]["vol-0a1b2c3d4e5f60718"].clone();
    value["volumes"][other_volume]["known"]["key"]["known"] = other_key.as_str().into();
    let other = "i-0aaaaaaaaaaaaaaaa";
    value["instances"][other] = value["instances"]["i-0f3c2a9d8b7e61254"].clone();
    value["instances"][other]["known"]["attachments"] =
        serde_json::json!([{"device": "/dev/xvda", "volumeId": other_volume}]);
    value["targets"].as_array_mut().unwrap().push(serde_json::json!({"instanceId": other, "roleArn": ROLE}));
    let desk = Desk::with("two.json", &value.to_string());
    assert_eq!(desk.run(&["check", "--capture", "two.json", "--write-remedy", "cure"]).0, 1);
    let policy = std::fs::read_to_string(
        desk.path("cure/account-111122223333/role-111122223333-StartJob-StartEncryptedInstances.json"),
    )
    .unwrap();
    assert!(policy.contains(KEY) && policy.contains(&other_key), "{policy}");
    assert!(NamedPolicy::parse("cure", &policy, PolicyType::Identity).is_ok(), "no Sid stands twice");
    let (exit, diff) = desk.json(&["diff", "--capture", "two.json", "--apply-remedy", "cure/remedy.json"]);
    assert_eq!((exit, &diff["after"]), (0, &"READY".into()));
}

#[test]
fn terraform_reads_its_form_and_patch_its_diff() {
    let desk = Desk::with("incident.json", INCIDENT);
    for place in ["identity", "key-policy", "grant"] {
        let write = ["check", "--capture", "incident.json", "--write-remedy", place, "--remedy-place", place];
        assert_eq!(desk.run(&write).0, 1);
        for entry in std::fs::read_dir(desk.path(place).join("account-111122223333")).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("tf") => check_terraform(&text),
                Some("diff") => assert!(text.contains("\n+++ b/") && text.contains("\n@@ "), "{text}"),
                _ => {}
            }
        }
    }
    let patch = std::fs::read_to_string(
        desk.path("key-policy/account-111122223333")
            .join("key-111122223333-ap-northeast-1-1234abcd-12ab-34cd-56ef-1234567890ab.diff"),
    );
    let removed = patch.unwrap().lines().filter(|line| line.starts_with('-') && !line.starts_with("---")).count();
    assert!(removed <= 1, "only the comma behind the last statement is new in what was there");
}

fn check_terraform(text: &str) {
    let body: hcl::Body = hcl::from_str(text).unwrap();
    let kinds: Vec<&str> = body.blocks().map(|block| block.identifier.as_str()).collect();
    assert!(kinds.iter().all(|kind| *kind == "data" || *kind == "resource") && !kinds.is_empty(), "{text}");
}

/// A world of several starts that share what stands in their way.
fn several(number: usize, roles: usize, deny: Option<&str>) -> Capture {
    let mut value: Value = serde_json::from_str(INCIDENT).unwrap();
    let (instance, role) = (value["instances"]["i-0f3c2a9d8b7e61254"].clone(), value["identities"][ROLE].clone());
    let (volume, key) = (value["volumes"]["vol-0a1b2c3d4e5f60718"].clone(), value["keys"][KEY].clone());
    for part in ["instances", "identities", "volumes", "keys"] {
        value[part] = serde_json::json!({});
    }
    value["targets"] = serde_json::json!([]);
    for number in 1..=number {
        let arn = KEY.replace("1234abcd", &format!("0000000{number}"));
        let (id, of) = (format!("i-0000000000000000{number}"), format!("vol-0000000000000000{number}"));
        let starter = ROLE.replace("StartJob", &format!("StartJob{}", number % roles));
        value["keys"][&arn] = key.clone();
        value["keys"][&arn]["aliases"] = serde_json::json!({"known": []});
        if let Some(deny) = deny {
            let own =
                r#"{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}"#;
            value["keys"][&arn]["policy"]["known"] = format!(r#"{{"Statement": [{own}, {deny}]}}"#).into();
        }
        value["volumes"][&of] = volume.clone();
        value["volumes"][&of]["known"]["key"]["known"] = arn.into();
        value["instances"][&id] = instance.clone();
        value["instances"][&id]["known"]["attachments"] = serde_json::json!([{"device": "/dev/xvda", "volumeId": of}]);
        value["identities"][&starter] = role.clone();
        value["identities"][&starter]["known"]["arn"] = starter.as_str().into();
        value["targets"].as_array_mut().unwrap().push(serde_json::json!({"instanceId": id, "roleArn": starter}));
    }
    Capture::parse(&value.to_string()).unwrap()
}

#[test]
fn what_several_starts_need_is_one_change_that_cures_all() {
    let deny =
        r#"{"Sid": "NoGrants", "Effect": "Deny", "Principal": "*", "Action": "kms:CreateGrant", "Resource": "*"}"#;
    for (number, roles) in [(1, 1), (2, 1), (3, 1), (3, 2), (5, 2), (5, 3)] {
        for deny in [None, Some(deny)] {
            let (mut capture, question) = (several(number, roles, deny), Question::default());
            for round in 0..2 {
                let report = preflight(&capture, &question);
                let (after, question) = cured(&capture, &question, &report);
                let verdict = preflight(&after, &question).verdict();
                assert_eq!(verdict, Verdict::Ready, "{number} starts, {roles} roles, {deny:?}, {round}");
                // Once cured, one key more on each instance extends what stands there.
                let mut value: Value = serde_json::from_str(&after.print().unwrap()).unwrap();
                for (_, volume) in value["volumes"].as_object_mut().unwrap() {
                    let arn = volume["known"]["key"]["known"].as_str().unwrap().replace("-12ab-", "-99ff-");
                    volume["known"]["key"]["known"] = arn.into();
                }
                let keys = value["keys"].as_object().unwrap().clone();
                for (arn, key) in keys {
                    value["keys"][arn.replace("-12ab-", "-99ff-")] = key;
                }
                capture = Capture::parse(&value.to_string()).unwrap();
            }
        }
    }
}
