//! The program `ebs-preflight`.

fn main() {}
