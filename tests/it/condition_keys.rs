//! What a condition asks of a start, as the capture or the asker tells it, or nobody can: one capture, changed in one
//! place.

use std::sync::Arc;

use ebs_preflight::capture::Capture;
use ebs_preflight::engine::NamedPolicy;
use ebs_preflight::names::PrincipalArn;
use ebs_preflight::operations::{GivenPolicy, MayState, Question, Stated, may_state};
use ebs_preflight::outcome::Verdict;
use ebs_preflight::policy::PolicyType;
use ebs_preflight::preflight::preflight;
use ebs_preflight::report::text;
use serde_json::{Value, json};

use crate::golden::file;

const ROLE: &str = "/identities/arn:aws:iam::111122223333:role~1StartJob/known";
const KEY: &str = "/keys/arn:aws:kms:ap-northeast-1:111122223333:key~11234abcd-12ab-34cd-56ef-1234567890ab";
const INSTANCE: &str = "/instances/i-0f3c2a9d8b7e61254/known";

/// A capture whose role may do everything, with this statement besides.
fn start(besides: &[Value]) -> Value {
    let mut capture: Value = serde_json::from_str(&file("deny-outside-the-office.json")).unwrap();
    let all = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let statements: Vec<&Value> = [&all].into_iter().chain(besides).collect();
    let policy = json!({"Version": "2012-10-17", "Statement": statements});
    set(&mut capture, &format!("{ROLE}/inline/known"), json!([{"name": "start", "document": {"known": policy}}]));
    capture
}

fn denied(operator: &str, key: &str, value: &str) -> Value {
    start(&[json!({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {operator: {key: value}}})])
}

/// The same with a Deny in the key policy.
fn denied_by_key(condition: &Value) -> Value {
    let mut capture = start(&[]);
    let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": condition});
    let statements = capture.pointer_mut(&format!("{KEY}/policy/known/Statement")).unwrap();
    statements.as_array_mut().unwrap().push(deny);
    capture
}

fn set(capture: &mut Value, pointer: &str, value: Value) {
    *capture.pointer_mut(pointer).unwrap() = value;
}

fn asked(capture: &Value, question: &Question) -> (Verdict, String) {
    let report = preflight(&Capture::parse(&capture.to_string()).unwrap(), question);
    (report.verdict(), text::render(&report))
}

fn verdict(capture: &Value) -> Verdict {
    asked(capture, &Question::default()).0
}

fn stating(key: &str, values: &[&str]) -> Question {
    let one = |value: &&str| Stated { key: key.to_owned(), value: (*value).to_owned() };
    Question { context: values.iter().map(one).collect(), ..Question::default() }
}

#[test]
fn a_key_that_nobody_can_read_decides_once_it_is_stated() {
    for key in [
        "aws:SourceIdentity",
        "aws:FederatedProvider",
        "aws:MultiFactorAuthAge",
        "aws:OriginIdentity/tenant",
        "aws:KeyOfTomorrow",
        "saml:sub",
        "saml:sub_type",
        "identitystore:UserId",
        "accounts.google.com:sub",
        "token.actions.githubusercontent.com:aud",
        "lambda:SourceFunctionArn",
        "codebuild:BuildArn",
        "glue:RoleAssumedBy",
    ] {
        let capture = denied("StringEquals", key, "one");
        let (found, text) = asked(&capture, &Question::default());
        assert_eq!(found, Verdict::Undecided, "{key}\n{text}");
        assert!(text.contains(&format!("--context {key}=VALUE")), "{key}\n{text}");
        for (value, wanted) in [("one", Verdict::Blocked), ("other", Verdict::Ready), ("", Verdict::Ready)] {
            let (found, text) = asked(&capture, &stating(key, &[value]));
            assert_eq!(found, wanted, "{key}={value}\n{text}");
        }
    }
}

