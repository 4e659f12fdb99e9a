//! Each reading made unread. What could decide must leave the start UNDECIDED, what could not must leave it READY.

use ebs_preflight::outcome::Verdict;
use serde_json::{Value, json};

use super::place::{pointers, policies, segments, unescaped};
use super::{account_of, changed, customer_managed_keys, ready, verdict};
use crate::problems::assert_none;

#[test]
fn what_is_unread_and_could_decide_is_never_ready() {
    let mut problems = Vec::new();
    for ready in ready() {
        for pointer in pointers(&ready.capture) {
            if !is_reading(ready.capture.pointer(&pointer).unwrap()) {
                continue;
            }
            let unread = json!({"unread": {"why": "denied", "needs": "service:Read", "message": "refused"}});
            let broken = changed(&ready.capture, &pointer, |reading| *reading = unread);
            let found = verdict(&broken);
            let harmless = harmless(&ready.capture, &segments(&pointer));
            let right = match harmless {
                Some(_) => found == Verdict::Ready,
                None => found == Verdict::Undecided,
            };
            if !right {
                let why = harmless.map_or_else(|| "it could decide".to_owned(), |why| format!("harmless: {why}"));
                problems.push(format!("{} without {pointer}: {}; {why}", ready.name, found.as_str()));
            }
        }
    }
    assert_none(&problems);
}

/// Whether this is one fact that was read, or looked for and found not to be there.
fn is_reading(value: &Value) -> bool {
    value == "absent" || value.as_object().is_some_and(|fields| fields.len() == 1 && fields.contains_key("known"))
}

/// Why this reading can change no decision; `None` if it could. The proof is made on the capture itself.
pub(super) fn harmless(capture: &Value, reading: &[&str]) -> Option<&'static str> {
    let unless = |harmful: bool, why| (!harmful).then_some(why);
    match reading {
        ["read", "by"] => Some("who reads is no evidence about the start"),
        ["identities", _, "known", "trustPolicy"] => Some("the session that starts is taken as given"),
        ["identities", _, "known", "tags"] => {
            unless(mentions(capture, &["aws:PrincipalTag"]), "no policy asks for a tag of the role")
        }
        ["identities", role, "known", "uniqueId"] => {
            let with = |id: &str| {
                let pointer = format!("/identities/{role}/known/uniqueId");
                verdict(&changed(capture, &pointer, |reading| *reading = json!({"known": id})))
            };
            let all_ready = unique_ids(capture).iter().all(|id| with(id) == Verdict::Ready);
            unless(
                mentions(capture, &["aws:userid"]) || !all_ready,
                "no policy asks for the role's unique ID, or whichever it is the start is READY",
            )
        }
        ["keys", key, "grants"] => {
            let without = changed(capture, &format!("/keys/{key}/grants"), |grants| *grants = json!({"known": []}));
            unless(verdict(&without) != Verdict::Ready, "a grant only allows, and without one all is allowed too")
        }
        ["keys", _, "aliases"] => {
            unless(mentions(capture, &["kms:ResourceAliases"]), "no policy asks for the key's aliases")
        }
        ["keys", _, "tags"] => unless(mentions(capture, &["aws:ResourceTag"]), "no policy asks for the key's tags"),
        ["keys", key, "policy"] => {
            let is_managed = capture["keys"][unescaped(key)]["metadata"]["known"]["manager"] == "AWS";
            unless(!is_managed, "the policy of an AWS managed key is the same everywhere")
        }
        ["organizations", account, "known", "path"] => {
            // Without it nobody knows how many levels there are.
            let needs = |list: &&str| {
                let is_enabled = capture["organizations"][account]["known"][list] != "absent";
                is_enabled && harmless(capture, &["organizations", account, "known", list]).is_none()
            };
            let is_needed = ["scps", "rcps"].iter().any(needs) || mentions(capture, &["OrgPaths"]);
            unless(is_needed, "no policy asks for a path of the organization, and no level of it binds")
        }
        ["organizations", account, "known", "scps", ..] => {
            let is_of_principal = is_account_of_principal(capture, account);
            let binds = is_of_principal && !is_management_account(capture, account);
            unless(binds, "SCPs bind principals of their own account, and none of the management account")
        }
        ["organizations", account, "known", "rcps", ..] => {
            let has_key = customer_managed_keys(capture).iter().any(|key| account_of(key) == *account);
            let binds = has_key && !is_management_account(capture, account);
            unless(binds, "RCPs bind customer managed keys of their own account, and none of the management account")
        }
        _ => None,
    }
}

/// Every unique ID that the capture holds, and one that it does not.
fn unique_ids(capture: &Value) -> Vec<String> {
    let text = capture.to_string();
    let ids = text.match_indices("AROA").map(|(at, _)| text[at..].chars().take_while(char::is_ascii_alphanumeric));
    ids.map(Iterator::collect).chain(["AROANOBODYELSE0000000".to_owned()]).collect()
}

fn is_management_account(capture: &Value, account: &str) -> bool {
    capture["organizations"][account]["known"]["managementAccount"] == account
}

pub(super) fn is_account_of_principal(capture: &Value, account: &str) -> bool {
    let instances = capture["instances"].as_object().unwrap().values();
    let mut accounts = instances.map(|instance| instance["known"]["account"].as_str().unwrap());
    accounts.any(|own| own == account)
        || capture["identities"].as_object().unwrap().keys().any(|role| account_of(role) == account)
}

/// Whether a policy holds one of `words`, in any case.
pub(super) fn mentions(capture: &Value, words: &[&str]) -> bool {
    policies(capture).iter().any(|place| {
        let policy = capture.pointer(&place.pointer).unwrap().to_string().to_lowercase();
        words.iter().any(|word| policy.contains(&word.to_lowercase()))
    })
}
