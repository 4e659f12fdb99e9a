//! Judges one request: may the role make a grant on the key through EC2?
//!
//! `cargo run --no-default-features --example judge_one`

#![expect(clippy::print_stdout, reason = "a program of its own")]

use std::error::Error;
use std::sync::Arc;

use ebs_preflight::engine::{Context, Decision, NamedPolicy, PolicySet, Principal, Request, explain, nearest};
use ebs_preflight::names::{Action, PrincipalArn};
use ebs_preflight::policy::PolicyType;

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// Leaves the key to the account's IAM policies.
const KEY_POLICY: &str = r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
    "Action": "kms:*", "Resource": "*"}]}"#;

/// Allows grants, but through EC2 of another Region.
const ROLE_POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Use", "Effect": "Allow",
    "Action": "kms:CreateGrant", "Resource": "*",
    "Condition": {"StringEquals": {"kms:ViaService": "ec2.us-east-1.amazonaws.com"}}}]}"#;

fn judged() -> Result<(Decision, String), Box<dyn Error>> {
    let role = PrincipalArn::parse("arn:aws:iam::111122223333:role/StartJob")?;
    let context =
        Context::new().with("kms:ViaService", "ec2.eu-west-1.amazonaws.com").with("kms:GrantIsForAWSResource", "true");
    let request =
        Request::new(Action::parse("kms:CreateGrant")?, KEY, None, Principal::new(&role, None, None), context)?;
    let policy = |name: &str, text, kind| {
        NamedPolicy::parse(name, text, kind).map(Arc::new).map_err(|errors| format!("{name}: {errors:?}"))
    };
    let policies = PolicySet {
        identity: vec![policy("use-keys", ROLE_POLICY, PolicyType::Identity)?],
        key_policies: vec![policy("key policy", KEY_POLICY, PolicyType::KeyPolicy)?],
        ..PolicySet::none()
    };
    let explanation = explain(&request, &policies);
    let near = nearest(&request, &policies, &explanation, &[PolicyType::Identity]);
    let misses = near.iter().flat_map(|near| &near.misses);
    let why = misses.map(|miss| format!("{} asks for {}", miss.element, miss.expected.join(", ")));
    Ok((explanation.decision, why.collect::<Vec<_>>().join("; ")))
}

fn main() -> Result<(), Box<dyn Error>> {
    let (decision, why) = judged()?;
    println!("kms:CreateGrant: {decision}; the closest statement's {why}");
    Ok(())
}

#[test]
fn the_region_of_the_condition_is_the_cause() -> Result<(), Box<dyn Error>> {
    let (decision, why) = judged()?;
    assert_eq!(decision, Decision::ImplicitDeny);
    assert!(why.contains("ec2.us-east-1.amazonaws.com"), "{why}");
    Ok(())
}
