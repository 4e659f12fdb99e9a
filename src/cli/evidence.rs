//! Evidence as people hold it: captures, transcripts, folders of both, texts that came by mail.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::capture::{Capture, Handed};
use crate::handed::{
    HandedError, Handing, Repair, Transcript, TranscriptError, Wrapping, add, add_output, assembled, is_transcript,
};

use super::failure::Failure;
use super::files;

/// When the rest was read.
pub(super) fn minute(capture: &Capture) -> String {
    capture.read.until.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A capture as people hold it: the file, a transcript, or a folder with transcripts and at most one such file.
pub(super) fn capture(path: &Path) -> Result<Capture, Failure> {
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
        Failure::bad_input("bad-capture", format!("`{}`: {message}", path.display()), help)
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
        [(file, text)] => added(parsed(file, text)?, &transcripts, false),
        [_, _, ..] => {
            let files: Vec<String> = captures.iter().map(|(file, _)| file.display().to_string()).collect();
            Err(refused("the folder holds several captures", format!("give the one to judge:\n{}", files.join("\n"))))
        }
    }
}

/// The capture in a file with this text.
pub(super) fn capture_of(path: &Path, text: String) -> Result<Capture, Failure> {
    if is_transcript(&text) { of_transcripts(path, &[(path.to_owned(), text)]) } else { parsed(path, &text) }
}

fn parsed(path: &Path, text: &str) -> Result<Capture, Failure> {
    Capture::parse(text)
        .map_err(|error| Failure::bad_input("bad-capture", format!("`{}`: {error}", path.display()), error.help()))
}

/// A file and its text.
type File = (PathBuf, String);

/// The capture of transcripts, each of which is whole as far as it goes.
fn of_transcripts(path: &Path, files: &[File]) -> Result<Capture, Failure> {
    let transcripts: Result<Vec<_>, _> = files.iter().map(|(path, text)| parsed_transcript(path, text)).collect();
    assembled(&transcripts?).map_err(|error| bad_transcript(path, &error))
}

fn parsed_transcript(path: &Path, text: &str) -> Result<Transcript, Failure> {
    let transcript = Transcript::parse(text).map_err(|error| bad_transcript(path, &error))?;
    if transcript.is_cut() {
        let note = "ends before the script did (its last line is `### end`): the rest counts as not read";
        files::print_error(&format!("note: `{}` {note}\n", path.display()));
    }
    Ok(transcript)
}

fn bad_transcript(path: &Path, error: &TranscriptError) -> Failure {
    let message = format!("`{}`{}", path.display(), told(error));
    let help = "have all that the lines printed sent again, as a file that is attached";
    Failure::bad_input("bad-capture", message, help)
}

/// The capture with what the files of `--add` hold of that which was not read.
pub(super) fn with_files(capture: Capture, paths: &[PathBuf]) -> Result<Capture, Failure> {
    let files = paths.iter().map(|path| Ok((path.clone(), files::read(path)?)));
    added(capture, &files.collect::<Result<Vec<_>, Failure>>()?, true)
}

/// The capture with what transcripts, the newest first, and outputs of single lines hold of that which was not read.
/// It is an error that none of them tells anything, where they were named one by one.
fn added(mut capture: Capture, files: &[File], are_named: bool) -> Result<Capture, Failure> {
    let (transcripts, outputs): (Vec<&File>, Vec<&File>) = files.iter().partition(|(_, text)| is_transcript(text));
    let parsed = |(path, text): &File| Ok((path.clone(), parsed_transcript(path, text)?));
    let mut parsed: Vec<(PathBuf, Transcript)> = transcripts.into_iter().map(parsed).collect::<Result<_, Failure>>()?;
    parsed.sort_by_key(|(_, transcript)| std::cmp::Reverse(transcript.time()));
    let (paths, transcripts): (Vec<_>, Vec<_>) = parsed.into_iter().unzip();
    let mut idle = Vec::new();
    for (number, (path, transcript)) in paths.iter().zip(&transcripts).enumerate() {
        let before = capture.clone();
        // The newer ones, too: they tell which default version of a managed policy counts.
        add(&mut capture, transcripts.get(..=number).unwrap_or_default());
        let refused: Vec<&str> = transcript.refused().collect();
        match difference(&before, &capture) {
            Some(what) => told_of(&mut capture, what, path, transcript.time()),
            None if refused.is_empty() => {
                idle.push((path, "it holds nothing of this start that was not read already".to_owned()));
            }
            None => {
                idle.push((path, format!("it tells nothing new of this start; AWS refused {}", refused.join(", "))));
            }
        }
    }
    for (path, text) in outputs {
        let before = capture.clone();
        capture = taken(add_output(before.clone(), text), &path.display().to_string())?.value;
        match difference(&before, &capture) {
            Some(what) => told_of(&mut capture, what, path, None),
            None => idle.push((path, "it holds nothing that was not read already".to_owned())),
        }
    }
    for (path, message) in &idle {
        let message = format!("`{}`: {message}", path.display());
        if are_named && idle.len() == files.len() {
            let help =
                "it takes what the lines of a report or of `ebs-preflight capture --script` printed for this start";
            return Err(Failure::bad_input("not-as-asked-for", message, help));
        }
        files::print_error(&format!("note: {message}\n"));
    }
    Ok(capture)
}

fn told_of(capture: &mut Capture, what: String, path: &Path, read: Option<Timestamp>) {
    capture.handed.push(Handed { what, file: path.display().to_string(), read });
}

/// What of a capture is new, in words.
fn difference(before: &Capture, after: &Capture) -> Option<String> {
    let keys = after.keys.iter().filter(|(arn, key)| before.keys.get(*arn) != Some(key));
    let identities = after.identities.iter().filter(|(arn, identity)| before.identities.get(*arn) != Some(identity));
    let accounts = after.organizations.iter();
    let accounts = accounts.filter(|(account, one)| before.organizations.get(*account) != Some(one));
    let mut what: Vec<String> = keys.map(|(arn, _)| format!("key {arn}")).collect();
    what.extend(identities.map(|(arn, _)| arn.clone()));
    what.extend(accounts.map(|(account, _)| format!("organization policies of account {account}")));
    if before.instances != after.instances || before.volumes != after.volumes {
        what.push("the instance and its volumes".to_owned());
    }
    (!what.is_empty()).then(|| what.join(", "))
}

/// The error as it follows a path: with the place at once.
fn told(error: &TranscriptError) -> String {
    if matches!(error, TranscriptError::Changed { .. }) { format!(":{error}") } else { format!(": {error}") }
}

/// What was handed in, with a word on standard error about what was taken off.
pub(super) fn taken<T>(handing: Result<Handing<T>, HandedError>, path: &str) -> Result<Handing<T>, Failure> {
    let handing = handing.map_err(|error| match error {
        HandedError::Mangled(mangled) => {
            Failure::bad_input("text-mangled", format!("`{path}`:{mangled}"), way_out(mangled.repair.as_ref()))
        }
        HandedError::Other(message) => Failure::bad_input(
            "not-as-asked-for",
            format!("`{path}`: {message}"),
            "hand in the whole output as JSON (`--output json`), with the key that it is of",
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
fn way_out(repair: Option<&Repair>) -> String {
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
