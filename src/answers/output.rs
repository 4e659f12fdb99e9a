use serde_json::{Value, json};

use super::assemble::fill;
use super::document::{HandedError, Input};
use super::mangled::unwrapped;
use super::transcript::{Answer, Part};
use crate::capture::Capture;
use crate::document::Position;
use crate::names::{KeyArn, PrincipalArn};

/// The capture with what one line of the AWS CLI printed, as far as that was not read: of those lines whose output says
/// itself what it is of.
///
/// # Errors
/// When the text was changed on its way, or does not say what it is of.
pub fn add_output(mut capture: Capture, text: &str) -> Result<Input<Capture>, HandedError> {
    let bare = unwrapped(text)?;
    let other = |message: String| HandedError::Other(message);
    let value: Value = serde_json::from_str(&bare.text).map_err(|error| other(error.to_string()))?;
    let said = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    let mut part = Part::default();
    let mut answer = |asked: String, text: String| {
        let place = Position { line: 1, column: 1 };
        part.answers.push(Answer { asked, text, exit: Some(0), in_tag: None, place });
    };
    for (id, alone) in instances(&value) {
        answer(format!("ec2:DescribeInstances {id}"), alone);
    }
    for (pointer, action) in [("/KeyMetadata/Arn", "DescribeKey"), ("/Grants/0/KeyId", "ListGrants")] {
        let Some(key) = said(pointer) else { continue };
        if !KeyArn::parse(key).is_ok_and(|key| capture.keys.contains_key(&key)) {
            return Err(other(format!("it is of the key `{key}`, which is none of this start")));
        }
        answer(format!("kms:{action} {key}"), bare.text.clone());
    }
    for kind in ["Role", "User"] {
        let Some(arn) = said(&format!("/{kind}/Arn")) else { continue };
        let arn = PrincipalArn::parse(arn).map_err(|error| other(error.to_string()))?;
        answer(format!("iam:Get{kind} {}", arn.name()), bare.text.clone());
        // IAM answers for the account of whoever asks.
        answer("sts:GetCallerIdentity".to_owned(), json!({ "Arn": arn.as_str() }).to_string());
    }
    if part.answers.is_empty() {
        let message = "this output does not say what it is of; it is taken from the lines of `capture --script`, and by \
                       itself only of describe-instances, describe-key, list-grants, get-role and get-user; what \
                       describe-organization and describe-policy print is for --org-file";
        return Err(other(message.to_owned()));
    }
    fill(&mut capture, &[part], &[]);
    Ok(Input { value: capture, taken_off: bare.taken_off, origin: bare.origin })
}

/// What describe-instances printed, as it would have been of each of its instances alone.
pub(super) fn instances(output: &Value) -> impl Iterator<Item = (&str, String)> {
    let reservations = output.get("Reservations").and_then(Value::as_array).into_iter().flatten();
    reservations.flat_map(|reservation| {
        let owner = reservation.get("OwnerId");
        let instances = reservation.get("Instances").and_then(Value::as_array).into_iter().flatten();
        instances.map(move |instance| {
            let id = instance.get("InstanceId").and_then(Value::as_str).unwrap_or_default();
            (id, json!({ "Reservations": [{ "OwnerId": owner, "Instances": [instance] }] }).to_string())
        })
    })
}
