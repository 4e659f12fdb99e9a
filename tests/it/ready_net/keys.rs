//! Each condition key asked by a Deny, each address form, tags in two cases, names of another partition.

use std::collections::BTreeSet;

use ebs_preflight::report::Verdict;
use ebs_preflight::start::Question;
use serde_json::{Value, json};

use super::denies::with_a_denying_policy;
use super::place::{Kind, escaped, policies};
use super::{Ready, changed, customer_managed_keys, ready, verdict, verdict_under};
use crate::problems::assert_none;

/// A condition key as the table of `docs/evaluation.md` has it, which a test holds against the program's.
struct Asked {
    key: String,
    /// What StartInstances, a forwarded request and one of EC2's infrastructure carry.
    origins: [String; 3],
}

/// The table, a key of each family in place of the family.
fn asked() -> Vec<Asked> {
    let page = include_str!("../../../docs/evaluation.md");
    let rows = page.lines().skip_while(|line| !line.starts_with("| condition keys |")).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let asked = rows.flat_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let origins = [cells[2], cells[3], cells[4]].map(str::to_owned);
        let keys = cells[0].split(", ").map(|key| key.trim_matches('`').replace('*', "of-nobody"));
        keys.map(|key| Asked { key, origins: origins.clone() }).collect::<Vec<_>>()
    });
    asked.collect()
}

/// Which of the three kinds of requests a policy of this type binds, at the least.
fn bound(kind: Kind) -> &'static [usize] {
    match kind {
        Kind::Identity | Kind::Boundary | Kind::Scp => &[0, 1],
        Kind::Key | Kind::Rcp => &[1, 2],
    }
}

/// Each policy type that binds the start, as a policy that denies all, which is there for its condition to be put in.
fn denying(ready: &Ready) -> Vec<(Kind, Value)> {
    let mut found: Vec<(Kind, Value)> = Vec::new();
    for (_, kind, _, denied) in with_a_denying_policy(&ready.capture) {
        if found.iter().all(|(other, _)| *other != kind) && verdict(&denied) == Verdict::Blocked {
            found.push((kind, denied));
        }
    }
    found
}

/// The capture with its new Deny under this condition.
fn under(denied: &Value, condition: &Value) -> Value {
    let mut capture = denied.clone();
    for place in policies(denied) {
        for statement in capture.pointer_mut(&place.pointer).unwrap()["Statement"].as_array_mut().unwrap() {
            let is_new =
                statement["Effect"] == "Deny" && statement["Action"] == "*" && statement["Condition"].is_null();
            if is_new && statement["Resource"] == "*" {
                statement["Condition"] = condition.clone();
            }
        }
    }
    capture
}

/// A key is there, or it is not, or nobody knows: of a Deny where it is and a Deny where it is not one at least stops
/// the start or leaves it open. One that no request carries, or all do, is known for sure.
#[test]
fn a_deny_by_each_condition_key_is_seen() {
    let (mut problems, mut seen) = (Vec::new(), BTreeSet::new());
    let asked = asked();
    assert!(asked.len() > 120, "{} keys in the table", asked.len());
    for (number, ready) in ready().iter().enumerate() {
        let denying = denying(ready);
        for (turn, (kind, denied)) in denying.iter().enumerate() {
            // Every capture meets every policy type, and its own share of the keys by each; over all captures each key
            // is asked by each type.
            for (position, one) in asked.iter().enumerate() {
                if position % SHARES != (number + turn) % SHARES {
                    continue;
                }
                let with = |is_absent: &str| verdict(&under(denied, &json!({"Null": {&one.key: is_absent}})));
                let (if_absent, if_there) = (with("true"), with("false"));
                let columns = || bound(*kind).iter().map(|column| one.origins[*column].as_str());
                let never = columns().all(|origin| origin == "absent");
                let always = columns().all(|origin| origin == "of the request" || origin.starts_with('`'));
                let maybe = columns().any(|origin| origin == "absent");
                let right = if_absent.max(if_there) != Verdict::Ready
                    && (!never || if_absent == Verdict::Blocked)
                    && (!always || if_there == Verdict::Blocked)
                    && (!maybe || if_absent != Verdict::Ready);
                if !right {
                    let (absent, there) = (if_absent.as_str(), if_there.as_str());
                    problems
                        .push(format!("{}, {kind:?}, {}: {absent} if absent, {there} if there", ready.name, one.key));
                }
                seen.insert((one.key.clone(), format!("{kind:?}")));
            }
        }
    }
    assert_none(&problems);
    let unseen: Vec<&str> = asked
        .iter()
        .map(|one| one.key.as_str())
        .filter(|key| {
            let kinds = seen.iter().filter(|(seen, _)| seen == key).count();
            kinds < 5
        })
        .collect();
    assert!(unseen.is_empty(), "not asked by each policy type: {unseen:?}");
}

/// Each capture asks one key in so many by each policy type.
const SHARES: usize = 10;

