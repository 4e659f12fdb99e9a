//! Tags in two cases, and names of another partition.

use ebs_preflight::operations::Question;
use ebs_preflight::outcome::Verdict;
use serde_json::{Value, json};

use super::mutation::{Broken, Kind, Mutation};
use super::place::{Kind as PolicyKind, escaped, pointers, policies, segments, unescaped};
use super::readings::mentions;
use super::{changed, customer_managed_keys, ready, verdict};
use crate::problems::assert_none;

pub(super) const MUTATIONS: &[Mutation] = &[Mutation {
    name: "a tag is there in another case with another value",
    kind: Kind::Hides,
    broken: with_a_tag_twice,
}];

/// The tags of instances and keys; IAM keeps no two of a role that differ in case only.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules_creating>
fn with_a_tag_twice(capture: &Value, _: &Question) -> Vec<Broken> {
    let mut all = Vec::new();
    for at in pointers(capture) {
        let segments = segments(&at);
        let (["instances", _, "known", "tags", tag] | ["keys", _, "tags", "known", tag]) = segments.as_slice() else {
            continue;
        };
        let tag = unescaped(tag);
        let other = if tag == tag.to_uppercase() { tag.to_lowercase() } else { tag.to_uppercase() };
        let tags = at.rsplit_once('/').unwrap().0;
        if capture.pointer(tags).unwrap().get(&other).is_some() {
            continue;
        }
        let broken = changed(capture, tags, |tags| tags[other] = json!("of another value"));
        let is_asked = mentions(capture, &[&format!("ResourceTag/{tag}")]);
        let proof = (!is_asked).then_some("no policy asks for this tag");
        all.push(Broken { capture: broken, at, proof });
    }
    all
}

/// A Deny unless the tag has a value: with another value beside it nobody knows which of them AWS compares.
#[test]
fn a_deny_by_a_tag_in_two_cases_is_open() {
    let mut problems = Vec::new();
    for ready in ready() {
        let instances = ready.capture["instances"].as_object().unwrap().keys().map(|instance| {
            (
                format!("/instances/{instance}/known/tags"),
                format!("arn:*:ec2:*:*:instance/{instance}"),
                "ec2:ResourceTag/Desk",
            )
        });
        let keys = customer_managed_keys(&ready.capture).into_iter();
        let keys = keys.map(|key| (format!("/keys/{}/tags/known", escaped(&key)), key, "aws:ResourceTag/Desk"));
        // What is unread has no tag to double.
        let read = instances.chain(keys).filter(|(tags, _, _)| ready.capture.pointer(tags).is_some());
        for (tags, resource, key) in read {
            let mut denied = ready.capture.clone();
            for place in policies(&ready.capture).iter().filter(|place| place.kind == PolicyKind::Identity) {
                let deny = json!({
                    "Effect": "Deny", "Action": "*", "Resource": resource, "Condition": {"StringNotEquals": {key: "night"}},
                });
                let statements = denied.pointer_mut(&format!("{}/Statement", place.pointer)).unwrap();
                statements.as_array_mut().unwrap().push(deny);
            }
            let with = |more: Option<&str>| {
                verdict(&changed(&denied, &tags, |tags| {
                    tags["Desk"] = json!("night");
                    if let Some(value) = more {
                        tags["desk"] = json!(value);
                    }
                }))
            };
            for (more, wanted) in [(None, Verdict::Ready), (Some("day"), Verdict::Undecided)] {
                let found = with(more);
                if found != wanted {
                    let (found, wanted) = (found.as_str(), wanted.as_str());
                    problems.push(format!("{} {tags}, {more:?}: {found}, not {wanted}", ready.name));
                }
            }
        }
    }
    assert_none(&problems);
}

/// The partitions that AWS's pages name.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
const PARTITIONS: [&str; 3] = ["aws", "aws-cn", "aws-us-gov"];

/// An ARN of another partition names nobody: it is as if what names it alone named someone who is gone.
#[test]
fn names_of_another_partition_name_nobody() {
    let (mut problems, mut fallen) = (Vec::new(), 0);
    for ready in ready() {
        for key in customer_managed_keys(&ready.capture) {
            let at = format!("/keys/{}", escaped(&key));
            let own = key.split(':').nth(1).unwrap();
            let renamed = |name: &dyn Fn(&str) -> String| {
                verdict(&changed(&ready.capture, &at, |key| {
                    name_anew(key, &|text| {
                        let (_, rest) = text.strip_prefix("arn:")?.split_once(':')?;
                        Some(name(rest))
                    });
                }))
            };
            let gone = renamed(&|_| "AROANOBODYATALL000000".to_owned());
            for partition in PARTITIONS.into_iter().filter(|partition| *partition != own) {
                let moved = renamed(&|rest| format!("arn:{partition}:{rest}"));
                fallen += usize::from(moved != Verdict::Ready);
                if moved != gone {
                    let (moved, gone) = (moved.as_str(), gone.as_str());
                    problems.push(format!("{}, {key}: {moved} in {partition}, {gone} if gone", ready.name));
                }
            }
        }
    }
    assert_none(&problems);
    assert!(fallen >= 10, "only {fallen} starts hung on a name");
}

/// Names all principals and grantees of a key by `name`.
fn name_anew(key: &mut Value, name: &dyn Fn(&str) -> Option<String>) {
    for statement in key.pointer_mut("/policy/known/Statement").and_then(Value::as_array_mut).into_iter().flatten() {
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
    for grant in key.pointer_mut("/grants/known").and_then(Value::as_array_mut).into_iter().flatten() {
        let text = grant["granteePrincipal"].as_str().unwrap();
        grant["granteePrincipal"] = json!(name(text).unwrap_or_else(|| text.to_owned()));
    }
}
