//! Worlds: whole cases, drawn at random, counted through, or changed by a law.
//!
//! What AWS's pages leave open does not occur in them.

mod condition;
mod grant;
mod invalid;
mod key;
mod key_policy;
pub(crate) mod laws;
pub(crate) mod mutation;
mod policy;
mod scene;
mod small;
mod statement;
mod world;

pub(crate) use invalid::invalid_cases;
pub(crate) use small::small_worlds;
pub(crate) use world::cases;
