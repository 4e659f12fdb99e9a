//! The live reads: AWS's answers become a [`Capture`](crate::capture::Capture).
//!
//! Only reads of [`READS`](crate::calls::READS) are made. What was refused, throttled or cut off is kept as a fact of its
//! own; only a run that could judge nothing at all ends in a `CollectError`.

mod clients;
mod credentials;
mod decode;
mod ec2;
mod error;
mod events;
mod failure;
mod guard;
mod holder;
mod iam;
mod kms;
mod named;
mod org;
mod pace;
mod reader;
mod run;
mod secrets;
mod xml;

pub use clients::Access;
pub use decode::decoded;
pub use error::{CollectError, ErrorCode, Exit};
pub use events::{Events, events};
pub use named::instances_named;
pub use reader::ReadPlan;
pub use run::collect;

#[cfg(test)]
mod tests;
