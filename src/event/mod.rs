//! What events, error texts and instance states say of a start that was tried: read from any form in which
//! people hold them.
//!
//! Rank: behind `handed`; names only that, `names`, `source`, `paste` and `capture`.

mod bearing;
mod decoded;
mod draft;
mod facts;
mod forms;
mod incident;
mod marks;
mod notice;
mod operations;
mod page;
mod record;
mod refusal;
mod sentence;
mod signs;
mod starter;
mod state_reason;
mod texts;

pub use bearing::Subject;
pub use facts::{Facts, Launcher};
pub use forms::{EvidenceItem, Found, NotUnderstood, Own, read};
pub(crate) use incident::alike;
pub use incident::{Conclusion, Incident, Inconclusive, incidents};
pub use notice::Notice;
pub use operations::Operation;
pub(crate) use operations::{is_of_start, operations_of};
pub use page::NotRead;
pub use record::{Actor, Event, EventError};
pub use refusal::{Denial, Encoded, PolicyKind, Refusal};
pub(crate) use sentence::is_masked;
pub use signs::{Sign, SignKind};
pub use starter::Starter;
pub use state_reason::InstanceState;