/// The address of a forwarded request is not known, whatever is stated of the call: a network tells nothing of it.
#[test]
fn no_address_lets_a_deny_pass() {
    let mut problems = Vec::new();
    let stated = Question { source_ip: Some("203.0.113.7".to_owned()), ..Question::default() };
    let forms = [
        "203.0.113.7",
        "203.0.113.7/32",
        "203.0.113.99/24",
        "0.0.0.0/0",
        "10.0.0.0/8",
        "2001:db8::/32",
        "2001:db8::1",
        "::ffff:203.0.113.7",
        "::/0",
    ];
    for (number, ready) in ready().iter().enumerate() {
        for (turn, (kind, denied)) in denying(ready).iter().enumerate() {
            let form = forms[(number + turn) % forms.len()];
            for operator in ["IpAddress", "NotIpAddress"] {
                let found = verdict_under(&under(denied, &json!({operator: {"aws:SourceIp": form}})), &stated);
                // A network that is no network matches nothing.
                let is_none = form == "::ffff:203.0.113.7" && operator == "IpAddress";
                if found == Verdict::Ready && !is_none {
                    problems.push(format!("{}, {kind:?}, {operator} {form}: READY", ready.name));
                }
            }
        }
    }
    assert_none(&problems);
}

/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
#[test]
fn a_tag_in_two_cases_with_two_values_is_open() {
    let mut problems = Vec::new();
    for ready in ready() {
        let Some((_, denied)) = denying(&ready).into_iter().find(|(kind, _)| *kind == Kind::Identity) else { continue };
        let instances = ready.capture["instances"].as_object().unwrap().keys();
        let instances = instances.map(|instance| (format!("/instances/{instance}/known/tags"), "ec2:ResourceTag/Desk"));
        let keys = customer_managed_keys(&ready.capture).into_iter();
        let keys = keys.map(|key| (format!("/keys/{}/tags", escaped(&key)), "aws:ResourceTag/Desk"));
        for (pointer, key) in instances.chain(keys) {
            let action = if key.starts_with("ec2:") { "ec2:*" } else { "kms:CreateGrant" };
            for (more, wanted) in [
                (json!({}), Verdict::Ready),
                (json!({"desk": "night"}), Verdict::Ready),
                (json!({"desk": "day"}), Verdict::Undecided),
            ] {
                let tags = changed(&denied, &pointer, |tags| {
                    let mut doubled = more;
                    doubled["Desk"] = json!("night");
                    *tags = if action == "ec2:*" { doubled } else { json!({ "known": doubled }) };
                });
                // The value is the one that is wanted, so the Deny does not hold; of the other nobody knows.
                let condition = json!({"StringNotEquals": {key: "night"}});
                let mut capture = under(&tags, &condition);
                narrow(&mut capture, &condition, action);
                let found = verdict(&capture);
                if found != wanted {
                    problems.push(format!("{} {pointer}: {}, not {}", ready.name, found.as_str(), wanted.as_str()));
                }
            }
        }
    }
    assert_none(&problems);
}

/// Narrows the Deny with this condition to `action`.
fn narrow(capture: &mut Value, condition: &Value, action: &str) {
    for place in policies(capture) {
        for statement in capture.pointer_mut(&place.pointer).unwrap()["Statement"].as_array_mut().unwrap() {
            if statement["Condition"] == *condition {
                statement["Action"] = json!(action);
            }
        }
    }
}

/// An ARN of another partition names nobody: it is as if what names it alone were not there.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
#[test]
fn names_of_another_partition_name_nobody() {
    let (mut problems, mut fallen) = (Vec::new(), 0);
    for ready in ready() {
        for key in customer_managed_keys(&ready.capture) {
            let at = format!("/keys/{}", escaped(&key));
            let elsewhere = |text: &str| {
                let other = if text.starts_with("arn:aws-cn:") { "arn:aws:" } else { "arn:aws-cn:" };
                text.split_once(":iam:").or_else(|| text.split_once(":sts:")).map(|_| {
                    let rest = text.splitn(3, ':').nth(2).unwrap();
                    format!("{other}{rest}")
                })
            };
            let moved = changed(&ready.capture, &at, |key| name_anew(key, &elsewhere));
            let gone = changed(&ready.capture, &at, |key| {
                name_anew(key, &|text: &str| elsewhere(text).map(|_| "AROANOBODYATALL00000".to_owned()))
            });
            let (moved, gone) = (verdict(&moved), verdict(&gone));
            fallen += usize::from(moved != Verdict::Ready);
            if moved != gone {
                problems.push(format!("{} {key}: {} and {}", ready.name, moved.as_str(), gone.as_str()));
            }
        }
    }
    assert_none(&problems);
    assert!(fallen > 10, "{fallen}");
}

/// Names all principals and grantees of a key by `name`.
fn name_anew(key: &mut Value, name: &dyn Fn(&str) -> Option<String>) {
    for statement in key["policy"]["known"]["Statement"].as_array_mut().unwrap() {
        match statement.pointer_mut("/Principal/AWS") {
            Some(Value::String(text)) => *text = name(text).unwrap_or_else(|| text.clone()),
            Some(Value::Array(all)) => {
                for one in all {
                    let text = one.as_str().unwrap();
                    *one = json!(name(text).unwrap_or_else(|| text.to_owned()));
                }
            }
            _ => {}
        }
    }
    for grant in key["grants"]["known"].as_array_mut().into_iter().flatten() {
        let text = grant["granteePrincipal"].as_str().unwrap();
        grant["granteePrincipal"] = json!(name(text).unwrap_or_else(|| text.to_owned()));
    }
}
