//! What must hold of every input, one function for each way in.
//!
//! The fuzz targets in `fuzz/` run these on inputs that they breed, `properties` on inputs that it changes at random.

pub(crate) mod capture;
pub(crate) mod pattern;
pub(crate) mod policy;
pub(crate) mod remedy;
pub(crate) mod shown;
pub(crate) mod transcript;
pub(crate) mod triage;
pub(crate) mod world;
