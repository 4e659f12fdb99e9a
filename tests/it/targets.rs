//! The ways in which people name an instance and who starts it.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

const INSTANCE: &str = "i-0f3c2a9d8b7e61254";
const ROLE: &str = "arn:aws:iam::111122223333:role/scheduler/StartJob";

fn demo() -> Value {
    serde_json::from_str(include_str!("../../src/cli/demo.json")).unwrap()
}

fn run(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ebs-preflight"));
    command.args(arguments).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A run that fails early reads nothing.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn check(capture: &Path, arguments: &[&str], input: &str) -> (Option<i32>, Value) {
    let capture = ["check", "--format", "json", "--capture", capture.to_str().unwrap()];
    let output = run(&[&capture, arguments].concat(), input);
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default())
}

fn code(report: &Value) -> &str {
    report["error"]["code"].as_str().unwrap_or_default()
}

#[test]
fn the_console_s_url_and_the_name_are_the_instance() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, demo().to_string()).unwrap();
    let page = "https://ap-northeast-1.console.aws.amazon.com/ec2/home?region=ap-northeast-1#";
    let url = format!("{page}InstanceDetails:instanceId={INSTANCE}");
    let other = format!("{page}InstanceDetails:instanceId=i-00000000000000001");
    let list = format!("{page}Instances:instanceState=running");
    let host = format!("https://ap-northeast-1.console.aws.amazon.com/ec2/home#InstanceDetails:instanceId={INSTANCE}");
    let elsewhere = host.replace("ap-northeast-1", "eu-west-1");
    let sign_in = format!(
        "https://corp.awsapps.com/start/#/console?account_id=111122223333&role_name=Ops&destination=https%3A%2F%2F\
         eu-west-1.console.aws.amazon.com%2Fec2%2Fhome%3Fregion%3Dap-northeast-1%23InstanceDetails%3AinstanceId%3D{INSTANCE}"
    );
    for (arguments, exit, error) in [
        (["--instance-id", &url], 1, ""),
        (["--instance-id", &url.replace("https:", "http:")], 1, ""),
        (["--instance-id", &url["https://".len()..]], 1, ""),
        (["--instance-id", &format!("<{url}>")], 1, ""),
        (["--instance-id", &host], 1, ""),
        (["--instance-id", &sign_in], 1, ""),
        (["--instance-id", &elsewhere], 2, "two-regions"),
        (["--region", "eu-west-1"], 2, "two-regions"),
        (["--instance-name", "batch-01"], 1, ""),
        (["--principal-arn", ROLE], 1, ""),
        (["--instance-id", &other], 2, "target-not-captured"),
        (["--instance-id", &list], 2, "malformed-instance-id"),
        (["--instance-name", "batch"], 2, "instance-unknown"),
        (["--principal-arn", "arn:aws:iam::111122223333:user/cron"], 2, "target-not-captured"),
        (["--role-arn", "arn:aws:iam::111122223333:user/cron"], 2, "not-a-role"),
        (["--principal-arn", "arn:aws:iam::111122223333:root"], 2, "not-a-role"),
    ] {
        let (status, report) = check(file.path(), &arguments, "");
        assert_eq!((status, code(&report)), (Some(exit), error), "{arguments:?}");
    }
}

#[test]
fn of_two_instances_of_one_name_none_is_taken() {
    let mut capture = demo();
    let instance = capture["instances"][INSTANCE].clone();
    capture["instances"]["i-00000000000000002"] = instance;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, capture.to_string()).unwrap();
    let (status, report) = check(file.path(), &["--instance-name", "batch-01"], "");
    assert_eq!((status, code(&report)), (Some(2), "instance-ambiguous"));
    let help = report["error"]["help"].as_str().unwrap();
    assert!(help.contains(INSTANCE) && help.contains("i-00000000000000002"), "{help}");
}

