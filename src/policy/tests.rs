mod edit;
mod faults;
mod glob;
mod limits;
mod refusal;
