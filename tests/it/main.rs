//! The integration tests: one binary, a module per subject.

#![expect(clippy::unwrap_used, clippy::string_slice, clippy::disallowed_methods, reason = "tests")]

mod triage;
