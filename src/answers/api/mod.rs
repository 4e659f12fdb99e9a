//! What AWS answers, in AWS's own names, and what each answer comes to in a capture: one mapping, whether the answer
//! came over the SDK, from the AWS CLI or in a transcript.
//!
//! Every member is optional, as in AWS's models. What an answer lacks or says twice is told in words; whoever asked
//! makes of them a fact that was not read.

pub(crate) mod ec2;
pub(crate) mod iam;
pub(crate) mod kms;
pub(crate) mod organizations;
pub(crate) mod sts;
mod time;

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::document::Document;

pub(crate) use time::Time;

/// A tag; KMS calls its members otherwise than EC2 and IAM.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tag {
    #[serde(alias = "TagKey")]
    pub(crate) key: Option<String>,
    #[serde(alias = "TagValue")]
    pub(crate) value: Option<String>,
}

/// The tags by their keys, if each is whole and stands once: a condition may ask for any.
fn tags(tags: Vec<Tag>) -> Result<BTreeMap<String, String>, String> {
    let mut by_key = BTreeMap::new();
    for Tag { key, value } in tags {
        let (Some(key), Some(value)) = (key, value) else {
            return Err("a tag of the answer lacks its key or its value".to_owned());
        };
        if by_key.insert(key, value).is_some() {
            return Err("a tag stands twice in the answer".to_owned());
        }
    }
    Ok(by_key)
}

/// The text of a policy: an answer without it is not "no policy".
fn text(document: Option<Document>) -> Result<Document, String> {
    let text = document.filter(|document| !document.text().trim().is_empty());
    text.ok_or_else(|| "the answer lacks the document".to_owned())
}

/// An error if the answer says that it is of something else than was asked for; it need not say it.
fn is_of(member: &str, told: Option<&str>, asked: &str) -> Result<(), String> {
    match told.filter(|told| *told != asked) {
        Some(other) => Err(format!("it is another answer: its {member} is `{other}`, not `{asked}`")),
        None => Ok(()),
    }
}

/// What the answer must hold.
fn need<T>(found: Option<T>, what: &str) -> Result<T, String> {
    found.ok_or_else(|| format!("the answer lacks {what}"))
}

/// What AWS says, its words of tomorrow included; empty if it said nothing.
fn word(told: Option<String>) -> String {
    told.unwrap_or_default()
}

#[cfg(test)]
mod tests;
