//! The remedies of a report as files: a folder for each owner and account, with a script of its own.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::change::Change;
use crate::command::Command;
use crate::document::Document;
use crate::findings::{Code, Evidence, Finding, Severity, push_new};
use crate::outcome::Report;
use crate::remedy::{FileName, Form, Owner, Part, file_name, join, scripts};
use crate::words::json::{FORMAT_VERSION, print};

/// What `remedy.json` holds: [`Change`] is its format.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RemedyFile {
    format_version: u32,
    changes: Vec<Change>,
}

/// What one owner changes.
struct Folder<'p> {
    owner: Owner,
    parts: Vec<(&'p Part, FileName)>,
    /// What makes keys usable again, as it can be run.
    of_keys: Vec<Command>,
}

/// The remedies of all starts in every form, as files: name and text. What several starts need of one policy is
/// one change of it.
pub fn remedy_files(report: &Report) -> Vec<(String, String)> {
    let parts = join(report.starts().filter_map(|start| start.remedy.as_ref()));
    let mut folders: BTreeMap<FileName, Folder<'_>> = BTreeMap::new();
    let folder = |owner: &Owner| Folder { owner: owner.clone(), parts: Vec::new(), of_keys: Vec::new() };
    for part in &parts {
        let there = folders.entry(owner_name(&part.owner)).or_insert_with(|| folder(&part.owner));
        let names: Vec<FileName> = there.parts.iter().map(|(_, name)| name.clone()).collect();
        there.parts.push((part, file_name(&part.change).beside(&names)));
    }
    for finding in report.starts().flat_map(|start| &start.findings) {
        let Some(key) = finding.keys.first() else { continue };
        let owner = Owner::Account(key.account().to_owned());
        for command in of_key(finding) {
            let there = folders.entry(owner_name(&owner)).or_insert_with(|| folder(&owner));
            push_new(&mut there.of_keys, command);
        }
    }
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for (name, folder) in &folders {
        for (file, text) in folder.files() {
            files.insert(format!("{name}/{file}"), text);
        }
    }
    if !files.is_empty() {
        let changes = parts.iter().map(|part| part.change.clone()).collect();
        files.insert("remedy.json".to_owned(), print(&RemedyFile { format_version: FORMAT_VERSION, changes }));
    }
    files.into_iter().collect()
}

impl Folder<'_> {
    fn files(&self) -> Vec<(String, String)> {
        let mut files = Vec::new();
        for (part, name) in &self.parts {
            let forms = [
                ("json", Form::Document),
                ("diff", Form::Diff),
                ("tf", Form::Terraform),
                ("template.json", Form::Cloudformation),
            ];
            let all = part.after.is_some();
            let forms = forms.into_iter().filter(|(_, form)| all || *form == Form::Terraform);
            files.extend(forms.map(|(end, form)| (format!("{name}.{end}"), form.in_file(part, name))));
            let judged = part.before.as_ref().map(Document::text);
            // Only compared without its white space, and never put anywhere: it is no document to paste.
            let flat = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
            files.extend(judged.map(|text| (format!("{name}.judged.json"), flat(text))));
        }
        let parts: Vec<(&Part, &FileName)> = self.parts.iter().map(|(part, name)| (*part, name)).collect();
        let scripts = scripts(&self.owner, &parts, &self.of_keys).into_iter();
        files.extend(scripts.flat_map(|(apply, undo)| [("apply.sh".to_owned(), apply), ("undo.sh".to_owned(), undo)]));
        files
    }
}

/// The folder of an owner.
fn owner_name(owner: &Owner) -> FileName {
    FileName::of(&match owner {
        Owner::Account(account) => format!("account-{account}"),
        Owner::These(arns) => {
            let parts: Vec<&str> = arns.first().map(|arn| arn.split(':').collect()).unwrap_or_default();
            let part = |number: usize| parts.get(number).copied().unwrap_or_default();
            format!("account-{}-{}", part(4), part(5))
        }
        Owner::Organization => "organization".to_owned(),
        Owner::SessionCreator => "session".to_owned(),
    })
}

/// The commands that make a key usable again, where they can be run as they stand.
fn of_key(finding: &Finding) -> Vec<Command> {
    let commands = finding.evidence.iter().filter_map(|fact| {
        if let Evidence::Command { what: "fix", command } = fact { Some(command.clone()) } else { None }
    });
    let commands: Vec<Command> = commands.collect();
    // A store that failed is connected once what its error code tells is put right.
    let is_of_store = matches!(finding.code, Code::KeyUnavailable | Code::CustomKeyStore);
    let is_whole =
        matches!(finding.code, Code::KeyDisabled | Code::KeyPendingDeletion) || (is_of_store && commands.len() == 1);
    if is_whole && finding.severity == Severity::Blocker { commands } else { Vec::new() }
}
