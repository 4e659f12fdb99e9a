//! Facts that stop a start whatever the policies say.

use ebs_preflight::outcome::Verdict;
use serde_json::{Value, json};

use super::place::escaped;
use super::{changed, ready, verdict};
use crate::problems::assert_none;

/// Key states in which a start fails.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html>
const BAD_STATES: [&str; 6] =
    ["Disabled", "PendingDeletion", "PendingReplicaDeletion", "PendingImport", "Creating", "Unavailable"];

#[test]
fn a_key_that_cannot_be_used_blocks() {
    let mut problems = Vec::new();
    for ready in ready() {
        for key in ready.capture["keys"].as_object().unwrap().keys() {
            let metadata = format!("/keys/{}/metadata", escaped(key));
            let with = |field: &str, value: &str| {
                changed(&ready.capture, &metadata, |metadata| metadata["known"][field] = json!(value))
            };
            // A capture in which an AWS managed key is in one of these contradicts itself.
            let is_of_aws = ready.capture.pointer(&metadata).unwrap()["known"]["manager"] == "AWS";
            let states = BAD_STATES.iter().filter(|_| !is_of_aws);
            let mut broken: Vec<(String, Value, Verdict)> =
                states.map(|state| (format!("state {state}"), with("state", state), Verdict::Blocked)).collect();
            // One that AWS did not tell, and one that nobody knows yet.
            broken.push(("no state".to_owned(), with("state", ""), Verdict::Undecided));
            broken.push(("a new state".to_owned(), with("state", "Sleeping"), Verdict::Undecided));
            broken.push(("signing key".to_owned(), with("usage", "SIGN_VERIFY"), Verdict::Blocked));
            broken.push(("asymmetric key".to_owned(), with("spec", "RSA_4096"), Verdict::Blocked));
            let gone = changed(&ready.capture, &metadata, |metadata| *metadata = json!("absent"));
            broken.push(("gone".to_owned(), gone, Verdict::Blocked));
            // The one state besides `Enabled` in which a key can be used.
            broken.push(("state Updating".to_owned(), with("state", "Updating"), Verdict::Ready));
            problems.extend(unlike(&ready.name, broken));
        }
    }
    assert_none(&problems);
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
    let mut problems = Vec::new();
    for ready in ready() {
        let mut broken = Vec::new();
        for instance in ready.capture["instances"].as_object().unwrap().keys() {
            let with = |field: &str, value: &str| {
                changed(&ready.capture, &format!("/instances/{instance}/known"), |instance| {
                    instance[field] = json!(value);
                })
            };
            broken.push(("terminated".to_owned(), with("state", "terminated"), Verdict::Blocked));
            broken.push(("shutting down".to_owned(), with("state", "shutting-down"), Verdict::Blocked));
            broken.push(("instance store".to_owned(), with("rootDeviceType", "instance-store"), Verdict::Blocked));
            broken.push(("managed".to_owned(), with("operator", "eks.amazonaws.com"), Verdict::Undecided));
            broken.push(("root elsewhere".to_owned(), with("rootDeviceName", "/dev/nothing"), Verdict::Blocked));
            let known = format!("/instances/{instance}/known");
            let device = |device: &str| {
                changed(&ready.capture, &known, |instance| {
                    for attachment in instance["attachments"].as_array_mut().unwrap() {
                        attachment["device"] = json!(device);
                    }
                })
            };
            broken.push(("no usual root".to_owned(), device("/dev/sdz"), Verdict::Undecided));
            let empty = changed(&ready.capture, &known, |instance| instance["attachments"] = json!([]));
            broken.push(("no volume".to_owned(), empty, Verdict::Blocked));
            broken.push(("another account".to_owned(), with("account", "888899990000"), Verdict::Blocked));
        }
        for role in ready.capture["identities"].as_object().unwrap().keys() {
            let gone =
                changed(&ready.capture, &format!("/identities/{}", escaped(role)), |role| *role = json!("absent"));
            broken.push(("role gone".to_owned(), gone, Verdict::Blocked));
        }
        problems.extend(unlike(&ready.name, broken));
    }
    assert_none(&problems);
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
    let mut problems = Vec::new();
    for ready in ready() {
        for key in super::customer_managed_keys(&ready.capture) {
            let metadata = format!("/keys/{}/metadata", escaped(&key));
            let with = |connection: Value| {
                changed(&ready.capture, &metadata, |metadata| {
                    not_imported(metadata)["origin"] = json!("AWS_CLOUDHSM");
                    metadata["known"]["customKeyStore"] =
                        json!({"id": "cks-0a1b2c3d4e5f67890", "connectionState": connection});
                })
            };
            let unread = json!({"unread": {"why": "denied", "needs": "kms:DescribeCustomKeyStores"}});
            let mut broken = vec![
                ("connection unread".to_owned(), with(unread), Verdict::Undecided),
                ("connected".to_owned(), with(json!({"known": "CONNECTED"})), Verdict::Ready),
            ];
            for (state, verdict) in [
                ("CONNECTING", Verdict::Undecided),
                ("DISCONNECTING", Verdict::Undecided),
                ("NEW", Verdict::Undecided),
                ("DISCONNECTED", Verdict::Blocked),
                ("FAILED", Verdict::Blocked),
            ] {
                broken.push((state.to_owned(), with(json!({"known": state})), verdict));
            }
            let untold = changed(&ready.capture, &metadata, |metadata| {
                not_imported(metadata)["origin"] = json!("EXTERNAL_KEY_STORE");
                metadata["known"].as_object_mut().unwrap().remove("customKeyStore");
            });
            broken.push(("key store unread".to_owned(), untold, Verdict::Undecided));
            problems.extend(unlike(&ready.name, broken));
        }
    }
    assert_none(&problems);
}

#[test]
fn a_license_configuration_that_is_denied_blocks() {
    let mut problems = Vec::new();
    for ready in ready() {
        for instance in ready.capture["instances"].as_object().unwrap().keys() {
            let at = format!("/instances/{instance}/known");
            let arn = "arn:aws:license-manager:ap-northeast-1:111122223333:license-configuration:lic-0a1b2c3d";
            let licensed = changed(&ready.capture, &at, |instance| instance["licenseConfigurations"] = json!([arn]));
            for role in ready.capture["identities"].as_object().unwrap().keys() {
                let inline = format!("/identities/{}/known/inline/known", escaped(role));
                let deny = json!({"Effect": "Deny", "Action": "ec2:StartInstances", "Resource": arn});
                let denied = changed(&licensed, &inline, |policies| {
                    let document = json!({"Version": "2012-10-17", "Statement": [deny]});
                    let policy = json!({"name": "no-licenses", "document": {"known": document}});
                    policies.as_array_mut().unwrap().push(policy);
                });
                problems.extend(unlike(&ready.name, vec![("license denied".to_owned(), denied, Verdict::Blocked)]));
            }
            let untold = changed(&ready.capture, &at, |instance| instance["licenseConfigurations"] = json!([""]));
            problems.extend(unlike(&ready.name, vec![("license unread".to_owned(), untold, Verdict::Undecided)]));
        }
    }
    assert_none(&problems);
}

fn unlike(name: &str, broken: Vec<(String, Value, Verdict)>) -> Vec<String> {
    let judged = broken.into_iter().map(|(how, capture, wanted)| (how, verdict(&capture), wanted));
    judged
        .filter(|(_, found, wanted)| found != wanted)
        .map(|(how, found, wanted)| format!("{name}, {how}: {}, not {}", found.as_str(), wanted.as_str()))
        .collect()
}
