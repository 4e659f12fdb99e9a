//! The engine alone is as strict as the program around it.

use std::sync::Arc;

use ebs_preflight::engine::{Context, Decision, NamedPolicy, PolicySet, Principal, Request, judge};
use ebs_preflight::names::{Action, PrincipalArn};
use ebs_preflight::policy::PolicyType;

const KEY: &str = "arn:aws:kms:eu-west-3:246813579024:key/5a0f7d3e-64c2-4b9a-8f11-d27c90e6b3a8";
const INSTANCE: &str = "arn:aws:ec2:eu-west-3:246813579024:instance/i-04d7c2e91ab3f6850";

fn principal() -> Principal {
    let arn = PrincipalArn::parse("arn:aws:iam::246813579024:role/nightly").unwrap();
    Principal::new(&arn, None, Some("AROANIGHTLYEXAMPLE0001"))
}

fn request(action: &str, resource: &str) -> Option<Request> {
    Request::new(Action::parse(action).unwrap(), resource, None, principal(), Context::default()).ok()
}

/// A request on a key and one on an instance.
fn requests() -> [Request; 2] {
    [request("kms:CreateGrant", KEY).unwrap(), request("ec2:StartInstances", INSTANCE).unwrap()]
}

/// A policy of this type that allows everything, as far as one of its type can.
fn allowing(kind: PolicyType) -> Arc<NamedPolicy> {
    let principal = match kind {
        PolicyType::KeyPolicy | PolicyType::Rcp => r#""Principal": "*", "#,
        PolicyType::Identity | PolicyType::Boundary | PolicyType::Session | PolicyType::Scp => "",
    };
    let text = format!(
        r#"{{"Version": "2012-10-17",
        "Statement": [{{"Effect": "Allow", {principal}"Action": "*", "Resource": "*"}}]}}"#
    );
    Arc::new(NamedPolicy::parse("all", &text, kind).unwrap_or_else(|errors| panic!("{kind:?}: {errors:?}")))
}

/// `set` with this one policy in the slot of `kind`.
fn with(mut set: PolicySet, kind: PolicyType, policy: Arc<NamedPolicy>) -> PolicySet {
    match kind {
        PolicyType::Identity => set.identity = vec![policy],
        PolicyType::Boundary => set.boundary = Some(policy),
        PolicyType::Session => set.session = vec![policy],
        PolicyType::Scp => set.scps = vec![vec![policy]],
        PolicyType::Rcp => set.rcps = vec![vec![policy]],
        PolicyType::KeyPolicy => set.key_policies = vec![policy],
    }
    set
}

fn all_allowing() -> PolicySet {
    PolicyType::ALL.into_iter().fold(PolicySet::none(), |set, kind| with(set, kind, allowing(kind)))
}

#[test]
fn a_request_for_a_key_names_it_by_its_arn() {
    for resource in [
        "",
        "*",
        "5a0f7d3e-64c2-4b9a-8f11-d27c90e6b3a8",
        "alias/disks",
        "arn:aws:kms:eu-west-3:246813579024:alias/disks",
        "arn:aws:kms:eu-west-3:246813579024:key/",
        "arn:aws:kms:eu-west-3:246813579024:key",
        "arn:aws:s3:eu-west-3:246813579024:key/5a0f7d3e-64c2-4b9a-8f11-d27c90e6b3a8",
    ] {
        for action in ["kms:CreateGrant", "kms:Decrypt", "KMS:DescribeKey", "kms:OperationOfTomorrow"] {
            assert!(request(action, resource).is_none(), "{action} on `{resource}`");
            let on_key = request(action, KEY).unwrap();
            assert!(on_key.is_for_key());
            assert!(on_key.with_resource(resource).is_err(), "{action} on `{resource}`");
        }
    }
    // These are for no key.
    assert!(request("kms:ListKeys", "*").is_some_and(|request| !request.is_for_key()));
    assert!(request("ec2:StartInstances", INSTANCE).is_some_and(|request| !request.is_for_key()));
}

#[test]
fn nothing_is_read_by_default() {
    for request in requests() {
        assert_eq!(judge(&request, &PolicySet::default()), Decision::Unknown);
        assert_eq!(judge(&request, &PolicySet::none()), Decision::ImplicitDeny);
        assert_eq!(judge(&request, &all_allowing()), Decision::Allowed);
        // One policy type unread leaves it open, whatever all the others allow.
        for unread in PolicyType::ALL {
            let kinds = PolicyType::ALL.into_iter().filter(|kind| *kind != unread);
            let set = kinds.fold(PolicySet::default(), |set, kind| with(set, kind, allowing(kind)));
            let set = PolicySet { grants: PolicySet::none().grants, ..set };
            assert_eq!(judge(&request, &set), Decision::Unknown, "{unread:?} unread, {}", request.resource());
        }
    }
}

#[test]
fn a_policy_in_the_place_of_another_type_is_unread() {
    for request in requests() {
        for place in PolicyType::ALL {
            for kind in PolicyType::ALL.into_iter().filter(|kind| *kind != place) {
                let misplaced = with(all_allowing(), place, allowing(kind));
                assert_eq!(judge(&request, &misplaced), Decision::Unknown, "{kind:?} in the place of {place:?}");
            }
        }
    }
}
