//! The terminal: its width, whether it shows colors, and whether it shows more than ASCII.

use std::io::{IsTerminal as _, Write as _};

use crate::report::Screen;

use super::args::Color;
use super::failure::CliError;
use super::files;

/// Returns what standard output shows.
///
/// Sources: <https://no-color.org>, <https://bixense.com/clicolors/>
pub(super) fn screen(color: Color) -> Screen {
    let is_terminal = std::io::stdout().is_terminal();
    let is_set = |name| variable(name).is_some();
    let is_forced = variable("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    let is_dumb = variable("TERM").is_some_and(|value| value == "dumb");
    let color = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => !is_set("NO_COLOR") && (is_forced || (is_terminal && !is_dumb)),
    };
    let columns = variable("COLUMNS").and_then(|columns| columns.parse().ok());
    let of_terminal = || terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0));
    let width = columns.or_else(|| if is_terminal { of_terminal() } else { None });
    Screen { width: width.unwrap_or(Screen::default().width), color }
}

/// The value of a variable of the environment, if it is not empty.
fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "cli reads the environment")]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Prints a page that was made for the screen, which holds nothing of others that moves the cursor.
pub(super) fn print(page: &str) -> Result<(), CliError> {
    let text = if shows_utf8() { page.to_owned() } else { ascii(page) };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).or_else(|error| files::lost(&error))
}

/// Returns `false` where the locale is set, and is of another encoding.
fn shows_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable);
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// The page in ASCII: what is ours as people write it there, of others what does not fit as `?`.
pub(super) fn ascii(page: &str) -> String {
    let sign = |character: char| match character {
        '→' => "->".to_owned(),
        '…' => "...".to_owned(),
        '│' => "|".to_owned(),
        '·' => "-".to_owned(),
        other if other.is_ascii() => other.to_string(),
        _ => "?".to_owned(),
    };
    page.chars().map(sign).collect()
}
