//! What is told of an organization without our lines: `--org-file` with the output of one line, or one policy.

use serde_json::{Value, json};

use crate::program::{Outcome, Run};

const DENY: &str =
    r#"{"Statement": {"Sid": "NoGrants", "Effect": "Deny", "Action": "kms:CreateGrant", "Resource": "*"}}"#;
const ALLOW: &str = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
const RCP: &str =
    r#"{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "kms:CreateGrant", "Resource": "*"}}"#;

/// `describe-policy` of this organization's policy.
fn policy(organization: &str, id: &str, content: &str) -> String {
    let arn = format!("arn:aws:organizations::999988887777:policy/{organization}/service_control_policy/{id}");
    let summary =
        json!({"Id": id, "Arn": arn, "Name": "limits", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": false});
    json!({"Policy": {"PolicySummary": summary, "Content": content}}).to_string()
}

fn organization(id: &str, management: &str) -> String {
    json!({"Organization": {"Id": id, "MasterAccountId": management}}).to_string()
}

/// The golden capture with its organization as `change` leaves it.
fn check(golden: &str, change: impl Fn(&mut Value), texts: &[(&str, &str)]) -> Outcome {
    let path = format!("{}/tests/captures/{golden}.json", env!("CARGO_MANIFEST_DIR"));
    let mut capture: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    change(&mut capture["organizations"]);
    let mut run = Run::new(&["check"]);
    let file = run.file("capture.json", &capture.to_string());
    run = run.arguments(&["--capture", &file]);
    for (number, (account, text)) in texts.iter().enumerate() {
        let file = run.file(&format!("told-{number}.json"), text);
        run = run.arguments(&["--org-file", &format!("{account}{file}")]);
    }
    run.finish()
}

fn unread(organizations: &mut Value) {
    for organization in organizations.as_object_mut().unwrap().values_mut() {
        *organization =
            json!({"unread": {"why": "denied", "needs": "organizations:DescribeOrganization", "message": ""}});
    }
}

/// A Deny that binds the account stops the start; an Allow settles nothing while others may deny.
#[test]
fn what_is_told_of_an_organization_decides_what_it_can() {
    let kept = |_: &mut Value| {};
    let golden = "organization-unread";
    let own = "o-abc1234567";
    for (texts, exit, says) in [
        (vec![("", DENY)], 1, "SCP told-0, statement \"NoGrants\", line 1"),
        (vec![("", &*policy(own, "p-1234abcd", DENY))], 1, "SCP limits, statement \"NoGrants\", line 1"),
        (vec![("", &*format!("> {}", DENY.replace('\n', "\n> ")))], 1, "taken off: the marks of a quoted reply"),
        (vec![("", RCP)], 1, "EBP0112 blocker"),
        (vec![("", ALLOW)], 3, "SCP told-0, taken as one of those that bind account 111122223333"),
        (
            vec![("", &*policy("o-zzz7654321", "p-1234abcd", DENY))],
            2,
            "it is of the organization o-zzz7654321 (managed by 999988887777), and the account is in o-abc1234567",
        ),
        (
            vec![("", &*organization(own, "111122223333"))],
            2,
            "of the organization o-abc1234567 (managed by 111122223333)",
        ),
        (vec![("222233334444=", DENY)], 2, "this start concerns account 111122223333"),
        (vec![("", r#"{"Policies": []}"#)], 2, "other output does not say what it is of"),
        (vec![("", r#"{"Statement": {"Effect": "Deny", "Action": "kms:*", "Resouce": "*"}}"#)], 2, "told-0.json:1:"),
    ] {
        let outcome = check(golden, kept, &texts);
        let seen = outcome.seen().split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(outcome.exit, Some(exit), "{texts:?}: {seen}");
        assert!(seen.contains(says), "{texts:?}: {says}: {seen}");
    }
    let whole = policy(own, "p-1234abcd", DENY);
    let managed_by_the_starters_account = whole.replace("999988887777", "111122223333");
    let of_another_policy = whole.replace("/p-1234abcd", "/p-0000abcd");
    let queried = whole.parse::<Value>().unwrap()["Policy"].to_string();
    // Where nothing at all was read, a text binds the account as whoever hands it in says.
    for (texts, exit, says) in [
        (vec![("", DENY)], 1, "SCP told-0"),
        (vec![("111122223333=", DENY)], 1, "SCP told-0"),
        (vec![("", RCP)], 1, "EBP0112 blocker"),
        (vec![("", ALLOW)], 3, "SCP told-0, taken as one of those that bind account 111122223333"),
        (vec![("", &*organization(own, "999988887777")), ("", DENY)], 1, "SCP told-1"),
        (vec![("", DENY), ("", &*organization(own, "999988887777"))], 1, "SCP told-0"),
        (vec![("", &*policy(own, "p-1234abcd", DENY)), ("", &*organization(own, "999988887777"))], 1, "SCP limits"),
        // No SCP binds the account that manages the organization.
        (vec![("", DENY), ("", &*organization(own, "111122223333"))], 2, "manages its organization, so no SCP"),
        (vec![("", &*managed_by_the_starters_account)], 2, "manages its organization, so no SCP"),
        (vec![("", &*of_another_policy)], 2, "the ARN that of another"),
        (vec![("", &*queried)], 1, "SCP limits"),
        (vec![("", &*policy(own, "p-1234abcd", DENY))], 1, "SCP limits"),
        (vec![("", &*organization(own, "111122223333"))], 0, "o-abc1234567 as the organization of account"),
        (vec![("111122223333=", &*organization(own, "111122223333"))], 0, "READY"),
    ] {
        let outcome = check(golden, unread, &texts);
        let seen = outcome.seen().split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(outcome.exit, Some(exit), "{texts:?}: {seen}");
        assert!(seen.contains(says), "{texts:?}: {says}: {seen}");
    }
    let two_accounts = check("central-key-unread", unread, &[("", &organization(own, "999988887777"))]);
    assert!(two_accounts.seen().contains("--org-file ACCOUNT="), "{}", two_accounts.seen());
}

/// A listed policy that could not be read is known by its ID.
#[test]
fn the_text_of_a_listed_policy_is_put_in() {
    let own = "o-abc1234567";
    let listed = |organizations: &mut Value| {
        for (account, organization) in organizations.as_object_mut().unwrap() {
            let denied = json!({"unread": {"why": "denied", "needs": "organizations:DescribePolicy", "message": ""}});
            let policy = json!({"id": "p-1234abcd", "name": "limits", "document": denied});
            let full = json!({"id": "p-FullAWSAccess", "document": {"known": ALLOW}});
            let level = |target: &str, policy: &Value| json!({"target": target, "policies": [policy]});
            organization["known"]["path"] = json!({"known": ["r-a1b2", account]});
            organization["known"]["scps"] = json!({"known": [level("r-a1b2", &policy), level(account, &full)]});
            organization["known"]["rcps"] = json!("absent");
        }
    };
    for (text, exit) in [
        (policy(own, "p-1234abcd", ALLOW), 0),
        (policy(own, "p-1234abcd", DENY), 1),
        (policy(own, "p-9999abcd", ALLOW), 2),
        (ALLOW.to_owned(), 2),
    ] {
        let outcome = check("organization-unread", listed, &[("", &text)]);
        assert_eq!(outcome.exit, Some(exit), "{text}: {}", outcome.seen());
    }
    assert_eq!(check("organization-unread", listed, &[]).exit, Some(3));
}
