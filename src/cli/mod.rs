//! The program: arguments, files, the terminal, the exit code.

mod args;
mod changes;
mod demo;
mod evidence;
mod exit;
mod failure;
mod files;
mod from;
mod handed;
mod help;
mod judge;
#[cfg(feature = "aws")]
mod live;
#[cfg(not(feature = "aws"))]
#[path = "offline.rs"]
mod live;
mod named;
mod options;
mod organization;
mod regions;
mod run;
mod screen;
mod script;
mod targets;
mod triage;

pub use run::run;

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write files")]
mod tests;
