//! Text as people mail it, cleaned once: line ends, escapes, marks that nobody sees, encodings.
//!
//! Rank: behind `source`; names nothing of this crate.

mod encoding;
mod flow;

pub(crate) use encoding::decoded;
pub(crate) use flow::{Flow, LINE_END, PARAGRAPH, after, is_gap};

#[cfg(test)]
mod tests;
