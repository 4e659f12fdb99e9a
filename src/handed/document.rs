use serde::Deserialize;
use thiserror::Error;

use super::kms;
use super::mangled::{Mangled, Wrapping, unwrapped};
use crate::capture::Grant;
use crate::names::KeyArn;
use crate::source::Document;

/// Something handed in, and the wrapping that was taken off it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handing<T> {
    /// What was handed in.
    pub value: T,
    /// What was around it.
    pub taken_off: Vec<Wrapping>,
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

/// What `aws kms get-key-policy` prints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct KeyPolicyOutput {
    policy: String,
    #[serde(default)]
    policy_name: Option<String>,
}

/// A key policy: as plain document, or as `aws kms get-key-policy` prints it.
///
/// Whether it is a policy that AWS accepts is for the policy language to say.
///
/// # Errors
/// When the text was changed on its way, or is another policy than `default`.
pub fn key_policy(text: &str) -> Result<Handing<Document>, HandedError> {
    let (plain, mut taken_off) = unwrapped(text)?;
    let Ok(output) = serde_json::from_str::<KeyPolicyOutput>(&plain) else {
        return Ok(Handing { value: Document::new(plain), taken_off });
    };
    if let Some(name) = output.policy_name.filter(|name| name != "default") {
        return Err(HandedError::Other(format!("this is the policy `{name}` of a key, not its key policy `default`")));
    }
    taken_off.push(Wrapping::CliOutput);
    let (inner, _) = unwrapped(&output.policy)?;
    Ok(Handing { value: Document::new(inner), taken_off })
}

/// The grants on this key, as `aws kms list-grants` prints them.
///
/// # Errors
/// When the text was changed on its way, is no such list, is not the whole list, or is that of another key.
pub fn grants(text: &str, key: &KeyArn) -> Result<Handing<Vec<Grant>>, HandedError> {
    let (plain, taken_off) = unwrapped(text)?;
    let value = serde_json::from_str(&plain)
        .map_err(|error| HandedError::Other(format!("this is not the output of `aws kms list-grants`: {error}")))?;
    Ok(Handing { value: kms::grants(&value, key).map_err(HandedError::Other)?, taken_off })
}