#[test]
fn targets_come_on_standard_input() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, demo().to_string()).unwrap();
    let words = format!("# nightly\n\n{INSTANCE}   {ROLE}\r\n");
    let url = format!("https://ap-northeast-1.console.aws.amazon.com/ec2/home#Instance:instanceId={INSTANCE} {ROLE}");
    let object = json!({ "instanceId": INSTANCE, "roleArn": ROLE }).to_string();
    for (input, exit, error) in [
        (words.as_str(), 1, ""),
        (object.as_str(), 1, ""),
        (url.as_str(), 1, ""),
        ("i-00000000000000003 arn:aws:iam::111122223333:role/x", 2, "target-not-captured"),
        (INSTANCE, 2, "malformed-target"),
        ("{\"instanceId\": \"i-1\"}", 2, "malformed-target"),
        ("# nothing\n", 2, "argument-missing"),
    ] {
        let (status, report) = check(file.path(), &["-"], input);
        assert_eq!((status, code(&report)), (Some(exit), error), "{input}");
    }
}

#[test]
fn a_starter_is_its_service_linked_role() {
    for (starter, role) in [
        ("auto-scaling", "autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"),
        ("auto-scaling:batch", "autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_batch"),
        ("spot", "spot.amazonaws.com/AWSServiceRoleForEC2Spot"),
        ("spot-fleet", "spotfleet.amazonaws.com/AWSServiceRoleForEC2SpotFleet"),
    ] {
        let output = run(
            &["capture", "--script", "--instance-id", INSTANCE, "--starter", starter, "--account", "111122223333"],
            "",
        );
        let target =
            format!("### target %s %s\\\\n\" {INSTANCE} arn:aws:iam::111122223333:role/aws-service-role/{role}\n");
        assert!(String::from_utf8_lossy(&output.stdout).contains(&target), "{starter}");
    }
    let in_china = ["--starter", "spot", "--account", "111122223333", "--region", "cn-north-1"];
    let output = run(&[&["capture", "--script", "--instance-id", INSTANCE][..], &in_china].concat(), "");
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("arn:aws-cn:iam::111122223333:role/aws-service-role/spot")
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_ebs-preflight"));
    command.args(["capture", "--script", "--instance-id", INSTANCE, "--starter", "spot", "--account", "111122223333"]);
    let output = command.env_clear().env("AWS_REGION", "us-gov-west-1").output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("arn:aws-us-gov:iam::111122223333:role/"));
    let output = run(&["check", "--instance-id", INSTANCE, "--starter", "cron", "--account", "111122223333"], "");
    assert_eq!(output.status.code(), Some(2));
}

/// A group holds inline policies, and neither a permissions boundary nor an identity of its own.
#[test]
fn of_a_group_only_a_policy_is_changed() {
    let capture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures/user-denied-by-a-group.json");
    let file = tempfile::NamedTempFile::new().unwrap();
    let allow = json!({"Statement": {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}});
    std::fs::write(&file, allow.to_string()).unwrap();
    let (group, path) = ("arn:aws:iam::111122223333:group/teams/operators", file.path().display());
    for (change, value, exit) in [
        ("--set-role-policy", format!("{group}/no-keys={path}"), 0),
        ("--set-boundary", format!("{group}={path}"), 2),
        ("--delete-role", group.to_owned(), 2),
    ] {
        let output = run(&["diff", "--capture", capture, change, &value], "");
        assert_eq!(output.status.code(), Some(exit), "{change}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Nothing that was asked is dropped: a start that the capture does not hold is told beside the others.
#[test]
fn what_the_capture_does_not_hold_is_an_error_beside_the_others() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, demo().to_string()).unwrap();
    let (other, other_role) = ("i-00000000000000009", "arn:aws:iam::111122223333:role/other");
    let two = format!("{INSTANCE} {ROLE}\n{other} {ROLE}\n");
    let cases: [(&[&str], &str); 5] = [
        (&["--instance-id", INSTANCE, "--instance-id", other], ""),
        (&["--role-arn", ROLE, "--role-arn", other_role], ""),
        (&["--instance-id", INSTANCE, "--role-arn", ROLE, "--role-arn", other_role], ""),
        (&["--instance-id", other, "--role-arn", ROLE, "--instance-id", INSTANCE], ""),
        (&["-"], &two),
    ];
    for (arguments, input) in cases {
        let (status, report) = check(file.path(), arguments, input);
        let targets = report["targets"].as_array().unwrap();
        let found = [&targets[0]["verdict"], &targets[1]["error"]["code"], &report["verdict"]];
        assert_eq!(found, ["BLOCKED", "target-not-captured", "BLOCKED"], "{arguments:?}");
        assert_eq!((status, targets.len()), (Some(2), 2), "{arguments:?}");
        let capture = file.path().to_str().unwrap();
        let text = run(&[&["check", "--capture", capture], arguments].concat(), input);
        let text = String::from_utf8_lossy(&text.stdout).into_owned();
        assert!(text.contains("ERROR  ") && text.contains("was not made for the start of"), "{text}");
        let key = "arn:aws:kms:ap-northeast-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        let diff = ["diff", "--capture", capture, "--disable-key", key];
        let output = run(&[&diff, arguments].concat(), input);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            text.starts_with("1 start would break, 0 would be fixed, 0 stay as they are, 1 could not be judged, if\n"),
            "{text}"
        );
        assert!(text.contains("   ERROR  the capture was not made for the start of"), "{text}");
        let output = run(&[&diff, arguments, &["--format", "json"]].concat(), input);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let errors = report["targets"].as_array().unwrap().iter().filter(|target| target["error"].is_object());
        assert_eq!((output.status.code(), errors.count()), (Some(2), 1), "{arguments:?}");
    }
}

