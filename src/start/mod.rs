//! What a start asks for: the call model, the request context of each request, the plan of one start.

mod assumption;
mod call;
mod caller;
mod context;
mod derived;
mod plan;
mod policies;
mod question;
mod settles;
mod table;

pub(crate) use assumption::Assumption;
pub use context::{Stated, may_be_stated};
pub(crate) use context::{condition_keys, is_condition_key, is_network_key};
pub(crate) use plan::{Judged, NoPlan, StartPlan, judge, judge_again, plan};
pub(crate) use policies::{Shelf, held};
pub use question::{GivenPolicy, Question, RemedyPlace, RemedyStyle, Require};
pub(crate) use settles::{Settles, settles};
pub use table::{By, Confidence, Level, MODEL_DATE, Row, START};

#[cfg(test)]
mod tests;
