use super::{Change, Edit, Outsider, PolicyPlace, Savers, apply, opened_to, savers};
use crate::capture::Capture;
use crate::document::Document;
use crate::fact::Fact;
use crate::names::KeyArn;

const INCIDENT: &str = include_str!("../cli/demo.json");
const KEY: &str = "arn:aws:kms:ap-northeast-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const ROLE: &str = "arn:aws:iam::111122223333:role/scheduler/StartJob";

fn incident() -> Capture {
    Capture::parse(INCIDENT).unwrap()
}

fn key() -> KeyArn {
    KeyArn::parse(KEY).unwrap()
}

#[test]
fn encrypting_makes_new_volumes_whose_ids_stand_nowhere() {
    let mut capture = incident();
    for volume in capture.volumes.values_mut() {
        let Fact::Known(volume) = volume else { panic!() };
        volume.key = Fact::Absent;
    }
    let taken = "vol-00000000000000001";
    let Some(key_record) = capture.keys.get_mut(&key()) else { panic!() };
    key_record.policy = Fact::Known(Document::new(format!("{{\"Id\": \"{taken}\", \"Statement\": []}}")));
    let changed = apply(&capture, &Change::EncryptVolumes { key: key() });
    let instance = changed.instances.values().next().unwrap().known().unwrap();
    for attachment in &instance.attachments {
        assert!(!capture.print().unwrap().contains(attachment.volume_id.as_str()));
        assert_eq!(changed.volumes[&attachment.volume_id].known().unwrap().key, Fact::Known(key()));
    }
    assert_eq!(apply(&changed, &Change::EncryptVolumes { key: key() }), changed, "they are under the key already");
}

#[test]
fn a_role_made_anew_is_named_by_its_old_id() {
    let mut capture = incident();
    let policy = format!(
        r#"{{"Statement": [{{"Principal": {{"AWS": ["{ROLE}", "111122223333"]}}, "Condition": {{"ArnLike": {{"aws:PrincipalArn": "{ROLE}"}}}}}}]}}"#
    );
    let Some(key_record) = capture.keys.get_mut(&key()) else { panic!() };
    key_record.policy = Fact::Known(Document::new(&*policy));
    let changed = apply(&capture, &Change::RecreateRole { role: ROLE.parse().unwrap() });
    let renamed = policy.replacen(ROLE, "AROAEXAMPLEEXAMPLE123", 1);
    assert_eq!(changed.keys[&key()].policy.known().unwrap().text(), renamed, "a condition compares ARNs");
    let id = changed.identities[ROLE].known().unwrap().unique_id.known().unwrap();
    assert_ne!(id, "AROAEXAMPLEEXAMPLE123");
}

#[test]
fn a_boundary_is_set_and_then_edited_wherever_it_is_attached() {
    let place = PolicyPlace::Boundary { identity: ROLE.parse().unwrap() };
    let whole = Edit::Whole(Document::new(r#"{"Statement": []}"#));
    let set = apply(&incident(), &Change::Policy { place: place.clone(), edits: vec![whole] });
    let added = Edit::Add(r#"{"Sid": "A"}"#.to_owned());
    let edited = apply(&set, &Change::Policy { place: place.clone(), edits: vec![added] });
    assert_eq!(place.document(&edited).unwrap().text(), r#"{"Statement": [{"Sid": "A"}]}"#);
}

#[test]
fn what_was_not_read_stays_open_unless_it_is_replaced_whole() {
    let mut capture = incident();
    capture.keys.insert(key(), crate::capture::Key::default());
    let place = PolicyPlace::KeyPolicy(key());
    let added = vec![Edit::Add(r#"{"Sid": "A"}"#.to_owned())];
    let edited = apply(&capture, &Change::Policy { place: place.clone(), edits: added });
    assert_eq!(place.document(&edited), None);
    let whole = vec![Edit::Whole(Document::new("{}"))];
    let replaced = apply(&capture, &Change::Policy { place: place.clone(), edits: whole });
    assert_eq!(place.document(&replaced).unwrap().text(), "{}");
}

#[test]
fn a_change_is_read_as_it_was_written() {
    let edits = vec![Edit::Replace { old: "{}".to_owned(), new: None }];
    let change = Change::Policy { place: PolicyPlace::KeyPolicy(key()), edits };
    let text = serde_json::to_string(&change).unwrap();
    assert_eq!(serde_json::from_str::<Change>(&text).unwrap(), change);
}

fn key_policy(statements: &[(&str, &str)]) -> Document {
    let one = |(principal, rest): &(&str, &str)| {
        format!(r#"{{"Effect": "Allow", "Principal": {{"AWS": "{principal}"}}, "Resource": "*", {rest}}}"#)
    };
    let all: Vec<String> = statements.iter().map(one).collect();
    Document::new(format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, all.join(", ")))
}

#[test]
fn a_key_policy_tells_who_may_save_it() {
    let all = r#""Action": "kms:*""#;
    let admin = "arn:aws:iam::111122223333:role/KeyAdmin";
    let of_an_admin =
        r#""Action": "kms:*", "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Admin*"}}"#;
    for (statements, expected) in [
        (vec![("111122223333", all)], Savers::Account),
        (vec![("arn:aws:iam::111122223333:root", of_an_admin)], Savers::Account),
        (vec![("*", all)], Savers::Account),
        (vec![(admin, all), ("444455556666", all)], Savers::These(vec![admin.to_owned()])),
        (vec![("444455556666", all)], Savers::Nobody),
        (vec![("111122223333", r#""Action": "kms:Decrypt""#)], Savers::Nobody),
    ] {
        assert_eq!(savers(&key(), &key_policy(&statements)), Some(expected), "{statements:?}");
    }
}

#[test]
fn whom_a_key_policy_newly_lets_in_is_told() {
    let own = ("111122223333", r#""Action": "kms:*""#);
    let before = key_policy(&[own, ("444455556666", r#""Action": "kms:Decrypt""#)]);
    let after = |more| key_policy(&[own, ("444455556666", r#""Action": "kms:Decrypt""#), more]);
    let opened = |more| opened_to(&key(), Some(&before), &after(more));
    assert_eq!(opened(("*", r#""Action": "kms:Decrypt""#)), [Outsider::Everyone]);
    let other = "arn:aws:iam::777788889999:role/Reader";
    assert_eq!(opened((other, r#""Action": "kms:Decrypt""#)), [Outsider::Account("777788889999".to_owned())]);
    let through = |account: &str| {
        format!(r#""Action": "kms:*", "Condition": {{"StringEquals": {{"kms:CallerAccount": "{account}"}}}}"#)
    };
    let (inside, outside) = (through("111122223333"), through("777788889999"));
    assert_eq!(opened(("*", &inside)), []);
    assert_eq!(opened(("*", &outside)), [Outsider::Account("777788889999".to_owned())]);
}

#[test]
fn a_deleted_role_is_gone_and_one_made_anew_is_another() {
    let deleted = apply(&incident(), &Change::DeleteRole { role: ROLE.parse().unwrap() });
    assert_eq!(deleted.identities.get(ROLE), Some(&Fact::Absent));
    let anew = apply(&incident(), &Change::RecreateRole { role: ROLE.parse().unwrap() });
    let old = incident().identities.get(ROLE).unwrap().known().unwrap().unique_id.clone();
    assert_ne!(anew.identities.get(ROLE).unwrap().known().unwrap().unique_id, old);
}
