//! What the asker hands in takes the place of what could not be read.

use std::path::Path;

use crate::answers::{grants, key_policy};
use crate::capture::{Capture, Handed, Key};
use crate::command::{Command, Word};
use crate::fact::Fact;
use crate::names::KeyArn;
use crate::policy::PolicyType;

use super::args::HandedIn;
use super::evidence::{EvidenceSet, taken};
use super::failure::CliError;
use super::options::{self, Source};
use super::organization::ToldOf;
use super::{files, from, organization};

/// The capture with everything that was handed in.
///
/// `also`: keys of which evidence may be handed in although no volume is under them.
pub(super) fn put_in(capture: Capture, typed: &HandedIn, also: &[KeyArn]) -> Result<Capture, CliError> {
    // What is added may tell which keys there are.
    let (mut pieces, mut told) = (EvidenceSet::default(), Vec::new());
    for text in &typed.add {
        let (of, path) = from::of_and_path(text);
        let text = files::read(&path)?;
        pieces.add(&path, of, text)?;
    }
    // A key that is not known yet may be of an account that is not, either.
    let are_known = capture.volumes.values().all(|volume| volume.known().is_some_and(|one| one.key.unread().is_none()));
    let concerned = are_known.then(|| capture.accounts());
    for text in &typed.organizations {
        told.extend(organization::take(&mut pieces, concerned.as_ref(), text)?);
    }
    let mut capture = pieces.put_into(capture, true)?;
    for text in &typed.key_policies {
        let (key, path) = from::of_and_path(text);
        let is_open = |key: &Key| key.policy.unread().is_some();
        let arn = key_meant(&capture, key, also, &Lacks { option: "--key-policy-file", path: &path, is_open })?;
        let path = &*path.display().to_string();
        let what = format!("key policy of {arn}");
        let record = capture.keys.entry(arn.clone()).or_default();
        if record.policy.unread().is_none() {
            let help = "what was read counts; to judge the start with another text: \
                        ebs-preflight diff … --set-key-policy KEY=FILE";
            return Err(known_already(&capture, &what, path, help));
        }
        let file = files::read(Path::new(path))?;
        let policy = taken(key_policy(&file), path)?;
        let source = Source { path: Path::new(path), text: &file, origin: &policy.origin };
        options::accepted("key policy", &source, policy.value.text(), PolicyType::KeyPolicy)?;
        record.policy = Fact::Known(policy.value);
        let mut told = what;
        if record.ram_policy.unread().is_some() {
            // Nobody who sends a key policy thinks of the second one, which only a key shared through AWS RAM has.
            record.ram_policy = Fact::Absent;
            told.push_str(", taken as not shared through AWS RAM");
        }
        capture.handed.push(Handed { what: told, file: path.to_owned(), read: None });
    }
    for text in &typed.grants {
        let (key, path) = from::of_and_path(text);
        let is_open = |key: &Key| key.grants.unread().is_some();
        let arn = key_meant(&capture, key, also, &Lacks { option: "--grants-file", path: &path, is_open })?;
        let path = &*path.display().to_string();
        let what = format!("grants on {arn}");
        let record = capture.keys.entry(arn.clone()).or_default();
        if record.grants.unread().is_none() {
            let help =
                "what was read counts: leave --grants-file out; `diff --revoke-grant ID` judges the start without one";
            return Err(known_already(&capture, &what, path, help));
        }
        record.grants = Fact::Known(taken(grants(&files::read(Path::new(path))?, &arn), path)?.value.into());
        capture.handed.push(Handed { what, file: path.to_owned(), read: None });
    }
    // What was read of an organization is put in before what is only told of it.
    told.sort_by_key(ToldOf::rank);
    told.into_iter().try_for_each(|told| told.put_in(&mut capture))?;
    capture.checked().map_err(|error| CliError::bad_input("contradiction", error.to_string(), error.help()))
}

/// When the rest was read.
fn minute(capture: &Capture) -> String {
    capture.read.until.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// What was read is not overruled, nor is one file by another.
fn known_already(capture: &Capture, what: &str, path: &str, help: &str) -> CliError {
    let before = capture.handed.iter().find(|handed| handed.what.starts_with(what));
    let message = match before {
        Some(before) => format!("`{path}`: `{}` holds the {what} already", before.file),
        None => format!("`{path}`: the {what} was read {}", minute(capture)),
    };
    CliError::bad_input("known-already", message, help)
}

/// What a file is to fill.
struct Lacks<'p> {
    option: &'static str,
    path: &'p Path,
    is_open: fn(&Key) -> bool,
}

/// The key that a file is of: the one that is typed, or the only one that lacks what the file holds.
fn key_meant(capture: &Capture, typed: Option<String>, also: &[KeyArn], lacks: &Lacks<'_>) -> Result<KeyArn, CliError> {
    let keys = keys(capture, also);
    if let Some(typed) = typed {
        return key_of(capture, &typed, &keys);
    }
    let none = Key::default();
    let open = keys.iter().filter(|arn| (lacks.is_open)(capture.keys.get(**arn).unwrap_or(&none)));
    match (open.copied().collect::<Vec<_>>().as_slice(), keys.as_slice()) {
        ([arn], _) | ([], [arn]) => Ok((*arn).clone()),
        (_, []) => Err(not_concerned(format!("`{}`: of which key is not known", lacks.path.display()), &keys)),
        (open, _) => {
            let several = if open.is_empty() { keys.as_slice() } else { open };
            let line = |arn: &&KeyArn| {
                let word = Word::from(*arn).then("=").then(Word::path(lacks.path));
                format!("  {}", Command::options().option(lacks.option, word))
            };
            let message = format!("`{}` does not say of which key it is", lacks.path.display());
            let help =
                format!("say it before the file's name:\n{}", several.iter().map(line).collect::<Vec<_>>().join("\n"));
            Err(CliError::bad_input("evidence-unidentified", message, help))
        }
    }
}

/// The keys of the starts, and those that a change brings in.
fn keys<'c>(capture: &'c Capture, also: &'c [KeyArn]) -> Vec<&'c KeyArn> {
    let volumes = capture.volumes.values().filter_map(Fact::known);
    let mut keys: Vec<&KeyArn> =
        volumes.filter_map(|volume| volume.key.known()).chain(capture.keys.keys()).chain(also).collect();
    keys.sort();
    keys.dedup();
    keys
}

/// The key of the start that is meant: by ARN, ID or alias.
fn key_of(capture: &Capture, text: &str, keys: &[&KeyArn]) -> Result<KeyArn, CliError> {
    let is_meant = |arn: &&KeyArn| {
        let aliases = capture.keys.get(*arn).and_then(|key| key.aliases.known());
        arn.as_str() == text || arn.key_id() == text || aliases.is_some_and(|all| all.iter().any(|one| one == text))
    };
    let found: Vec<&KeyArn> = keys.iter().copied().filter(is_meant).collect();
    if let [arn] = found.as_slice() {
        return Ok((*arn).clone());
    }
    Err(not_concerned(format!("`{text}` is no key of this start"), keys))
}

fn not_concerned(message: String, keys: &[&KeyArn]) -> CliError {
    let known: Vec<&str> = keys.iter().map(|arn| arn.as_str()).collect();
    let help =
        if known.is_empty() { "no volume is encrypted".to_owned() } else { format!("its keys:\n{}", known.join("\n")) };
    CliError::bad_input("key-not-concerned", message, help)
}
