//! Evidence as people hold it: captures, transcripts, folders of both, texts that came by mail.

use std::path::{Path, PathBuf};

use crate::capture::{Capture, Handed};
use crate::handed::{
    HandedError, Handing, Repair, TranscriptError, Wrapping, add, add_output, is_transcript, notes, transcript,
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
        [_] if transcripts.iter().any(|(_, text)| transcript(text).is_ok_and(|one| !one.targets.is_empty())) => {
            let help = "give the one with --capture, and the other with --add for what the first has not".to_owned();
            Err(refused("the folder holds a capture and a transcript of a start", help))
        }
        [(file, text)] => transcripts.iter().try_fold(parsed(file, text)?, |capture, (path, _)| added(&capture, path)),
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

/// The capture of transcripts, each of which is whole as far as it goes.
fn of_transcripts(path: &Path, files: &[(PathBuf, String)]) -> Result<Capture, Failure> {
    let refused = |path: &Path, error: TranscriptError| {
        let message = format!("`{}`{}", path.display(), told(&error));
        Failure::bad_input(
            "bad-capture",
            message,
            "have all that the lines printed sent again, as a file that is attached",
        )
    };
    for (path, text) in files {
        // A file alone may hold one reader's part only: what it lacks may stand in another.
        if let Err(error @ (TranscriptError::Changed { .. } | TranscriptError::Script)) = transcript(text) {
            return Err(refused(path, error));
        }
        print_notes(path, text);
    }
    let texts: Vec<&str> = files.iter().map(|(_, text)| text.as_str()).collect();
    transcript(&texts.join("\n")).map_err(|error| refused(path, error))
}

/// The capture with what a transcript or one line's output holds of that which was not read.
pub(super) fn added(before: &Capture, path: &Path) -> Result<Capture, Failure> {
    let refused = |message: String| {
        let help = "it takes what the lines of `ebs-preflight capture --script` printed, of this start or a part of it";
        Failure::bad_input("not-as-asked-for", format!("`{}`{message}", path.display()), help)
    };
    let text = files::read(path)?;
    let (mut capture, read) = if is_transcript(&text) {
        print_notes(path, &text);
        add(before.clone(), &text).map_err(|error| refused(told(&error)))?
    } else {
        (taken(add_output(before.clone(), &text), &path.display().to_string())?.value, None)
    };
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
        return Err(refused(": it holds nothing that was not read already".to_owned()));
    }
    capture.handed.push(Handed { what: what.join(", "), file: path.display().to_string(), read });
    Ok(capture)
}

fn print_notes(path: &Path, text: &str) {
    for note in notes(text) {
        files::print_error(&format!("note: `{}` {note}\n", path.display()));
    }
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
