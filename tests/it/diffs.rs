//! `diff` takes no change that AWS would refuse, and tells what else a change does.

use serde_json::{Value, json};

use super::remedies::Desk;

const INCIDENT: &str = include_str!("../../src/cli/demo.json");
const ROLE: &str = "arn:aws:iam::111122223333:role/scheduler/StartJob";
const KEY: &str = "arn:aws:kms:ap-northeast-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn policy(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn allow(principal: &str, actions: &[&str]) -> Value {
    json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": actions, "Resource": "*"})
}

/// A desk with the incident after its cure, changed.
fn desk(change: impl FnOnce(&mut Value)) -> Desk {
    let mut capture: Value = serde_json::from_str(INCIDENT).unwrap();
    let start = json!({"Effect": "Allow", "Action": ["ec2:StartInstances", "kms:*"], "Resource": "*"});
    capture["identities"][ROLE]["known"]["inline"] =
        json!({"known": [{"name": "start", "document": {"known": policy(&[start])}}]});
    capture["identities"][ROLE]["known"]["attached"] = json!({"known": []});
    change(&mut capture);
    Desk::with("capture.json", &capture.to_string())
}

fn diff(desk: &Desk, change: &[&str]) -> (i32, Value) {
    desk.json(&[&["diff", "--capture", "capture.json"], change].concat())
}

/// The exit code, and the help where AWS would refuse it.
fn refusal(desk: &Desk, change: &[&str]) -> (i32, String) {
    let (exit, report) = diff(desk, change);
    (exit, format!("{} {}", report["error"]["message"], report["error"]["help"]))
}

