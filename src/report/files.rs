//! The remedies of a report as files.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::change::Change;
use crate::remedy::{FileName, Form, Part, file_name, join};

use crate::outcome::Report;
use crate::words::json::{FORMAT_VERSION, print};

/// What `remedy.json` holds: [`Change`] is its format.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RemedyFile {
    format_version: u32,
    changes: Vec<Change>,
}

/// The commands of a part; commented out where AWS would refuse them.
fn commands(part: &Part, file: &FileName) -> String {
    let commands = Form::Cli.in_file(part, file);
    let Some(size) = part.size.filter(|size| !size.fits()) else { return commands };
    let refused = format!("# AWS would refuse this: {} of {} characters\n", size.holds, size.limit);
    commands.lines().fold(refused, |all, line| all + "# " + line + "\n")
}

/// The remedies of all starts in every form, as files: name and text. What several starts need of one policy is
/// one change of it.
pub fn remedy_files(report: &Report) -> Vec<(String, String)> {
    let parts = join(report.starts().filter_map(|start| start.remedy.as_ref()));
    let mut names: Vec<FileName> = Vec::new();
    for part in &parts {
        names.push(file_name(&part.change).beside(&names));
    }
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for (part, name) in parts.iter().zip(&names) {
        for (extension, form) in [("json", Form::Document), ("diff", Form::Diff), ("tf", Form::Terraform)] {
            if part.after.is_some() || form == Form::Terraform {
                files.insert(format!("{name}.{extension}"), form.in_file(part, name));
            }
        }
    }
    if !parts.is_empty() {
        let commands: String = parts.iter().zip(&names).map(|(part, name)| commands(part, name)).collect();
        files.insert("apply.sh".to_owned(), format!("#!/bin/sh\nset -eu\n{commands}"));
        let changes = parts.into_iter().map(|part| part.change).collect();
        files.insert("remedy.json".to_owned(), print(&RemedyFile { format_version: FORMAT_VERSION, changes }));
    }
    files.into_iter().collect()
}
