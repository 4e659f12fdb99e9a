//! `capture --script`: from what was typed to what the lines are to read.

use crate::calls::Script;
use crate::names::{AccountId, KeyArn, NameError, Region};

use super::args::CaptureArguments;
use super::failure::CliError;
use super::options;
use super::targets::StartSelection;

/// What a script is to read.
pub(super) fn what_to_read(typed: &CaptureArguments) -> Result<Script, CliError> {
    let bad = |error: &NameError| CliError::bad_input("malformed-name", error.to_string(), "copy it from AWS");
    if let Some(key) = &typed.key {
        return KeyArn::parse(key).map(Script::Key).map_err(|error| bad(&error));
    }
    if !typed.identity.is_empty() {
        let mut identities = Vec::new();
        for text in &typed.identity {
            identities.push(options::principal(text)?);
        }
        return Ok(Script::Identities(identities));
    }
    if !typed.org.is_empty() {
        let accounts: Result<_, _> = typed.org.iter().map(|text| AccountId::parse(text)).collect();
        return accounts.map(Script::Organization).map_err(|error| bad(&error));
    }
    let asked = StartSelection::read(&typed.targets, typed.reader.region.as_deref(), None)?;
    if !asked.names.is_empty() {
        let help = "give --instance-id";
        return Err(CliError::bad_input("argument-missing", "a script needs the instance's ID, not its name", help));
    }
    let region = typed.reader.region.as_deref().map(Region::parse).transpose().map_err(|error| bad(&error))?;
    let region = region.or(asked.region.clone());
    let targets = asked.all()?;
    Ok(Script::Starts(targets, region))
}
