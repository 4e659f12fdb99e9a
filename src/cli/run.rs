//! From the arguments to the exit code.

use std::path::{Path, PathBuf};

use clap::{CommandFactory as _, Parser as _};

use crate::calls::{EventGap, LOOKUP_EVENTS, reader_policy, script};
use crate::capture::Capture;
use crate::command::{self, Word};
use crate::escape::one_line;
use crate::event::{EvidenceItem, incidents};
use crate::fact::{Fact, Unread, UnreadReason};
use crate::findings::Code;
use crate::names::{KeyArn, Region};
use crate::operations::Question;
use crate::outcome::{Earlier, Verdict};
use crate::preflight::preflight;
use crate::report::{Detail, Screen, Style, compare, json, remedy_files, text};

use super::args::{
    Arguments, ByVerdict, CaptureArguments, Check, Command, CredentialArgs, Diff, Explain, Format, Output, Starts,
};
use super::exit::Exit;
use super::failure::CliError;
use super::live::{find_names, look_up, read as live};
use super::script::what_to_read;
use super::targets::StartSelection;
use super::{changes, demo, evidence, files, from, handed, help, judge, options, screen, triage};

/// Runs the program and gives its exit code.
pub fn run() -> u8 {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            if error.use_stderr() {
                // It repeats what was typed, or pasted.
                files::print_error(&error.render().to_string());
                return Exit::BadInput.code();
            }
            // A reader that went away is no error of ours.
            let _ = error.print();
            return Exit::Done.code();
        }
    };
    let screen = screen::screen(arguments.color);
    let (outcome, format) = match &arguments.command {
        Command::Check(check) => (self::check(check, screen), check.starts.output.format),
        Command::Capture(arguments) => (capture(arguments), Format::Text),
        Command::Diff(diff) => (self::diff(diff, screen), diff.starts.output.format),
        Command::Demo => (demo::run(screen), Format::Text),
        Command::Triage(typed) => (triage::run(typed, screen), typed.format),
        Command::Judge(judge) => (judge::run(&judge.cases), Format::Text),
        Command::Permissions => (files::print(&reader_policy()).map(|()| Exit::Done), Format::Text),
        Command::Explain(explain) => (self::explain(explain), Format::Text),
        Command::Version => {
            let version = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n");
            (files::print(version).map(|()| Exit::Done), Format::Text)
        }
        Command::Man { command } => (man(command.as_deref()), Format::Text),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "ebs-preflight", &mut script);
            (files::print(&String::from_utf8_lossy(&script)).map(|()| Exit::Done), Format::Text)
        }
    };
    outcome.unwrap_or_else(|failure| tell(&failure, format)).code()
}

/// Prints an error: JSON on standard output, text on standard error.
fn tell(failure: &CliError, format: Format) -> Exit {
    if format == Format::Json {
        let text = json::render_error(failure.code, &failure.message, &failure.help);
        // Where that is lost, the error on standard error still tells what happened.
        if files::print(&text).is_ok() {
            return failure.exit;
        }
    }
    files::print_error(&format!("error: {}\n{}\n", failure.message.trim_end(), failure.help.trim_end()));
    failure.exit
}

fn check(typed: &Check, screen: Screen) -> Result<Exit, CliError> {
    let (capture, question, earlier) = evidence(&typed.starts, &typed.events, &[])?;
    let mut report = preflight(&capture, &question);
    if !typed.events.is_empty() {
        report = report.with_events(earlier);
    }
    if let Some(folder) = &typed.write_remedy {
        let remedy = remedy_files(&report);
        if !remedy.is_empty() {
            files::write_all(folder, &remedy, typed.force)?;
        }
        files::print_error(&written(folder, &remedy));
    }
    let style = style(&typed.starts, screen);
    match typed.starts.output.format {
        Format::Text => screen::print(&text::render_with(&report, style))?,
        Format::Json => files::print(&json::render_only(&report, &style.verdicts))?,
    }
    Ok(Exit::of(&report, typed.starts.fail_on))
}

/// What was written, and how it is run.
fn written(folder: &Path, remedy: &[(String, String)]) -> String {
    let folder = folder.display();
    if remedy.is_empty() {
        return format!("note: nothing was written to `{folder}`: the report suggests no change that can be written\n");
    }
    let scripts = remedy.iter().filter(|(name, _)| name.ends_with("apply.sh"));
    let how = scripts.map(|(name, _)| format!("sh {folder}/{name}\n"));
    format!(
        "note: {} files were written to `{folder}`; read each script, then run it as its owner:\n{}",
        remedy.len(),
        how.collect::<String>()
    )
}

