//! Where a fact stands and what is known of it: documents, places in them, readings.

mod document;
mod reading;

pub use document::{Document, Position, Span};
pub use reading::{Reading, Unread, Why};

#[cfg(test)]
mod tests;
