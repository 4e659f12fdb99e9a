//! An error of the whole run: what went wrong, and what to type next.

use crate::report::json;

use super::args::Format;
use super::exit::Exit;

/// Why there is no report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) exit: Exit,
    /// A stable word for programs.
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) help: String,
}

impl Failure {
    pub(super) fn bad_input(code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { exit: Exit::BadInput, code, message: message.into(), help: help.into() }
    }

    /// Where to print it, and what: JSON on standard output, text on standard error.
    pub(super) fn print(&self, format: Format) -> Exit {
        match format {
            Format::Json => {
                let text = json::render_error(self.code, &self.message, &self.help);
                // Where that is lost, the error on standard error still tells what happened.
                if super::files::print(&text).is_err() {
                    return self.print(Format::Text);
                }
            }
            Format::Text => {
                let mut text = format!("error: {}\n", self.message.trim_end());
                for line in self.help.lines() {
                    text.push_str("  ");
                    text.push_str(line);
                    text.push('\n');
                }
                super::files::print_error(&text);
            }
        }
        self.exit
    }
}
