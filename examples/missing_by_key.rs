//! Lists the permissions that the starts of a capture lack, by KMS key.
//!
//! `cargo run --no-default-features --example missing_by_key -- capture.json`

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a program of its own")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use ebs_preflight::{Capture, Preflight, TargetReport};

fn missing(capture: Capture) -> BTreeMap<String, BTreeSet<String>> {
    let report = Preflight::new(capture).run();
    let mut missing: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for request in report.targets().flat_map(TargetReport::requests) {
        if let (Some(key), true) = (request.key(), request.decision().is_denied()) {
            let lacks = format!("{} for {}", request.action(), request.principal());
            missing.entry(key.to_string()).or_default().insert(lacks);
        }
    }
    missing
}

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("give a capture")?;
    for (key, lacks) in missing(std::fs::read_to_string(file)?.parse()?) {
        println!("{key}");
        for lack in lacks {
            println!("  {lack}");
        }
    }
    Ok(())
}

#[test]
fn only_the_forgotten_key_lacks_a_permission() -> Result<(), Box<dyn Error>> {
    let missing = missing(include_str!("../tests/captures/second-key-forgotten.json").parse()?);
    assert_eq!(missing.len(), 1);
    assert!(missing.values().flatten().any(|lack| lack.starts_with("kms:CreateGrant for ")));
    Ok(())
}
