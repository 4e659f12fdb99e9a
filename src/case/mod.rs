//! The bare engine on JSON Lines: a case in, a decision out (the command `judge`).

mod answer;
mod missing;
mod path;
mod read;
mod reasons;

pub use answer::{answer, not_text};
pub use read::Case;

#[cfg(test)]
mod tests;
