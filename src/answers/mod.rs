//! AWS's answers become records of a capture, in one place (`api`): what was read live, what the AWS CLI printed, and the
//! transcripts of the lines that `capture --script` prints, with texts as mail leaves them.
//!
//! Rank: above `calls`; names only `names`, `fact`, `document`, `policy`, `capture` and `calls`.

pub(crate) mod api;
mod assemble;
pub(crate) mod aws_error;
mod candidates;
mod config_item;
mod details;
mod document;
mod ec2;
mod facts;
mod iam;
mod identify;
mod join;
mod key;
mod mangled;
mod once;
mod org;
mod organization;
mod origin;
mod output;
mod parts;
mod pieces;
mod pieces_error;
mod refused;
mod sources;
mod split;
mod subject;
mod transcript;
mod wants;
mod whole;
mod wrapping;

pub use assemble::{Transcript, add, assembled};
pub use document::{HandedError, Input, grants, key_policy, policy};
pub use join::organization as joined_organizations;
pub(crate) use mangled::changed;
pub use mangled::{Damage, Mangled, Repair};
pub use organization::{OrganizationInput, told_of_organization};
pub use origin::Origin;
pub use pieces::{EvidenceFile, IdleReason, Joined, Pieces, ShownInstance};
pub use pieces_error::{PiecesError, Question};
pub use transcript::{TranscriptError, is_transcript};
pub use wrapping::Wrapping;

#[cfg(test)]
mod tests;
