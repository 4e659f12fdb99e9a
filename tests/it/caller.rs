//! Who is said to assume the role is judged under the SCPs of the caller's account and the RCPs of the role's.

use ebs_preflight::capture::Capture;
use ebs_preflight::names::PrincipalArn;
use ebs_preflight::operations::Question;
use ebs_preflight::outcome::Verdict;
use ebs_preflight::preflight::preflight;
use ebs_preflight::report::text;
use serde_json::{Value, json};

use crate::golden::file;

const OWN: &str = "111122223333";
const OTHER: &str = "444455556666";

/// An organization whose policies of one type deny this on the account's own level; those of the other allow all.
fn organization(account: &str, denying: &str, action: &str) -> Value {
    let allow_all = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let of_type = |kind: &str| {
        let principal = |mut statement: Value| {
            if kind == "rcps" {
                statement["Principal"] = json!("*");
            }
            statement
        };
        let document = |statement: &Value| {
            let statement = principal(statement.clone());
            json!({"known": {"Version": "2012-10-17", "Statement": [statement]}})
        };
        let name = if kind == "rcps" { "RCPFullAWSAccess" } else { "FullAWSAccess" };
        let all = json!({"id": format!("p-{name}"), "name": name, "document": document(&allow_all)});
        let deny = json!({"Effect": "Deny", "Action": action, "Resource": "*"});
        let deny = json!({"id": format!("p-deny{kind}"), "name": "no-roles", "document": document(&deny)});
        let own = if kind == denying { json!([all, deny]) } else { json!([all]) };
        json!({"known": [{"target": "r-7qk2", "policies": [all]}, {"target": account, "policies": own}]})
    };
    json!({"known": {
        "id": "o-q3x8v1k7zt", "managementAccount": "999988887777", "path": {"known": ["r-7qk2", account]},
        "scps": of_type("scps"), "rcps": of_type("rcps"),
    }})
}

fn asked(golden: &str, caller: &str, organizations: &[(&str, Value)]) -> (Verdict, String) {
    let mut capture: Value = serde_json::from_str(&file(golden)).unwrap();
    for (account, organization) in organizations {
        capture["organizations"][account] = organization.clone();
    }
    let question = Question {
        caller: Some(PrincipalArn::parse(caller).unwrap()),
        external_id: Some("batch-7".to_owned()),
        ..Question::default()
    };
    let report = preflight(&Capture::parse(&capture.to_string()).unwrap(), &question);
    (report.verdict(), text::render(&report))
}

#[test]
fn scps_and_rcps_that_were_read_bind_the_caller() {
    let caller = "arn:aws:iam::111122223333:role/jobs/dispatcher";
    for (denying, action, wanted) in [
        ("none", "sts:AssumeRole", Verdict::Ready),
        ("scps", "sts:GetCallerIdentity", Verdict::Ready),
        ("scps", "sts:AssumeRole", Verdict::Blocked),
        ("scps", "sts:*", Verdict::Blocked),
        ("rcps", "sts:AssumeRole", Verdict::Blocked),
        ("rcps", "s3:*", Verdict::Ready),
    ] {
        let organizations = [(OWN, organization(OWN, denying, action))];
        let (found, text) = asked("caller-of-the-own-account.json", caller, &organizations);
        assert_eq!(found, wanted, "{denying} deny {action}\n{text}");
        assert!(wanted == Verdict::Ready || (text.contains("EBP0511") && text.contains("no-roles")), "{text}");
    }
}

/// Of another account's caller its own SCPs count, not those of the role's account; of the role's its RCPs.
#[test]
fn a_caller_of_another_account_is_bound_by_its_own_organization() {
    let caller = "arn:aws:iam::444455556666:role/ci/nightly";
    for (own, other, wanted) in [
        ("none", "none", Verdict::Ready),
        ("scps", "none", Verdict::Ready),
        ("rcps", "none", Verdict::Blocked),
        ("none", "scps", Verdict::Blocked),
        ("none", "rcps", Verdict::Ready),
    ] {
        let organizations =
            [(OWN, organization(OWN, own, "sts:AssumeRole")), (OTHER, organization(OTHER, other, "sts:AssumeRole"))];
        let (found, text) = asked("caller-of-another-account.json", caller, &organizations);
        assert_eq!(found, wanted, "{own} of the role's account, {other} of the caller's deny\n{text}");
    }
}

#[test]
fn organization_policies_that_were_not_read_leave_the_caller_open() {
    let unread = json!({"unread": {"why": "denied", "needs": "organizations:DescribeOrganization", "message": "no"}});
    let caller = "arn:aws:iam::111122223333:role/jobs/dispatcher";
    let (found, text) = asked("caller-of-the-own-account.json", caller, &[(OWN, unread)]);
    assert_eq!(found, Verdict::Undecided, "{text}");
}
