//! Tells whether an IAM role can start an EC2 instance whose EBS volumes are encrypted with AWS KMS keys.
#![forbid(unsafe_code)]

pub mod answers;
pub mod calls;
pub mod capture;
pub mod case;
pub(crate) mod change;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "aws")]
pub mod collect;
pub(crate) mod command;
pub mod document;
pub mod engine;
pub(crate) mod escape;
pub mod event;
pub mod fact;
pub mod findings;
#[cfg_attr(
    not(any(test, all(feature = "aws", feature = "cli"))),
    expect(dead_code, reason = "each of the two edges has bounds of its own")
)]
pub(crate) mod limits;
pub mod names;
pub(crate) mod observed;
pub mod operations;
pub mod outcome;
pub(crate) mod paste;
pub mod policy;
pub mod preflight;
pub(crate) mod remedy;
pub mod report;
pub mod triage;
pub(crate) mod words;
