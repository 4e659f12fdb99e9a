//! The command `judge`: cases in, decisions out, in order and in bounded memory.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::num::NonZeroUsize;
use std::path::Path;

use crate::case::{answer, not_text};
use crate::escape::escape;
use crate::limits::CASE_BYTES;

use super::exit::Exit;
use super::failure::CliError;
use super::files;

/// How much is read at once, at most: some hundred cases, so that every thread has work.
const CHUNK_BYTES: usize = 1 << 18;

/// Judges the cases of a file; `-` is standard input.
pub(super) fn run(path: &Path) -> Result<Exit, CliError> {
    let unreadable = |error: std::io::Error| {
        let message = format!("`{}` cannot be read: {error}", path.display());
        CliError::bad_input("file-unreadable", message, "check the path, or give `-` to read from standard input")
    };
    let mut input: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(BufReader::with_capacity(CHUNK_BYTES, std::io::stdin().lock()))
    } else {
        let file = std::fs::File::open(path).map_err(unreadable)?;
        Box::new(BufReader::with_capacity(CHUNK_BYTES, file))
    };
    let mut out = std::io::stdout().lock();
    let mut exit = Exit::Done;
    let mut lines = Vec::new();
    let mut number = 1;
    loop {
        // What has come by now is answered now: whoever feeds cases one by one need not wait for more.
        let chunk = match input.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(error)),
        };
        let (length, is_last) = (chunk.len(), chunk.is_empty());
        let whole = if is_last { Some(0) } else { chunk.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1) };
        let (before, behind) = chunk.split_at(whole.unwrap_or(length));
        lines.extend_from_slice(before);
        if whole.is_none() && CASE_BYTES.is_past(lines.len()) {
            let message = format!("line {number} of `{}` is longer than {CASE_BYTES}", path.display());
            return Err(CliError::bad_input("case-too-large", message, "give each case in a line of its own"));
        }
        if whole.is_some() {
            let (answers, refused) = answers(&lines, number);
            number += lines.split(|byte| *byte == b'\n').skip(1).count();
            if refused {
                exit = Exit::BadInput;
            }
            // A reader that went away ends the work quietly.
            if let Err(error) = out.write_all(escape(&answers).as_bytes()).and_then(|()| out.flush()) {
                return files::lost(&error).map(|()| exit);
            }
            if is_last {
                return Ok(exit);
            }
            lines.clear();
            lines.extend_from_slice(behind);
        }
        input.consume(length);
    }
}

/// The answers to the cases in `text`, whose first line has this number, and whether one was refused. Every thread
/// takes its share of the lines.
fn answers(text: &[u8], number: usize) -> (String, bool) {
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let share = lines.len().div_ceil(threads).max(16);
    let mut answers = String::new();
    let mut refused = false;
    std::thread::scope(|scope| {
        let numbered = lines.chunks(share).zip((number..).step_by(share));
        let shares: Vec<_> = numbered.map(|(lines, number)| scope.spawn(move || answer_all(lines, number))).collect();
        for share in shares {
            // Judging does not panic; should a thread end all the same, its cases must not vanish.
            let (text, had_refusals) = share.join().unwrap_or_else(|cause| std::panic::resume_unwind(cause));
            answers.push_str(&text);
            refused |= had_refusals;
        }
    });
    (answers, refused)
}

fn answer_all(lines: &[&[u8]], number: usize) -> (String, bool) {
    let mut answers = String::new();
    let mut refused = false;
    for (line, number) in lines.iter().zip(number..) {
        let text = str::from_utf8(line).map(|text| text.trim_start_matches('\u{feff}').trim_ascii_end());
        if text == Ok("") {
            continue;
        }
        answers.push_str(&text.map_or_else(|_| Err(not_text(number)), |text| answer(text, number)).unwrap_or_else(
            |refusal| {
                refused = true;
                refusal
            },
        ));
        answers.push('\n');
    }
    (answers, refused)
}