#[test]
fn a_multivalued_key_is_stated_value_by_value() {
    let capture = denied("ForAnyValue:StringEquals", "aws:CalledVia", "b.amazonaws.com");
    assert_eq!(verdict(&capture), Verdict::Undecided);
    assert_eq!(asked(&capture, &stating("aws:CalledVia", &["a.amazonaws.com"])).0, Verdict::Ready);
    let both = stating("aws:CalledVia", &["a.amazonaws.com", "b.amazonaws.com"]);
    assert_eq!(asked(&capture, &both).0, Verdict::Blocked);
    // An operator without a set prefix never holds on such a key.
    let bare = denied("StringEquals", "aws:CalledVia", "a.amazonaws.com");
    assert_eq!(asked(&bare, &stating("aws:CalledVia", &["a.amazonaws.com"])).0, Verdict::Ready);
}

#[test]
fn only_what_nobody_can_read_may_be_stated() {
    for (key, wanted) in [
        ("kms:ViaService", MayState::Nothing),
        ("aws:PrincipalOrgID", MayState::Nothing),
        ("aws:ResourceTag/team", MayState::Nothing),
        ("ec2:InstanceType", MayState::Nothing),
        ("kms:KeyOfTomorrow", MayState::Nothing),
        ("aws:MultiFactorAuthPresent", MayState::One),
        ("SAML:sub", MayState::One),
        ("www.amazon.com:user_id", MayState::One),
        ("aws:KeyOfTomorrow", MayState::One),
        ("aws:CalledVia", MayState::Many),
        ("aws:VpceOrgPaths", MayState::Many),
        ("cognito-identity.amazonaws.com:amr", MayState::Many),
    ] {
        assert_eq!(may_state(key), wanted, "{key}");
    }
}

#[test]
fn a_stated_address_decides_the_call_alone() {
    let capture = denied("NotIpAddress", "aws:SourceIp", "203.0.113.0/24");
    let by_option = Question { source_ip: Some("203.0.113.5".to_owned()), ..Question::default() };
    for question in [stating("aws:SourceIp", &["203.0.113.5"]), by_option] {
        let (found, text) = asked(&capture, &question);
        assert_eq!(found, Verdict::Undecided, "{text}");
        assert!(!text.contains("--source-ip ADDRESS") && text.contains("aws:ViaAWSService"), "{text}");
    }
}

/// AWS's page says that the key is false, and that it is absent.
#[test]
fn a_key_of_two_accounts_is_open_where_they_differ() {
    let key = "aws:ViaAWSMCPService";
    for (operator, value, wanted) in [
        ("Bool", "true", Verdict::Ready),
        ("BoolIfExists", "true", Verdict::Undecided),
        ("Bool", "false", Verdict::Undecided),
        ("Null", "true", Verdict::Undecided),
        ("BoolIfExists", "false", Verdict::Blocked),
    ] {
        let (found, text) = asked(&denied(operator, key, value), &Question::default());
        assert_eq!(found, wanted, "{operator} {value}\n{text}");
        assert!(found != Verdict::Undecided || text.contains("--context aws:ViaAWSMCPService=VALUE"), "{text}");
    }
    assert_eq!(asked(&denied("Bool", key, "false"), &stating(key, &["true"])).0, Verdict::Ready);
}

