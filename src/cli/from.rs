//! `--from`: evidence in pieces, from files and folders.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::answers::{EvidenceFile, HandedError, IdleReason, Joined, Pieces, PiecesError, ShownInstance, Wrapping};
use crate::capture::{Capture, Target};
use crate::command::{Command, Word};
use crate::names::{InstanceId, Region};

use super::evidence::way_out;
use super::failure::CliError;
use super::files;
use super::targets::{StartSelection, few_enough, the_one, two_regions};

/// The files that `--from` names, a folder with those in it.
pub(super) fn all(typed: &[String]) -> Result<Vec<EvidenceFile>, CliError> {
    let mut found = Vec::new();
    for text in typed {
        let (of, path) = of_and_path(text);
        if of.is_none() && path.is_dir() {
            found.extend(files(&path)?);
        } else {
            let text = files::read(&path)?;
            found.push(file(&path, of, text));
        }
    }
    Ok(found)
}

/// `FILE`, or `OF=FILE` where the file does not say itself what it is of.
pub(super) fn of_and_path(text: &str) -> (Option<String>, PathBuf) {
    let is_path = text == "-" || Path::new(text).exists();
    match text.split_once('=').filter(|_| !is_path) {
        Some((of, path)) => (Some(of.to_owned()), PathBuf::from(path)),
        None => (None, PathBuf::from(text)),
    }
}

/// A file of evidence with this text.
pub(super) fn file(path: &Path, of: Option<String>, text: String) -> EvidenceFile {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    EvidenceFile { path: path.display().to_string(), name, folders: String::new(), of, text }
}

/// Every file of a folder and of those in it; what is no text is told.
pub(super) fn files(folder: &Path) -> Result<Vec<EvidenceFile>, CliError> {
    let mut found = Vec::new();
    for (path, text) in files::read_tree(folder)? {
        match text {
            Ok(text) => {
                let within = path.parent().and_then(|parent| parent.strip_prefix(folder).ok()).unwrap_or(Path::new(""));
                let folders = within.display().to_string();
                found.push(EvidenceFile { folders, ..file(&path, None, text) });
            }
            Err(failure) => files::print_error(&format!("note: not taken: {}\n", failure.message)),
        }
    }
    if found.is_empty() {
        let message = format!("`{}` holds no evidence: there is no file of text in it", folder.display());
        let help = "give the folder with what the AWS CLI printed, as JSON, or the files themselves";
        return Err(CliError::bad_input("evidence-missing", message, help));
    }
    Ok(found)
}

/// The pieces that these files hold; what was around them is told.
pub(super) fn pieces(files: Vec<EvidenceFile>) -> Result<Pieces, CliError> {
    let pieces = Pieces::of(files).map_err(|error| failure(&error))?;
    for (path, taken_off) in pieces.taken_off() {
        let noise = taken_off.iter().filter(|one| **one != Wrapping::CliOutput);
        let noise: Vec<String> = noise.map(ToString::to_string).collect();
        if !noise.is_empty() {
            files::print_error(&format!("note: `{path}`: taken off: {}\n", noise.join(", ")));
        }
    }
    for path in pieces.cut() {
        let note = "ends before the script did (its last line is `### end`): the rest counts as not read";
        files::print_error(&format!("note: `{path}` {note}\n"));
    }
    Ok(pieces)
}

/// The capture that was put together; a file that told nothing is told.
pub(super) fn taken(joined: Result<Joined, PiecesError>) -> Result<Capture, CliError> {
    let Joined { capture, idle } = joined.map_err(|error| failure(&error))?;
    for (path, reason) in idle {
        files::print_error(&format!("note: `{path}` tells nothing of this start: {}\n", words(&path, &reason)));
    }
    Ok(capture)
}

/// Why a file tells nothing, with what it is for.
fn words(path: &str, reason: &IdleReason) -> String {
    match reason {
        IdleReason::Event => {
            let word = || Word::path(Path::new(path));
            let triage = Command::preflight("triage").argument(word());
            let events = Command::options().option("--events", word());
            format!("{reason}; {triage} tells what it proves, and {events} shows it beside a judgement")
        }
        IdleReason::Said(reason) => reason.clone(),
    }
}

/// The capture of the starts that are asked for.
pub(super) fn capture(pieces: &Pieces, asked: &StartSelection) -> Result<Capture, CliError> {
    let targets: Vec<Target> = asked.in_pieces(pieces)?;
    let ids: Vec<InstanceId> = targets.iter().map(|target| target.instance_id.clone()).collect();
    let (region, source) = match asked.region() {
        Some(region) => (region, "--region"),
        None => pieces.region(&ids).ok_or_else(no_region)?,
    };
    #[expect(clippy::disallowed_methods, reason = "files do not tell when they were read: the start is judged now")]
    let now = Timestamp::now();
    taken(pieces.capture(targets, (region, source), now))
}

