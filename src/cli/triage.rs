//! After the fact: what events, error texts and instance states prove.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use crate::event::{Encoded, EvidenceItem, Facts, NotRead, NotUnderstood, Refusal, incidents, read};
use crate::report::Screen;
use crate::triage::{self, Outcome};

use super::args::{Format, Triage};
use super::exit::Exit;
use super::failure::CliError;
use super::{files, screen};

/// Tells what the evidence says. Exit 1: something was refused; 3: a start failed, and why is not told, or a part of
/// the evidence was not understood; 0: neither.
pub(super) fn run(typed: &Triage, screen: Screen) -> Result<Exit, CliError> {
    let zone = time_zone(&typed.time_zone)?;
    let (mut found, mut not_read) = (Vec::new(), Vec::new());
    for path in &typed.files {
        let (materials, unread) = read_file(path)?;
        found.extend(materials);
        not_read.extend(unread);
    }
    if let Some(path) = &typed.decoded {
        found = with_decoded(found, decoded_in(path)?, path)?;
    }
    if typed.decode {
        found = found.into_iter().map(|one| decode(one, typed)).collect::<Result<_, _>>()?;
    }
    for part in &not_read {
        files::print_error(&format!("note: not read: {part}\n"));
    }
    let told = incidents(found);
    match typed.format {
        Format::Text => screen::print(&triage::text_for(&told, &zone, screen))?,
        Format::Json => files::print(&triage::json(&told, &not_read, &zone))?,
    }
    Ok(match Outcome::of_all(&told, &not_read) {
        Outcome::Blocked => Exit::Blocked,
        Outcome::Undecided => Exit::Undecided,
        Outcome::NotRefused => Exit::Done,
    })
}

/// A pasted refusal with what STS decodes of it; what has no whole encoded message stays as it is.
fn decode(one: EvidenceItem, typed: &Triage) -> Result<EvidenceItem, CliError> {
    let EvidenceItem::Refusal(Refusal { encoded: Some(Encoded::Whole(message)), .. }, _) = &one else { return Ok(one) };
    let text = super::live::decode(typed, message)?;
    let decoded = read(&text).ok().and_then(|found| refusals(found.materials).next());
    let (EvidenceItem::Refusal(refusal, facts), Some(decoded)) = (&one, decoded) else { return Ok(one) };
    let whole = refusal.with_decoded(&decoded).map_err(|message| disagree(&message))?;
    Ok(EvidenceItem::Refusal(whole, facts.clone()))
}

/// The decoded message that a file holds.
fn decoded_in(path: &Path) -> Result<Refusal, CliError> {
    let (found, _) = read_file(path)?;
    refusals(found).next().ok_or_else(|| {
        let message = format!("`{}` is no decoded authorization message", path.display());
        CliError::bad_input("not-decoded", message, "aws sts decode-authorization-message --encoded-message …")
    })
}

fn refusals(found: Vec<EvidenceItem>) -> impl Iterator<Item = Refusal> {
    found.into_iter().filter_map(|one| match one {
        EvidenceItem::Refusal(refusal, _) => Some(refusal),
        EvidenceItem::Event(_)
        | EvidenceItem::Error { .. }
        | EvidenceItem::State(_)
        | EvidenceItem::Sign(..)
        | EvidenceItem::Notice(..) => None,
    })
}

/// The materials with the decoded message in the place of the encoded one; it stands alone where there is none.
fn with_decoded(mut found: Vec<EvidenceItem>, decoded: Refusal, path: &Path) -> Result<Vec<EvidenceItem>, CliError> {
    let (mut of_it, mut wrong) = (Vec::new(), Vec::new());
    for one in &mut found {
        if let EvidenceItem::Refusal(refusal, _) = one
            && refusal.encoded.is_some()
        {
            match refusal.with_decoded(&decoded) {
                Ok(whole) => of_it.push((refusal, whole)),
                Err(message) => wrong.push(message),
            }
        }
    }
    match (of_it.pop(), of_it.is_empty(), wrong.first()) {
        (Some((refusal, whole)), true, _) => *refusal = whole,
        (Some(_), false, _) => {
            let message = format!("`{}` may be of several of the errors", path.display());
            return Err(CliError::bad_input(
                "not-decoded",
                message,
                "give the one error alone whose message it decodes",
            ));
        }
        (None, _, Some(message)) => return Err(disagree(message)),
        (None, _, None) => found.push(EvidenceItem::Refusal(decoded, Facts::default())),
    }
    Ok(found)
}

fn disagree(message: &str) -> CliError {
    let help = "decode the encoded message of this very error text";
    CliError::bad_input("not-decoded", format!("the decoded message is of another request: {message}"), help)
}

/// Everything that these files hold; what cannot be read may be the start that matters, so nothing is left out.
pub(super) fn materials<'p>(paths: impl IntoIterator<Item = &'p PathBuf>) -> Result<Vec<EvidenceItem>, CliError> {
    let mut found = Vec::new();
    for path in paths {
        let (materials, unread) = read_file(path)?;
        if !unread.is_empty() {
            return Err(not_understood(unread.join("\n")));
        }
        found.extend(materials);
    }
    Ok(found)
}

/// What a file holds, and what of it looks like a record or an error and cannot be read.
fn read_file(path: &Path) -> Result<(Vec<EvidenceItem>, Vec<String>), CliError> {
    let text = files::read_any(path)?;
    let place = |part: &NotRead| format!("`{}`:{part}", path.display());
    match read(&text) {
        Ok(found) => Ok((found.materials, found.unread.iter().map(place).collect())),
        Err(NotUnderstood::NotRead(parts)) => {
            Err(not_understood(parts.iter().map(place).collect::<Vec<_>>().join("\n")))
        }
        Err(NotUnderstood::Own(own)) => {
            let message = format!("`{}`: {}", path.display(), NotUnderstood::Own(own));
            Err(CliError::bad_input("not-understood", message, own.way_on()))
        }
        Err(error @ (NotUnderstood::Empty | NotUnderstood::OtherJson | NotUnderstood::OtherText)) => {
            Err(not_understood(format!("`{}`: {error}", path.display())))
        }
    }
}

fn not_understood(message: String) -> CliError {
    CliError::bad_input(
        "not-understood",
        message,
        "give CloudTrail records, an access-denied text, or the output of `aws ec2 describe-instances`,\n\
         as a file that no mail and no word processor has changed",
    )
}

fn time_zone(name: &str) -> Result<TimeZone, CliError> {
    match name {
        "UTC" => Ok(TimeZone::UTC),
        "local" => Ok(TimeZone::try_system().unwrap_or(TimeZone::UTC)),
        _ => TimeZone::get(name).map_err(|_| {
            let message = format!("`{name}` is no time zone that this program knows");
            CliError::bad_input("unknown-time-zone", message, "give a name as Asia/Tokyo, or `local`, or `UTC`")
        }),
    }
}
