//! Tells which starts a new key policy would break.
//!
//! `cargo run --no-default-features --example what_if -- capture.json KEY_ARN policy.json`

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a program of its own")]

use std::error::Error;

use ebs_preflight::names::KeyArn;
use ebs_preflight::{Capture, Change, Preflight};

fn broken(capture: Capture, key: KeyArn, policy: &str) -> Vec<String> {
    let now = Preflight::new(capture);
    let then = now.changed(&[Change::key_policy(key, policy)]);
    let (before, after) = (now.run(), then.run());
    let worse = before.targets().zip(after.targets()).filter(|(before, after)| before.verdict() < after.verdict());
    let said = worse.map(|(before, after)| {
        let verdict = |verdict: Option<_>| verdict.map_or("not judged", ebs_preflight::Verdict::as_str);
        format!("{}: {} -> {}", before.instance_id(), verdict(before.verdict()), verdict(after.verdict()))
    });
    said.collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [capture, key, policy] = arguments.as_slice() else { return Err("give a capture, a key and a policy".into()) };
    let capture = std::fs::read_to_string(capture)?.parse()?;
    for line in broken(capture, KeyArn::parse(key)?, &std::fs::read_to_string(policy)?) {
        println!("{line}");
    }
    Ok(())
}

#[test]
fn a_key_policy_that_denies_all_breaks_the_start() -> Result<(), Box<dyn Error>> {
    let capture: Capture = include_str!("../tests/captures/ready-grant-to-the-role.json").parse()?;
    let key = capture.keys.keys().next().ok_or("a key")?.clone();
    let nobody = r#"{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}]}"#;
    let broken = broken(capture, key, nobody);
    assert!(matches!(broken.as_slice(), [line] if line.ends_with("READY -> BLOCKED")), "{broken:?}");
    Ok(())
}
