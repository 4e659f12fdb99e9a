use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use thiserror::Error;

use super::api::kms::ListGrants;
use super::mangled::{Mangled, inside, unwrapped};
use super::origin::Origin;
use super::whole::rest;
use super::wrapping::{Bare, Wrapping};
use crate::capture::Grant;
use crate::document::Document;
use crate::names::KeyArn;

/// Something handed in, and the wrapping that was taken off it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input<T> {
    /// What was handed in.
    pub value: T,
    /// What was around it.
    pub taken_off: Vec<Wrapping>,
    /// Where it stands in the text.
    pub origin: Origin,
}

/// Why a text cannot be taken as it was handed in.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HandedError {
    /// It was changed on its way.
    #[error(transparent)]
    Mangled(#[from] Mangled),
    /// It is not what was asked for.
    #[error("{0}")]
    Other(String),
}

/// What `aws kms get-key-policy` prints; SDKs print more beside it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyPolicyOutput<'t> {
    #[serde(borrow)]
    policy: &'t RawValue,
    #[serde(default)]
    policy_name: Option<String>,
}

/// A key policy: as plain document, or as `aws kms get-key-policy` prints it.
///
/// Whether it is a policy that AWS accepts is for the policy language to say.
///
/// # Errors
/// When the text was changed on its way, or is another policy than `default`.
pub fn key_policy(text: &str) -> Result<Input<Document>, HandedError> {
    let mut bare = unwrapped(text)?;
    if let Ok(output) = serde_json::from_str::<KeyPolicyOutput<'_>>(&bare.text)
        && let Ok(inner) = serde_json::from_str::<String>(output.policy.get())
    {
        if let Some(name) = output.policy_name.filter(|name| name != "default") {
            let message = format!("this is the policy `{name}` of a key, not its key policy `default`");
            return Err(HandedError::Other(message));
        }
        // A raw value is a piece of the text that it was read from.
        let at = output.policy.get().as_ptr().addr() - bare.text.as_ptr().addr();
        bare = inside(text, bare, inner, at, Wrapping::CliOutput)?;
    }
    Ok(Input { value: Document::new(bare.text), taken_off: bare.taken_off, origin: bare.origin })
}

/// A policy of IAM or of an organization: as plain document, or as the AWS CLI prints it (`get-role-policy`,
/// `get-policy-version`, `describe-policy` and their like).
///
/// # Errors
/// When the text was changed on its way.
pub fn policy(text: &str) -> Result<Input<Document>, HandedError> {
    let mut bare = unwrapped(text)?;
    let found = [&["PolicyDocument"][..], &["PolicyVersion", "Document"], &["Policy", "Content"]]
        .into_iter()
        .find_map(|path| path.iter().try_fold(bare.text.as_str(), |object, name| field(object, name)));
    if let Some(found) = found {
        let at = found.as_ptr().addr() - bare.text.as_ptr().addr();
        let found = found.to_owned();
        bare = match serde_json::from_str::<String>(&found) {
            Ok(inner) => inside(text, bare, inner, at, Wrapping::CliOutput)?,
            Err(_) => Bare { text: found, origin: bare.origin.inside(vec![(0, at)]), taken_off: bare.taken_off },
        };
    }
    Ok(Input { value: Document::new(bare.text), taken_off: bare.taken_off, origin: bare.origin })
}

/// The text of a field of a JSON object.
fn field<'t>(object: &'t str, name: &str) -> Option<&'t str> {
    let fields: BTreeMap<Cow<'t, str>, &'t RawValue> = serde_json::from_str(object).ok()?;
    fields.get(name).map(|value| value.get())
}

/// The grants on this key, as `aws kms list-grants` prints them.
///
/// # Errors
/// When the text was changed on its way, is no such list, is not the whole list, or is that of another key.
pub fn grants(text: &str, key: &KeyArn) -> Result<Input<Vec<Grant>>, HandedError> {
    let bare = unwrapped(text)?;
    let other =
        |message: String| HandedError::Other(format!("this is not the output of `aws kms list-grants`: {message}"));
    let mut value = serde_json::from_str(&bare.text).map_err(|error| other(error.to_string()))?;
    if let Some(cut) = rest(&value) {
        return Err(HandedError::Other(format!("{cut}: print it again without `--max-items`")));
    }
    // What `--query Grants` prints.
    if value.is_array() {
        value = json!({ "Grants": value });
    }
    let answer: ListGrants = serde_json::from_value(value).map_err(|error| other(error.to_string()))?;
    if answer.grants.is_none() {
        return Err(other("it has no list `Grants`".to_owned()));
    }
    let grants = answer.grants(key).map_err(HandedError::Other)?;
    Ok(Input { value: grants, taken_off: bare.taken_off, origin: bare.origin })
}
