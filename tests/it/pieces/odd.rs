//! Pieces as people send them: encodings, other outputs, pages, parts, errors, notes beside them, pieces of other starts.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;

use serde_json::{Value, json};

use crate::program::{Outcome, Run};

const KEY: &str = "arn:aws:kms:eu-west-1:222233334444:key/0f1e2d3c-4b5a-4968-8776-655443322110";
const KEY_ID: &str = "0f1e2d3c-4b5a-4968-8776-655443322110";
const ROLE: &str = "arn:aws:iam::222233334444:role/NightShift";
const INSTANCE: &str = "i-0a9b8c7d6e5f40312";
const ORGANIZATION: &str = "describe-organization.json";

/// Files by their names.
#[derive(Clone)]
struct Files(Vec<(String, Vec<u8>)>);

fn policy(actions: &[&str]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }] })
}

/// What starts the instance.
fn enough() -> Value {
    policy(&["ec2:StartInstances", "kms:CreateGrant"])
}

fn key_policy() -> String {
    let root = json!({ "AWS": "arn:aws:iam::222233334444:root" });
    let statement = json!({ "Sid": "Root", "Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*" });
    serde_json::to_string_pretty(&json!({ "Version": "2012-10-17", "Statement": [statement] })).unwrap()
}

fn volume(id: &str, key: &str) -> Value {
    json!({ "VolumeId": id, "State": "in-use", "Encrypted": true, "KmsKeyId": key, "Attachments": [
        { "InstanceId": INSTANCE, "VolumeId": id, "Device": "/dev/xvda", "State": "attached" },
    ] })
}

fn role(arn: &str) -> Value {
    let service = json!({ "Service": "scheduler.amazonaws.com" });
    let trust = json!({ "Statement": [{ "Effect": "Allow", "Principal": service, "Action": "sts:AssumeRole" }] });
    json!({ "Role": { "Path": "/", "RoleName": "NightShift", "RoleId": "AROANIGHTSHIFTEXAMPLE", "Arn": arn,
        "CreateDate": "2026-02-03T04:05:06+00:00", "AssumeRolePolicyDocument": trust } })
}

/// A start that succeeds, in pieces that do not say everything of themselves.
fn start() -> Files {
    let mapping =
        json!([{ "DeviceName": "/dev/xvda", "Ebs": { "VolumeId": "vol-0a1b2c3d4e5f60718", "Status": "attached" } }]);
    let instance = json!({ "InstanceId": INSTANCE, "State": { "Name": "stopped" }, "Placement": { "AvailabilityZone": "eu-west-1b" },
        "RootDeviceType": "ebs", "RootDeviceName": "/dev/xvda", "BlockDeviceMappings": mapping,
        "Tags": [{ "Key": "Name", "Value": "nightly" }] });
    let metadata = json!({ "Arn": KEY, "KeyId": KEY_ID, "Enabled": true, "KeyState": "Enabled", "KeyManager": "CUSTOMER",
        "KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS", "MultiRegion": false });
    let mut files = Files(Vec::new());
    for (name, answer) in [
        (
            "describe-instances.json",
            json!({ "Reservations": [{ "OwnerId": "222233334444", "Instances": [instance] }] }),
        ),
        ("describe-volumes.json", json!({ "Volumes": [volume("vol-0a1b2c3d4e5f60718", KEY)] })),
        ("describe-key.json", json!({ "KeyMetadata": metadata })),
        ("get-key-policy.json", json!({ "Policy": key_policy(), "PolicyName": "default" })),
        ("list-grants.json", json!({ "Grants": [] })),
        ("get-role.json", role(ROLE)),
        ("list-role-policies.json", json!({ "PolicyNames": ["begin"] })),
        (
            "get-role-policy.json",
            json!({ "RoleName": "NightShift", "PolicyName": "begin", "PolicyDocument": enough() }),
        ),
        ("list-attached-role-policies.json", json!({ "AttachedPolicies": [] })),
    ] {
        files = files.with(name, &serde_json::to_string_pretty(&answer).unwrap());
    }
    files.with(
        ORGANIZATION,
        &error(
            "AWSOrganizationsNotInUseException",
            "DescribeOrganization",
            "Your account is not a member of an organization.",
        ),
    )
}

fn error(code: &str, operation: &str, message: &str) -> String {
    format!("\nAn error occurred ({code}) when calling the {operation} operation: {message}\n")
}

