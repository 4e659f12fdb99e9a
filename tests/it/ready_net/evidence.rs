//! Evidence that is not whole, or not of what it seems to be of.

use ebs_preflight::operations::Question;
use ebs_preflight::outcome::Verdict;
use serde_json::{Value, json};

use super::mutation::{Broken, Kind, Mutation};
use super::place::{pointers, segments, unescaped};
use super::readings::{harmless, is_account_of_principal};
use super::{account_of, changed, customer_managed_keys, verdict_under};

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation { name: "a list is cut off at its end", kind: Kind::Hides, broken: cut_off },
    Mutation { name: "a list is cut off before an entry", kind: Kind::Hides, broken: cut_short },
    Mutation { name: "a level of the organization is missing", kind: Kind::Hides, broken: without_a_level },
    Mutation { name: "a level is of another account", kind: Kind::Hides, broken: with_a_level_of_another },
    Mutation { name: "a level has no policy", kind: Kind::Hides, broken: with_an_empty_level },
    Mutation { name: "the path is of another account, or lacks a step", kind: Kind::Hides, broken: without_a_step },
    Mutation { name: "a policy has no text", kind: Kind::Hides, broken: without_text },
    Mutation { name: "a record is missing", kind: Kind::Hides, broken: without_a_record },
    Mutation { name: "an identity is filed under another ARN", kind: Kind::Changes, broken: of_another_identity },
    Mutation { name: "a volume has a key of another Region", kind: Kind::Changes, broken: of_another_region },
    Mutation { name: "the instance's tags are left out", kind: Kind::Changes, broken: without_tags },
    Mutation { name: "a grant is revoked", kind: Kind::Changes, broken: without_a_grant },
    Mutation { name: "a grant is narrower", kind: Kind::Changes, broken: with_a_narrow_grant },
];

/// The lists of a capture that AWS answers in pages, or that are put together of several answers.
fn is_list(segments: &[&str]) -> bool {
    matches!(
        segments,
        ["keys", _, "grants" | "aliases"]
            | ["identities", _, "known", "inline" | "attached" | "groups"]
            | ["identities", _, "known", "groups", "known", _, "inline" | "attached"]
            | ["organizations", _, "known", "scps" | "rcps"]
    )
}

fn lists(capture: &Value) -> Vec<String> {
    let all = pointers(capture).into_iter();
    all.filter(|at| is_list(&segments(at)) && capture.pointer(at).unwrap()["known"].is_array()).collect()
}

fn part(known: &[Value]) -> Value {
    json!({"part": {"known": known, "unread": {"why": "unparsable", "needs": "service:List", "message": "cut off"}}})
}

/// Why a list that is not whole leaves the start READY.
fn proof(capture: &Value, question: &Question, at: &str, broken: &Value) -> Option<&'static str> {
    if let ["keys", _, "grants"] = segments(at).as_slice() {
        // Grants only allow: those that are left are judged as if they were all.
        let mut whole = broken.clone();
        let list = whole.pointer_mut(at).unwrap();
        *list = json!({"known": list["part"]["known"]});
        return (verdict_under(&whole, question) == Verdict::Ready)
            .then_some("what was read of the grants allows, or nothing needs one");
    }
    harmless(capture, &segments(at))
}

fn cut_off(capture: &Value, question: &Question) -> Vec<Broken> {
    let broken = lists(capture).into_iter().map(|at| {
        let broken = changed(capture, &at, |list| *list = part(list["known"].as_array().unwrap()));
        Broken { proof: proof(capture, question, &at, &broken), capture: broken, at }
    });
    broken.collect()
}

fn cut_short(capture: &Value, question: &Question) -> Vec<Broken> {
    let mut all = Vec::new();
    for at in lists(capture) {
        let known = capture.pointer(&at).unwrap()["known"].as_array().unwrap();
        for number in 0..known.len() {
            let broken = changed(capture, &at, |list| *list = part(&known[..number]));
            all.push(Broken {
                at: format!("{at}/{number}"),
                proof: proof(capture, question, &at, &broken),
                capture: broken,
            });
        }
    }
    all
}

/// For every level of SCPs or RCPs: its list's place, its number, and why it may be missing.
fn levels(capture: &Value) -> Vec<(String, usize, Option<&'static str>)> {
    let lists = lists(capture).into_iter().filter(|at| at.starts_with("/organizations/"));
    let levels = lists.flat_map(|at| {
        let number = capture.pointer(&at).unwrap()["known"].as_array().unwrap().len();
        let proof = harmless(capture, &segments(&at));
        (0..number).map(move |level| (at.clone(), level, proof))
    });
    levels.collect()
}

