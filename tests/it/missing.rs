//! The lines that a report prints for what its capture lacks: for each fact the reads that tell it, and no others.

use ebs_preflight::capture::Capture;
use ebs_preflight::operations::Question;
use ebs_preflight::preflight::preflight;
use ebs_preflight::report::json;
use serde_json::{Value, json};

const KEY: &str = "/keys/arn:aws:kms:ap-northeast-1:111122223333:key~11234abcd-12ab-34cd-56ef-1234567890ab";
const USER: &str = "/identities/arn:aws:iam::111122223333:user~1ops~1night-cron";
const ROLE: &str = "/identities/arn:aws:iam::111122223333:role~1StartJob";

/// What the golden capture's report would have read once the facts at these pointers are unread.
fn to_read(golden: &str, pointers: &[&str], change: impl Fn(&mut Value)) -> Vec<Value> {
    let path = format!("{}/tests/captures/{golden}.json", env!("CARGO_MANIFEST_DIR"));
    let mut capture: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for pointer in pointers {
        let fact = capture.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}"));
        *fact = json!({"unread": {"why": "denied", "needs": "x:Y", "message": "AccessDenied"}});
    }
    change(&mut capture);
    let capture = Capture::parse(&capture.to_string()).unwrap();
    let report: Value = serde_json::from_str(&json::render(&preflight(&capture, &Question::default()))).unwrap();
    assert_eq!(report["unread"].as_array().unwrap().is_empty(), pointers.is_empty());
    report["toRead"].as_array().unwrap().clone()
}

/// The actions in the transcript that the lines print, but for who runs them.
fn actions(lines: &str) -> Vec<&str> {
    let asked = lines.lines().filter_map(|line| line.strip_prefix("r "));
    let reads = asked.filter_map(|asked| asked.trim_start_matches('"').split([' ', '"']).next());
    reads.filter(|action| *action != "sts:GetCallerIdentity").collect()
}

#[test]
fn each_fact_has_the_lines_that_read_it() {
    let key = |fact: &str| format!("{KEY}/{fact}");
    let user = |fact: &str| format!("{USER}/known/{fact}");
    let role = |fact: &str| format!("{ROLE}/known/{fact}");
    let (user_golden, role_golden) = ("user-through-a-group", "ready-bounded-but-within");
    let managed = "iam:GetPolicy iam:GetPolicyVersion";
    let of_key = "kms:DescribeKey kms:GetKeyPolicy kms:GetKeyPolicy kms:ListGrants kms:ListAliases \
                  kms:ListResourceTags kms:DescribeCustomKeyStores";
    let tree = "organizations:DescribeOrganization organizations:ListRoots organizations:ListPoliciesForTarget \
                organizations:DescribePolicy organizations:ListParents";
    let cases: Vec<(&str, String, String)> = vec![
        (user_golden, key("metadata"), "kms:DescribeKey kms:DescribeCustomKeyStores".to_owned()),
        (user_golden, key("policy"), "kms:GetKeyPolicy".to_owned()),
        (user_golden, key("ramPolicy"), "kms:GetKeyPolicy".to_owned()),
        (user_golden, key("grants"), "kms:ListGrants".to_owned()),
        (user_golden, key("aliases"), "kms:ListAliases".to_owned()),
        (user_golden, key("tags"), "kms:ListResourceTags".to_owned()),
        (user_golden, user("uniqueId"), "iam:GetUser".to_owned()),
        (user_golden, user("tags"), "iam:GetUser".to_owned()),
        (user_golden, user("boundary"), format!("iam:GetUser {managed}")),
        (user_golden, user("inline"), "iam:ListUserPolicies iam:GetUserPolicy".to_owned()),
        (user_golden, user("inline/known/0/document"), "iam:GetUserPolicy".to_owned()),
        (user_golden, user("attached"), format!("iam:ListAttachedUserPolicies {managed}")),
        (
            user_golden,
            user("groups"),
            format!(
                "iam:ListGroupsForUser iam:ListGroupPolicies iam:GetGroupPolicy iam:ListAttachedGroupPolicies {managed}"
            ),
        ),
        (user_golden, user("groups/known/0/inline"), "iam:ListGroupPolicies iam:GetGroupPolicy".to_owned()),
        (user_golden, user("groups/known/0/inline/known/0/document"), "iam:GetGroupPolicy".to_owned()),
        (user_golden, user("groups/known/0/attached"), format!("iam:ListAttachedGroupPolicies {managed}")),
        (role_golden, role("boundary"), format!("iam:GetRole {managed}")),
        (role_golden, role("boundary/known/document"), managed.to_owned()),
        (role_golden, role("inline/known/1/document"), "iam:GetRolePolicy".to_owned()),
        (
            role_golden,
            ROLE.to_owned(),
            format!("iam:GetRole iam:ListRolePolicies iam:GetRolePolicy iam:ListAttachedRolePolicies {managed}"),
        ),
        // Any member may ask which organization it is in; the rest only its managing account tells.
        (role_golden, "/organizations/111122223333".to_owned(), format!("organizations:DescribeOrganization; {tree}")),
        ("organization-unread", "/organizations/111122223333/known/path".to_owned(), tree.to_owned()),
        (role_golden, role("trustPolicy"), "iam:GetRole".to_owned()),
        (role_golden, "/volumes/vol-0a1b2c3d4e5f60718".to_owned(), format!("ec2:DescribeVolumes {of_key}")),
        (role_golden, "/volumes/vol-0a1b2c3d4e5f60718/known/key".to_owned(), format!("ec2:DescribeVolumes {of_key}")),
        (
            role_golden,
            "/instances/i-0f3c2a9d8b7e61254".to_owned(),
            format!("ec2:DescribeInstances ec2:DescribeVolumes {of_key}"),
        ),
        (
            "external-key-store-disconnected",
            key("metadata/known/customKeyStore/connectionState"),
            "kms:DescribeCustomKeyStores".to_owned(),
        ),
    ];
    for (golden, pointer, expected) in cases {
        let found = to_read(golden, &[&pointer], |_| {});
        let lines = found.iter().map(|one| actions(one["lines"].as_str().unwrap()).join(" "));
        assert_eq!(lines.collect::<Vec<_>>().join("; "), expected, "{pointer}");
    }
}

