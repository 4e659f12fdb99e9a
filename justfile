# A recipe per habit. `just` alone lists them. Everything that CI needs is plain Cargo, in .ci/run.

set shell := ["bash", "-euo", "pipefail", "-c"]

_list:
    @just --list

# The inner loop: the heart and the command line, without the AWS SDK
heart:
    cargo test --no-default-features --features cli

# What CI runs
check:
    .ci/run

# Accept the snapshots and transcripts as they are now
bless:
    INSTA_UPDATE=always TRYCMD=overwrite FROZEN=bless cargo test --no-default-features --features cli

# The conformance cases
conformance:
    cargo test --no-default-features --features cli --test it conformance

# Speed of the engine, as in docs/performance.md
bench:
    cargo bench --no-default-features --bench engine

# How cost grows with each dimension of the input
growth *SERIES:
    cargo bench --no-default-features --features report --bench growth -- {{SERIES}}

# Mutation testing of one file
mutants file: (_needs "cargo-mutants")
    cargo mutants --no-default-features --features cli --file {{file}}

# Fuzz one target for some seconds
fuzz target seconds="60": (_needs "cargo-fuzz")
    RUSTC_BOOTSTRAP=1 cargo fuzz run {{target}} -- -max_total_time={{seconds}}

# Licenses, advisories and sources of the dependencies
deny: (_needs "cargo-deny")
    cargo deny check

# The release program, without paths of this machine
release:
    .ci/release

# Coverage of the heart and the command line
cover: (_needs "cargo-llvm-cov")
    cargo llvm-cov --no-default-features --features cli --html

_needs tool:
    @command -v {{tool}} > /dev/null || { echo "{{tool}} is not installed: cargo install {{tool}} --locked" >&2; exit 1; }
