//! What a Deny leaves out: the start, and nothing else of what it denied.

use super::super::{Meant, meant_denies};
use super::{KEY, World, document, starts};
use crate::capture::{AttachedPolicy, InlinePolicy, Level, OrgPolicy};
use crate::engine::{Context, ContextValue, Request, judge as decide};
use crate::fact::Fact;
use crate::names::{Action, KeyArn};
use crate::operations::RequestOutcome;
use crate::remedy::changes;

const FULL: &str = r#"{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;

/// Where a Deny stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Inline,
    Boundary,
    KeyPolicy,
    Scp,
    Rcp,
}

/// The incident's start with every right, and one Deny in the way.
fn denied(place: Place, statement: &str) -> World {
    let mut world = World::incident();
    let inline = |name: &str, text: &str| InlinePolicy { name: name.parse().unwrap(), document: document(text) };
    world.role().inline = Fact::Known(vec![inline("all", FULL)]);
    let deny = format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#);
    let with_full = |principal: &str| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", {principal}"Action": "*", "Resource": "*"}}, {statement}]}}"#
        )
    };
    let level = |full: &str, text: &str| {
        let policy =
            |id: &str, text| OrgPolicy { id: Some(id.parse().unwrap()), name: String::new(), document: document(text) };
        let policies = vec![policy("p-full", full), policy("p-deny0001", text)];
        Fact::Known(vec![Level { target: "r-abcd".parse().unwrap(), policies }])
    };
    match place {
        Place::Inline => {
            let Fact::Known(policies) = &mut world.role().inline else { panic!("no policies") };
            policies.push(inline("no", &deny));
        }
        Place::Boundary => {
            let arn = "arn:aws:iam::111122223333:policy/limits".to_owned();
            let text = with_full("");
            world.role().boundary =
                Fact::Known(AttachedPolicy { arn: arn.parse().unwrap(), version: None, document: document(&text) });
        }
        Place::KeyPolicy => {
            let key = KeyArn::parse(KEY).unwrap();
            let text = with_full(r#""Principal": {"AWS": "111122223333"}, "#)
                .replace(r#""Action": "*", "Resource": "*"}, "#, r#""Action": "kms:*", "Resource": "*"}, "#);
            world.capture.keys.get_mut(&key).unwrap().policy = document(&text);
        }
        Place::Scp => world.organization().scps = level(FULL, &deny),
        Place::Rcp => {
            let full = r#"{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}"#;
            world.organization().rcps = level(full, &deny);
        }
    }
    world
}

/// Requests that are not the start's, each by a change of one of its own: what a reviewer asks about.
fn others(judged: &[RequestOutcome]) -> Vec<(&'static str, Request, &RequestOutcome)> {
    let of_row = |number: u8| judged.iter().find(|judged| judged.case.row.step.number() == number);
    let (start, grant) = (of_row(1).unwrap(), of_row(2).unwrap());
    let with = |of: &RequestOutcome, change: &dyn Fn(&mut Context)| {
        let request = &of.case.request;
        let mut context = request.context.clone();
        change(&mut context);
        let (account, principal) = (request.resource_account.clone(), request.principal.clone());
        Request::new(request.action.clone(), request.resource(), Some(&account), principal, context).unwrap()
    };
    let directly = |context: &mut Context| {
        context.set("kms:ViaService", ContextValue::Absent);
        context.set("kms:GrantIsForAWSResource", ContextValue::Absent);
        context.set("aws:ViaAWSService", "false");
    };
    let through_rds = |context: &mut Context| context.set("kms:ViaService", "rds.ap-northeast-1.amazonaws.com");
    let elsewhere = |context: &mut Context| context.set("kms:ViaService", "ec2.eu-west-1.amazonaws.com");
    let mut delete = with(grant, &directly);
    delete.action = Action::parse("kms:ScheduleKeyDeletion").unwrap();
    let mut terminate = with(start, &|_| ());
    terminate.action = Action::parse("ec2:TerminateInstances").unwrap();
    let another = with(start, &|context| context.set("ec2:InstanceID", "i-0000000000000000f"))
        .with_resource("arn:aws:ec2:ap-northeast-1:111122223333:instance/i-0000000000000000f")
        .unwrap();
    vec![
        ("a grant made directly", with(grant, &directly), grant),
        ("a grant through RDS", with(grant, &through_rds), grant),
        ("a grant in another Region", with(grant, &elsewhere), grant),
        ("the key's deletion", delete, grant),
        ("the instance's end", terminate, start),
        ("another instance", another, start),
    ]
}

#[test]
fn a_deny_leaves_out_the_start_and_nothing_else() {
    let any = r#""Principal": "*", "#;
    let cases = [
        (Place::Inline, r#"{"Sid": "No", "Effect": "Deny", "Action": "kms:*", "Resource": "*"}"#.to_owned()),
        (Place::Inline, r#"{"Effect": "Deny", "Action": ["ec2:*", "kms:CreateGrant"], "Resource": "*"}"#.to_owned()),
        (Place::Inline, r#"{"Effect": "Deny", "Action": "ec2:Start*", "Resource": "*"}"#.to_owned()),
        (Place::Boundary, r#"{"Sid": "No", "Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}"#.to_owned()),
        (Place::Boundary, r#"{"Effect": "Deny", "Action": ["s3:*", "kms:CreateGrant"], "Resource": "*"}"#.to_owned()),
        (Place::KeyPolicy, format!(r#"{{"Effect": "Deny", {any}"Action": "kms:CreateGrant", "Resource": "*"}}"#)),
        (
            Place::KeyPolicy,
            r#"{"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::111122223333:role/scheduler/StartJob"}, "Action": ["kms:CreateGrant", "kms:ScheduleKeyDeletion"], "Resource": "*"}"#.to_owned(),
        ),
        (
            Place::Scp,
            r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Admin*"}}}"#.to_owned(),
        ),
        (
            Place::Scp,
            r#"{"Effect": "Deny", "Action": "kms:CreateGrant", "Resource": "*", "Condition": {"StringNotEquals": {"kms:ViaService": "ec2.us-east-1.amazonaws.com"}}}"#.to_owned(),
        ),
        (
            Place::Rcp,
            format!(r#"{{"Effect": "Deny", {any}"Action": ["kms:CreateGrant", "kms:Decrypt"], "Resource": "*", "Condition": {{"ArnNotLike": {{"aws:PrincipalArn": "arn:aws:iam::*:role/Admin*"}}}}}}"#),
        ),
    ];
    for (place, statement) in cases {
        let world = denied(place, &statement);
        let before = world.judged();
        assert!(!starts(&before), "{place:?}: {statement}");
        let remedy = world.remedy().unwrap_or_else(|| panic!("{place:?}: {statement}"));
        let after = world.after(&changes(remedy.parts()));
        assert!(starts(&after), "{place:?}: {statement}: {:#?}", remedy.parts());
        for ((what, request, was), (_, _, is)) in others(&before).into_iter().zip(others(&after)) {
            if decide(&request, &was.case.policies).is_denied() {
                let now = decide(&request, &is.case.policies);
                assert!(now.is_denied(), "{place:?}: {statement} frees {what}: {:#?}", remedy.parts());
            }
        }
    }
}

#[test]
fn what_was_denied_for_good_is_not_circumvented() {
    let everything = r#"{"Effect": "Deny", "Action": "*", "Resource": "*"}"#;
    let revoked = r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2099-01-01T00:00:00Z"}}}"#;
    let mut quarantined = denied(Place::Inline, r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}"#);
    let arn = "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV2".to_owned();
    let text = r#"{"Statement": [{"Effect": "Deny", "Action": ["ec2:StartInstances", "iam:*"], "Resource": "*"}]}"#;
    quarantined.role().attached =
        Fact::Known(vec![AttachedPolicy { arn: arn.parse().unwrap(), version: None, document: document(text) }]);
    for (world, meant) in [
        (quarantined, Meant::Quarantine),
        (denied(Place::Scp, everything), Meant::NoAccess),
        (denied(Place::Inline, revoked), Meant::RevokedSessions),
    ] {
        let judged = world.judged();
        assert_eq!(world.remedy(), None, "{meant:?}");
        let found = meant_denies(&judged, &world.question, &world.capture, &world.capture.targets[0]);
        assert!(found.iter().any(|deny| deny.meant == meant && deny.bars()), "{meant:?}: {found:?}");
    }
}
