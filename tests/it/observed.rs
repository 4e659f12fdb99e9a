//! `check --events`: what events of earlier starts say beside the judgement, with the built binary.

use ebs_preflight::calls::EventGap;
use ebs_preflight::capture::Capture;
use ebs_preflight::event::{Starter, incidents, read};
use ebs_preflight::fact::{Unread, UnreadReason};
use ebs_preflight::names::InstanceId;
use ebs_preflight::operations::Question;
use ebs_preflight::outcome::Earlier;
use ebs_preflight::preflight::preflight;
use ebs_preflight::report::text;
use serde_json::{Value, json};

use crate::program::{Outcome, Run};
use crate::schema::report_faults;

const ROLE: &str = "arn:aws:iam::111122223333:role/StartJob";
const INSTANCE: &str = "i-0f3c2a9d8b7e61254";
const KEY: &str = "arn:aws:kms:ap-northeast-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn record(source: &str, name: &str, minute: u8, fields: &Value) -> Value {
    let mut record = json!({
        "eventVersion": "1.11", "eventTime": format!("2026-11-20T09:{minute:02}:00Z"), "awsRegion": "ap-northeast-1",
        "eventSource": format!("{source}.amazonaws.com"), "eventName": name, "requestID": format!("request-{minute}"),
        "eventID": format!("event-{minute}"), "readOnly": false, "eventType": "AwsApiCall",
        "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/StartJob/nightly",
            "accountId": "111122223333", "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE}}}
    });
    record.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    record
}

fn refused(minute: u8) -> Value {
    refused_with(minute, "because no identity-based policy allows the kms:CreateGrant action")
}

fn refused_with(minute: u8, why: &str) -> Value {
    let message = format!(
        "User: arn:aws:sts::111122223333:assumed-role/StartJob/nightly is not authorized to perform: kms:CreateGrant on \
         resource: {KEY} {why}"
    );
    record("kms", "CreateGrant", minute, &json!({"errorCode": "AccessDenied", "errorMessage": message}))
}

fn granted(minute: u8) -> Value {
    let grantee = format!("arn:aws:sts::111122223333:assumed-role/aws:ec2-infrastructure/{INSTANCE}");
    record(
        "kms",
        "CreateGrant",
        minute,
        &json!({
            "sourceIPAddress": "ec2-frontend-api.amazonaws.com",
            "requestParameters": {"keyId": KEY, "granteePrincipal": grantee, "operations": ["Decrypt"]},
            "resources": [{"ARN": KEY, "type": "AWS::KMS::Key"}]
        }),
    )
}

fn started(minute: u8) -> Value {
    let items = json!({"instancesSet": {"items": [{"instanceId": INSTANCE}]}});
    record("ec2", "StartInstances", minute, &json!({"requestParameters": items}))
}

fn key_policy_changed(minute: u8) -> Value {
    record("kms", "PutKeyPolicy", minute, &json!({"requestParameters": {"keyId": KEY}}))
}

fn check(capture: &str, records: &[Value], more: &[&str]) -> Outcome {
    let capture = format!("{}/tests/captures/{capture}.json", env!("CARGO_MANIFEST_DIR"));
    let run = Run::new(&["check", "--capture", &capture]).arguments(more);
    let events = run.file("events.json", &json!({"Records": records}).to_string());
    run.arguments(&["--events", &events]).finish()
}

#[test]
fn events_confirm_contradict_or_stand_beside_the_judgement() {
    let deny_of = |kind: &str| vec![refused_with(1, &format!("with an explicit deny in {kind}"))];
    let cases: [(&str, Vec<Value>, &str, &str); 12] = [
        ("role-denies-itself-grants", deny_of("an identity-based policy"), "confirms", "confirms EBP0103 (event"),
        ("role-denies-itself-grants", deny_of("a service control policy"), "contradicts", "denied otherwise (EBP0103)"),
        ("boundary-knows-ec2-only", vec![refused(1)], "contradicts", "denied otherwise (EBP0105)"),
        (
            "boundary-knows-ec2-only",
            vec![refused_with(1, "because no permissions boundary allows the kms:CreateGrant action")],
            "confirms",
            "confirms EBP0105",
        ),
        // AWS names a policy that does not allow only where no Deny applied.
        (
            "denied-and-not-allowed",
            vec![refused(1)],
            "confirms",
            "confirms EBP0101; it does not show EBP0103 (event event-1)",
        ),
        ("account-may-only-describe", vec![refused(1)], "confirms", "confirms EBP0333 (event event-1)"),
        (
            "account-may-only-describe",
            vec![granted(1), key_policy_changed(2)],
            "contradicts",
            "by which it is denied: since then: kms:PutKeyPolicy at 2026-11-20 09:02 UTC",
        ),
        ("organization-unread", vec![granted(1)], "observedAllow", "observed allow"),
        (
            "organization-unread",
            vec![refused(1)],
            "contradicts",
            "by which it is not refused by any identity-based policy",
        ),
        ("role-policies-unread", vec![refused(1)], "observedDenial", "what was not read"),
        ("incident-cured-in-the-key-policy", vec![refused(1)], "contradicts", "no change of a policy in between"),
        ("incident-cured-in-the-key-policy", vec![granted(1)], "confirms", "as judged"),
    ];
    for (capture, records, bears, says) in cases {
        let without = check(capture, &[], &["--format", "json"]);
        let with = check(capture, &records, &["--format", "json"]);
        assert_eq!(with.exit, without.exit, "{capture}: events decide nothing");
        assert_eq!(report_faults(&with.stdout), Vec::<String>::new(), "{capture}");
        let event = &with.json()["targets"][0]["events"][0];
        assert_eq!(event["bears"], bears, "{capture}: {}", with.seen());
        let text = check(capture, &records, &[]).seen();
        let words: Vec<&str> = text.split_whitespace().collect();
        assert!(words.join(" ").contains(says), "{capture}: {says}\n{text}");
        // A finding that an event confirms says so itself.
        let findings = with.json()["targets"][0]["findings"].as_array().unwrap().clone();
        let confirmed = findings.iter().filter(|finding| finding["confirmedBy"] == json!(["event-1"]));
        let confirmed: Vec<&str> = confirmed.map(|finding| finding["code"].as_str().unwrap()).collect();
        assert_eq!(json!(confirmed), event["confirms"], "{capture}");
        assert_eq!(text.contains("confirmed     by event event-1"), !confirmed.is_empty(), "{capture}: {text}");
    }
}