/// Of a start that could not be judged nothing is known, so a report with one is not READY.
#[test]
fn a_report_with_an_error_is_not_ready() {
    let capture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures/ready-grant-to-the-role.json");
    let held: Value = serde_json::from_str(&std::fs::read_to_string(capture).unwrap()).unwrap();
    let id = held["targets"][0]["instanceId"].as_str().unwrap();
    assert_eq!(check(Path::new(capture), &["--instance-id", id], "").0, Some(0));
    let (status, report) =
        check(Path::new(capture), &["--instance-id", id, "--instance-id", "i-00000000000000009"], "");
    assert_eq!((status, &report["verdict"]), (Some(2), &json!("UNDECIDED")));
}

/// Two roles of one name in two accounts are two principals, in everything that is printed.
#[test]
fn roles_of_one_name_in_two_accounts_are_kept_apart() {
    let mut capture = demo();
    let other = ROLE.replace("111122223333", "444455556666");
    capture["targets"].as_array_mut().unwrap().push(json!({"instanceId": INSTANCE, "roleArn": other}));
    let mut identity = capture["identities"][ROLE].clone();
    let unread = json!({"unread": {"why": "denied", "needs": "iam:GetRole", "message": "no"}});
    identity["known"]["tags"] = unread.clone();
    capture["identities"][ROLE] = identity.clone();
    identity["known"]["arn"] = json!(other);
    capture["identities"][&other] = identity;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, capture.to_string()).unwrap();
    let (_, report) = check(file.path(), &[], "");
    let arns: Vec<&Value> = report["targets"].as_array().unwrap().iter().map(|target| &target["roleArn"]).collect();
    assert_eq!(arns, [ROLE, &other]);
    let lacks = report["unread"].as_array().unwrap().iter().map(|lack| lack["what"].as_str().unwrap());
    let lacks: Vec<&str> = lacks.filter(|what| what.starts_with("tags of ")).collect();
    assert_eq!(lacks, [format!("tags of role {ROLE}"), format!("tags of role {other}")]);
    let path = file.path().to_str().unwrap();
    let key = "arn:aws:kms:ap-northeast-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    for command in [&["check", "--capture", path][..], &["diff", "--capture", path, "--disable-key", key]] {
        let text = String::from_utf8_lossy(&run(command, "").stdout).into_owned();
        for account in ["111122223333", "444455556666"] {
            let said = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(said.contains(&format!("role scheduler/StartJob of account {account}")), "{account}: {text}");
        }
    }
    for name in ["StartJob", "scheduler/StartJob"] {
        let output = run(&["diff", "--capture", path, "--delete-role", name, "--format", "json"], "");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((output.status.code(), code(&report)), (Some(2), "ambiguous-name"));
    }
    let output = run(&["diff", "--capture", path, "--delete-role", &other, "--format", "json"], "");
    let changes: Value = serde_json::from_slice::<Value>(&output.stdout).unwrap()["changes"].clone();
    assert!(changes.to_string().contains("444455556666"), "{changes}");
}

