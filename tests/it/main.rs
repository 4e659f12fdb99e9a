//! The integration tests: one binary, a module per subject.

#![expect(
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "tests"
)]

mod conformance;
mod differential;
mod docs;
mod generate;
#[cfg(feature = "cli")]
mod handed;
mod laws;
#[cfg(all(feature = "aws", feature = "cli"))]
mod moto;
#[cfg(all(feature = "aws", feature = "cli"))]
mod parallel;
mod problems;
#[cfg(all(feature = "aws", feature = "cli"))]
mod program;
mod ready_net;
#[cfg(feature = "cli")]
mod remedies;
#[cfg(all(feature = "aws", feature = "cli"))]
mod replay;
mod schema;
mod spec;
#[cfg(feature = "cli")]
mod targets;
mod transcript;
#[cfg(feature = "cli")]
mod transcripts;
mod triage;
