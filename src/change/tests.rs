use super::{Change, Edit, PolicyPlace, apply};
use crate::capture::Capture;
use crate::names::KeyArn;
use crate::source::{Document, Reading};

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
        let Reading::Known(volume) = volume else { panic!() };
        volume.key = Reading::Absent;
    }
    let taken = "vol-00000000000000001";
    let Some(key_record) = capture.keys.get_mut(&key()) else { panic!() };
    key_record.policy = Reading::Known(Document::new(format!("{{\"Id\": \"{taken}\", \"Statement\": []}}")));
    let changed = apply(&capture, &Change::EncryptVolumes { key: key() });
    let instance = changed.instances.values().next().unwrap().known().unwrap();
    for attachment in &instance.attachments {
        assert!(!capture.print().unwrap().contains(attachment.volume_id.as_str()));
        assert_eq!(changed.volumes[&attachment.volume_id].known().unwrap().key, Reading::Known(key()));
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
    key_record.policy = Reading::Known(Document::new(&*policy));
    let changed = apply(&capture, &Change::RecreateRole { role: ROLE.to_owned() });
    let renamed = policy.replacen(ROLE, "AROAEXAMPLEEXAMPLE123", 1);
    assert_eq!(changed.keys[&key()].policy.known().unwrap().text(), renamed, "a condition compares ARNs");
    let id = changed.identities[ROLE].known().unwrap().unique_id.known().unwrap();
    assert_ne!(id, "AROAEXAMPLEEXAMPLE123");
}

#[test]
fn a_boundary_is_set_and_then_edited_wherever_it_is_attached() {
    let place = PolicyPlace::Boundary { identity: ROLE.to_owned() };
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
