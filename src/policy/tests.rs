mod faults;
mod glob;
