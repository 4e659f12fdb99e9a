//! Evidence that people hand in: policy texts as mail leaves them, output of the AWS CLI, transcripts of the lines
//! that `capture --script` prints. All of it becomes records of a capture.
//!
//! Rank: beside `capture`; names only `names`, `source` and `capture`.

mod assemble;
mod document;
mod ec2;
mod iam;
mod key;
mod kms;
mod mangled;
mod org;
mod transcript;

pub use assemble::{TranscriptError, add, is_cut, is_transcript, transcript};
pub use document::{HandedError, Handing, grants, key_policy};
pub(crate) use mangled::first_damage;
pub use mangled::{Damage, Mangled, Wrapping};
pub use transcript::FIRST_LINE;

#[cfg(test)]
mod tests;