impl StartSelection {
    /// The starts of evidence in pieces: every instance that is asked for, or that the pieces show, with every principal,
    /// or those of the captures and transcripts among the pieces.
    pub(super) fn in_pieces(&self, pieces: &Pieces) -> Result<Vec<Target>, CliError> {
        let shown = pieces.instances();
        let mut ids = self.instances.clone();
        for name in &self.names {
            let of_name = shown.iter().filter(|one| one.name == *name);
            ids.push(the_one(name, of_name.map(|one| (one.id.clone(), one.state.clone())).collect())?);
        }
        let held = pieces.targets();
        let is_asked = |target: &&Target| {
            (ids.is_empty() || ids.contains(&target.instance_id))
                && (self.principals.is_empty() || self.principals.contains(&target.role_arn))
        };
        let mut targets = self.listed.clone();
        if self.principals.is_empty() && targets.is_empty() {
            targets = held.iter().filter(is_asked).cloned().collect();
            if targets.is_empty() {
                let known: Vec<String> = pieces.principals().iter().map(|arn| format!("  --role-arn {arn}")).collect();
                let help = format!("give --role-arn, the one that calls StartInstances\n{}", known.join("\n"));
                return Err(CliError::bad_input(
                    "argument-missing",
                    "who starts it? the role is missing",
                    help.trim_end(),
                ));
            }
        }
        if ids.is_empty() && self.listed.is_empty() && !self.principals.is_empty() {
            let region = self.region();
            let is_meant = |one: &&ShownInstance| {
                one.state != "terminated" && (region.is_none() || one.region.is_none() || one.region == region)
            };
            ids.extend(shown.iter().filter(is_meant).map(|one| one.id.clone()));
            ids.extend(held.into_iter().map(|target| target.instance_id));
            if ids.is_empty() {
                ids.extend(pieces.attached_to());
            }
            ids.sort();
            ids.dedup();
            if ids.is_empty() {
                let message = "the instance is missing: no describe-instances that shows one is among the files";
                return Err(CliError::bad_input("argument-missing", message, "give --instance-id i-\u{2026}"));
            }
        }
        few_enough(targets.len().saturating_add(ids.len().saturating_mul(self.principals.len())))?;
        for id in &ids {
            targets
                .extend(self.principals.iter().map(|role| Target { instance_id: id.clone(), role_arn: role.clone() }));
        }
        let of = |target: &Target| shown.iter().find(|one| one.id == target.instance_id)?.region.clone();
        let mut regions = targets.iter().filter_map(|target| Some((target, of(target)?)));
        if let Some((first, own)) = regions.next() {
            if let Some(asked) = self.region().filter(|asked| *asked != own) {
                return Err(elsewhere(&first.instance_id, &own, &asked));
            }
            if let Some((_, other)) = regions.find(|(_, other)| *other != own) {
                return Err(two_regions(&own, &other));
            }
        }
        targets.sort();
        targets.dedup();
        Ok(targets)
    }
}

fn no_region() -> CliError {
    let message = "the Region is missing: no describe-instances, no volume and no key in these files tells it";
    CliError::bad_input("region-missing", message, "give --region, as --region eu-west-1")
}

/// Where a Region is asked for that an instance is not in.
fn elsewhere(id: &InstanceId, own: &Region, region: &Region) -> CliError {
    let message = format!("instance {id} is in {own}, and {region} is asked for");
    CliError::bad_input("two-regions", message, "leave --region out: the files tell it")
}

fn failure(error: &PiecesError) -> CliError {
    let message = error.to_string();
    match error {
        PiecesError::NotTaken { file, error } => match &**error {
            HandedError::Mangled(mangled) => {
                let message = format!("`{file}`:{mangled}");
                CliError::bad_input("text-mangled", message, way_out(mangled.repair.as_ref()))
            }
            HandedError::Other(_) => {
                let help = "print it again as JSON: the same AWS CLI command with --output json";
                CliError::bad_input("not-as-asked-for", message, help)
            }
        },
        PiecesError::Transcript { .. } => {
            let help = "have all that the lines printed sent again, as a file that is attached";
            CliError::bad_input("bad-capture", message, help)
        }
        PiecesError::Capture { error, .. } => CliError::bad_input("bad-capture", message, error.help()),
        PiecesError::Unknown(questions) => {
            let mut lines = vec!["say it before the file's name, or leave the file out:".to_owned()];
            for question in questions {
                let path = Word::path(Path::new(&question.file));
                for one in &question.one_of {
                    let word = Word::typed(one).then("=").then(path.clone());
                    lines.push(format!("  {}", Command::options().option("--from", word)));
                }
            }
            CliError::bad_input("evidence-unidentified", message, lines.join("\n"))
        }
        PiecesError::Differ { .. } => {
            let help = "neither tells when it was read, so which one holds now is not known: leave the older one out";
            CliError::bad_input("evidence-contradicts", message, help)
        }
        PiecesError::Nothing(idle) => {
            let lines = idle.iter().map(|(path, reason)| format!("\n`{path}`: {}", words(path, reason)));
            let message = format!("{message}{}", lines.collect::<String>());
            let help = "it takes what the AWS CLI printed as JSON (describe-instances, describe-volumes, describe-key, \
                        get-key-policy, get-role, get-role-policy, \u{2026}), policies, items of AWS Config, captures and \
                        transcripts;\n`ebs-preflight capture --script` prints the lines that read all of it";
            CliError::bad_input("evidence-missing", message, help)
        }
        PiecesError::Contradiction(error) => CliError::bad_input("contradiction", message, error.help()),
    }
}
