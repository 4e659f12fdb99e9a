//! What is said, and how.

pub(crate) mod words;
