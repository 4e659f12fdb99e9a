//! What events, error texts and instance states say of a start that was tried: read from any form in which
//! people hold them.
//!
//! Rank: behind `handed`; names only that, `names` and `source`.

mod bearing;
mod decoded;
mod forms;
mod incident;
mod page;
mod record;
mod refusal;
mod starter;
mod state_reason;
mod texts;
mod wraps;

pub use bearing::Subject;
pub(crate) use bearing::is_of_start;
pub use forms::{Found, Material, NotUnderstood, read};
pub use incident::{Incident, Silence, Told, incidents};
pub use page::NotRead;
pub use record::{Actor, Event, EventError};
pub use refusal::{Denial, Encoded, PolicyKind, Refusal};
pub use starter::Starter;
pub use state_reason::{InstanceState, Meaning};
