//! The integration tests: one binary, a module per subject.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::wildcard_enum_match_arm,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod problems;
mod ready_net;
mod transcript;
mod triage;

// These run the built program.
#[cfg(feature = "cli")]
mod handed;
#[cfg(feature = "cli")]
mod transcripts;

// These let it read AWS; without these features there is none that does.
#[cfg(all(feature = "aws", feature = "cli"))]
mod moto;
#[cfg(all(feature = "aws", feature = "cli"))]
mod parallel;
#[cfg(all(feature = "aws", feature = "cli"))]
mod program;
#[cfg(all(feature = "aws", feature = "cli"))]
mod replay;
