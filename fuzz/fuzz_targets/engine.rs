//! The engine against the second evaluator; the tests run the same body.
#![no_main]

#[expect(dead_code, unused_imports, reason = "drawn worlds only")]
#[path = "../../tests/it/generate/mod.rs"]
mod generate;
#[expect(dead_code, unused_imports, reason = "whole cases only")]
#[path = "../../tests/it/spec/mod.rs"]
mod spec;
#[path = "../../tests/it/bodies/world.rs"]
mod world;

libfuzzer_sys::fuzz_target!(|seed: world::Seed| {
    world::check(seed);
});
