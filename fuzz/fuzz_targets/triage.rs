//! Events and error texts, and what is said of them; the tests run the same body.
#![no_main]

#[path = "../../tests/it/bodies/shown.rs"]
mod shown;
#[path = "../../tests/it/bodies/triage.rs"]
mod triage;

libfuzzer_sys::fuzz_target!(|text: &str| {
    triage::check(text);
});