/// A session's ARN tells no path, and an account has one role of a name.
#[test]
fn a_session_is_accepted_wherever_its_role_is() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, demo().to_string()).unwrap();
    let session = "arn:aws:sts::111122223333:assumed-role/StartJob/nightly";
    let listed = format!("{INSTANCE} {session}\n");
    for (arguments, input) in [
        (vec!["--role-arn", session], ""),
        (vec!["--principal-arn", session], ""),
        (vec!["--instance-id", INSTANCE, "--role-arn", session], ""),
        (vec!["-"], listed.as_str()),
    ] {
        let (status, report) = check(file.path(), &arguments, input);
        let target = &report["targets"][0];
        assert_eq!((status, target["roleArn"].as_str()), (Some(1), Some(session)), "{arguments:?}: {report}");
        let remedy = &target["findings"][0]["remedies"][0];
        assert!(remedy["place"].as_str().unwrap().ends_with("of role scheduler/StartJob"), "{arguments:?}: {remedy}");
        assert!(remedy["proof"]["after"].as_str().unwrap().starts_with("5 of 5"), "{remedy}");
    }
    // Of another role, account or partition it is the session of somebody else.
    for other in ["StartJobs/nightly", "scheduler/StartJob"] {
        let other = format!("arn:aws:sts::111122223333:assumed-role/{other}");
        let (status, report) = check(file.path(), &["--role-arn", &other], "");
        assert_eq!((status, code(&report)), (Some(2), "target-not-captured"), "{other}");
    }
    let policy = tempfile::NamedTempFile::new().unwrap();
    let all = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    std::fs::write(&policy, all).unwrap();
    let change = format!("{session}/all={}", policy.path().display());
    let capture = file.path().to_str().unwrap();
    let diff = ["diff", "--capture", capture, "--role-arn", session, "--set-role-policy", &change];
    let output = run(&diff, "");
    let seen = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{seen}");
    assert!(seen.contains("BLOCKED → READY"), "{seen}");
}

/// Whatever form people have the instance and the role in, it is the same start.
#[test]
fn a_start_is_typed_as_people_have_it() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, demo().to_string()).unwrap();
    let (upper, twice) = (INSTANCE.to_uppercase(), format!("{INSTANCE},{INSTANCE}"));
    let list = format!("# those of the night\n{upper}\n");
    let account = ["--account", "111122223333"];
    for (arguments, input) in [
        (vec![INSTANCE, ROLE], ""),
        (vec![&upper, ROLE], ""),
        (vec![&twice, ROLE], ""),
        (vec![INSTANCE], ""),
        (vec![ROLE], ""),
        (vec!["-", "--role-arn", ROLE], &list),
        (vec!["-", ROLE], &list),
        ([&[INSTANCE, "scheduler/StartJob"], &account[..]].concat(), ""),
        ([&["--role-arn", "scheduler/StartJob"], &account[..]].concat(), ""),
    ] {
        let (status, report) = check(file.path(), &arguments, input);
        let targets = report["targets"].as_array().unwrap_or_else(|| panic!("{arguments:?}: {report}"));
        let found = (status, targets.len(), &targets[0]["instanceId"], &targets[0]["roleArn"]);
        assert_eq!(found, (Some(1), 1, &json!(INSTANCE), &json!(ROLE)), "{arguments:?}");
    }
    // Without an account a name alone is nobody.
    let (status, report) = check(file.path(), &[INSTANCE, "StartJob"], "");
    assert_eq!((status, code(&report)), (Some(2), "not-a-role"));
}
