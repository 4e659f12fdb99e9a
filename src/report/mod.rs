//! The report in its formats, made from the outcome alone.

mod diff;
mod files;
mod joined;
pub mod json;
mod meant;
mod next;
mod observed;
mod remedy;
pub mod text;
mod view;

pub use crate::remedy::Form;
pub use diff::Diff;
#[cfg(feature = "cli")]
pub(crate) use diff::compare;
pub use files::remedy_files;
#[cfg(feature = "cli")]
pub(crate) use remedy::{change, place};

#[cfg(test)]
mod tests;
