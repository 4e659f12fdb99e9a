//! The report in its formats, made from the outcome alone.

mod answer;
mod diff;
mod files;
mod groups;
mod joined;
pub mod json;
mod meant;
mod next;
mod observed;
mod proof;
mod remedy;
pub mod text;
mod view;

pub use crate::remedy::Form;
pub use crate::words::Screen;
pub use diff::{Diff, compare};
pub use files::remedy_files;
#[cfg(feature = "cli")]
pub(crate) use remedy::{change, place};
pub use text::{Detail, Style};

#[cfg(test)]
mod tests;