/// What the caller's program calls itself says nothing of what EC2 forwards for it.
#[test]
fn a_stated_user_agent_decides_the_call_alone() {
    let all = json!({"Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"StringNotLike": {"aws:UserAgent": "scheduler/*"}}});
    let mut call = all.clone();
    call["Action"] = json!("ec2:*");
    let stated = stating("aws:UserAgent", &["scheduler/7"]);
    assert_eq!(asked(&start(&[call]), &stated).0, Verdict::Ready);
    assert_eq!(asked(&start(&[all]), &stated).0, Verdict::Undecided);
}

/// Session policies are judged together as managed ones are; of an inline one among them AWS does not say it.
#[test]
fn session_policies_that_allow_together_are_an_assumption() {
    let policy = |actions: Value| {
        let text = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": actions, "Resource": "*"}]});
        GivenPolicy(Arc::new(NamedPolicy::parse("session", &text.to_string(), PolicyType::Session).unwrap()))
    };
    let (calls, keys, all) = (json!("ec2:*"), json!("kms:*"), json!(["ec2:*", "kms:*"]));
    for (policies, wanted, is_assumed) in [
        (vec![&calls, &keys], Verdict::Ready, true),
        (vec![&calls, &all], Verdict::Ready, true),
        (vec![&all, &all], Verdict::Ready, false),
        (vec![&all], Verdict::Ready, false),
        (vec![&keys, &keys], Verdict::Blocked, false),
    ] {
        let session_policies = policies.into_iter().map(|actions| policy(actions.clone())).collect();
        let (found, text) = asked(&start(&[]), &Question { session_policies, ..Question::default() });
        let assumed = "READY (assumed: session policies add up as managed ones do) i-";
        assert_eq!((found, text.starts_with(assumed)), (wanted, is_assumed), "{text}");
    }
}

#[test]
fn the_address_of_ec2_is_perhaps_in_wide_public_networks() {
    for (network, wanted) in [
        ("203.0.113.0/24", Verdict::Blocked),
        ("10.0.0.0/8", Verdict::Blocked),
        ("198.18.0.0/16", Verdict::Blocked),
        ("52.92.0.0/14", Verdict::Undecided),
        ("0.0.0.0/1", Verdict::Undecided),
        ("2600:1f00::/24", Verdict::Undecided),
        ("2001:db8::/48", Verdict::Blocked),
    ] {
        let condition = json!({"NotIpAddress": {"aws:SourceIp": network}, "Bool": {"aws:ViaAWSService": "false"}});
        assert_eq!(verdict(&denied_by_key(&condition)), wanted, "{network}");
    }
}

#[test]
fn of_two_tags_that_differ_in_case_either_may_be_compared() {
    for (tags, value, wanted) in [
        (json!({"Team": "a", "team": "b"}), "a", Verdict::Undecided),
        (json!({"Team": "a", "team": "b"}), "b", Verdict::Undecided),
        (json!({"Team": "a", "team": "a"}), "a", Verdict::Blocked),
        (json!({"Team": "a", "team": "b"}), "c", Verdict::Ready),
    ] {
        for at in [format!("{KEY}/tags/known"), format!("{INSTANCE}/tags")] {
            let mut capture = denied("StringEquals", "aws:ResourceTag/TEAM", value);
            set(&mut capture, &at, tags.clone());
            assert_eq!(verdict(&capture), wanted, "{at}: {value}");
        }
    }
}

#[test]
fn keys_of_the_instance_are_what_was_read_of_it() {
    for key in
        ["ec2:AvailabilityZoneId", "ec2:InstanceBandwidthWeighting", "ec2:CpuOptionsAmdSevSnp", "ec2:InstanceProfile"]
    {
        let mut capture = denied("StringEquals", key, "one");
        let (found, text) = asked(&capture, &Question::default());
        assert!(found == Verdict::Undecided && text.contains(key), "{text}");
        for (value, wanted) in [("one", Verdict::Blocked), ("other", Verdict::Ready)] {
            capture.pointer_mut(INSTANCE).unwrap()["conditionKeys"] = json!({key: value});
            assert_eq!(verdict(&capture), wanted, "{key} {value}");
        }
    }
}

/// As IAM Identity Center's roles.
#[test]
fn session_tags_are_open_where_the_trust_policy_admits_them() {
    let trust = |action: Value| {
        let statement = json!({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": action});
        json!({"known": {"Version": "2012-10-17", "Statement": [statement]}})
    };
    let at = format!("{ROLE}/trustPolicy");
    let mut capture = denied("Null", "aws:PrincipalTag/team", "true");
    set(&mut capture, &at, trust(json!("sts:AssumeRole")));
    assert_eq!(verdict(&capture), Verdict::Blocked);
    let tagged = Question { session_tags: vec![("team".to_owned(), "a".to_owned())], ..Question::default() };
    let (found, text) = asked(&capture, &tagged);
    assert!(found == Verdict::Ready && text.contains("sts:TagSession"), "{text}");
    set(&mut capture, &at, trust(json!(["sts:AssumeRole", "sts:TagSession"])));
    let (found, text) = asked(&capture, &Question::default());
    assert_eq!(found, Verdict::Undecided, "{text}");
    assert!(text.contains("--session-tag team=VALUE") && text.contains("--no-session-tags"), "{text}");
    assert_eq!(asked(&capture, &tagged).0, Verdict::Ready);
    let untagged = Question { no_session_tags: true, ..Question::default() };
    assert_eq!(asked(&capture, &untagged).0, Verdict::Blocked);
}

/// Two pages of AWS spell its ARN in two ways.
#[test]
fn an_exemption_of_ec2s_own_role_by_the_instance_is_open() {
    for (pattern, wanted) in [
        ("role/aws:ec2-infrastructure", Verdict::Ready),
        ("role/aws:ec2-infrastructure*", Verdict::Ready),
        ("role/aws:ec2-infrastructure/*", Verdict::Undecided),
        ("role/aws:ec2-infrastructure/i-0f3c2a9d8b7e61254", Verdict::Undecided),
        ("role/aws:ec2-infrastructure/i-0000000000000000f", Verdict::Blocked),
    ] {
        let exempted = [format!("arn:aws:iam::*:{pattern}"), "arn:aws:iam::111122223333:role/StartJob".to_owned()];
        let condition = json!({"ArnNotLike": {"aws:PrincipalArn": exempted}});
        assert_eq!(verdict(&denied_by_key(&condition)), wanted, "{pattern}");
    }
}

#[test]
fn a_key_outside_the_table_is_named() {
    for (key, wanted) in [("kms:KeyOfTomorrow", Verdict::Ready), ("aws:KeyOfTomorrow", Verdict::Undecided)] {
        let (found, text) = asked(&denied("StringEquals", key, "one"), &Question::default());
        assert_eq!(found, wanted, "{text}");
        assert!(text.contains("EBP0305") && text.contains(key), "{text}");
    }
}

#[test]
fn the_management_account_is_known_from_the_organization() {
    let mut capture = denied("StringEquals", "aws:PrincipalOrgMasterAccountId", "444455556666");
    for (master, wanted) in [("444455556666", Verdict::Blocked), ("777766665555", Verdict::Ready)] {
        let organization = json!({"known": {"id": "o-q3x8v1k7zt", "managementAccount": master,
            "path": {"known": ["r-7qk2", "111122223333"]}, "scps": "absent", "rcps": "absent"}});
        set(&mut capture, "/organizations/111122223333", organization);
        assert_eq!(verdict(&capture), wanted, "{master}");
    }
}

#[test]
fn a_grant_of_a_third_account_is_open() {
    let mut capture = start(&[]);
    set(&mut capture, &format!("{KEY}/policy/known/Statement"), json!([]));
    for (issuer, wanted) in [("111122223333", Verdict::Ready), ("999988887777", Verdict::Undecided)] {
        let grant = json!([{"id": "0c8f", "granteePrincipal": "arn:aws:iam::111122223333:role/StartJob",
            "issuingAccount": issuer, "operations": ["CreateGrant", "Decrypt"], "constraints": {}}]);
        set(&mut capture, &format!("{KEY}/grants/known"), grant);
        let (found, text) = asked(&capture, &Question::default());
        assert_eq!(found, wanted, "{text}");
        assert!(wanted == Verdict::Ready || text.contains("999988887777"), "{text}");
    }
}

#[test]
fn sts_tag_session_is_judged_where_the_caller_gives_tags() {
    let mut capture = start(&[]);
    let caller = "arn:aws:iam::111122223333:role/Caller";
    for (actions, wanted) in
        [(json!("sts:AssumeRole"), Verdict::Blocked), (json!(["sts:AssumeRole", "sts:TagSession"]), Verdict::Ready)]
    {
        let statement = json!({"Effect": "Allow", "Principal": {"AWS": caller}, "Action": actions});
        let trust = json!({"known": {"Version": "2012-10-17", "Statement": [statement]}});
        set(&mut capture, &format!("{ROLE}/trustPolicy"), trust);
        let question = Question { caller: PrincipalArn::parse(caller).ok(), ..Question::default() };
        assert_eq!(asked(&capture, &question).0, Verdict::Ready);
        let tagged = Question { session_tags: vec![("team".to_owned(), "a".to_owned())], ..question };
        let (found, text) = asked(&capture, &tagged);
        assert!(found == wanted && text.contains("sts:TagSession"), "{text}");
    }
}
