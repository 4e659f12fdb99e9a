//! Each Allow taken away, where no other serves the same request.

use ebs_preflight::outcome::Verdict;
use serde_json::Value;

use super::place::{Kind, Place, policies, segments, unescaped};
use super::{Ready, account_of, customer_managed_keys, grants, ready, verdict, with_policy};
use crate::problems::assert_none;

#[test]
fn no_start_is_ready_without_an_allow_for_each_request() {
    let mut problems = Vec::new();
    for ready in ready() {
        // What is left holds no Allow that could still go.
        let least = without_needless_allows(&ready);
        let mut lacks = |what: &str| problems.push(format!("{} is READY without {what}: {least}", ready.name));
        if !any_allow(&least, Kind::Identity, "", "ec2:StartInstances") {
            lacks("a policy of the role that allows ec2:StartInstances");
        }
        for key in customer_managed_keys(&least) {
            let granted = grants(&least["keys"][&key])
                .iter()
                .flat_map(|grant| grant["operations"].as_array().unwrap())
                .any(|it| it == "CreateGrant");
            if !granted && !any_allow(&least, Kind::Key, &key, "kms:CreateGrant") {
                lacks(&format!("a policy or grant of {key} that allows kms:CreateGrant"));
            }
        }
        for pointer in empty_scp_levels(&least) {
            lacks(&format!("an SCP that allows at {pointer}"));
        }
    }
    assert_none(&problems);
}

#[test]
fn a_start_without_any_allow_of_one_policy_type_is_blocked() {
    let mut problems = Vec::new();
    for ready in ready() {
        let key_is_granted = |key: &Value| !grants(key).is_empty();
        for kind in [Kind::Identity, Kind::Key] {
            let mut bare = ready.capture.clone();
            for place in policies(&ready.capture).iter().filter(|place| place.kind == kind) {
                statements(&mut bare, place).retain(|statement| statement["Effect"] == "Deny");
            }
            let mut keys = ready.capture["keys"].as_object().unwrap().values();
            // Without Allow in a key's policies, grants are all that is left to allow.
            if kind == Kind::Key && (keys.len() == 0 || keys.all(key_is_granted)) {
                continue;
            }
            let found = verdict(&bare);
            if found != Verdict::Blocked {
                problems.push(format!("{} without any Allow of {kind:?}: {}", ready.name, found.as_str()));
            }
        }
    }
    assert_none(&problems);
}

/// The capture without every Allow whose removal, one after another, leaves it READY.
fn without_needless_allows(ready: &Ready) -> Value {
    let mut least = ready.capture.clone();
    for place in policies(&ready.capture) {
        // RCPs deny only; that they allow goes without saying.
        if place.kind == Kind::Rcp {
            continue;
        }
        for index in (0..statements(&mut least, &place).len()).rev() {
            if statements(&mut least, &place)[index]["Effect"] != "Allow" {
                continue;
            }
            let without = with_policy(&least, &place, |policy| {
                policy["Statement"].as_array_mut().unwrap().remove(index);
            });
            if verdict(&without) == Verdict::Ready {
                least = without;
            }
        }
    }
    least
}

fn statements<'a>(capture: &'a mut Value, place: &Place) -> &'a mut Vec<Value> {
    capture.pointer_mut(&place.pointer).unwrap()["Statement"].as_array_mut().unwrap()
}

/// Whether a policy of this type (of the key `owner`, where it is a key policy) has an Allow for `action`.
fn any_allow(capture: &Value, kind: Kind, owner: &str, action: &str) -> bool {
    let of =
        |place: &&Place| place.kind == kind && (owner.is_empty() || unescaped(segments(&place.pointer)[1]) == owner);
    policies(capture).iter().filter(of).any(|place| {
        let statements = capture.pointer(&place.pointer).unwrap()["Statement"].as_array().unwrap();
        statements.iter().any(|statement| statement["Effect"] == "Allow" && covers(statement, action))
    })
}

/// Whether a statement's Action or NotAction may be about `action`.
fn covers(statement: &Value, action: &str) -> bool {
    let listed = |element: &str| match &statement[element] {
        Value::String(one) => vec![one.to_lowercase()],
        Value::Array(many) => many.iter().map(|one| one.as_str().unwrap().to_lowercase()).collect(),
        _ => Vec::new(),
    };
    let action = action.to_lowercase();
    // A pattern fits only if it begins as the action does, up to its first wildcard.
    let fits = |pattern: &String| action.starts_with(pattern.split(['*', '?']).next().unwrap());
    !listed("NotAction").is_empty() || listed("Action").iter().any(fits)
}

/// The levels whose SCPs bind the role and hold no Allow at all.
fn empty_scp_levels(capture: &Value) -> Vec<String> {
    let role_accounts: Vec<&str> =
        capture["identities"].as_object().unwrap().keys().map(|arn| account_of(arn)).collect();
    let mut empty = Vec::new();
    for (account, organization) in capture["organizations"].as_object().unwrap() {
        let organization = &organization["known"];
        if organization["managementAccount"] == *account || !role_accounts.contains(&account.as_str()) {
            continue;
        }
        for level in organization["scps"]["known"].as_array().into_iter().flatten() {
            let policies = level["policies"].as_array().unwrap().iter();
            let mut statements =
                policies.flat_map(|policy| policy["document"]["known"]["Statement"].as_array().into_iter().flatten());
            if !statements.any(|statement| statement["Effect"] == "Allow") {
                empty.push(level["target"].to_string());
            }
        }
    }
    empty
}
