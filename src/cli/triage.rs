//! After the fact: what events, error texts and instance states prove.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use crate::event::{Encoded, Material, Refusal, incidents, read};
use crate::report::triage::{self, Outcome};

use super::args::{Format, Triage};
use super::exit::Exit;
use super::failure::Failure;
use super::files;

/// More than any log file that CloudTrail delivers, so that a file that unpacks without end does no harm.
const UNPACKED_BYTES: u64 = 512 * 1024 * 1024;

/// Tells what the evidence says. Exit 1: something was refused; 3: a start failed, and why is not told; 0: neither.
pub(super) fn run(typed: &Triage) -> Result<Exit, Failure> {
    let zone = time_zone(&typed.time_zone)?;
    let mut found = materials(&typed.files)?;
    if let Some(path) = &typed.decoded {
        let decoded = refusal(material(path)?).ok_or_else(|| {
            let message = format!("`{}` is no decoded authorization message", path.display());
            Failure::bad_input("not-decoded", message, "aws sts decode-authorization-message --encoded-message …")
        })?;
        found = found.into_iter().map(|one| with_decoded(one, &decoded)).collect();
    }
    if typed.decode {
        found = found.into_iter().map(|one| decode(one, typed)).collect::<Result<_, _>>()?;
    }
    let told = incidents(found);
    match typed.format {
        Format::Text => files::print(&triage::text(&told, &zone)),
        Format::Json => files::print(&triage::json(&told, &zone)),
    }
    Ok(match told.iter().map(Outcome::of).max() {
        Some(Outcome::Blocked) => Exit::Blocked,
        Some(Outcome::Undecided) => Exit::Undecided,
        Some(Outcome::NotRefused) | None => Exit::Done,
    })
}

/// A pasted refusal with what STS decodes of it; what has no whole encoded message stays as it is.
fn decode(one: Material, typed: &Triage) -> Result<Material, Failure> {
    let Material::Refusal(Refusal { encoded: Some(Encoded::Whole(message)), .. }) = &one else { return Ok(one) };
    let text = super::live::decode(typed, message)?;
    let decoded = read(&text).ok().and_then(refusal);
    Ok(decoded.map_or(one.clone(), |decoded| with_decoded(one, &decoded)))
}

/// The refusal among what was found.
fn refusal(found: Vec<Material>) -> Option<Refusal> {
    found.into_iter().find_map(|one| match one {
        Material::Refusal(refusal) => Some(refusal),
        Material::Event(_) | Material::State(_) => None,
    })
}

/// Everything that these files hold.
pub(super) fn materials<'p>(paths: impl IntoIterator<Item = &'p PathBuf>) -> Result<Vec<Material>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        found.extend(material(path)?);
    }
    Ok(found)
}

/// The pasted refusal with what its encoded part says.
fn with_decoded(one: Material, decoded: &Refusal) -> Material {
    match one {
        Material::Refusal(refusal) if refusal.encoded.is_some() => Material::Refusal(Refusal {
            denial: decoded.denial,
            principal: if refusal.principal.is_empty() { decoded.principal.clone() } else { refusal.principal },
            action: if refusal.action.is_empty() { decoded.action.clone() } else { refusal.action },
            resource: if refusal.resource.is_empty() { decoded.resource.clone() } else { refusal.resource },
            statements: decoded.statements.clone(),
            encoded: None,
            ..refusal
        }),
        other @ (Material::Event(_) | Material::Refusal(_) | Material::State(_)) => other,
    }
}

fn material(path: &Path) -> Result<Vec<Material>, Failure> {
    let text = unpacked(path)?;
    read(&text).map_err(|error| {
        Failure::bad_input(
            "not-understood",
            format!("`{}`: {error}", path.display()),
            "give CloudTrail records, an access-denied text, or the output of `aws ec2 describe-instances`",
        )
    })
}

/// The text of a file; CloudTrail delivers its log files gzipped.
fn unpacked(path: &Path) -> Result<String, Failure> {
    let bytes = files::read_bytes(path)?;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return files::text(path, bytes);
    }
    let mut text = Vec::new();
    let mut unpacker = flate2::read::MultiGzDecoder::new(bytes.as_slice()).take(UNPACKED_BYTES);
    unpacker.read_to_end(&mut text).map_err(|error| {
        let message = format!("`{}` is gzipped and cannot be unpacked: {error}", path.display());
        Failure::bad_input("file-unreadable", message, "copy the file again")
    })?;
    if text.len() as u64 == UNPACKED_BYTES {
        let message = format!("`{}` unpacks to more than 512 MiB", path.display());
        return Err(Failure::bad_input("file-unreadable", message, "unpack it, and give the records that matter"));
    }
    files::text(path, text)
}

fn time_zone(name: &str) -> Result<TimeZone, Failure> {
    match name {
        "UTC" => Ok(TimeZone::UTC),
        "local" => Ok(TimeZone::try_system().unwrap_or(TimeZone::UTC)),
        _ => TimeZone::get(name).map_err(|_| {
            let message = format!("`{name}` is no time zone that this program knows");
            Failure::bad_input("unknown-time-zone", message, "give a name as Asia/Tokyo, or `local`, or `UTC`")
        }),
    }
}
