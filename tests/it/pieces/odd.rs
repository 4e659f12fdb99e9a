//! Inputs as people send them.
