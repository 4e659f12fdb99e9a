//! Tells whether an IAM role can start an EC2 instance whose EBS volumes are encrypted with AWS KMS keys.
#![forbid(unsafe_code)]

pub mod capture;
pub mod case;
pub mod engine;
pub mod names;
pub mod policy;
pub mod report;
pub mod source;
