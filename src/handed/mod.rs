//! Evidence that people hand in: policy texts as mail leaves them, output of the AWS CLI, transcripts of the lines
//! that `capture --script` prints. All of it becomes records of a capture.
//!
//! Rank: beside `capture`; names only `names`, `source` and `capture`.

mod document;
mod kms;
mod mangled;

pub use document::{HandedError, Handing, grants, key_policy};
pub use mangled::{Damage, Mangled, Wrapping};

#[cfg(test)]
mod tests;
