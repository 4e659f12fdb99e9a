//! A reporter of one's own: the findings as a Markdown table.
//!
//! `cargo run --no-default-features --example own_reporter -- capture.json`

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a program of its own")]

use std::error::Error;
use std::fmt::Write as _;

use ebs_preflight::{Capture, Preflight, Report, Severity};

fn markdown(report: &Report) -> Result<String, std::fmt::Error> {
    let mut table = format!("**{}**\n\n| instance | code | finding | keys |\n|---|---|---|---|\n", report.verdict());
    for target in report.targets() {
        for finding in target.findings().filter(|finding| finding.severity() != Severity::Note) {
            let keys: Vec<String> = finding.keys().iter().map(ToString::to_string).collect();
            let (code, title) = (finding.code(), finding.code().title());
            writeln!(table, "| {} | {code} | {title} | {} |", target.instance_id(), keys.join("<br>"))?;
        }
    }
    Ok(table)
}

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("give a capture")?;
    let capture: Capture = std::fs::read_to_string(file)?.parse()?;
    print!("{}", markdown(&Preflight::new(capture).run())?);
    Ok(())
}

#[test]
fn every_finding_is_a_row() -> Result<(), Box<dyn Error>> {
    let capture: Capture = include_str!("../tests/captures/account-may-only-describe.json").parse()?;
    let table = markdown(&Preflight::new(capture).run())?;
    assert!(table.starts_with("**BLOCKED**"), "{table}");
    assert!(table.contains("| EBP0"), "{table}");
    Ok(())
}
