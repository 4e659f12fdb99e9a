//! AWS's answers become records of a capture, in one place (`api`): what was read live, what the AWS CLI printed, and the
//! transcripts of the lines that `capture --script` prints, with texts as mail leaves them.
//!
//! Rank: above `calls`; names only `names`, `fact`, `document`, `policy`, `capture` and `calls`.

pub(crate) mod api;
mod assemble;
pub(crate) mod aws_error;
mod document;
mod ec2;
mod iam;
mod join;
mod key;
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
