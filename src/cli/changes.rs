//! From typed changes to changes of this capture, if AWS would take them.

use std::path::Path;

use serde::Deserialize;

use crate::answers::{key_policy, policy};
use crate::capture::Capture;
use crate::change::{Change, Edit, PolicyPlace, Refusal, answers, apply, faults, refusals};
use crate::document::Document;
use crate::names::{KeyArn, PolicyName};
use crate::policy::PolicyType;

use super::args::Changes;
use super::evidence::taken;
use super::failure::CliError;
use super::options::Source;
use super::{files, named, options};

/// The changes, in the order of the options; none that AWS would refuse.
pub(super) fn changes(typed: &Changes, capture: &Capture) -> Result<Vec<Change>, CliError> {
    let mut list = List { capture: capture.clone(), changes: Vec::new() };
    for text in &typed.new_key {
        let (name, file) = options::pair(text, "--new-key")?;
        let key = named::new_key(name, capture)?;
        let policy = list.document(file, &PolicyPlace::KeyPolicy(key.clone()))?;
        list.push(Change::NewKey { key, policy })?;
    }
    for text in &typed.set_key_policy {
        let (name, file) = options::pair(text, "--set-key-policy")?;
        list.whole(PolicyPlace::KeyPolicy(named::key(name, &list.capture)?), file)?;
    }
    for text in &typed.set_role_policy {
        let (names, file) = options::pair(text, "--set-role-policy")?;
        let Some((name, policy)) = names.rsplit_once('/') else {
            let message = format!("`{names}` is not ROLE/NAME");
            return Err(CliError::bad_input("malformed-pair", message, "give --set-role-policy ROLE/NAME=FILE"));
        };
        let identity = named::holder(name, capture)?;
        let policy = PolicyName::parse(policy)
            .map_err(|error| CliError::bad_input("malformed-name", error.to_string(), "copy it from AWS"))?;
        named::is_inline(&identity, &policy, capture)?;
        list.whole(PolicyPlace::Inline { identity, name: policy }, file)?;
    }
    for (texts, flag, is_attached) in
        [(&typed.detach_policy, "--detach-policy", true), (&typed.attach_policy, "--attach-policy", false)]
    {
        for text in texts {
            let (name, policy) = options::pair(text, flag)?;
            let identity = named::identity(name, capture)?;
            list.push(if is_attached {
                Change::DetachPolicy { identity, policy: named::managed(policy, capture)? }
            } else {
                Change::AttachPolicy { identity, policy: named::policy_arn(policy)? }
            })?;
        }
    }
    for text in &typed.set_managed_policy {
        let (name, file) = options::pair(text, "--set-managed-policy")?;
        list.whole(PolicyPlace::Managed { arn: named::managed(name, &list.capture)? }, file)?;
    }
    for text in &typed.set_boundary {
        let (name, file) = options::pair(text, "--set-boundary")?;
        list.whole(PolicyPlace::Boundary { identity: named::identity(name, capture)? }, file)?;
    }
    for text in &typed.set_scp {
        let (id, file) = options::pair(text, "--set-scp")?;
        list.whole(PolicyPlace::Scp { id: named::organization_policy(id, PolicyType::Scp, capture)? }, file)?;
    }
    for text in &typed.set_rcp {
        let (id, file) = options::pair(text, "--set-rcp")?;
        list.whole(PolicyPlace::Rcp { id: named::organization_policy(id, PolicyType::Rcp, capture)? }, file)?;
    }
    if let Some(name) = &typed.encrypt_volumes_with {
        list.push(Change::EncryptVolumes { key: named::key(name, &list.capture)? })?;
    }
    for name in &typed.disable_key {
        list.push(Change::KeyState { key: named::key(name, &list.capture)?, state: "Disabled".to_owned() })?;
    }
    for name in &typed.delete_role {
        list.push(Change::DeleteRole { role: named::identity(name, capture)? })?;
    }
    for name in &typed.recreate_role {
        list.push(Change::RecreateRole { role: named::identity(name, capture)? })?;
    }
    for id in &typed.revoke_grant {
        list.push(Change::RevokeGrant { id: named::grant(id, capture)? })?;
    }
    for path in &typed.apply_remedy {
        remedy(path)?.into_iter().try_for_each(|change| list.push(change))?;
    }
    Ok(list.changes)
}

