mod edit;
mod faults;
mod glob;
mod limits;
