//! What the program prints where AWS is not asked: `tests/cmd`, and what the README shows of it.
//!
//! `TRYCMD=overwrite cargo test --test it transcripts` writes them anew.

#[test]
fn the_transcripts_are_what_the_program_prints() {
    trycmd::TestCases::new()
        .register_bin("ebs-preflight", std::path::Path::new(env!("CARGO_BIN_EXE_ebs-preflight")))
        .case("tests/cmd/*.md")
        .case("README.md");
}
