//! What the asker hands in takes the place of what could not be read.

use std::path::Path;

use crate::capture::{Capture, Handed};
use crate::handed::{HandedError, Handing, Wrapping, add, grants, is_cut, is_transcript, key_policy, transcript};
use crate::names::KeyArn;
use crate::policy::PolicyType;
use crate::source::Reading;

use super::args::HandedIn;
use super::failure::Failure;
use super::{files, options};

/// The capture with everything that was handed in.
pub(super) fn put_in(mut capture: Capture, typed: &HandedIn) -> Result<Capture, Failure> {
    for text in &typed.key_policies {
        let (key, path) = options::pair(text, "--key-policy-file")?;
        let arn = key_of(&capture, key)?;
        let policy = taken(key_policy(&files::read(Path::new(path))?), path)?;
        options::accepted("key policy", Path::new(path), policy.text(), PolicyType::KeyPolicy)?;
        let record = capture.keys.entry(arn.clone()).or_default();
        record.policy = Reading::Known(policy);
        let mut what = format!("key policy of {arn}");
        if record.ram_policy.unread().is_some() {
            // Nobody who sends a key policy thinks of the second one, which only a key shared through AWS RAM has.
            record.ram_policy = Reading::Absent;
            what.push_str(", taken as not shared through AWS RAM");
        }
        capture.handed.push(Handed { what, file: path.to_owned(), read: None });
    }
    for text in &typed.grants {
        let (key, path) = options::pair(text, "--grants-file")?;
        let arn = key_of(&capture, key)?;
        let grants = taken(grants(&files::read(Path::new(path))?), path)?;
        capture.keys.entry(arn.clone()).or_default().grants = Reading::Known(grants);
        capture.handed.push(Handed { what: format!("grants on {arn}"), file: path.to_owned(), read: None });
    }
    if let Some(path) = &typed.organization {
        let file = self::capture(path)?;
        let read: Vec<_> = file.organizations.into_iter().filter(|(_, one)| one.unread().is_none()).collect();
        if read.is_empty() {
            let message = format!("`{}` holds no organization", path.display());
            let help = "make it in the management account: ebs-preflight capture --script --org ACCOUNT";
            return Err(Failure::bad_input("not-as-asked-for", message, help));
        }
        let accounts: Vec<&str> = read.iter().map(|(account, _)| account.as_str()).collect();
        let what = format!("organization policies of account {}", accounts.join(", "));
        capture.handed.push(Handed { what, file: path.display().to_string(), read: Some(file.read.until) });
        capture.organizations.extend(read);
    }
    for path in &typed.add {
        capture = added(&capture, path)?;
    }
    Ok(capture)
}

/// The capture with what a transcript holds of that which was not read.
fn added(before: &Capture, path: &Path) -> Result<Capture, Failure> {
    let refused = |message: &str| {
        let help = "it takes what the lines of `ebs-preflight capture --script` printed, of this start or a part of it";
        Failure::bad_input("not-as-asked-for", format!("`{}`: {message}", path.display()), help)
    };
    let text = files::read(path)?;
    note_if_cut(path, &text);
    let (mut capture, read) = add(before.clone(), &text).map_err(|error| refused(&error.to_string()))?;
    let keys = capture.keys.iter().filter(|(arn, key)| before.keys.get(*arn) != Some(key));
    let identities = capture.identities.iter().filter(|(arn, identity)| before.identities.get(*arn) != Some(identity));
    let accounts = capture.organizations.iter();
    let accounts = accounts.filter(|(account, one)| before.organizations.get(*account) != Some(one));
    let mut what: Vec<String> = keys.map(|(arn, _)| format!("key {arn}")).collect();
    what.extend(identities.map(|(arn, _)| arn.clone()));
    what.extend(accounts.map(|(account, _)| format!("organization policies of account {account}")));
    if before.instances != capture.instances || before.volumes != capture.volumes {
        what.push("the instance and its volumes".to_owned());
    }
    if what.is_empty() {
        return Err(refused("it holds nothing that was not read already"));
    }
    capture.handed.push(Handed { what: what.join(", "), file: path.display().to_string(), read });
    Ok(capture)
}

fn note_if_cut(path: &Path, text: &str) {
    if is_cut(text) {
        files::print_error(&format!(
            "note: `{}` ends before the script did (its last line is `### end`): the rest counts as not read\n",
            path.display()
        ));
    }
}

/// A capture as people hold it: the file, a transcript, or a folder of transcripts.
pub(super) fn capture(path: &Path) -> Result<Capture, Failure> {
    let text = if path.is_dir() { files::read_folder(path)? } else { files::read(path)? };
    let refused = |message: String, help: &str| {
        Failure::bad_input("bad-capture", format!("`{}`: {message}", path.display()), help)
    };
    if !is_transcript(&text) {
        return Capture::parse(&text).map_err(|error| refused(error.to_string(), error.help()));
    }
    note_if_cut(path, &text);
    transcript(&text).map_err(|error| refused(error.to_string(), "copy all that the lines printed"))
}

/// The key of the start that is meant: by ARN, ID or alias.
fn key_of(capture: &Capture, text: &str) -> Result<KeyArn, Failure> {
    let is_meant = |arn: &&KeyArn| {
        let aliases = capture.keys.get(*arn).and_then(|key| key.aliases.known());
        arn.as_str() == text || arn.key_id() == text || aliases.is_some_and(|all| all.iter().any(|one| one == text))
    };
    let volumes = capture.volumes.values().filter_map(Reading::known);
    let mut keys: Vec<&KeyArn> = volumes.filter_map(|volume| volume.key.known()).chain(capture.keys.keys()).collect();
    keys.sort();
    keys.dedup();
    let found: Vec<&KeyArn> = keys.iter().copied().filter(is_meant).collect();
    if let [arn] = found.as_slice() {
        return Ok((*arn).clone());
    }
    let known: Vec<&str> = keys.iter().map(|arn| arn.as_str()).collect();
    Err(Failure::bad_input(
        "key-not-concerned",
        format!("`{text}` is no key of this start"),
        if known.is_empty() { "no volume is encrypted".to_owned() } else { format!("its keys:\n{}", known.join("\n")) },
    ))
}

/// The value, with a word on standard error about what was taken off.
pub(super) fn taken<T>(handing: Result<Handing<T>, HandedError>, path: &str) -> Result<T, Failure> {
    let handing = handing.map_err(|error| match error {
        HandedError::Mangled(mangled) => Failure::bad_input(
            "text-mangled",
            format!("`{path}`:{mangled}"),
            format!(
                "ask for the text again, as a file; if it was meant as follows, save that and hand it in\n\n{}",
                mangled.repaired
            ),
        ),
        HandedError::Other(message) => {
            Failure::bad_input("not-as-asked-for", format!("`{path}`: {message}"), "see what the file holds")
        }
    })?;
    let noise: Vec<String> =
        handing.taken_off.iter().filter(|one| **one != Wrapping::CliOutput).map(ToString::to_string).collect();
    if !noise.is_empty() {
        files::print_error(&format!("note: `{path}`: taken off: {}\n", noise.join(", ")));
    }
    Ok(handing.value)
}
