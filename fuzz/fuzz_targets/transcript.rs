//! Transcripts, and the judging of what was read; the tests run the same body.
#![no_main]

#[path = "../../tests/it/bodies/shown.rs"]
mod shown;
#[path = "../../tests/it/bodies/transcript.rs"]
mod transcript;

libfuzzer_sys::fuzz_target!(|text: &str| {
    transcript::check(text);
});