/// EC2's own Decrypt is that of its own identity, also where it shares the request ID of the role's start.
#[test]
fn what_ec2_itself_was_refused_is_compared_with_its_own_requests() {
    let infrastructure = format!("arn:aws:sts::111122223333:assumed-role/aws:ec2-infrastructure/{INSTANCE}");
    let message = format!(
        "User: {infrastructure} is not authorized to perform: kms:Decrypt on resource: {KEY} with an explicit deny in a \
         resource control policy"
    );
    let refused = |id: &str| {
        let mut record = record("kms", "Decrypt", 2, &json!({"errorCode": "AccessDenied", "errorMessage": message}));
        record["userIdentity"] = json!({"type": "AssumedRole", "arn": infrastructure, "accountId": "111122223333"});
        record["requestID"] = json!(id);
        record
    };
    for id in ["request-1", "request-9"] {
        let seen = check("rcp-network-perimeter-forgets-ec2", &[started(1), refused(id)], &[]).seen();
        assert!(seen.contains("confirms EBP0120"), "{id}: {seen}");
    }
}

/// Only what bears on the start counts as a change since: its keys, its principal and what holds for that one.
#[test]
fn changes_of_others_leave_an_observed_allow() {
    let other_key = KEY.replace("1234abcd", "0000abcd");
    let change = |service: &str, name: &str, parameters: &Value| {
        record(service, name, 2, &json!({"requestParameters": parameters}))
    };
    let mut failed = key_policy_changed(2);
    failed["errorCode"] = json!("AccessDenied");
    for (change, stands) in [
        (change("kms", "PutKeyPolicy", &json!({"keyId": other_key})), true),
        (change("kms", "PutKeyPolicy", &json!({"keyId": "0000abcd-12ab-34cd-56ef-1234567890ab"})), true),
        (change("iam", "PutRolePolicy", &json!({"roleName": "Other", "policyName": "StartJob"})), true),
        (change("iam", "PutUserPolicy", &json!({"userName": "StartJob", "policyName": "p"})), true),
        (change("iam", "AddUserToGroup", &json!({"userName": "Bob", "groupName": "Operators"})), true),
        (change("iam", "CreatePolicyVersion", &json!({"policyArn": "arn:aws:iam::111122223333:policy/Other"})), true),
        (failed, true),
        (key_policy_changed(2), false),
        (change("kms", "DisableKey", &json!({"keyId": "1234abcd-12ab-34cd-56ef-1234567890ab"})), false),
        (
            change(
                "iam",
                "DetachRolePolicy",
                &json!({"roleName": "StartJob", "policyArn": "arn:aws:iam::aws:policy/X"}),
            ),
            false,
        ),
        (
            change("organizations", "AttachPolicy", &json!({"policyId": "p-0a1b2c3d", "targetId": "111122223333"})),
            false,
        ),
    ] {
        let events = [granted(1), change];
        let event = &check("organization-unread", &events, &["--format", "json"]).json()["targets"][0]["events"][0];
        let expected = if stands { "observedAllow" } else { "aside" };
        assert_eq!(event["bears"], expected, "{events:?}: {event}");
        let says = if stands { "no change of a policy since" } else { "proves nothing now; since then: " };
        assert!(event["says"].as_str().unwrap().contains(says), "{event}");
    }
}

#[test]
fn what_of_the_events_cannot_be_read_is_refused() {
    let capture = format!("{}/tests/captures/organization-unread.json", env!("CARGO_MANIFEST_DIR"));
    let run = Run::new(&["check", "--capture", &capture]);
    let cut = format!("{}\n{}", granted(1), &key_policy_changed(2).to_string()[..300]);
    let events = run.file("events.json", &cut);
    let outcome = run.arguments(&["--events", &events]).finish();
    assert_eq!(outcome.exit, Some(2), "{}", outcome.seen());
    assert!(
        outcome.seen().contains("events.json`:2:300: the JSON that begins in line 2 breaks here"),
        "{}",
        outcome.seen()
    );
}

