//! Lines for PowerShell 7 and for Windows PowerShell 5.1.
//!
//! Sources: <https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules>,
//! <https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_parsing>

use super::word::{Piece, Word};
use super::{Command, Shell};

pub(super) fn line(command: &Command) -> String {
    let variables = command.environment.iter();
    let set =
        variables.fold(String::new(), |set, (name, value)| set + &format!("$env:{name} = {}; ", in_expression(value)));
    let words = command.each_word().map(|each| argument(&each));
    set + &super::joined(words, command.output)
}

/// The word as an argument of a program.
fn argument(word: &Word) -> String {
    match word.0.as_slice() {
        [Piece::Text(text)] if is_plain(text) => text.clone(),
        [Piece::Text(text)] if text.is_empty() || text.contains('"') => {
            // Until 7.3 quotes are handed on as they are, and what reads the command line takes them away.
            let [whole, escaped] = [literal(text), literal(&for_command_line(text))];
            format!("$(if ($PSVersionTable.PSVersion -ge [version]'7.3') {{ {whole} }} else {{ {escaped} }})")
        }
        [Piece::Blank(words)] => (*words).to_owned(),
        [Piece::Output(command)] => format!("\"$({})\"", command.line(Shell::PowerShell)),
        _ => in_expression(word),
    }
}

/// The word as a value of an expression, in which a bare word would be the name of a command.
pub(super) fn in_expression(word: &Word) -> String {
    if let [Piece::Text(text)] = word.0.as_slice() {
        return literal(text);
    }
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.chars().flat_map(escaped).collect(),
        Piece::Blank(words) => (*words).to_owned(),
        Piece::Variable(name) => format!("${{{name}}}"),
        Piece::Output(command) => format!("$({})", command.line(Shell::PowerShell)),
    };
    format!("\"{}\"", word.0.iter().map(piece).collect::<String>())
}

/// A text between single quotes, in which nothing but these is read; PowerShell takes the quotes of books for its own.
fn literal(text: &str) -> String {
    let twice = |sign: char| std::iter::repeat_n(sign, if is_single_quote(sign) { 2 } else { 1 });
    format!("'{}'", text.chars().flat_map(twice).collect::<String>())
}

/// A sign of a text between double quotes.
fn escaped(sign: char) -> impl Iterator<Item = char> {
    let is_read = matches!(sign, '`' | '$' | '"' | '\u{201c}'..='\u{201e}');
    is_read.then_some('`').into_iter().chain([sign])
}

fn is_single_quote(sign: char) -> bool {
    matches!(sign, '\'' | '\u{2018}'..='\u{201b}')
}

/// A text as a C program of Windows reads it out of its command line.
///
/// Source: <https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments>
fn for_command_line(text: &str) -> String {
    if text.is_empty() {
        return "\"\"".to_owned();
    }
    let (mut line, mut backslashes) = (String::new(), 0);
    for sign in text.chars() {
        if sign == '"' {
            line.extend(std::iter::repeat_n('\\', backslashes + 1));
        }
        backslashes = if sign == '\\' { backslashes + 1 } else { 0 };
        line.push(sign);
    }
    line
}

/// Whether PowerShell reads the text as it stands, and as a text: `012` would be a number.
fn is_plain(text: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let word = text.strip_prefix("--").unwrap_or(text);
    word.starts_with(|c: char| c.is_ascii_alphabetic()) && word.bytes().all(is_sign)
}
