//! A `Deny *` in each policy, and in a new policy of each type.

use std::sync::Arc;

use ebs_preflight::engine::NamedPolicy;
use ebs_preflight::operations::{GivenPolicy, Question};
use ebs_preflight::outcome::Verdict;
use ebs_preflight::policy::PolicyType;
use serde_json::{Value, json};

use super::place::{Kind, attachments, escaped, policies, segments};
use super::{account_of, changed, customer_managed_keys, ready, verdict, verdict_under, with_policy};
use crate::problems::assert_none;

#[test]
fn a_deny_in_any_policy_blocks() {
    let mut problems = Vec::new();
    for ready in ready() {
        for place in policies(&ready.capture) {
            let denied = with_policy(&ready.capture, &place, |policy| {
                policy["Statement"].as_array_mut().unwrap().push(deny(place.kind));
            });
            let attached = attachments(&ready.capture, &place);
            let each = attached.iter().map(|at| wanted(&ready.capture, place.kind, segments(at)[1]));
            let wanted = each.max().unwrap();
            problems.extend(unlike(&ready.name, &place.pointer, verdict(&denied), wanted));
        }
    }
    assert_none(&problems);
}

#[test]
fn a_new_policy_that_denies_blocks() {
    let mut problems = Vec::new();
    for ready in ready() {
        for (how, kind, account, denied) in with_a_denying_policy(&ready.capture) {
            let wanted = wanted(&ready.capture, kind, &account);
            problems.extend(unlike(&ready.name, &how, verdict(&denied), wanted));
        }
        let policy = json!({"Version": "2012-10-17", "Statement": [deny(Kind::Identity)]}).to_string();
        let policy = NamedPolicy::parse("session", &policy, PolicyType::Session).unwrap();
        let question = Question { session_policies: vec![GivenPolicy(Arc::new(policy))], ..Question::default() };
        let judged = verdict_under(&ready.capture, &question);
        // A user has no session.
        let is_user = ready.capture["targets"][0]["roleArn"].as_str().unwrap().contains(":user/");
        let wanted = if is_user { Verdict::Ready } else { Verdict::Blocked };
        problems.extend(unlike(&ready.name, "session policy", judged, wanted));
    }
    assert_none(&problems);
}

/// The verdict once a policy of this type and account denies everything.
///
/// READY only where the type does not bind: SCPs and RCPs nothing of the management account, RCPs no AWS managed key
/// and no instance, SCPs only principals of their own account.
/// Source: <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html>
fn wanted(capture: &Value, kind: Kind, account: &str) -> Verdict {
    let organization = &capture["organizations"][account]["known"];
    let is_management = organization["managementAccount"] == account;
    let binds = match kind {
        Kind::Identity | Kind::Boundary | Kind::Key => true,
        Kind::Scp => !is_management && principals(capture).iter().any(|principal| principal == account),
        Kind::Rcp => !is_management && customer_managed_keys(capture).iter().any(|key| account_of(key) == account),
    };
    if binds { Verdict::Blocked } else { Verdict::Ready }
}

/// The accounts of the roles and, for EC2's infrastructure identity, of the instances.
fn principals(capture: &Value) -> Vec<String> {
    let instances = capture["instances"].as_object().unwrap().values();
    let instances = instances.filter_map(|instance| instance["known"]["account"].as_str());
    let roles = capture["identities"].as_object().unwrap().keys().map(|arn| account_of(arn));
    instances.chain(roles).map(str::to_owned).collect()
}