#[test]
fn a_look_up_that_failed_is_never_none() {
    let path = format!("{}/tests/captures/account-may-only-describe.json", env!("CARGO_MANIFEST_DIR"));
    let capture = Capture::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
    let gap = |why| {
        let (needs, message) = ("cloudtrail:LookupEvents".to_owned(), "Rate exceeded".to_owned());
        EventGap::new(Unread { why, needs, message }, Some("eu-west-1"), ("EventName", "CreateGrant"), None)
    };
    for (gaps, says) in [
        (vec![gap(UnreadReason::Throttled)], "Events: they could not be looked up A look-up failed: Rate exceeded"),
        (
            vec![gap(UnreadReason::NotAsked)],
            "Events: none is of this start. That proves nothing: events arrive minutes late",
        ),
    ] {
        let report = preflight(&capture, &Question::default()).with_events(Earlier { gaps, ..Earlier::default() });
        let text = text::render(&report);
        assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(says), "{says}\n{text}");
        let line = "  AWS_PAGER='' aws cloudtrail lookup-events --region eu-west-1 --lookup-attributes \
                    AttributeKey=EventName,AttributeValue=CreateGrant --output json\n  )\n";
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn what_a_refused_look_up_printed_is_no_event() {
    let capture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures/create-grant-alone.json");
    let refused = "An error occurred (AccessDeniedException) when calling the LookupEvents operation: User: \
                   arn:aws:iam::111122223333:user/reader is not authorized to perform: cloudtrail:LookupEvents because \
                   no identity-based policy allows the cloudtrail:LookupEvents action\n";
    let run = Run::new(&["check", "--capture", capture]);
    let file = run.file("events.txt", refused);
    let outcome = run.arguments(&["--events", &file]).finish();
    assert!(outcome.stdout.contains("could not be looked up"), "{}", outcome.seen());
    assert!(!outcome.stdout.contains("proves nothing"), "{}", outcome.seen());
}

#[test]
fn what_is_of_another_start_proves_nothing() {
    let mut other = granted(1);
    other["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] = json!("arn:aws:iam::111122223333:role/Other");
    let outcome = check("account-may-only-describe", &[other], &[]);
    assert!(outcome.seen().contains("none is of this start"), "{}", outcome.seen());
}

/// A dry run starts nothing, allowed or not; a refused start is one that tried; who did neither role nor user ask is told.
#[test]
fn the_last_real_start_names_the_principal() {
    let by = |mut event: Value, role: &str| {
        event["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] = json!(role);
        event
    };
    let failed = |minute, code: &str| {
        let mut event = started(minute);
        event["errorCode"] = json!(code);
        by(event, "arn:aws:iam::111122223333:role/Later")
    };
    let mut dry = failed(5, "Client.UnauthorizedOperation");
    dry["requestParameters"]["dryRun"] = json!(true);
    for (later, says) in [
        (failed(5, "Client.DryRunOperation"), "it made the last StartInstances, 2026-11-20 09:03 UTC (event event-3)"),
        (dry, "it made the last StartInstances, 2026-11-20 09:03 UTC (event event-3)"),
        (failed(5, "Client.UnauthorizedOperation"), "which was not accepted (Client.UnauthorizedOperation)"),
        (failed(2, "Client.UnauthorizedOperation"), "it made the last StartInstances, 2026-11-20 09:03 UTC"),
    ] {
        let found = read(&json!({"Records": [started(3), later]}).to_string()).unwrap();
        let incidents = incidents(found.materials);
        let starter = Starter::last(&incidents, &[InstanceId::parse(INSTANCE).unwrap()]);
        let path = format!("{}/tests/captures/account-may-only-describe.json", env!("CARGO_MANIFEST_DIR"));
        let capture = Capture::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
        let report = preflight(&capture, &Question::default());
        let report = report.with_events(Earlier { incidents, starter, ..Earlier::default() });
        let text = text::render(&report);
        let words: Vec<&str> = text.split_whitespace().collect();
        assert!(words.join(" ").contains(says), "{says}\n{text}");
        assert_eq!(report_faults(&ebs_preflight::report::json::render(&report)), Vec::<String>::new());
    }
}

#[test]
fn without_a_role_the_last_starter_is_judged() {
    // No capture: the build without AWS and the one with it both get as far as who is judged.
    let run = Run::new(&["check", "--instance-id", INSTANCE]);
    let none = run.finish();
    assert!(none.seen().contains("No role and no user is given"), "{}", none.seen());
    let run = Run::new(&["check", "--instance-id", INSTANCE]);
    let events = run.file("events.json", &json!({"Records": [started(3)]}).to_string());
    let told = run.arguments(&["--events", &events]).finish();
    assert!(!told.seen().contains("No role and no user is given"), "{}", told.seen());
}
