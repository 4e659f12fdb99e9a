mod faults;
mod glob;
mod print;
