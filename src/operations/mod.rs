//! What a start asks for: the call model, the request context of each request, the plan of one start.

mod assumption;
mod call;
mod caller;
mod condition_keys;
mod context;
mod decision;
mod derived;
mod judged;
mod model;
mod plan;
mod policies;
mod question;
mod resolution;
mod rests_on;

pub(crate) use assumption::{Assumption, dates};
pub use condition_keys::{MayState, may_state};
pub(crate) use condition_keys::{condition_keys, is_condition_key, is_in_table, is_network_key};
pub use context::Stated;
pub(crate) use decision::{GRANT_QUOTA, is_spared_by_other_spelling};
pub use judged::RequestOutcome;
pub(crate) use judged::judge;
pub use model::{Confidence, Level, MODEL_DATE, Requester, Row, START, Step};
pub(crate) use plan::{NoPlan, StartPlan, judge_again, plan};
pub(crate) use policies::{PolicyCache, held};
pub use question::{GivenPolicy, Question, RemedyPlace, RemedyStyle, Require};
pub use resolution::Resolution;
pub(crate) use resolution::settles;
pub(crate) use rests_on::rests_on;

#[cfg(test)]
mod tests;
