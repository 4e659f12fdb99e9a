//! Facts that stop a start whatever the policies say.

use ebs_preflight::outcome::Verdict;
use serde_json::{Value, json};

use super::mutation::{Broken, Kind, Mutation};
use super::place::escaped;
use super::{changed, ready, verdict};
use crate::problems::assert_none;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation { name: "a key cannot be used", kind: Kind::Changes, broken: |capture, _| broken(key_states(capture)) },
    Mutation { name: "the start itself is over", kind: Kind::Changes, broken: |capture, _| broken(starts(capture)) },
    Mutation { name: "a key is in a key store", kind: Kind::Changes, broken: |capture, _| broken(key_stores(capture)) },
    Mutation { name: "a license is asked for", kind: Kind::Changes, broken: |capture, _| broken(licenses(capture)) },
];

/// A change of a capture: where, what comes of it, and the verdict that is right.
type Change = (String, Value, Verdict);

fn broken(changes: Vec<Change>) -> Vec<Broken> {
    let broken = changes.into_iter().map(|(at, capture, wanted)| Broken {
        at,
        capture,
        proof: (wanted == Verdict::Ready).then_some("AWS's pages say that the key can be used so"),
    });
    broken.collect()
}

/// What is wrong with the verdicts on these changes of every READY capture.
fn assert_verdicts(changes: fn(&Value) -> Vec<Change>) {
    let problems: Vec<String> = ready().iter().flat_map(|ready| unlike(&ready.name, changes(&ready.capture))).collect();
    assert_none(&problems);
}

/// Key states in which a start fails.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html>
const BAD_STATES: [&str; 6] =
    ["Disabled", "PendingDeletion", "PendingReplicaDeletion", "PendingImport", "Creating", "Unavailable"];

#[test]
fn a_key_that_cannot_be_used_blocks() {
    assert_verdicts(key_states);
}

fn key_states(capture: &Value) -> Vec<Change> {
    let mut all = Vec::new();
    for key in capture["keys"].as_object().unwrap().keys() {
        let at = format!("/keys/{}/metadata", escaped(key));
        let metadata = &capture.pointer(&at).unwrap()["known"];
        let with = |field: &str, value: &str| changed(capture, &at, |metadata| metadata["known"][field] = json!(value));
        let mut push = |how: &str, capture, wanted| all.push((format!("{at} {how}"), capture, wanted));
        // A capture in which an AWS managed key is in one of these contradicts itself.
        for state in BAD_STATES.iter().filter(|_| metadata["manager"] != "AWS") {
            push(state, with("state", state), Verdict::Blocked);
        }
        // One that AWS did not tell, and one that nobody knows yet.
        for field in ["state", "manager", "spec", "usage", "origin"] {
            push(&format!("no {field}"), with(field, ""), Verdict::Undecided);
        }
        push("a new state", with("state", "Sleeping"), Verdict::Undecided);
        push("a new origin", with("origin", "SATELLITE"), Verdict::Undecided);
        push("signing key", with("usage", "SIGN_VERIFY"), Verdict::Blocked);
        push("asymmetric key", with("spec", "RSA_4096"), Verdict::Blocked);
        push("gone", changed(capture, &at, |metadata| *metadata = json!("absent")), Verdict::Blocked);
        // The one state besides `Enabled` in which a key can be used.
        push("Updating", with("state", "Updating"), Verdict::Ready);
    }
    all
}

