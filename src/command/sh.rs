//! Lines for bash, zsh and every other POSIX shell.

use super::word::{Piece, Word};
use super::{Command, Shell};

pub(super) fn line(command: &Command) -> String {
    let set = command.environment.iter().map(|(name, value)| format!("{name}={}", word(value)));
    let words = command.each_word().map(|each| word(&each));
    super::joined(set.chain(words), command.output)
}

pub(super) fn word(of: &Word) -> String {
    if let Some(text) = between_quotes(&of.0) {
        return format!("\"{text}\"");
    }
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) if is_plain(text) => text.clone(),
        // No name holds a NUL, which is all that cannot be quoted.
        Piece::Text(text) => shlex::try_quote(text).unwrap_or_default().into_owned(),
        Piece::Blank(words) => (*words).to_owned(),
        Piece::Variable(name) => format!("\"${name}\""),
        Piece::Output(command) => format!("\"$({})\"", command.line(Shell::Posix)),
    };
    of.0.iter().map(piece).collect()
}

/// A sentence with variables, as `kms:ListGrants $k`, in which a shell reads nothing else between double quotes.
fn between_quotes(pieces: &[Piece]) -> Option<String> {
    let has_space = pieces.iter().any(|piece| matches!(piece, Piece::Text(text) if text.contains(' ')));
    let has_variable = pieces.iter().any(|piece| matches!(piece, Piece::Variable(_)));
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) if text.split(' ').all(|word| word.is_empty() || is_plain(word)) => Some(text.clone()),
        Piece::Variable(name) => Some(format!("${name}")),
        Piece::Text(_) | Piece::Blank(_) | Piece::Output(_) => None,
    };
    if has_space && has_variable { pieces.iter().map(piece).collect() } else { None }
}

/// Whether every shell reads the text as it stands; zsh looks for a program behind a first `=`.
fn is_plain(text: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-/:".contains(&byte);
    !text.is_empty() && !text.starts_with('=') && text.bytes().all(is_sign)
}
