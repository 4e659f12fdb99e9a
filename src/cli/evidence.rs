//! Evidence as people hold it: captures, transcripts, folders of both, texts that came by mail.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::answers::{
    EvidenceFile, HandedError, Input, Repair, Transcript, TranscriptError, Wrapping, add, assembled, is_transcript,
    joined_organizations,
};
use crate::capture::{Capture, Handed};

use super::failure::CliError;
use super::files;
use super::from;

/// What `--capture` names.
pub(super) enum Held {
    /// A capture, or transcripts that amount to one.
    Whole(Box<Capture>),
    /// Anything else that may be evidence, as `--from` takes it.
    Pieces(Vec<EvidenceFile>),
}

/// What `--capture` names: a capture, a transcript, a folder with transcripts and at most one capture, or pieces.
pub(super) fn held(path: &Path) -> Result<Held, CliError> {
    if path.is_dir() {
        let is_whole = |text: &String| is_transcript(text) || text.contains("\"formatVersion\"");
        let has_whole = files::read_folder(path)?.iter().any(|(_, text)| text.as_ref().is_some_and(is_whole));
        return if has_whole {
            capture(path).map(|held| Held::Whole(Box::new(held)))
        } else {
            from::files(path).map(Held::Pieces)
        };
    }
    let text = files::read(path)?;
    if is_transcript(&text) || text.contains("\"formatVersion\"") {
        return capture_of(path, text).map(|held| Held::Whole(Box::new(held)));
    }
    Ok(Held::Pieces(vec![from::file(path, None, text)]))
}