fn diff(typed: &Diff, screen: Screen) -> Result<Exit, CliError> {
    let (capture, question, _) = evidence(&typed.starts, &[], &changes::keys(&typed.changes))?;
    let changes = changes::changes(&typed.changes, &capture)?;
    let diff = compare(&capture, &question, &changes);
    match typed.starts.output.format {
        Format::Text => screen::print(&diff.text(style(&typed.starts, screen)))?,
        Format::Json => files::print(&diff.json())?,
    }
    Ok(Exit::of_diff(&diff, typed.starts.fail_on))
}

/// How a report is to be written.
fn style(typed: &Starts, screen: Screen) -> Style {
    let Output { quiet, details, verdict, .. } = &typed.output;
    let detail = match (quiet, details) {
        (true, _) => Detail::Quiet,
        (false, true) => Detail::Full,
        (false, false) => Detail::Usual,
    };
    let verdicts = verdict.iter().map(|verdict| match verdict {
        ByVerdict::Ready => Verdict::Ready,
        ByVerdict::Blocked => Verdict::Blocked,
        ByVerdict::Undecided => Verdict::Undecided,
    });
    Style { form: typed.remedy.form, detail, verdicts: verdicts.collect(), screen }
}

/// The events of the files and, where it is asked for, of CloudTrail.
fn events(typed: &[PathBuf], starts: &StartSelection, reader: &CredentialArgs) -> Result<Earlier, CliError> {
    let (live, files): (Vec<&PathBuf>, Vec<&PathBuf>) = typed.iter().partition(|path| path.as_os_str() == "cloudtrail");
    // What a refused look-up printed tells of no start, but that none was looked up.
    let is_look_up =
        |one: &EvidenceItem| matches!(one, EvidenceItem::Refusal(refusal, _) if refusal.action == LOOKUP_EVENTS.action);
    let (refused, mut materials): (Vec<_>, Vec<_>) = triage::materials(files)?.into_iter().partition(is_look_up);
    let mut gaps = Vec::new();
    if !refused.is_empty() {
        let (needs, message) = (LOOKUP_EVENTS.action.to_owned(), "as the file tells".to_owned());
        let region = starts.region.as_ref().map(Region::as_str);
        let unread = Unread { why: UnreadReason::Denied, needs, message };
        gaps.push(EventGap::new(unread, region, ("EventName", "StartInstances"), None));
    }
    if !live.is_empty() {
        let (found, unread) = look_up(starts, reader)?;
        materials.extend(found.into_iter().map(|event| EvidenceItem::Event(Box::new(event))));
        gaps.extend(unread);
    }
    Ok(Earlier { incidents: incidents(materials), gaps, starter: None })
}

/// What is judged, from a file or read now, with what was handed in; what is asked of it; and what events tell of
/// earlier starts.
fn evidence(typed: &Starts, of_starts: &[PathBuf], keys: &[KeyArn]) -> Result<(Capture, Question, Earlier), CliError> {
    let mut question = options::question(typed)?;
    let (mut held, mut pieces) = (None, from::all(&typed.from)?);
    match typed.capture.as_deref() {
        // Beside pieces a capture is one of them.
        Some(path) if !pieces.is_empty() => pieces.extend(from::all(&[path.display().to_string()])?),
        Some(path) => match evidence::held(path)? {
            evidence::Held::Whole(capture) => held = Some(*capture),
            evidence::Held::Pieces(files) => pieces = files,
        },
        None => {}
    }
    let of_capture = held.as_ref().map(|capture| &capture.read.region);
    let mut asked = StartSelection::read(&typed.targets, typed.reader.region.as_deref(), of_capture)?;
    let mut earlier;
    let capture = if !pieces.is_empty() {
        let pieces = from::pieces(pieces)?;
        earlier = events(of_starts, &asked, &typed.reader)?;
        earlier.starter = asked.started_by(&earlier)?;
        from::capture(&pieces, &asked)?
    } else if let Some(capture) = held {
        let (capture, not_captured) = asked.narrow(capture)?;
        question.not_captured = not_captured;
        earlier = events(of_starts, &StartSelection::of(&capture), &typed.reader)?;
        capture
    } else {
        find_names(&mut asked, &typed.reader)?;
        earlier = events(of_starts, &asked, &typed.reader)?;
        earlier.starter = asked.started_by(&earlier)?;
        // What is missing is said before anything is read.
        options::no_session_of_users(&typed.knowledge, &asked.all()?)?;
        live(&asked, &typed.reader).map_err(|error| asked.or_without_credentials(error))?
    };
    options::no_session_of_users(&typed.knowledge, &capture.targets)?;
    Ok((handed::put_in(capture, &typed.handed, keys)?, question, earlier))
}

