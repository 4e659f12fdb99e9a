//! The integration tests: one binary, a module per subject.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "tests"
)]

#[cfg(feature = "cli")]
mod handed;
mod transcript;
mod triage;