fn refused(action: &str, operation: &str, resource: &str) -> String {
    let user = "arn:aws:sts::222233334444:assumed-role/Support/mika";
    let message = format!(
        "User: {user} is not authorized to perform: {action} on resource: {resource} because no identity-based policy \
         allows the {action} action"
    );
    error("AccessDenied", operation, &message)
}

impl Files {
    /// With this file, in the place of one of the same name.
    fn bytes(mut self, name: &str, bytes: Vec<u8>) -> Self {
        self.0.retain(|(own, _)| own != name);
        self.0.push((name.to_owned(), bytes));
        self
    }

    fn with(self, name: &str, text: &str) -> Self {
        self.bytes(name, text.as_bytes().to_vec())
    }

    fn json(self, name: &str, value: &Value) -> Self {
        self.with(name, &value.to_string())
    }

    fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|(own, _)| !names.contains(&own.as_str()));
        self
    }

    fn text(&self, name: &str) -> String {
        let (_, bytes) = self.0.iter().find(|(own, _)| own == name).unwrap();
        String::from_utf8(bytes.clone()).unwrap()
    }

    /// `check` with these arguments in a folder that holds the files in a folder `x`.
    fn check(&self, arguments: &[&str]) -> Outcome {
        let run = Run::new(&["check"]).arguments(arguments);
        for (name, bytes) in &self.0 {
            let path = std::path::PathBuf::from(run.file("marker", "")).with_file_name("x").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        run.finish()
    }

    /// `check --from` on the folder.
    fn judged(&self) -> Outcome {
        self.check(&["--from", "x", "--role-arn", ROLE])
    }
}

