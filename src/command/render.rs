use std::fmt;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::Command;
use super::word::{Piece, Word};

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, word) in self.each_word().enumerate() {
            write!(f, "{}{word}", if number > 0 { " " } else { "" })?;
        }
        self.output.map_or(Ok(()), |file| write!(f, " > {file}"))
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = between_quotes(&self.0) {
            return write!(f, "\"{text}\"");
        }
        for piece in &self.0 {
            match piece {
                Piece::Text(text) if is_plain(text) => f.write_str(text)?,
                // No name holds a NUL, which is all that cannot be quoted.
                Piece::Text(text) => f.write_str(&shlex::try_quote(text).unwrap_or_default())?,
                Piece::Blank(words) => f.write_str(words)?,
                Piece::Variable(name) => write!(f, "\"${name}\"")?,
                Piece::Output(command) => write!(f, "\"$({command})\"")?,
            }
        }
        Ok(())
    }
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

/// What a report holds of a command: the line, and the words as its program gets them.
impl Serialize for Command {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Command", 2)?;
        fields.serialize_field("command", &self.to_string())?;
        fields.serialize_field("argv", &self.argv())?;
        fields.end()
    }
}
