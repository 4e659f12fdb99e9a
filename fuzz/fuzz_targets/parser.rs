//! The policy parser; the tests run the same body.
#![no_main]

#[path = "../../tests/it/bodies/policy.rs"]
mod policy;

libfuzzer_sys::fuzz_target!(|text: &str| {
    policy::check(text);
});