fn seen(outcome: &Outcome) -> String {
    outcome.seen().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn assert_all(cases: Vec<(&str, Files, i32, &str)>) {
    let mut wrong = String::new();
    for (name, files, exit, says) in cases {
        let outcome = files.judged();
        if outcome.exit != Some(exit) || !seen(&outcome).contains(says) {
            write!(wrong, "{name}: {}, not {exit}, or lacks `{says}`:\n{}\n", outcome.ended(), seen(&outcome)).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn encodings_and_wrapping_change_nothing() {
    let key_policy_file = start().text("get-key-policy.json");
    let utf16: Vec<u8> = key_policy_file.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(key_policy_file.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let name = "get-key-policy.json";
    assert_all(vec![
        ("plain", start(), 0, "READY"),
        (
            "a byte-order mark",
            start().with(name, &format!("\u{feff}{key_policy_file}")),
            0,
            "taken off: a byte-order mark",
        ),
        ("line ends of Windows", start().with(name, &key_policy_file.replace('\n', "\r\n")), 0, "READY"),
        ("PowerShell", start().bytes(name, [vec![0xff, 0xfe], utf16.clone()].concat()), 0, "read as UTF-16 text"),
        ("UTF-16 without its mark", start().bytes(name, utf16), 0, "read as UTF-16 text"),
        ("gzip", start().without(&[name]).bytes("get-key-policy.json.gz", gzip), 0, "READY"),
        ("--output text", start().with(name, &format!("{}\tdefault\n", key_policy())), 0, "READY"),
        ("the policy alone", start().without(&[name]).with(&format!("{KEY_ID}.json"), &key_policy()), 0, "READY"),
        ("the policy alone, of whatever name", start().without(&[name]).with("policy.txt", &key_policy()), 0, "READY"),
        (
            "one call without its list",
            start().with("describe-volumes.json", &json!([volume("vol-0a1b2c3d4e5f60718", KEY)]).to_string()),
            0,
            "READY",
        ),
    ]);
}

#[test]
fn what_is_no_json_is_told_with_the_way_out() {
    let role = "get-role.json";
    assert_all(vec![
        (
            "YAML",
            start().with(role, "Role:\n  Arn: a-b\n  RoleName: NightShift\n"),
            2,
            "this seems to be YAML, not JSON",
        ),
        (
            "a table",
            start().with(role, "-----------\n|  GetRole |\n+---------+\n"),
            2,
            "this seems to be a table, not JSON",
        ),
        (
            "text",
            start().with(role, "ROLE\tarn:aws:iam::222233334444:role/NightShift\t/\n"),
            2,
            "the same AWS CLI command with --output json",
        ),
        ("nothing", start().with(role, "\n"), 2, "the file is empty"),
        ("a cut", start().with(role, &start().text(role)[..200]), 2, "the text ends before the JSON document does"),
        (
            "typography",
            start().with(
                "get-role-policy.json",
                &start().text("get-role-policy.json").replace("\"begin\"", "\u{201c}begin\u{201d}"),
            ),
            2,
            "(U+201C)",
        ),
        // What else lies in a folder is told.
        (
            "an archive beside",
            start().bytes("a.zip", b"PK\x03\x04xx".to_vec()),
            0,
            "note: not taken: `x/a.zip` is a ZIP archive",
        ),
        (
            "a picture beside",
            start().bytes("a.png", b"\x89PNG\r\n\xff\xfe\0".to_vec()),
            0,
            "note: not taken: `x/a.png`",
        ),
        (
            "a letter beside",
            start().with("letter.txt", "Here is all that we have.\nMika\n"),
            0,
            "`x/letter.txt` tells nothing of this start",
        ),
        (
            "another output beside",
            start().json("keys.json", &json!({ "Keys": [] })),
            0,
            "`x/keys.json` tells nothing of this start",
        ),
    ]);
    let archive = start().bytes("a.zip", b"PK\x03\x04xx".to_vec()).check(&["--from", "x/a.zip", "--role-arn", ROLE]);
    assert_eq!(archive.exit, Some(2));
    assert!(archive.seen().contains("unzip"), "{}", archive.seen());
}

/// What is missing, refused or cut off is not known, and the lines that read it follow.
#[test]
fn what_lacks_is_undecided() {
    let cut = |name: &str, member: &str| json!({ member: [], name: "t" });
    let deny = json!({ "Statement": { "Effect": "Deny", "Action": "kms:*", "Resource": "*" } });
    let denying = json!({ "RoleName": "NightShift", "PolicyName": "begin", "PolicyDocument": deny });
    assert_all(vec![
        ("no key policy", start().without(&["get-key-policy.json"]), 3, "kms:GetKeyPolicy"),
        ("no volumes", start().without(&["describe-volumes.json"]), 3, "ec2:DescribeVolumes"),
        ("no list of inline policies", start().without(&["list-role-policies.json"]), 3, "iam:ListRolePolicies"),
        (
            "no list, and a Deny",
            start().without(&["list-role-policies.json"]).json("get-role-policy.json", &denying),
            1,
            "BLOCKED",
        ),
        ("no inline policy", start().without(&["get-role-policy.json"]), 3, "iam:GetRolePolicy"),
        (
            "no managed policies",
            start().without(&["list-attached-role-policies.json"]),
            3,
            "iam:ListAttachedRolePolicies",
        ),
        ("no role", start().without(&["get-role.json"]), 3, "iam:GetRole"),
        ("no organization", start().without(&[ORGANIZATION]), 3, "organizations:DescribeOrganization"),
        (
            "the role refused",
            start().with("get-role.json", &refused("iam:GetRole", "GetRole", "role NightShift")),
            3,
            "iam:GetRole",
        ),
        (
            "the key policy refused",
            start().with("get-key-policy.json", &refused("kms:GetKeyPolicy", "GetKeyPolicy", KEY)),
            3,
            "kms:GetKeyPolicy",
        ),
        (
            "pages of managed policies",
            start().json("list-attached-role-policies.json", &cut("NextToken", "AttachedPolicies")),
            3,
            "the list is cut off",
        ),
        (
            "grants refused, which allow more only",
            start().with("list-grants.json", &refused("kms:ListGrants", "ListGrants", KEY)),
            0,
            "READY",
        ),
        (
            "a role that is gone, and of which account is not told",
            start().with(
                "get-role.json",
                &error("NoSuchEntity", "GetRole", "The role with name NightShift cannot be found."),
            ),
            3,
            "UNDECIDED",
        ),
    ]);
    // What AWS said is the reason.
    let refused = start().with("get-role.json", &refused("iam:GetRole", "GetRole", "role NightShift"));
    let report = refused.check(&["--from", "x", "--role-arn", ROLE, "--format", "json"]).json();
    let unread = report["unread"].as_array().unwrap().iter().find(|one| one["needs"] == "iam:GetRole").unwrap();
    assert!(unread["why"].as_str().unwrap().contains("is not authorized to perform: iam:GetRole"), "{unread}");
    let gone = error("NoSuchEntity", "GetRole", "The role with name NightShift cannot be found.");
    let caller = |account: &str| json!({ "UserId": "AIDA", "Account": account, "Arn": format!("arn:aws:iam::{account}:user/mika") });
    let absent = |account: &str| start().with("get-role.json", &gone).json("me.json", &caller(account)).judged();
    assert_eq!(absent("222233334444").exit, Some(1), "{}", absent("222233334444").seen());
    assert_eq!(absent("555566667777").exit, Some(3), "{}", absent("555566667777").seen());
}

/// Pages that were saved apart are one list, which is not whole while its last page may be missing.
#[test]
fn pages_are_put_together_as_a_part() {
    let page = |names: &[&str], more: bool| json!({ "PolicyNames": names, "IsTruncated": more, "Marker": if more { json!("m") } else { Value::Null } });
    let files = start()
        .json("list-role-policies.json", &page(&["begin"], true))
        .json("list-role-policies-2.json", &page(&["other"], false));
    let outcome = files.judged();
    assert_eq!(outcome.exit, Some(3), "{}", outcome.seen());
    assert!(outcome.seen().contains("other"), "{}", outcome.seen());
}

/// A piece that may be of several things is asked for, with lines that are taken as they stand.
#[test]
fn what_does_not_say_what_it_is_of_is_asked_for() {
    let other = KEY.replace("0f1e2d3c", "9f1e2d3c");
    let second = json!({ "Volumes": [volume("vol-0b1b2c3d4e5f60718", &other)] });
    let files = start().json("describe-volumes-2.json", &second);
    let outcome = files.judged();
    assert_eq!(outcome.exit, Some(2));
    let lines: Vec<&str> = outcome.stderr.lines().filter_map(|line| line.trim().strip_prefix("--from ")).collect();
    assert!(lines.contains(&&*format!("{KEY}=x/get-key-policy.json")), "{lines:?}");
    let of_key: Vec<String> = ["get-key-policy", "list-grants"].map(|name| format!("{KEY}=x/{name}.json")).to_vec();
    assert!(of_key.iter().all(|line| lines.contains(&line.as_str())), "{lines:?}");
    let mut arguments = vec!["--role-arn", ROLE, "--from"];
    arguments.extend(of_key.iter().map(String::as_str));
    let rest = files.clone().without(&["get-key-policy.json", "list-grants.json"]);
    let names: Vec<String> = rest.0.iter().map(|(name, _)| format!("x/{name}")).collect();
    arguments.extend(names.iter().map(String::as_str));
    let answered = files.check(&arguments);
    // Of the other key nothing is known.
    assert_eq!(answered.exit, Some(3), "{}", answered.seen());
    assert!(answered.seen().contains(&other), "{}", answered.seen());
    // A name says it as well.
    let named = files
        .without(&["list-grants.json"])
        .with(&format!("policy of {KEY_ID}.json"), &key_policy())
        .without(&["get-key-policy.json"]);
    assert_eq!(named.judged().exit, Some(3), "{}", named.judged().seen());

    let managed =
        |name: &str| json!({ "PolicyName": name, "PolicyArn": format!("arn:aws:iam::222233334444:policy/{name}") });
    let version = json!({ "PolicyVersion": { "Document": enough(), "VersionId": "v3", "IsDefaultVersion": true } });
    let two = start()
        .json("list-role-policies.json", &json!({ "PolicyNames": [] }))
        .without(&["get-role-policy.json"])
        .json("list-attached-role-policies.json", &json!({ "AttachedPolicies": [managed("Keys"), managed("Starts")] }));
    let asked = two.clone().json("version.json", &version).judged();
    assert_eq!(asked.exit, Some(2));
    assert!(asked.seen().contains("--from arn:aws:iam::222233334444:policy/Keys=x/version.json"), "{}", asked.seen());
    let none = json!({ "PolicyVersion": { "Document": policy(&["s3:ListAllMyBuckets"]), "VersionId": "v1", "IsDefaultVersion": true } });
    let both = two.json("Keys.json", &version).json("get-policy-version Starts.json", &none);
    assert_eq!(both.judged().exit, Some(0), "{}", both.judged().seen());
    // Another version than the default says nothing.
    let newer = json!({ "Policy": { "Arn": "arn:aws:iam::222233334444:policy/Keys", "DefaultVersionId": "v4" } });
    let old = both.json("get-policy.json", &newer).judged();
    assert_eq!(old.exit, Some(3), "{}", old.seen());
    assert!(seen(&old).contains("no policy here has v3 as its default version"), "{}", old.seen());
}

/// Evidence of another account, role or instance is kept apart, and told.
#[test]
fn pieces_of_others_are_kept_apart() {
    let nothing = json!({ "RoleName": "NightShift", "PolicyName": "begin", "PolicyDocument": { "Statement": { "Effect": "Deny", "Action": "*", "Resource": "*" } } });
    let other_role = json!({ "RoleName": "DayShift", "PolicyName": "begin", "PolicyDocument": { "Statement": { "Effect": "Deny", "Action": "*", "Resource": "*" } } });
    let elsewhere = role(&ROLE.replace("222233334444", "555566667777"));
    let folder = "555566667777";
    assert_all(vec![
        ("a role of another name", start().json("day.json", &other_role), 0, "`x/day.json` tells nothing of this start"),
        (
            "another account, by its folder",
            start().json(&format!("{folder}/get-role.json"), &elsewhere).json(&format!("{folder}/get-role-policy.json"), &nothing),
            0,
            "`x/555566667777/get-role-policy.json` tells nothing of this start",
        ),
        ("two accounts in one folder", start().json("other.json", &elsewhere), 2, "arn:aws:iam::555566667777:role/NightShift=x/get-role-policy.json"),
        (
            "grants on another key",
            start().json("list-grants-2.json", &json!({ "Grants": [{ "KeyId": KEY.replace("0f1e", "1f1e"), "GrantId": "a", "GranteePrincipal": ROLE, "Operations": ["Decrypt"] }] })),
            0,
            "`x/list-grants-2.json` tells nothing of this start",
        ),
    ]);
    // Whoever asked IAM asked for an own account.
    let other_caller =
        json!({ "UserId": "AIDA", "Account": "555566667777", "Arn": "arn:aws:iam::555566667777:user/mika" });
    let files = start().without(&["get-role.json"]).json("me.json", &other_caller);
    assert_eq!(files.judged().exit, Some(3), "{}", files.judged().seen());
}

#[test]
fn what_contradicts_is_refused_with_both_names_unless_its_dates_tell() {
    let other = json!({ "RoleName": "NightShift", "PolicyName": "begin", "PolicyDocument": policy(&["kms:Decrypt"]) });
    let outcome = start().json("again.json", &other).judged();
    assert_eq!(outcome.exit, Some(2));
    assert!(
        outcome.seen().contains("x/again.json") && outcome.seen().contains("x/get-role-policy.json"),
        "{}",
        outcome.seen()
    );
    // The same in another layout contradicts nothing.
    let same: Value = start().text("get-role-policy.json").parse().unwrap();
    assert_eq!(start().json("again.json", &same).judged().exit, Some(0));
}

fn item(kind: &str, arn: &str, configuration: &Value, more: &Value, time: &str) -> Value {
    json!({ "version": "1.3", "accountId": "222233334444", "arn": arn, "resourceType": kind, "awsRegion": "eu-west-1",
        "configurationItemStatus": "OK", "configurationItemCaptureTime": time,
        "configuration": configuration, "supplementaryConfiguration": more, "tags": {} })
}

/// What AWS Config records of the start, with these actions of the role, recorded then.
fn recorded(actions: &[&str], time: &str) -> Vec<Value> {
    let encode = |value: &Value| value.to_string().bytes().fold(String::new(), |all, byte| format!("{all}%{byte:02X}"));
    let mapping =
        json!([{ "deviceName": "/dev/xvda", "ebs": { "status": "attached", "volumeId": "vol-0a1b2c3d4e5f60718" } }]);
    let instance = json!({ "instanceId": INSTANCE, "state": { "code": 80, "name": "stopped" }, "placement": { "availabilityZone": "eu-west-1b" },
        "rootDeviceType": "ebs", "rootDeviceName": "/dev/xvda", "blockDeviceMappings": mapping, "tags": [{ "key": "Name", "value": "nightly" }] });
    let volume = json!({ "volumeId": "vol-0a1b2c3d4e5f60718", "state": { "value": "in-use" }, "encrypted": true, "kmsKeyId": KEY,
        "attachments": [{ "instanceId": INSTANCE, "volumeId": "vol-0a1b2c3d4e5f60718", "device": "/dev/xvda", "state": "attached" }] });
    let key = json!({ "keyId": KEY_ID, "arn": KEY, "enabled": true, "keyState": "Enabled", "keyManager": "CUSTOMER", "origin": "AWS_KMS",
        "keyUsage": "ENCRYPT_DECRYPT", "customerMasterKeySpec": "SYMMETRIC_DEFAULT", "deletionDate": null, "customKeyStoreId": null });
    let trust = &role(ROLE)["Role"]["AssumeRolePolicyDocument"];
    let own = json!({ "roleName": "NightShift", "roleId": "AROANIGHTSHIFTEXAMPLE", "arn": ROLE, "path": "/",
        "assumeRolePolicyDocument": encode(trust), "attachedManagedPolicies": [], "permissionsBoundary": null, "tags": [],
        "rolePolicyList": [{ "policyName": "begin", "policyDocument": encode(&policy(actions)) }] });
    vec![
        item(
            "AWS::EC2::Instance",
            &format!("arn:aws:ec2:eu-west-1:222233334444:instance/{INSTANCE}"),
            &instance,
            &json!({}),
            time,
        ),
        item(
            "AWS::EC2::Volume",
            "arn:aws:ec2:eu-west-1:222233334444:volume/vol-0a1b2c3d4e5f60718",
            &volume,
            &json!({}),
            time,
        ),
        item("AWS::KMS::Key", KEY, &key, &json!({ "Policy": key_policy(), "KeyRotationStatus": true }), time),
        item(
            "AWS::KMS::Alias",
            "arn:aws:kms:eu-west-1:222233334444:alias/night",
            &json!({ "AliasName": "alias/night", "TargetKeyId": KEY_ID }),
            &json!({}),
            time,
        ),
        item("AWS::IAM::Role", ROLE, &own, &json!({}), time),
    ]
}

/// The items as Config's API answers them: what is configured stands in them as text.
fn as_text(items: &[Value]) -> Vec<Value> {
    let text = |value: &Value| Value::from(value.to_string());
    let all = items.iter().map(|item| {
        let mut item = item.clone();
        item["configuration"] = text(&item["configuration"]);
        let more: serde_json::Map<String, Value> = item["supplementaryConfiguration"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), text(value)))
            .collect();
        item["supplementaryConfiguration"] = more.into();
        item
    });
    all.collect()
}

const NOW: &str = "2026-11-20T01:02:03.456Z";
const BEFORE: &str = "2026-09-20T01:02:03.456Z";

#[test]
fn items_of_aws_config_are_evidence_in_each_of_their_forms() {
    let bare = || Files(Vec::new()).with(ORGANIZATION, &start().text(ORGANIZATION));
    let good = recorded(&["ec2:StartInstances", "kms:CreateGrant"], NOW);
    let old = recorded(&["ec2:StartInstances"], BEFORE);
    let deny = |time: &str| {
        let mut items = recorded(&[], time);
        items[4]["configuration"]["rolePolicyList"][0]["policyDocument"] =
            json!(r#"{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}"#);
        items
    };
    let query: Vec<Value> = good.iter().map(|item| json!(item.to_string())).collect();
    let mut alone = bare();
    for (number, item) in good.iter().enumerate() {
        alone = alone.json(&format!("item-{number}.json"), item);
    }
    let without = |member: &str| {
        let mut items = good.clone();
        items[4]["configuration"].as_object_mut().unwrap().remove(member);
        json!({ "configurationItems": items })
    };
    let mut deleted = good.clone();
    deleted[4] = item("AWS::IAM::Role", ROLE, &Value::Null, &json!({}), NOW);
    deleted[4]["configurationItemStatus"] = json!("ResourceDeleted");
    let history = |items: &[&[Value]]| json!({ "configurationItems": items.concat() });
    assert_all(vec![
        (
            "a snapshot",
            bare().json("snapshot.json", &json!({ "fileVersion": "1.0", "configurationItems": good })),
            0,
            "READY",
        ),
        ("a history", bare().json("history.json", &json!({ "configurationItems": as_text(&good) })), 0, "READY"),
        (
            "a batch",
            bare().json(
                "batch.json",
                &json!({ "baseConfigurationItems": as_text(&good), "unprocessedResourceKeys": [] }),
            ),
            0,
            "READY",
        ),
        ("a query", bare().json("query.json", &json!({ "Results": query, "QueryInfo": {} })), 0, "READY"),
        ("single items", alone, 0, "READY"),
        ("a Deny", bare().json("history.json", &history(&[&deny(NOW)])), 1, "BLOCKED"),
        ("an old Deny, the newest first", bare().json("history.json", &history(&[&good, &deny(BEFORE)])), 0, "READY"),
        ("an old Deny, the oldest first", bare().json("history.json", &history(&[&deny(BEFORE), &good])), 0, "READY"),
        ("a new Deny", bare().json("history.json", &history(&[&recorded(&["*"], BEFORE), &deny(NOW)])), 1, "BLOCKED"),
        (
            "a Deny in another file",
            bare().json("a.json", &history(&[&good])).json("b.json", &history(&[&deny(BEFORE)])),
            0,
            "READY",
        ),
        (
            "a query that did not ask for the boundary",
            bare().json("query.json", &without("permissionsBoundary")),
            3,
            "permissions boundary",
        ),
        (
            "a query that did not ask for inline policies",
            bare().json("query.json", &without("rolePolicyList")),
            3,
            "iam:ListRolePolicies",
        ),
        ("a role that was deleted since", bare().json("history.json", &history(&[&old, &deleted])), 3, "was deleted"),
        (
            "beside what contradicts it",
            start().json("snapshot.json", &history(&[&deny(NOW)])),
            2,
            "contradict each other",
        ),
        ("beside what says the same", start().json("snapshot.json", &history(&[&good])), 0, "READY"),
        (
            "of something else",
            start().json("bucket.json", &item("AWS::S3::Bucket", "arn:aws:s3:::b", &json!({}), &json!({}), NOW)),
            0,
            "AWS::S3::Bucket does not bear on a start",
        ),
    ]);
}

#[test]
fn the_whole_of_an_account_is_taken_apart() {
    let mut detail = role(ROLE)["Role"].clone();
    detail["RolePolicyList"] = json!([{ "PolicyName": "begin", "PolicyDocument": policy(&["ec2:StartInstances"]) }]);
    detail["AttachedManagedPolicies"] =
        json!([{ "PolicyName": "Keys", "PolicyArn": "arn:aws:iam::222233334444:policy/Keys" }]);
    let version = |id: &str, is_default: bool, document: Value| json!({ "VersionId": id, "IsDefaultVersion": is_default, "Document": document });
    let keys = json!({ "Arn": "arn:aws:iam::222233334444:policy/Keys", "DefaultVersionId": "v2", "PolicyVersionList": [
        version("v2", true, policy(&["kms:CreateGrant"])),
        version("v1", false, json!({ "Statement": { "Effect": "Deny", "Action": "*", "Resource": "*" } })),
    ] });
    let details =
        json!({ "UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [detail], "Policies": [keys] });
    let roles =
        ["get-role.json", "list-role-policies.json", "get-role-policy.json", "list-attached-role-policies.json"];
    assert_all(vec![
        ("all of it", start().without(&roles).json("account.json", &details), 0, "READY"),
        (
            "without the managed policies",
            start().without(&roles).json("account.json", &json!({ "RoleDetailList": details["RoleDetailList"] })),
            3,
            "Keys (needs iam:GetPolicy",
        ),
    ]);
    let user = "arn:aws:iam::222233334444:user/mika";
    let member = json!({ "UserName": "mika", "UserId": "AIDAMIKAEXAMPLE000001", "Arn": user, "GroupList": ["night"], "UserPolicyList": [], "AttachedManagedPolicies": [], "Tags": [] });
    let group = json!({ "GroupName": "night", "GroupId": "AGPAEXAMPLE", "Arn": "arn:aws:iam::222233334444:group/night", "AttachedManagedPolicies": [],
        "GroupPolicyList": [{ "PolicyName": "begin", "PolicyDocument": enough() }] });
    let of_user = |groups: Value| {
        start().without(&roles).json(
            "account.json",
            &json!({ "UserDetailList": [member], "GroupDetailList": groups, "RoleDetailList": [], "Policies": [] }),
        )
    };
    for (groups, exit) in [(json!([group]), 0), (json!([]), 3)] {
        let outcome = of_user(groups).check(&["--from", "x", "--principal-arn", user]);
        assert_eq!(outcome.exit, Some(exit), "{}", outcome.seen());
    }
}

/// A terminal's page is as many pieces, and the commands on it say what they are of.
#[test]
fn a_session_of_a_shell_is_taken_apart() {
    let files = start();
    let mut page = String::new();
    for (name, text) in &files.0 {
        let command = name.trim_end_matches(".json");
        let of = if command.contains("role") { "iam" } else { "kms" };
        let option = if of == "iam" { "--role-name NightShift".to_owned() } else { format!("--key-id {KEY_ID}") };
        write!(
            page,
            "[cloudshell-user@ip-10-4-5-6 ~]$ aws {of} {command} {option}\n{}\n",
            String::from_utf8_lossy(text)
        )
        .unwrap();
    }
    let page = Files(vec![("page.txt".to_owned(), page.into_bytes())]);
    assert_eq!(page.check(&["--from", "x/page.txt", "--role-arn", ROLE]).exit, Some(0));
    assert_eq!(page.check(&["--capture", "x/page.txt", "--role-arn", ROLE]).exit, Some(0), "--capture takes the same");
}

/// Events and errors of a start are for `triage`, and captures and transcripts are not.
#[test]
fn events_and_captures_are_told_where_they_belong() {
    let event = include_str!("../../events/refused-no-identity.json");
    let text = error(
        "AccessDeniedException",
        "CreateGrant",
        "User: arn:aws:sts::222233334444:assumed-role/NightShift/a is not authorized to perform: kms:CreateGrant",
    );
    for (name, content) in [("event.json", event), ("error.txt", text.as_str())] {
        for option in ["--from", "--capture"] {
            let outcome =
                Files(Vec::new()).with(name, content).check(&[option, &format!("x/{name}"), "--role-arn", ROLE]);
            assert_eq!(outcome.exit, Some(2), "{}", outcome.seen());
            assert!(seen(&outcome).contains(&format!("ebs-preflight triage x/{name}")), "{option}: {}", outcome.seen());
        }
        let beside = start().with(name, content).judged();
        assert_eq!(beside.exit, Some(0), "{}", beside.seen());
        assert!(seen(&beside).contains(&format!("ebs-preflight triage x/{name}")), "{}", beside.seen());
    }
    let capture = include_str!("../../captures/create-grant-alone.json");
    let transcript = include_str!("../../transcripts/start.txt");
    for content in [capture, transcript] {
        let run = Run::new(&["triage"]);
        let file = run.file("evidence", content);
        let outcome = run.arguments(&[&file]).finish();
        assert_eq!(outcome.exit, Some(2));
        assert!(outcome.seen().contains("ebs-preflight check --capture"), "{}", outcome.seen());
        let as_piece =
            Files(Vec::new()).with("evidence", content).check(&["--from", "x/evidence", "--assume-org-allows"]);
        assert_eq!(as_piece.exit, Some(0), "{}", as_piece.seen());
    }
}

/// Files that say what they are of take `KEY=` no more.
#[test]
fn an_only_open_key_need_not_be_named() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures/central-key-unread.json");
    for option in ["--add", "--key-policy-file"] {
        let outcome = start().check(&["--capture", path, option, "x/get-key-policy.json"]);
        assert!(outcome.seen().contains("Supplied"), "{option}: {}", outcome.seen());
    }
    let beside = start().check(&["--capture", path, "--from", "x/get-key-policy.json"]);
    assert_eq!(beside.exit, Some(3), "{}", beside.seen());
    assert!(beside.seen().contains("x/get-key-policy.json"), "{}", beside.seen());
}

#[test]
fn what_was_not_typed_is_asked_for_with_what_the_pieces_show() {
    let role = start().check(&["--from", "x"]);
    assert!(role.seen().contains(&format!("--role-arn {ROLE}")), "{}", role.seen());
    let instance = start().without(&["describe-instances.json", "describe-volumes.json"]).judged();
    assert_eq!(instance.exit, Some(2));
    assert!(instance.seen().contains("--instance-id"), "{}", instance.seen());
    let elsewhere =
        start().check(&["--from", "x", "--role-arn", ROLE, "--instance-id", INSTANCE, "--region", "us-east-1"]);
    assert_eq!(elsewhere.exit, Some(2));
    assert!(elsewhere.seen().contains("is in eu-west-1"), "{}", elsewhere.seen());
    let named = start().check(&["--from", "x", "--role-arn", ROLE, "--instance-name", "nightly"]);
    assert_eq!(named.exit, Some(0), "{}", named.seen());
}