/// What several facts need stands once, and each account has lines of its own.
#[test]
fn lines_stand_once_and_apart_by_account() {
    let facts = ["uniqueId", "tags", "boundary"].map(|fact| format!("{ROLE}/known/{fact}"));
    let found = to_read("ready-bounded-but-within", &facts.each_ref().map(String::as_str), |_| {});
    assert_eq!(found.len(), 1);
    assert_eq!(actions(found[0]["lines"].as_str().unwrap()), ["iam:GetRole", "iam:GetPolicy", "iam:GetPolicyVersion"]);

    let role = format!("{ROLE}/known/inline");
    let found = to_read("central-key-unread", &[&role], |_| {});
    let readers: Vec<&str> = found.iter().map(|one| one["in"].as_str().unwrap()).collect();
    let organizations = "the account that manages the organization, if any, of account 444455556666";
    assert_eq!(readers, ["account 111122223333", "account 444455556666", organizations]);
    assert!(found.iter().all(|one| one["handIn"] == "--add FILE"), "{found:?}");
    assert_eq!(to_read("ready-bounded-but-within", &[], |_| {}), Vec::<Value>::new());
}

/// A capture from elsewhere may hold any name; what AWS takes for none is bad input, and all others are words.
#[test]
fn names_are_words_or_bad_input() {
    let path = format!("{}/tests/captures/ready-bounded-but-within.json", env!("CARGO_MANIFEST_DIR"));
    let capture: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for name in ["x; rm -rf ~", "$(id)", "`id`", "x\ny", "x' y", "x\"y", "", "*", "a b", "file:///etc/passwd"] {
        let mut capture = capture.clone();
        capture.pointer_mut(&format!("{ROLE}/known/inline/known/0")).unwrap()["name"] = json!(name);
        let error = Capture::parse(&capture.to_string()).unwrap_err().to_string();
        assert!(error.contains("is not a policy name") && error.contains(" at line 1 column "), "{error}");
    }
    let document = format!("{ROLE}/known/inline/known/0/document");
    let found = to_read("ready-bounded-but-within", &[&document], |capture| {
        capture.pointer_mut(&format!("{ROLE}/known/inline/known/0")).unwrap()["name"] = json!("--debug");
    });
    assert!(found[0]["lines"].as_str().unwrap().contains("\np=--debug\n"), "{found:?}");
}

/// What binds nobody is not missed: SCPs of the account that manages the organization.
#[test]
fn what_binds_nobody_is_not_asked_for() {
    let scps = "/organizations/111122223333/known/scps";
    let path = format!("{}/tests/captures/ready-management-account.json", env!("CARGO_MANIFEST_DIR"));
    let mut capture: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    *capture.pointer_mut(scps).unwrap() = json!({"unread": {"why": "denied", "needs": "x:Y", "message": ""}});
    let capture = Capture::parse(&capture.to_string()).unwrap();
    let report: Value = serde_json::from_str(&json::render(&preflight(&capture, &Question::default()))).unwrap();
    assert_eq!((&report["verdict"], &report["unread"], &report["toRead"]), (&json!("READY"), &json!([]), &json!([])));
}

/// Tags of the instance that cannot be trusted leave open what a condition asks of them.
#[test]
fn tags_of_the_instance_may_be_unread_alone() {
    let path = format!("{}/tests/captures/user-through-a-group.json", env!("CARGO_MANIFEST_DIR"));
    let mut capture: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let judged = |capture: &Value| {
        let capture = Capture::parse(&capture.to_string()).unwrap();
        serde_json::from_str::<Value>(&json::render(&preflight(&capture, &Question::default()))).unwrap()
    };
    assert_eq!(judged(&capture)["verdict"], "READY");
    let instance = &mut capture["instances"]["i-0f3c2a9d8b7e61254"]["known"];
    instance["tagsUnread"] = json!({"why": "unparsable", "needs": "ec2:DescribeInstances", "message": "no"});
    let report = judged(&capture);
    assert_eq!(report["verdict"], "UNDECIDED");
    assert!(report["targets"][0]["findings"].to_string().contains("the tags of the instance"), "{report}");
    assert_eq!(actions(report["toRead"][0]["lines"].as_str().unwrap()), ["ec2:DescribeInstances"]);
}