#[test]
fn one_more_volume_under_a_key_of_another_account_is_not_ready() {
    let refused = |needs: &str| json!({"unread": {"why": "denied", "needs": needs, "message": "refused"}});
    let mut problems = Vec::new();
    for ready in ready() {
        let region = ready.capture["read"]["region"].as_str().unwrap();
        let partition = if region.starts_with("cn-") { "aws-cn" } else { "aws" };
        let key = &format!("arn:{partition}:kms:{region}:888899990000:key/7e2d9c41-58ab-4f06-93d1-b4a06cf2e875");
        for instance in ready.capture["instances"].as_object().unwrap().keys() {
            let at = format!("/instances/{instance}/known/attachments");
            let mut foreign = changed(&ready.capture, &at, |attachments| {
                let attachment = json!({"device": "/dev/sdz", "volumeId": "vol-0fedcba9876543210"});
                attachments.as_array_mut().unwrap().push(attachment);
            });
            // Attached, but not shown: nobody knows whether it is encrypted.
            problems
                .extend(unlike(&ready.name, vec![("volume unseen".to_owned(), foreign.clone(), Verdict::Undecided)]));
            foreign["volumes"]["vol-0fedcba9876543210"] = json!({"known": {"key": {"known": key}, "state": "in-use"}});
            foreign["keys"][key] = json!({
                "metadata": refused("kms:DescribeKey"), "policy": refused("kms:GetKeyPolicy"),
                "ramPolicy": refused("kms:GetKeyPolicy"), "grants": refused("kms:ListGrants"),
                "aliases": refused("kms:ListAliases"), "tags": refused("kms:ListResourceTags"),
            });
            let found = verdict(&foreign);
            // BLOCKED where the role's own policies leave this key out: across accounts both sides must allow.
            if found == Verdict::Ready {
                problems.push(format!("{}: READY with a volume under {key}", ready.name));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn an_instance_or_role_that_cannot_start_blocks() {
    assert_verdicts(starts);
}

fn starts(capture: &Value) -> Vec<Change> {
    let mut all = Vec::new();
    for instance in capture["instances"].as_object().unwrap().keys() {
        let at = format!("/instances/{instance}/known");
        let with = |field: &str, value: Value| changed(capture, &at, |instance| instance[field] = value);
        let mut push = |how: &str, capture, wanted| all.push((format!("{at} {how}"), capture, wanted));
        push("no state", with("state", json!("")), Verdict::Undecided);
        push("a new state", with("state", json!("asleep")), Verdict::Undecided);
        push("terminated", with("state", json!("terminated")), Verdict::Blocked);
        push("shutting down", with("state", json!("shutting-down")), Verdict::Blocked);
        push("instance store", with("rootDeviceType", json!("instance-store")), Verdict::Blocked);
        push("managed", with("operator", json!("eks.amazonaws.com")), Verdict::Undecided);
        push("root elsewhere", with("rootDeviceName", json!("/dev/nothing")), Verdict::Blocked);
        let moved = changed(capture, &at, |instance| {
            for attachment in instance["attachments"].as_array_mut().unwrap() {
                attachment["device"] = json!("/dev/sdz");
            }
        });
        push("no usual root", moved, Verdict::Undecided);
        push("no volume", with("attachments", json!([])), Verdict::Blocked);
        push("another account", with("account", json!("888899990000")), Verdict::Blocked);
    }
    for (volume, record) in capture["volumes"].as_object().unwrap() {
        let at = format!("/volumes/{volume}/known");
        let with = |state: &str| changed(capture, &at, |volume| volume["state"] = json!(state));
        // What no instance has attached concerns no start.
        if record["known"].is_object() && capture["instances"].to_string().contains(volume.as_str()) {
            all.push((format!("{at} no state"), with(""), Verdict::Undecided));
            all.push((format!("{at} a new state"), with("asleep"), Verdict::Undecided));
            all.push((format!("{at} deleted"), with("deleted"), Verdict::Blocked));
        }
    }
    for role in capture["identities"].as_object().unwrap().keys() {
        let gone = changed(capture, &format!("/identities/{}", escaped(role)), |role| *role = json!("absent"));
        all.push((format!("{role} gone"), gone, Verdict::Blocked));
    }
    all
}

/// The known metadata without the expiry that only imported key material has.
fn not_imported(metadata: &mut Value) -> &mut Value {
    let known = &mut metadata["known"];
    known.as_object_mut().unwrap().remove("validTo");
    known
}

/// The key state tells nothing of a key store.
#[test]
fn a_key_store_is_ready_only_while_it_is_connected() {
    assert_verdicts(key_stores);
}

fn key_stores(capture: &Value) -> Vec<Change> {
    let mut all = Vec::new();
    for key in super::customer_managed_keys(capture) {
        let at = format!("/keys/{}/metadata", escaped(&key));
        let with = |connection: Value| {
            changed(capture, &at, |metadata| {
                not_imported(metadata)["origin"] = json!("AWS_CLOUDHSM");
                metadata["known"]["customKeyStore"] =
                    json!({"id": "cks-0a1b2c3d4e5f67890", "connectionState": connection});
            })
        };
        let unread = json!({"unread": {"why": "denied", "needs": "kms:DescribeCustomKeyStores"}});
        all.push((format!("{at} connection unread"), with(unread), Verdict::Undecided));
        for (state, verdict) in [
            ("CONNECTED", Verdict::Ready),
            ("CONNECTING", Verdict::Undecided),
            ("DISCONNECTING", Verdict::Undecided),
            ("NEW", Verdict::Undecided),
            ("DISCONNECTED", Verdict::Blocked),
            ("FAILED", Verdict::Blocked),
        ] {
            all.push((format!("{at} {state}"), with(json!({"known": state})), verdict));
        }
        let untold = changed(capture, &at, |metadata| {
            not_imported(metadata)["origin"] = json!("EXTERNAL_KEY_STORE");
            metadata["known"].as_object_mut().unwrap().remove("customKeyStore");
        });
        all.push((format!("{at} key store unread"), untold, Verdict::Undecided));
    }
    all
}

#[test]
fn a_license_configuration_that_is_denied_blocks() {
    assert_verdicts(licenses);
}

fn licenses(capture: &Value) -> Vec<Change> {
    let arn = "arn:aws:license-manager:ap-northeast-1:111122223333:license-configuration:lic-0a1b2c3d";
    let mut all = Vec::new();
    for instance in capture["instances"].as_object().unwrap().keys() {
        let at = format!("/instances/{instance}/known");
        let with =
            |license: &str| changed(capture, &at, |instance| instance["licenseConfigurations"] = json!([license]));
        for role in capture["identities"].as_object().unwrap().keys() {
            let inline = format!("/identities/{}/known/inline/known", escaped(role));
            let deny = json!({"Effect": "Deny", "Action": "ec2:StartInstances", "Resource": arn});
            let denied = changed(&with(arn), &inline, |policies| {
                let document = json!({"Version": "2012-10-17", "Statement": [deny]});
                let policy = json!({"name": "no-licenses", "document": {"known": document}});
                policies.as_array_mut().unwrap().push(policy);
            });
            all.push((format!("{at} license denied to {role}"), denied, Verdict::Blocked));
        }
        all.push((format!("{at} license unread"), with(""), Verdict::Undecided));
    }
    all
}

fn unlike(name: &str, broken: Vec<Change>) -> Vec<String> {
    let judged = broken.into_iter().map(|(how, capture, wanted)| (how, verdict(&capture), wanted));
    judged
        .filter(|(_, found, wanted)| found != wanted)
        .map(|(how, found, wanted)| format!("{name}, {how}: {}, not {}", found.as_str(), wanted.as_str()))
        .collect()
}