fn with_level(capture: &Value, change: impl Fn(&mut Vec<Value>, usize)) -> Vec<Broken> {
    let broken = levels(capture).into_iter().map(|(at, level, proof)| {
        let capture = changed(capture, &format!("{at}/known"), |levels| change(levels.as_array_mut().unwrap(), level));
        Broken { at: format!("{at}/known/{level}"), capture, proof }
    });
    broken.collect()
}

fn without_a_level(capture: &Value, _: &Question) -> Vec<Broken> {
    with_level(capture, |levels, level| drop(levels.remove(level)))
}

fn with_a_level_of_another(capture: &Value, _: &Question) -> Vec<Broken> {
    with_level(capture, |levels, level| levels[level]["target"] = json!("909090909090"))
}

fn with_an_empty_level(capture: &Value, _: &Question) -> Vec<Broken> {
    with_level(capture, |levels, level| levels[level]["policies"] = json!([]))
}

fn without_a_step(capture: &Value, _: &Question) -> Vec<Broken> {
    let mut all = Vec::new();
    for at in pointers(capture) {
        let parts = segments(&at);
        let ["organizations", account, "known", "path", "known"] = parts.as_slice() else { continue };
        let proof = harmless(capture, &["organizations", account, "known", "path"]);
        let steps = capture.pointer(&at).unwrap().as_array().unwrap().len();
        for step in 0..steps {
            let capture = changed(capture, &at, |path| drop(path.as_array_mut().unwrap().remove(step)));
            all.push(Broken { at: format!("{at}/{step}"), capture, proof });
        }
        let capture = changed(capture, &at, |path| path[steps - 1] = json!("909090909090"));
        all.push(Broken { at: at.clone(), capture, proof });
    }
    all
}

/// Every policy that is there has a text.
fn without_text(capture: &Value, _: &Question) -> Vec<Broken> {
    let all = pointers(capture).into_iter().filter(|at| {
        let parts = segments(at);
        let is_of_list = parts.last() == Some(&"document");
        is_of_list || matches!(parts.as_slice(), ["keys", _, "policy"])
    });
    let broken = all.map(|at| Broken {
        capture: changed(capture, &at, |document| *document = json!("absent")),
        proof: harmless(capture, &segments(&at)),
        at,
    });
    broken.collect()
}

fn without_a_record(capture: &Value, _: &Question) -> Vec<Broken> {
    let mut all = Vec::new();
    for part in ["volumes", "keys", "identities", "organizations"] {
        for name in capture[part].as_object().unwrap().keys() {
            let broken =
                changed(capture, &format!("/{part}"), |records| drop(records.as_object_mut().unwrap().remove(name)));
            let proof = match part {
                "organizations" if !is_concerned(capture, name) => Some("no principal and no key is of the account"),
                "volumes" if !is_attached(capture, name) => Some("nothing has it attached"),
                "keys" if !is_used(capture, name) => Some("no volume is encrypted with it"),
                _ => None,
            };
            all.push(Broken { at: format!("/{part}/{name}"), capture: broken, proof });
        }
    }
    all
}

fn is_concerned(capture: &Value, account: &str) -> bool {
    is_account_of_principal(capture, account)
        || customer_managed_keys(capture).iter().any(|key| account_of(key) == account)
}

fn is_attached(capture: &Value, volume: &str) -> bool {
    let instances = capture["instances"].as_object().unwrap().values();
    let mut attachments =
        instances.flat_map(|instance| instance["known"]["attachments"].as_array().into_iter().flatten());
    attachments.any(|attachment| attachment["volumeId"] == volume)
}

fn is_used(capture: &Value, key: &str) -> bool {
    capture["volumes"].as_object().unwrap().values().any(|volume| volume["known"]["key"]["known"] == key)
}

fn of_another_identity(capture: &Value, _: &Question) -> Vec<Broken> {
    let mut all = Vec::new();
    for at in pointers(capture) {
        let parts = segments(&at);
        let ["identities", asked, "known", "arn"] = parts.as_slice() else { continue };
        let own = capture.pointer(&at).unwrap().as_str().unwrap();
        let account = account_of(own);
        let is_session = unescaped(asked).contains(":assumed-role/");
        let path = own.replacen(":role/", ":role/elsewhere/", 1).replacen(":user/", ":user/elsewhere/", 1);
        let others = [
            // The ARN of a session does not tell the path of its role.
            (!is_session).then_some(path),
            Some(own.replacen(account, "909090909090", 1)),
            Some(format!("{own}2")),
        ];
        for other in others.into_iter().flatten() {
            let capture = changed(capture, &at, |arn| *arn = json!(other));
            all.push(Broken { at: format!("{at} {other}"), capture, proof: None });
        }
    }
    all
}