fn capture(typed: &CaptureArguments) -> Result<Exit, CliError> {
    let default = if typed.script { "-" } else { "capture.json" };
    let output = typed.output.as_deref().unwrap_or(Path::new(default));
    if typed.script {
        return files::write(output, &script(&what_to_read(typed)?, typed.shell), typed.force).map(|()| Exit::Done);
    }
    let mut asked = StartSelection::read(&typed.targets, typed.reader.region.as_deref(), None)?;
    asked.all()?;
    if !typed.force && output.as_os_str() != "-" && output.exists() {
        // Said before anything is read.
        return files::write(output, "", false).map(|()| Exit::Done);
    }
    find_names(&mut asked, &typed.reader)?;
    let capture = live(&asked, &typed.reader).map_err(|error| asked.or_without_credentials(error))?;
    let text = capture.print().map_err(|error| CliError {
        exit: Exit::NoVerdict,
        code: "capture-unwritable",
        message: error.to_string(),
        help: error.help().to_owned(),
    })?;
    files::write(output, &text, typed.force)?;
    if output.as_os_str() != "-" {
        let judge = command::Command::preflight("check").option("--capture", Word::path(output));
        files::print(&format!("{}: written. Judge it with\n  {judge}\n", one_line(&output.display().to_string())))?;
    }
    Ok(without_instances(&capture))
}

/// Tells every instance that a capture lacks: nothing can be judged of it.
fn without_instances(capture: &Capture) -> Exit {
    let region = &capture.read.region;
    let lacks = capture.instances.iter().filter_map(|(id, instance)| match instance {
        Fact::Known(_) => None,
        Fact::Absent => Some((Exit::BadInput, format!("{region} does not know the instance `{id}`"))),
        Fact::Unread(unread) | Fact::Part { unread, .. } => {
            Some((Exit::NoVerdict, format!("the instance `{id}` was not read: {}", unread.message)))
        }
    });
    lacks.fold(Exit::Done, |exit, (own, message)| {
        files::print_error(&format!("error: {message}\n"));
        exit.worst(own)
    })
}

/// Prints a page, or lists the codes.
fn explain(typed: &Explain) -> Result<Exit, CliError> {
    let listed =
        |codes: &[Code]| codes.iter().fold(String::new(), |list, code| list + &format!("{code}  {}\n", code.title()));
    let Some(text) = &typed.code else {
        let word = typed.search.as_deref().unwrap_or_default().to_lowercase();
        let has_word = |code: &&Code| code.page().to_lowercase().contains(&word);
        let found: Vec<Code> = Code::ALL.iter().filter(has_word).copied().collect();
        if found.is_empty() {
            let message = format!("no page has `{word}`");
            return Err(CliError::bad_input("unknown-code", message, "`ebs-preflight explain` lists all codes"));
        }
        return files::print(&listed(&found)).map(|()| Exit::Done);
    };
    let code = Code::parse(text).ok_or_else(|| {
        let nearest: Vec<Code> = nearest(text, Code::ALL.iter().map(|code| (*code, [code.id(), code.name()])));
        let help = format!("the nearest are\n{}`ebs-preflight explain` lists all codes", listed(&nearest));
        CliError::bad_input("unknown-code", format!("`{text}` is not a finding code"), help)
    })?;
    files::print(code.page())?;
    Ok(Exit::Done)
}

/// The three whose names are spelled most like the text.
fn nearest<T: Copy>(text: &str, of: impl Iterator<Item = (T, [&'static str; 2])>) -> Vec<T> {
    let text = text.to_lowercase();
    let mut ranked: Vec<(usize, T)> = of
        .map(|(one, names)| {
            let distance = |name: &str| strsim::damerau_levenshtein(&text, &name.to_lowercase());
            (names.iter().map(|name| distance(name)).min().unwrap_or(usize::MAX), one)
        })
        .collect();
    ranked.sort_by_key(|(distance, _)| *distance);
    ranked.into_iter().take(3).map(|(_, one)| one).collect()
}

fn man(command: Option<&str>) -> Result<Exit, CliError> {
    let mut program = Arguments::command();
    // Names of commands as they are typed: `ebs-preflight check`, not `check`.
    program.build();
    let page = match command {
        None => Some(program),
        Some(name) => program.find_subcommand(name).cloned(),
    };
    let page = page.ok_or_else(|| {
        let message = format!("there is no command `{}`", command.unwrap_or_default());
        CliError::bad_input("unknown-command", message, "`ebs-preflight help` lists the commands")
    })?;
    files::print(&help::man(page))?;
    Ok(Exit::Done)
}
