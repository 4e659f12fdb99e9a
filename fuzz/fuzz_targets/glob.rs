//! Wildcards; the tests run the same body.
#![no_main]

#[path = "../../tests/it/bodies/pattern.rs"]
mod pattern;
#[expect(dead_code, reason = "wildcards only")]
#[path = "../../tests/it/spec/mod.rs"]
mod spec;

libfuzzer_sys::fuzz_target!(|input: (&str, &str)| {
    pattern::check(input.0, input.1);
});
