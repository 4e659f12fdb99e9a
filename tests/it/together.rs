//! Starts that are judged together share work; each is told as it is told alone.

use ebs_preflight::capture::{Capture, Target};
use ebs_preflight::fact::Fact;
use ebs_preflight::names::{InstanceId, VolumeId};
use ebs_preflight::operations::Question;
use ebs_preflight::preflight::preflight;
use ebs_preflight::report::json;
use serde_json::Value;

use crate::golden::library;

/// The capture with a further instance, which has other IDs and is else as the one of the target.
fn with_twin(capture: &Capture, target: &Target, number: usize) -> Option<(Capture, Target)> {
    let mut capture = capture.clone();
    let mut instance = capture.instances.get(&target.instance_id)?.known()?.clone();
    for (device, attachment) in instance.attachments.iter_mut().enumerate() {
        let id = VolumeId::parse(&format!("vol-{number:05x}{device:012x}")).unwrap();
        if let Some(volume) = capture.volumes.get(&attachment.volume_id).cloned() {
            capture.volumes.insert(id.clone(), volume);
        }
        attachment.volume_id = id;
    }
    let instance_id = InstanceId::parse(&format!("i-{number:017x}")).unwrap();
    capture.instances.insert(instance_id.clone(), Fact::Known(instance));
    Some((capture, Target { instance_id, ..target.clone() }))
}

fn told(capture: &Capture, question: &Question) -> Vec<Value> {
    let report: Value = serde_json::from_str(&json::render(&preflight(capture, question))).unwrap();
    report["targets"].as_array().unwrap().clone()
}

#[test]
fn a_start_is_told_beside_others_as_alone() {
    let mut compared = 0;
    for golden in library() {
        let (capture, question) = (golden.capture(), golden.question());
        let Some(target) = capture.targets.first() else { continue };
        let Some((twins, first)) = with_twin(&capture, target, 0xabc) else { continue };
        let Some((mut twins, second)) = with_twin(&twins, target, 0xabd) else { continue };
        twins.targets = vec![first, target.clone(), second];
        let together = told(&twins, &question);
        for (number, target) in twins.targets.clone().into_iter().enumerate() {
            twins.targets = vec![target];
            assert_eq!(told(&twins, &question), &together[number..=number], "{} {number}", golden.name);
            compared += 1;
        }
    }
    assert!(compared > 200, "{compared}");
}