fn of_another_region(capture: &Value, _: &Question) -> Vec<Broken> {
    let region = capture["read"]["region"].as_str().unwrap();
    let mut all = Vec::new();
    for (id, volume) in capture["volumes"].as_object().unwrap() {
        let Some(key) = volume["known"]["key"]["known"].as_str() else { continue };
        let elsewhere = if region == "eu-west-1" { ":eu-west-2:" } else { ":eu-west-1:" };
        let other = key.replacen(&format!(":{region}:"), elsewhere, 1);
        let mut broken = capture.clone();
        broken["volumes"][id]["known"]["key"] = json!({"known": other});
        broken["keys"][&other] = capture["keys"][key].clone();
        all.push(Broken { at: format!("/volumes/{id}"), capture: broken, proof: None });
    }
    all
}

/// A record has its tags even where there are none: that they were not read is told.
fn without_tags(capture: &Value, _: &Question) -> Vec<Broken> {
    let instances = capture["instances"].as_object().unwrap().keys().map(|instance| {
        let at = format!("/instances/{instance}/known");
        let capture = changed(capture, &at, |instance| drop(instance.as_object_mut().unwrap().remove("tags")));
        Broken { at, capture, proof: None }
    });
    instances.collect()
}

/// Every grant of a capture with what a change makes of it, `null` for none.
fn with_grants(
    capture: &Value,
    question: &Question,
    change: impl Fn(&Value) -> Vec<(&'static str, Value)>,
) -> Vec<Broken> {
    let mut all = Vec::new();
    for at in lists(capture).into_iter().filter(|at| at.ends_with("/grants")) {
        let grants = capture.pointer(&at).unwrap()["known"].as_array().unwrap();
        for (number, grant) in grants.iter().enumerate() {
            for (how, new) in change(grant) {
                let with = |grants: &dyn Fn(&mut Vec<Value>)| {
                    changed(capture, &format!("{at}/known"), |list| grants(list.as_array_mut().unwrap()))
                };
                let without = with(&|list| drop(list.remove(number)));
                let broken = if new.is_null() { without.clone() } else { with(&|list| list[number] = new.clone()) };
                // Whether another grant serves or none is needed, the capture without any of them tells.
                let bare = with(&|list| list.retain(|other| !serves_like(other, grant)));
                let is_needless = verdict_under(&bare, question) == Verdict::Ready
                    || grants.iter().filter(|one| serves_like(one, grant)).count() > 1;
                let proof = is_needless
                    .then_some("without this grant and all like it the start is READY, or another is like it");
                all.push(Broken { at: format!("{at}/{number} {how}"), capture: broken, proof });
            }
        }
    }
    all
}

/// Whether a grant gives its grantee all that this one does.
fn serves_like(other: &Value, grant: &Value) -> bool {
    let operations = |grant: &Value| grant["operations"].as_array().unwrap().clone();
    other["granteePrincipal"] == grant["granteePrincipal"]
        && operations(grant).iter().all(|operation| operations(other).contains(operation))
}

fn without_a_grant(capture: &Value, question: &Question) -> Vec<Broken> {
    with_grants(capture, question, |_| vec![("revoked", Value::Null)])
}

fn with_a_narrow_grant(capture: &Value, question: &Question) -> Vec<Broken> {
    with_grants(capture, question, |grant| {
        let with = |field: &str, value: Value| {
            let mut grant = grant.clone();
            grant[field] = value;
            grant
        };
        let operations = grant["operations"].as_array().unwrap().iter();
        let less: Vec<&Value> = operations.filter(|operation| *operation != "CreateGrant").collect();
        vec![
            ("without CreateGrant", with("operations", json!(less))),
            ("for nobody", with("granteePrincipal", json!("arn:aws:iam::909090909090:role/nobody"))),
            (
                "for another volume",
                with("constraints", json!({"encryptionContextSubset": {"aws:ebs:id": "vol-0000000000000000f"}})),
            ),
            ("for another source", with("constraints", json!({"other": "SourceArn"}))),
        ]
    })
}
