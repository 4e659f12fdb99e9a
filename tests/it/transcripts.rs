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

#[test]
#[cfg(target_os = "linux")]
fn what_standard_output_loses_is_an_error() {
    for command in ["demo", "permissions", "check"] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut run = std::process::Command::new(env!("CARGO_BIN_EXE_ebs-preflight"));
        if command == "check" {
            let capture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures/create-grant-alone.json");
            run.args(["check", "--capture", capture]);
        } else {
            run.arg(command);
        }
        let outcome = run.stdout(full).output().unwrap();
        assert_eq!(outcome.status.code(), Some(4), "{command}");
        assert!(String::from_utf8_lossy(&outcome.stderr).contains("standard output cannot be written"), "{command}");
    }
}
