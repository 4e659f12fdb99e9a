//! Tells whether an IAM role can start an EC2 instance whose EBS volumes are encrypted with AWS KMS keys, by local
//! evaluation of the IAM policies that bear on it.
//!
//! The evidence is a [`Capture`]: what was read of the instance, its volumes, their keys and every policy.
//! `ebs-preflight capture` writes one. [`Preflight`] judges it:
//!
//! ```
//! use ebs_preflight::{Capture, Preflight, Severity, Verdict};
//!
//! let capture: Capture = std::fs::read_to_string("tests/captures/account-may-only-describe.json")?.parse()?;
//! let report = Preflight::new(capture).run();
//! for target in report.targets() {
//!     for request in target.requests().filter(|request| !request.decision().is_allowed()) {
//!         println!("{} on {}: {}", request.action(), request.resource(), request.decision());
//!     }
//!     for finding in target.findings().filter(|finding| finding.severity() == Severity::Blocker) {
//!         println!("{}: {}", finding.code(), finding.code().title());
//!     }
//!     for part in target.remedy().into_iter().flat_map(|remedy| remedy.parts()) {
//!         println!("{:?}: {}", part.owner(), part.document().map_or("", |document| document.text()));
//!     }
//! }
//! assert_eq!(report.verdict(), Verdict::Blocked);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The modules
//!
//! | module | what it is for |
//! |---|---|
//! | crate root | a whole start: evidence in, verdict, findings and remedies out |
//! | [`capture`] | the evidence file, record by record |
//! | [`engine`] | one request and the policies that bear on it: `judge` and `explain` |
//! | [`policy`] | the policy language: parsing with places, patterns, conditions |
//! | [`names`] | the names of AWS's things as types |
//! | [`fact`], [`document`] | known, absent or unread; a text and the places in it |
//!
//! `examples/` holds five programs. Nothing here reads the clock, the environment, a file or the network; the program
//! around it does, with the features `aws` (live reads) and `cli`.
//!
//! # Features
//!
//! `report` (tables, text and JSON of reports) is part of `cli`. Without features the crate judges, and prints nothing.
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "cli"), expect(dead_code, unused_imports, reason = "what only reports and the program say"))]
#![cfg_attr(not(feature = "report"), expect(unreachable_pub, reason = "what only reports take"))]

pub mod capture;
pub mod document;
pub mod engine;
pub mod fact;
pub mod names;
pub mod policy;

// Not promised: for the program around the library, its tests and the fuzz targets.
#[doc(hidden)]
pub mod answers;
#[doc(hidden)]
pub mod calls;
#[doc(hidden)]
pub mod case;
pub(crate) mod change;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[cfg(feature = "aws")]
#[doc(hidden)]
pub mod collect;
pub(crate) mod command;
pub(crate) mod escape;
#[doc(hidden)]
pub mod event;
#[doc(hidden)]
pub mod findings;
#[cfg_attr(
    not(any(test, all(feature = "aws", feature = "cli"))),
    expect(dead_code, reason = "each of the two edges has bounds of its own")
)]
pub(crate) mod limits;
pub(crate) mod observed;
#[doc(hidden)]
pub mod operations;
#[doc(hidden)]
pub mod outcome;
pub(crate) mod paste;
#[doc(hidden)]
pub mod preflight;
pub(crate) mod remedy;
#[cfg(feature = "report")]
#[doc(hidden)]
pub mod report;
#[doc(hidden)]
pub mod triage;
pub(crate) mod words;

pub use capture::Capture;
pub use change::{Change, Edit, PolicyPlace};
pub use findings::{Code, Evidence, Finding, OpenQuestion, PlacedStatement, Severity, StatementRole};
pub use operations::{Level, Question, RemedyPlace, RemedyStyle, RequestOutcome, Require, Resolution, Stated};
pub use outcome::{Report, TargetReport, Verdict};
pub use preflight::Preflight;
pub use remedy::{Owner, Part, Proof, Remedy};
