//! Remedies in every form; the tests run the same body.
#![no_main]

#[path = "../../tests/it/bodies/remedy.rs"]
mod remedy;
#[expect(dead_code, reason = "files are JSON of others, too")]
#[path = "../../tests/it/bodies/shown.rs"]
mod shown;

libfuzzer_sys::fuzz_target!(|text: &str| {
    remedy::check(text);
});
