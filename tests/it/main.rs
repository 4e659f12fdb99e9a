//! The integration tests: one binary, a module per subject.

#![expect(
    clippy::case_sensitive_file_extension_comparisons,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::format_collect,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "tests"
)]

mod age;
mod assumed;
mod bodies;
mod caller;
mod captures;
mod condition_keys;
mod conformance;
mod corrections;
mod counted;
mod differential;
mod docs;
mod frozen;
mod generate;
mod golden;
mod grants;
mod hostile;
mod laws;
mod missing;
mod next;
mod pieces;
mod problems;
mod properties;
mod ready_net;
mod schema;
mod screen;
mod shapes;
mod spec;
mod strict;
mod tidy;
mod together;
#[cfg(feature = "cli")]
mod told;
mod transcript;
mod triage;
mod whole;

#[cfg(feature = "cli")]
mod accepted;
#[cfg(feature = "cli")]
mod diffs;
#[cfg(feature = "cli")]
mod handed;
#[cfg(all(feature = "cli", unix))]
mod limits;
#[cfg(feature = "cli")]
mod observed;
#[cfg(all(feature = "cli", unix))]
mod pasted;
#[cfg(feature = "cli")]
#[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "without AWS nothing is told how to reach it"))]
mod program;
#[cfg(feature = "cli")]
mod remedies;
#[cfg(all(feature = "cli", unix))]
mod scripts;
#[cfg(feature = "cli")]
mod targets;
#[cfg(feature = "cli")]
mod terminal;
#[cfg(feature = "cli")]
mod transcripts;
#[cfg(all(feature = "cli", unix))]
mod written;

// These run the built program, most of them against servers.
#[cfg(all(feature = "aws", feature = "cli"))]
mod linked;
#[cfg(all(feature = "aws", feature = "cli"))]
mod moto;
#[cfg(all(feature = "aws", feature = "cli"))]
mod parallel;
#[cfg(all(feature = "aws", feature = "cli"))]
mod replay;
