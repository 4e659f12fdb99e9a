//! Tells whether an IAM role can start an EC2 instance whose EBS volumes are encrypted with AWS KMS keys.
#![forbid(unsafe_code)]

pub mod capture;
pub mod case;
pub(crate) mod change;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "aws")]
pub mod collect;
pub mod engine;
pub mod event;
pub mod findings;
pub mod handed;
pub mod names;
pub(crate) mod paste;
pub mod policy;
pub mod reads;
pub(crate) mod remedy;
pub mod report;
pub mod source;
pub mod start;
