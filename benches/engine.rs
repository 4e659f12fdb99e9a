//! Speed of the engine; `docs/performance.md` has the numbers.

mod scenario;
mod texts;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use ebs_preflight::case::answer;
use ebs_preflight::engine::{Decision, explain, judge};
use ebs_preflight::policy::{Policy, PolicyType};

fn main() {
    divan::main();
}

/// One request against compiled policies.
#[divan::bench]
fn judge_one(bencher: Bencher<'_, '_>) {
    let (request, policies) = (scenario::request(), scenario::policies());
    assert_eq!(judge(&request, &policies), Decision::Allowed);
    bencher.counter(ItemsCount::new(1_u8)).bench(|| judge(divan::black_box(&request), divan::black_box(&policies)));
}

/// The same with every reason.
#[divan::bench]
fn explain_one(bencher: Bencher<'_, '_>) {
    let (request, policies) = (scenario::request(), scenario::policies());
    bencher.counter(ItemsCount::new(1_u8)).bench(|| explain(divan::black_box(&request), divan::black_box(&policies)));
}

/// A key policy of the largest size that KMS takes.
#[divan::bench]
fn compile_key_policy_of_32_kb(bencher: Bencher<'_, '_>) {
    let text = texts::large_key_policy();
    assert!((31 * 1024..=32 * 1024).contains(&text.len()), "{} bytes", text.len());
    bencher
        .counter(BytesCount::new(text.len()))
        .bench(|| Policy::parse(divan::black_box(&text), PolicyType::KeyPolicy));
}

/// Cases as `judge --cases` reads them: every line parsed, compiled, judged with reasons and printed.
#[divan::bench]
fn answer_cases(bencher: Bencher<'_, '_>) {
    let lines = texts::cases();
    assert!(lines.iter().all(|line| answer(line, 1).is_ok()));
    bencher.counter(ItemsCount::new(lines.len())).bench(|| {
        lines.iter().map(|line| answer(divan::black_box(line), 1).map_or(0, |line| line.len())).sum::<usize>()
    });
}
