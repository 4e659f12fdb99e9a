//! Evidence that people hand in: policy texts as mail leaves them, output of the AWS CLI, transcripts of the lines
//! that `capture --script` prints. All of it becomes records of a capture.
//!
//! Rank: above `reads`; names only `names`, `source`, `policy`, `capture` and `reads`.

mod assemble;
mod document;
mod ec2;
mod iam;
mod join;
mod key;
mod kms;
mod mangled;
mod once;
mod org;
mod organization;
mod origin;
mod output;
mod transcript;
mod whole;
mod wrapping;

pub use assemble::{Transcript, add, assembled};
pub use document::{HandedError, Input, grants, key_policy, policy};
pub use join::organization as joined_organizations;
pub(crate) use mangled::changed;
pub use mangled::{Damage, Mangled, Repair};
pub use organization::{OrganizationInput, told_of_organization};
pub use origin::Origin;
pub use output::add_output;
pub use transcript::{TranscriptError, is_transcript};
pub use wrapping::Wrapping;

#[cfg(test)]
mod tests;
