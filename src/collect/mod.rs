//! The live reads: AWS's answers become a [`Capture`](crate::capture::Capture).
//!
//! Only reads of [`READS`](crate::reads::READS) are made. What was refused, throttled or cut off is kept as a fact of its
//! own; only a run that could judge nothing at all ends in a `CollectError`.

#[cfg(feature = "aws")]
mod clients;
#[cfg(feature = "aws")]
mod credentials;
#[cfg(feature = "aws")]
mod decode;
#[cfg(feature = "aws")]
mod ec2;
#[cfg(feature = "aws")]
mod error;
#[cfg(feature = "aws")]
mod events;
#[cfg(feature = "aws")]
mod failure;
#[cfg(feature = "aws")]
mod holder;
#[cfg(feature = "aws")]
mod iam;
#[cfg(feature = "aws")]
mod kms;
#[cfg(feature = "aws")]
mod named;
#[cfg(feature = "aws")]
mod org;
#[cfg(feature = "aws")]
mod pace;
#[cfg(feature = "aws")]
mod reader;
#[cfg(feature = "aws")]
mod run;
#[cfg(feature = "aws")]
mod xml;

#[cfg(feature = "aws")]
pub use clients::Access;
#[cfg(feature = "aws")]
pub use decode::decoded;
#[cfg(feature = "aws")]
pub use error::{CollectError, ErrorCode, Exit};
#[cfg(feature = "aws")]
pub use events::{Events, events};
#[cfg(feature = "aws")]
pub use named::instances_named;
#[cfg(feature = "aws")]
pub use reader::Wanted;
#[cfg(feature = "aws")]
pub use run::collect;

#[cfg(test)]
mod tests;
