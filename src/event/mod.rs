//! What events, error texts and instance states say of a start that was tried: read from any form in which
//! people hold them.
//!
//! Rank: beside `capture`; names only `names`.

mod decoded;
mod forms;
mod incident;
mod record;
mod refusal;
mod starter;
mod state_reason;

pub use forms::{Material, NotUnderstood, read};
pub use incident::{Incident, Silence, Told, incidents};
pub use record::{Actor, Event, EventError};
pub use refusal::{Denial, Encoded, PolicyKind, Refusal};
pub use starter::Starter;
pub use state_reason::{InstanceState, Meaning};