/// A capture as people hold it: the file, a transcript, or a folder with transcripts and at most one such file.
pub(super) fn capture(path: &Path) -> Result<Capture, CliError> {
    if !path.is_dir() {
        return capture_of(path, files::read(path)?);
    }
    let (mut transcripts, mut captures, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for (path, text) in files::read_folder(path)? {
        match text {
            Some(text) if is_transcript(&text) => transcripts.push((path, text)),
            Some(text) if text.contains("\"formatVersion\"") => captures.push((path, text)),
            Some(_) | None => others.push(path.display().to_string()),
        }
    }
    if !others.is_empty() {
        files::print_error(&format!("note: not taken, for they are no transcripts: {}\n", others.join(", ")));
    }
    let refused = |message: &str, help: String| {
        CliError::bad_input("bad-capture", format!("`{}`: {message}", path.display()), help)
    };
    match captures.as_slice() {
        [] if transcripts.is_empty() => {
            let help =
                "it takes what the lines of `capture --script` printed, or a file that `capture` wrote".to_owned();
            Err(refused("the folder holds no evidence", help))
        }
        [] => of_transcripts(path, &transcripts),
        // Neither is to overrule the other, and which was read later may differ from fact to fact.
        [_] if transcripts.iter().any(|(_, text)| Transcript::parse(text).is_ok_and(|one| one.is_of_starts())) => {
            let help = "give the one with --capture, and the other with --add for what the first has not".to_owned();
            Err(refused("the folder holds a capture and a transcript of a start", help))
        }
        [(file, text)] => {
            let mut pieces = EvidenceSet::default();
            transcripts.into_iter().try_for_each(|(path, text)| pieces.add(&path, None, text))?;
            pieces.put_into(parsed(file, text)?, false)
        }
        [_, _, ..] => {
            let files: Vec<String> = captures.iter().map(|(file, _)| file.display().to_string()).collect();
            Err(refused("the folder holds several captures", format!("give the one to judge:\n{}", files.join("\n"))))
        }
    }
}

/// The capture in a file with this text.
pub(super) fn capture_of(path: &Path, text: String) -> Result<Capture, CliError> {
    if is_transcript(&text) { of_transcripts(path, &[(path.to_owned(), text)]) } else { parsed(path, &text) }
}

fn parsed(path: &Path, text: &str) -> Result<Capture, CliError> {
    Capture::parse(text)
        .map_err(|error| CliError::bad_input("bad-capture", format!("`{}`: {error}", path.display()), error.help()))
}

/// A file and its text.
type File = (PathBuf, String);

/// The capture of transcripts, each of which is whole as far as it goes.
fn of_transcripts(path: &Path, files: &[File]) -> Result<Capture, CliError> {
    let transcripts: Result<Vec<_>, _> = files.iter().map(|(path, text)| parsed_transcript(path, text)).collect();
    assembled(&transcripts?).map_err(|error| bad_transcript(path, &error))
}

fn parsed_transcript(path: &Path, text: &str) -> Result<Transcript, CliError> {
    let transcript = Transcript::parse(text).map_err(|error| bad_transcript(path, &error))?;
    if transcript.is_cut() {
        let note = "ends before the script did (its last line is `### end`): the rest counts as not read";
        files::print_error(&format!("note: `{}` {note}\n", path.display()));
    }
    Ok(transcript)
}

fn bad_transcript(path: &Path, error: &TranscriptError) -> CliError {
    // A place follows the path at once.
    let is_placed = matches!(error, TranscriptError::Changed { .. } | TranscriptError::Twice { .. });
    let blank = if is_placed { "" } else { " " };
    let message = format!("`{}`:{blank}{error}", path.display());
    let help = "have all that the lines printed sent again, as a file that is attached; where the sign stands so in AWS, \
                in a tag say, read the start with credentials instead";
    CliError::bad_input("bad-capture", message, help)
}

/// Evidence beside a capture, each piece read at one time.
#[derive(Default)]
pub(super) struct EvidenceSet {
    parts: Vec<(PathBuf, Transcript)>,
    /// Captures, of which the organizations count.
    captures: Vec<(PathBuf, Capture)>,
    /// What single calls of AWS answered, at a time that nobody tells.
    outputs: Vec<EvidenceFile>,
}

impl EvidenceSet {
    /// A file of `--add`, and what it is of, if that is typed.
    pub(super) fn add(&mut self, path: &Path, of: Option<String>, text: String) -> Result<(), CliError> {
        if text.contains("\"formatVersion\"") {
            let message = format!("`{}` is a whole capture, not a part of one", path.display());
            let help = "judge it with --capture; --org-file takes what it holds of the organization";
            return Err(CliError::bad_input("not-as-asked-for", message, help));
        }
        if !is_transcript(&text) {
            self.outputs.push(from::file(path, of, text));
            return Ok(());
        }
        let parts = parsed_transcript(path, &text)?.parts();
        self.parts.extend(parts.map(|part| (path.to_owned(), part)));
        Ok(())
    }

    /// The organizations of a capture.
    pub(super) fn add_organizations(&mut self, path: &Path, capture: Capture) {
        self.captures.push((path.to_owned(), capture));
    }

    /// The capture with what the pieces hold of that which was not read: the newest first, and last what does not tell
    /// when it was read. It is an error that none of them tells anything, where they were named one by one.
    pub(super) fn put_into(mut self, mut capture: Capture, are_named: bool) -> Result<Capture, CliError> {
        self.parts.sort_by_cached_key(|(_, part)| part.order());
        self.captures.sort_by_cached_key(|(path, held)| (std::cmp::Reverse(held.read.until), path.clone()));
        let (paths, parts): (Vec<_>, Vec<_>) = self.parts.into_iter().unzip();
        let mut captures = self.captures.into_iter().peekable();
        let mut used = Used::default();
        for (number, (path, part)) in paths.iter().zip(&parts).enumerate() {
            while let Some((path, held)) = captures.next_if(|(_, held)| Some(held.read.until) > part.time()) {
                used.note(&mut capture, &path, Some(held.read.until), |capture| with_organizations(capture, held));
            }
            used.note(&mut capture, path, part.time(), |capture| add(capture, &parts, number + 1));
        }
        for (path, held) in captures {
            used.note(&mut capture, &path, Some(held.read.until), |capture| with_organizations(capture, held));
        }
        if self.outputs.is_empty() {
            return used.told(are_named).map(|()| capture);
        }
        let paths = self.outputs.iter().map(|file| format!("`{}`", file.path)).collect::<Vec<_>>().join(", ");
        let joined = from::taken(from::pieces(self.outputs)?.complete(&capture))?;
        if difference(&capture, &joined).is_none() {
            let message = format!("{paths}: what it tells was read already, or is told by another file");
            let help = "what was read counts, and of two files without a date nobody knows which: leave one out";
            return Err(CliError::bad_input("not-as-asked-for", message, help));
        }
        used.told(false).map(|()| joined)
    }
}

/// The organizations of a capture that concern the start, as far as they were not read.
fn with_organizations(capture: &mut Capture, held: Capture) {
    let concerned = capture.accounts();
    for (account, found) in held.organizations.into_iter().filter(|(account, _)| concerned.contains(account)) {
        let record = capture.organizations.entry(account).or_default();
        *record = joined_organizations(std::mem::take(record), found);
    }
}

/// Which files told something, and which did not.
#[derive(Default)]
struct Used {
    used: BTreeSet<PathBuf>,
    idle: BTreeSet<PathBuf>,
}

impl Used {
    /// Puts a piece of this file in, and tells whether it told anything.
    fn note(
        &mut self,
        capture: &mut Capture,
        path: &Path,
        read: Option<Timestamp>,
        put_in: impl FnOnce(&mut Capture),
    ) -> bool {
        let before = capture.clone();
        put_in(capture);
        let Some(what) = difference(&before, capture) else {
            self.idle.insert(path.to_owned());
            return false;
        };
        self.used.insert(path.to_owned());
        capture.handed.push(Handed { what, file: path.display().to_string(), read });
        true
    }

    fn told(self, are_named: bool) -> Result<(), CliError> {
        let idle: Vec<String> = self.idle.difference(&self.used).map(|path| format!("`{}`", path.display())).collect();
        if idle.is_empty() {
            return Ok(());
        }
        let message =
            format!("{}: nothing of this start that was not read already, or is told by a newer file", idle.join(", "));
        if are_named && self.used.is_empty() {
            let help = "what was read counts; of what was not, the lines at the end of the report tell";
            return Err(CliError::bad_input("not-as-asked-for", message, help));
        }
        files::print_error(&format!("note: {message}\n"));
        Ok(())
    }
}

/// What of a capture is new, in words.
fn difference(before: &Capture, after: &Capture) -> Option<String> {
    let keys = after.keys.iter().filter(|(arn, key)| before.keys.get(*arn) != Some(key));
    let identities = after.identities.iter().filter(|(arn, identity)| before.identities.get(*arn) != Some(identity));
    let accounts = after.organizations.iter();
    let accounts = accounts.filter(|(account, one)| before.organizations.get(*account) != Some(one));
    let mut what: Vec<String> = keys.map(|(arn, _)| format!("key {arn}")).collect();
    what.extend(identities.map(|(arn, _)| arn.to_string()));
    what.extend(accounts.map(|(account, _)| format!("organization policies of account {account}")));
    if before.instances != after.instances || before.volumes != after.volumes {
        what.push("the instance and its volumes".to_owned());
    }
    (!what.is_empty()).then(|| what.join(", "))
}

/// What was handed in, with a word on standard error about what was taken off.
pub(super) fn taken<T>(handing: Result<Input<T>, HandedError>, path: &str) -> Result<Input<T>, CliError> {
    let handing = handing.map_err(|error| match error {
        HandedError::Mangled(mangled) => {
            CliError::bad_input("text-mangled", format!("`{path}`:{mangled}"), way_out(mangled.repair.as_ref()))
        }
        HandedError::Other(message) => CliError::bad_input(
            "not-as-asked-for",
            format!("`{path}`: {message}"),
            "hand in the whole output, as JSON (`--output json`)",
        ),
    })?;
    let noise: Vec<String> =
        handing.taken_off.iter().filter(|one| **one != Wrapping::CliOutput).map(ToString::to_string).collect();
    if !noise.is_empty() {
        files::print_error(&format!("note: `{path}`: taken off: {}\n", noise.join(", ")));
    }
    Ok(handing)
}

/// What to do with a text that was changed on its way.
pub(super) fn way_out(repair: Option<&Repair>) -> String {
    let again = "ask for it again, as JSON (`--output json`) in a file that is attached";
    let Some(repair) = repair else { return again.to_owned() };
    let places: Vec<String> = repair.guesses.iter().map(ToString::to_string).collect();
    let guess = if places.is_empty() {
        String::new()
    } else {
        format!("\nA GUESS: whether words are joined, split or missing is not known at {}", places.join(", "))
    };
    format!("{again}; if it was meant as follows, save that and hand it in{guess}\n\n{}", repair.text)
}