/// For each role or user, key and account `capture` with one more policy, where it may have one, that denies everything; its
/// type and account.
pub(super) fn with_a_denying_policy(capture: &Value) -> Vec<(String, Kind, String, Value)> {
    let mut all = Vec::new();
    let policy = |kind| json!({"known": {"Version": "2012-10-17", "Statement": [allow(kind), deny(kind)]}});
    for role in capture["identities"].as_object().unwrap().keys() {
        let at = format!("/identities/{}/known", escaped(role));
        let identity = |field: &str, name: Value| {
            changed(capture, &at, |role| {
                let mut added = name;
                added["document"] = policy(Kind::Identity);
                role[field]["known"].as_array_mut().unwrap().push(added);
            })
        };
        let account = account_of(role).to_owned();
        let inline = identity("inline", json!({"name": "new"}));
        all.push((format!("new inline policy of {role}"), Kind::Identity, account.clone(), inline));
        let partition = role.split(':').nth(1).unwrap();
        let arn = format!("arn:{partition}:iam::{account}:policy/new");
        let attached = identity("attached", json!({ "arn": arn }));
        all.push((format!("new managed policy of {role}"), Kind::Identity, account.clone(), attached));
        let boundary = changed(capture, &format!("{at}/boundary"), |boundary| {
            *boundary = json!({"known": {"arn": arn, "document": policy(Kind::Boundary)}});
        });
        all.push((format!("new boundary of {role}"), Kind::Boundary, account, boundary));
    }
    for key in capture["keys"].as_object().unwrap().keys() {
        let denied = changed(capture, &format!("/keys/{}/ramPolicy", escaped(key)), |ram| *ram = policy(Kind::Key));
        all.push((format!("new AWS_RAM policy of {key}"), Kind::Key, account_of(key).to_owned(), denied));
    }
    for account in capture["organizations"].as_object().unwrap().keys() {
        for (field, kind) in [("scps", Kind::Scp), ("rcps", Kind::Rcp)] {
            let denied = changed(capture, &format!("/organizations/{account}"), |organization| {
                with_a_denying_level(organization, account, (field, kind));
            });
            all.push((format!("new {field} of {account}"), kind, account.clone(), denied));
        }
    }
    all
}

/// Puts a policy that denies at the account's own level. Where there is no policy of this type, there is one now, with
/// AWS's own on every level.
fn with_a_denying_level(organization: &mut Value, account: &str, (field, kind): (&str, Kind)) {
    if organization == "absent" {
        *organization = json!({"known": {
            "id": "o-q3x8v1k7zt", "managementAccount": "555566667777",
            "path": {"known": ["r-7qk2", account]}, "scps": "absent", "rcps": "absent",
        }});
    }
    let one = |id: &str, statements: &[Value]| {
        let document = json!({"Version": "2012-10-17", "Statement": statements});
        json!({"id": format!("p-{id}"), "name": id, "document": {"known": document}})
    };
    let own = one(if kind == Kind::Scp { "FullAWSAccess" } else { "RCPFullAWSAccess" }, &[allow(kind)]);
    let path = organization["known"]["path"]["known"].as_array().cloned();
    let path = path.unwrap_or_else(|| vec![json!("r-7qk2"), json!(account)]);
    let new = path.iter().map(|target| json!({"target": target, "policies": [own]})).collect();
    let mut levels: Vec<Value> = organization["known"][field]["known"].as_array().cloned().unwrap_or(new);
    let policies = levels.last_mut().unwrap()["policies"].as_array_mut().unwrap();
    policies.push(one("newpolicy", &[deny(kind)]));
    organization["known"][field] = json!({ "known": levels });
}

fn statement(effect: &str, kind: Kind) -> Value {
    let mut statement = json!({"Effect": effect, "Action": "*", "Resource": "*"});
    if matches!(kind, Kind::Key | Kind::Rcp) {
        statement["Principal"] = json!("*");
    }
    statement
}

pub(super) fn deny(kind: Kind) -> Value {
    statement("Deny", kind)
}

fn allow(kind: Kind) -> Value {
    statement("Allow", kind)
}

fn unlike(name: &str, how: &str, found: Verdict, wanted: Verdict) -> Option<String> {
    (found != wanted).then(|| format!("{name}, {how}: {}, not {}", found.as_str(), wanted.as_str()))
}
