//! How cost grows: each dimension doubles four times, and the exponent is printed; 1 is linear.
//!
//! `just growth` prints the table. An argument picks the rows whose name holds it.

#![expect(
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program for developers: its inputs are its own, and it reads the clock"
)]

mod worlds;

use std::hint::black_box;
use std::time::{Duration, Instant};

use ebs_preflight::answers::{Transcript, assembled};
use ebs_preflight::capture::Capture;
use ebs_preflight::event::{incidents, read};
use ebs_preflight::operations::Question;
use ebs_preflight::preflight::preflight;
use ebs_preflight::report::{json, text};
use ebs_preflight::triage;
use worlds::World;

/// How often each series doubles.
const DOUBLINGS: u32 = 3;

/// One dimension: its name, the size of its last and largest input, and what is done with an input of a size.
struct Series {
    name: &'static str,
    largest: usize,
    input: fn(usize) -> String,
    run: fn(&str),
}

fn main() {
    let picked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    println!("| what grows | size | input | time | exponent |\n|---|---|---|---|---|");
    for series in ALL.iter().filter(|one| picked.is_empty() || picked.iter().any(|name| one.name.contains(&**name))) {
        let sizes = (0..=DOUBLINGS).rev().map(|halvings| (series.largest >> halvings).max(1));
        let times: Vec<(usize, usize, Duration)> = sizes.map(|size| measured(series, size)).collect();
        let (Some((_, _, first)), Some((size, bytes, last))) = (times.first(), times.last()) else { continue };
        let exponent = (last.as_secs_f64() / first.as_secs_f64()).log2() / f64::from(DOUBLINGS);
        let (megabytes, seconds) = (*bytes as f64 / 1e6, last.as_secs_f64());
        println!("| {} | {size} | {megabytes:.1} MB | {seconds:.3} s | {exponent:.2} |", series.name);
    }
}

/// The best of some runs.
fn measured(series: &Series, size: usize) -> (usize, usize, Duration) {
    let input = (series.input)(size);
    let once = || {
        let begin = Instant::now();
        (series.run)(black_box(&input));
        begin.elapsed()
    };
    let first = once();
    let more = if first < Duration::from_millis(300) { 4 } else { 0 };
    (size, input.len(), (0..more).map(|_| once()).fold(first, Duration::min))
}

/// What `check --capture` does: parsed, judged, told.
fn check(input: &str) {
    let capture = Capture::parse(input).expect("a capture");
    let report = preflight(&capture, &Question::default());
    black_box(text::render(&report));
}

fn check_json(input: &str) {
    let capture = Capture::parse(input).expect("a capture");
    let report = preflight(&capture, &Question::default());
    black_box(json::render(&report));
}

fn add(input: &str) {
    let transcript = Transcript::parse(input).expect("a transcript");
    black_box(assembled(&[transcript]).expect("a capture"));
}

fn tell(input: &str) {
    let found = read(input).expect("something of a start");
    black_box(triage::text(&incidents(found.materials), &jiff::tz::TimeZone::UTC));
}

const ALL: &[Series] = &[
    Series {
        name: "targets, all READY",
        largest: 4000,
        run: check,
        input: |size| World { instances: size, ..World::READY }.capture(),
    },
    Series {
        name: "targets, all BLOCKED",
        largest: 500,
        run: check,
        input: |size| World { instances: size, ..World::BLOCKED }.capture(),
    },
    Series {
        name: "targets, all BLOCKED, JSON",
        largest: 500,
        run: check_json,
        input: |size| World { instances: size, ..World::BLOCKED }.capture(),
    },
    Series {
        name: "volumes of one instance",
        largest: 10_000,
        run: check,
        input: |size| World { volumes: size, ..World::BLOCKED }.capture(),
    },
    Series {
        name: "keys of one instance",
        largest: 1000,
        run: check,
        input: |size| World { volumes: size, keys: size, ..World::BLOCKED }.capture(),
    },
    Series {
        name: "roles of one instance",
        largest: 500,
        run: check,
        input: |size| World { roles: size, ..World::BLOCKED }.capture(),
    },
    Series {
        name: "grants on one key",
        largest: 50_000,
        run: check,
        input: |size| World { grants: size, ..World::BLOCKED }.capture(),
    },
    Series {
        name: "statements of one policy",
        largest: 8000,
        run: check,
        input: |size| World { statements: size, ..World::BLOCKED }.capture(),
    },
    Series {
        name: "condition keys of one statement",
        largest: 8000,
        run: check,
        input: |size| World { condition_keys: size, ..World::BLOCKED }.capture(),
    },
    Series {
        name: "actions of one statement",
        largest: 8000,
        run: check,
        input: |size| World { actions: size, ..World::BLOCKED }.capture(),
    },
    Series { name: "answers of a transcript", largest: 8000, run: add, input: |size| worlds::transcript(size / 5) },
    Series { name: "triage, records", largest: 20_000, run: tell, input: worlds::events },
    Series { name: "triage, lines of a log", largest: 200_000, run: tell, input: worlds::log },
];
