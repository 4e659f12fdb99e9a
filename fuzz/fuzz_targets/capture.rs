//! The capture reader, and the judging of what was read; the tests run the same body.
#![no_main]

#[path = "../../tests/it/bodies/capture.rs"]
mod capture;
#[path = "../../tests/it/bodies/shown.rs"]
mod shown;

libfuzzer_sys::fuzz_target!(|text: &str| {
    capture::check(text);
});