/// The keys that the changes name by ARN: evidence of them may be handed in, although no volume is under them yet.
pub(super) fn keys(typed: &Changes) -> Vec<KeyArn> {
    let named = typed.set_key_policy.iter().filter_map(|text| text.split_once('=')).map(|(name, _)| name);
    let named = named.chain(typed.encrypt_volumes_with.as_deref());
    named.filter_map(|name| KeyArn::parse(name).ok()).collect()
}

/// The changes so far, and the capture as it would be with them.
struct List {
    capture: Capture,
    changes: Vec<Change>,
}

impl List {
    fn push(&mut self, change: Change) -> Result<(), CliError> {
        if let Some(first) = self.changes.iter().find(|first| is_same_thing(first, &change)) {
            let message = format!("two changes of one thing: {}", crate::report::change(first));
            return Err(CliError::bad_input("changed-twice", message, "give one change of each thing"));
        }
        if let Some(refusal) = refusals(&self.capture, std::slice::from_ref(&change)).first() {
            return Err(refused(refusal));
        }
        self.capture = apply(&self.capture, &change);
        self.changes.push(change);
        Ok(())
    }

    fn whole(&mut self, place: PolicyPlace, file: &str) -> Result<(), CliError> {
        let edits = vec![Edit::Whole(self.document(file, &place)?)];
        self.push(Change::Policy { place, edits })
    }

    /// The policy of a file, as plain document or as the AWS CLI prints it.
    fn document(&self, file: &str, place: &PolicyPlace) -> Result<Document, CliError> {
        let (path, text) = (Path::new(file), files::read(Path::new(file))?);
        let kind = place.kind();
        let handed = taken(if kind == PolicyType::KeyPolicy { key_policy(&text) } else { policy(&text) }, file)?;
        let found = faults(&self.capture, place, &handed.value);
        if found.is_empty() {
            return Ok(handed.value);
        }
        let source = Source { path, text: &text, origin: &handed.origin };
        Err(options::refused(&source, kind, &found))
    }
}

/// Whether the second change would undo the first, or say the same.
fn is_same_thing(first: &Change, second: &Change) -> bool {
    let is_whole = |edits: &[Edit]| edits.iter().any(|edit| matches!(edit, Edit::Whole(_)));
    match (first, second) {
        (Change::Policy { place, edits }, Change::Policy { place: there, edits: more }) => {
            place == there && (is_whole(edits) || is_whole(more))
        }
        (Change::KeyState { key, .. }, Change::KeyState { key: other, .. })
        | (Change::NewKey { key, .. }, Change::NewKey { key: other, .. })
        | (Change::NewKey { key, .. }, Change::Policy { place: PolicyPlace::KeyPolicy(other), .. }) => key == other,
        (
            Change::DeleteRole { role } | Change::RecreateRole { role },
            Change::DeleteRole { role: other } | Change::RecreateRole { role: other },
        ) => role == other,
        (
            Change::AttachPolicy { identity, policy } | Change::DetachPolicy { identity, policy },
            Change::AttachPolicy { identity: other, policy: another }
            | Change::DetachPolicy { identity: other, policy: another },
        ) => identity == other && policy == another,
        (first, second) => first == second,
    }
}

fn refused(refusal: &Refusal) -> CliError {
    match refusal {
        Refusal::Rule(rule) => {
            let answer = rule.answer().map_or_else(String::new, |answer| format!("AWS answers {answer}\n"));
            CliError::bad_input("change-refused", format!("AWS would refuse this: {rule}"), answer + rule.instead())
        }
        Refusal::Document { place, faults, .. } => {
            let faulty: Vec<String> = faults.iter().map(|fault| fault.problem.to_string()).collect();
            let message =
                format!("AWS would refuse {} as it would be: {}", crate::report::place(place), faulty.join("; "));
            let answers = answers(place.kind(), faults);
            CliError::bad_input("policy-refused", message, format!("AWS answers {}", answers.join("\nAWS answers ")))
        }
    }
}

/// What `remedy.json` holds.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RemedyFile {
    format_version: u32,
    changes: Vec<Change>,
}

fn remedy(path: &Path) -> Result<Vec<Change>, CliError> {
    let text = files::read(path)?;
    let bad = |message: String| {
        let message = format!("`{}` is no remedy: {message}", path.display());
        CliError::bad_input("bad-remedy", message, "`ebs-preflight check --write-remedy DIR` writes DIR/remedy.json")
    };
    let file: RemedyFile = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
    if file.format_version != 1 {
        return Err(bad(format!("it is of version {}, and this program reads version 1", file.format_version)));
    }
    Ok(file.changes)
}
