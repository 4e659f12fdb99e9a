//! A gate for pipelines: exits as `ebs-preflight check` does, and passes what an allow list of codes excuses.
//!
//! `cargo run --no-default-features --example ci_gate -- capture.json EBP0201`

#![expect(clippy::disallowed_methods, reason = "a program of its own")]

use std::error::Error;
use std::process::ExitCode;

use ebs_preflight::{Capture, Code, Preflight, Severity, TargetReport, Verdict};

fn gate(capture: Capture, excused: &[Code]) -> Verdict {
    let report = Preflight::new(capture).run();
    let mut findings = report.targets().flat_map(TargetReport::findings);
    let is_excused = report.targets().all(|target| target.error().is_none())
        && findings.all(|finding| finding.severity() > Severity::Undecided || excused.contains(&finding.code()));
    if is_excused { Verdict::Ready } else { report.verdict() }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("give a capture")?;
    let excused: Option<Vec<Code>> = arguments.map(|code| Code::parse(&code)).collect();
    let capture = std::fs::read_to_string(file)?.parse()?;
    Ok(gate(capture, &excused.ok_or("one of the codes is not known")?).exit_code().into())
}

#[test]
fn a_code_that_is_excused_opens_the_gate() -> Result<(), Box<dyn Error>> {
    let capture: Capture = include_str!("../tests/captures/key-disabled.json").parse()?;
    assert_eq!(gate(capture.clone(), &[]).exit_code(), 1);
    let codes: Vec<Code> = Preflight::new(capture.clone()).run().codes();
    assert_eq!(gate(capture, &codes).exit_code(), 0);
    Ok(())
}