#[test]
fn what_aws_would_refuse_is_bad_input_with_its_answer() {
    let desk = desk(|capture| {
        let linked =
            "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
        let mut role = capture["identities"][ROLE].clone();
        role["known"]["arn"] = linked.into();
        role["known"]["attached"] = json!({"known": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]});
        capture["identities"][linked] = role;
        let managed = "arn:aws:kms:ap-northeast-1:111122223333:key/00000000-aaaa-bbbb-cccc-000000000000";
        capture["keys"][managed] = capture["keys"][KEY].clone();
        capture["keys"][managed]["metadata"]["known"]["manager"] = "AWS".into();
        capture["keys"][managed]["aliases"] = json!({"known": ["alias/aws/ebs"]});
    });
    let long: Vec<Value> = (0..300).map(|_| allow(ROLE, &["kms:Decrypt", "kms:Encrypt", "kms:DescribeKey"])).collect();
    let own = allow("111122223333", &["kms:*"]);
    desk.put("locked.json", &policy(&[allow(ROLE, &["kms:CreateGrant"])]));
    desk.put("elsewhere.json", &policy(&[allow("444455556666", &["kms:*"])]));
    desk.put("stale.json", &policy(&[own.clone(), allow("AROAFORMERSTARTER0001", &["kms:Decrypt"])]));
    desk.put("long.json", &policy(&[vec![own], long.clone()].concat()));
    desk.put("start.json", &policy(&[json!({"Effect": "Allow", "Action": "ec2:*", "Resource": "*"})]));
    let bulk: Vec<Value> = (0..150)
        .map(|n| json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::bucket-{n}/*")}))
        .collect();
    desk.put("bulk.json", &policy(&bulk));
    for (change, answer) in [
        (
            ["--set-key-policy", "alias/ebs-prod=locked.json"],
            "will not allow you to update the key policy in the future",
        ),
        (["--set-key-policy", "alias/ebs-prod=stale.json"], "one or more invalid principals"),
        (["--set-key-policy", "alias/ebs-prod=long.json"], "LimitExceededException"),
        (["--new-key", "central=elsewhere.json"], "will not allow you to update the key policy in the future"),
        (["--set-role-policy", "StartJob/more=bulk.json"], "Maximum policy size of 10240 bytes exceeded"),
        (["--set-role-policy", "AWSServiceRoleForAutoScaling/x=start.json"], "UnmodifiableEntity"),
        (
            ["--attach-policy", "AWSServiceRoleForAutoScaling=arn:aws:iam::aws:policy/AdministratorAccess"],
            "UnmodifiableEntity",
        ),
        (["--set-managed-policy", "ReadOnlyAccess=start.json"], "attach a changed copy"),
        (["--disable-key", "00000000-aaaa-bbbb-cccc-000000000000"], "AWS managed key"),
        (
            ["--encrypt-volumes-with", "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
            "takes keys of ap-northeast-1 only",
        ),
    ] {
        let (exit, told) = refusal(&desk, &change);
        assert_eq!(exit, 2, "{change:?}: {told}");
        assert!(told.contains(answer), "{change:?}: {told}");
    }
}

#[test]
fn a_central_key_is_judged_across_accounts() {
    let desk = desk(|capture| {
        capture["organizations"]["444455556666"] = "absent".into();
    });
    let central = allow("444455556666", &["kms:*"]);
    desk.put("central.json", &policy(&[central.clone(), allow(ROLE, &["kms:*"])]));
    desk.put("theirs.json", &policy(&[central]));
    let encrypt = ["--encrypt-volumes-with", "444455556666/central"];
    let (exit, report) = diff(&desk, &[&["--new-key", "444455556666/central=central.json"][..], &encrypt].concat());
    assert_eq!((exit, &report["after"]), (0, &"READY".into()), "{report:#}");
    let (exit, report) = diff(&desk, &[&["--new-key", "444455556666/central=theirs.json"][..], &encrypt].concat());
    assert_eq!((exit, &report["after"]), (1, &"BLOCKED".into()), "{report:#}");
    // A key that the evidence does not hold, with its policy handed in: its state and grants stay open.
    let foreign = "arn:aws:kms:ap-northeast-1:444455556666:key/99999999-12ab-34cd-56ef-1234567890ab";
    let file = format!("{foreign}=theirs.json");
    let change = ["--key-policy-file", &file, "--encrypt-volumes-with", foreign];
    let (exit, report) = diff(&desk, &change);
    assert_eq!((exit, &report["after"]), (3, &"UNDECIDED".into()), "{report:#}");
}

#[test]
fn managed_policies_are_set_attached_and_detached() {
    let key_use = "arn:aws:iam::111122223333:policy/key-use";
    let kms = json!({"Effect": "Allow", "Action": "kms:*", "Resource": "*"});
    let desk = desk(|capture| {
        let start = json!({"Effect": "Allow", "Action": "ec2:StartInstances", "Resource": "*"});
        let role = &mut capture["identities"][ROLE]["known"];
        role["inline"]["known"][0]["document"]["known"] = policy(&[start]).into();
        role["attached"] =
            json!({"known": [{"arn": key_use, "document": {"known": policy(std::slice::from_ref(&kms))}}]});
    });
    desk.put("kms.json", &policy(std::slice::from_ref(&kms)));
    desk.put("none.json", &policy(&[json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})]));
    let detach = format!("StartJob={key_use}");
    let other = "arn:aws:iam::111122223333:policy/other";
    let (attach, set) = (format!("StartJob={other}"), format!("{other}=kms.json"));
    for (change, exit, after) in [
        (&["--set-managed-policy", "key-use=none.json"][..], 1, "BLOCKED"),
        (&["--detach-policy", "StartJob=key-use"], 1, "BLOCKED"),
        (&["--detach-policy", &detach, "--attach-policy", &attach], 3, "UNDECIDED"),
        (&["--detach-policy", &detach, "--attach-policy", &attach, "--set-managed-policy", &set], 0, "READY"),
    ] {
        let (code, report) = diff(&desk, change);
        assert_eq!((code, report["after"].as_str()), (exit, Some(after)), "{change:?}: {report:#}");
    }
    let (exit, told) = refusal(&desk, &["--set-role-policy", "StartJob/key-use=none.json"]);
    assert_eq!(exit, 2);
    assert!(told.contains("--set-managed-policy") && told.contains(key_use), "{told}");
    let (exit, told) =
        refusal(&desk, &["--set-managed-policy", "key-use=none.json", "--set-managed-policy", "key-use=kms.json"]);
    assert_eq!(exit, 2);
    assert!(told.contains("two changes of one thing"), "{told}");
}

#[test]
fn what_else_a_change_does_is_told() {
    let desk = desk(|_| ());
    let own = allow("111122223333", &["kms:*"]);
    desk.put(
        "open.json",
        &policy(&[own.clone(), allow("*", &["kms:Decrypt"]), allow("777788889999", &["kms:Decrypt"])]),
    );
    desk.put("admin.json", &policy(&[allow(ROLE, &["kms:*"])]));
    desk.put("more.json", &policy(&[json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})]));
    for (change, notes) in [
        (
            ["--set-key-policy", "alias/ebs-prod=open.json"],
            vec!["opens the key to everyone", "to account 777788889999"],
        ),
        (["--set-key-policy", "alias/ebs-prod=admin.json"], vec!["Only role scheduler/StartJob can save it"]),
        (["--set-role-policy", "StartJob/strat=more.json"], vec!["no inline policy of this name; there are: start"]),
    ] {
        let (exit, report) = diff(&desk, &change);
        assert_eq!(exit, 0, "{change:?}: {report:#}");
        let told = report["notes"].to_string();
        assert!(notes.iter().all(|note| told.contains(note)), "{change:?}: {told}");
    }
    let (_, text) = desk.run(&["diff", "--capture", "capture.json", "--set-role-policy", "StartJob/strat=more.json"]);
    assert!(text.contains("strat of role scheduler/StartJob is made"), "{text}");
}

#[test]
fn output_of_the_aws_cli_is_a_policy() {
    let desk = desk(|_| ());
    let deny = json!({"Effect": "Deny", "Action": "kms:CreateGrant", "Resource": "*"});
    let out = policy(&[
        allow("111122223333", &["kms:*"]),
        json!({"Effect": "Deny", "Principal": "*", "Action": "kms:CreateGrant", "Resource": "*"}),
    ]);
    let role = json!({"RoleName": "StartJob", "PolicyName": "start", "PolicyDocument": {"Statement": [deny]}});
    desk.put("role.json", &serde_json::to_string_pretty(&role).unwrap().replace('\n', "\r\n"));
    desk.put("key.json", &format!("\u{feff}{}", json!({"Policy": out, "PolicyName": "default"})));
    for change in [["--set-role-policy", "StartJob/start=role.json"], ["--set-key-policy", "alias/ebs-prod=key.json"]] {
        let (exit, report) = diff(&desk, &change);
        assert_eq!((exit, &report["after"]), (1, &"BLOCKED".into()), "{change:?}: {report:#}");
    }
}

#[test]
fn a_second_obstacle_makes_a_blocked_start_worse() {
    let desk = desk(|capture| {
        capture["identities"][ROLE]["known"]["inline"]["known"][0]["document"]["known"] =
            policy(&[json!({"Effect": "Allow", "Action": "ec2:*", "Resource": "*"})]).into();
    });
    let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "kms:CreateGrant", "Resource": "*"});
    desk.put("deny.json", &policy(&[allow("111122223333", &["kms:*"]), deny]));
    desk.put("same.json", &policy(&[allow("111122223333", &["kms:*"])]));
    let (exit, report) = diff(&desk, &["--set-key-policy", "alias/ebs-prod=deny.json"]);
    assert_eq!((exit, &report["targets"][0]["effect"]), (1, &"regression".into()), "{report:#}");
    let (exit, report) = diff(&desk, &["--set-key-policy", "alias/ebs-prod=same.json"]);
    assert_eq!((exit, &report["targets"][0]["effect"]), (0, &"unchanged".into()), "{report:#}");
    let (exit, _) = diff(&desk, &["--set-key-policy", "alias/ebs-prod=deny.json", "--fail-on", "never"]);
    assert_eq!(exit, 0);
}

/// A start that is READY by what the asker states says so where its verdict stands.
#[test]
fn what_a_start_is_ready_by_stands_beside_its_verdict() {
    let desk = desk(|capture| {
        let deny = json!({"Effect": "Deny", "Action": "ec2:*", "Resource": "*",
            "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}});
        let start = json!({"Effect": "Allow", "Action": ["ec2:StartInstances", "kms:*"], "Resource": "*"});
        capture["identities"][ROLE]["known"]["inline"]["known"][0]["document"]["known"] = policy(&[start, deny]).into();
    });
    desk.put("own.json", &policy(&[allow("111122223333", &["kms:*"])]));
    let change = format!("{KEY}=own.json");
    let arguments = ["diff", "--capture", "capture.json", "--set-key-policy", &change, "--source-ip", "203.0.113.5"];
    let (exit, text) = desk.run(&arguments);
    assert!(exit == 0 && text.contains("READY (assumed: --source-ip 203.0.113.5)  i-"), "{exit}: {text}");
}
