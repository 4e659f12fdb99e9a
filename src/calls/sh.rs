//! A script for a POSIX shell.

use super::script::FIRST_LINE;
use super::step::{Query, Step, Values};
use crate::command::{Command, Shell, Word};
use crate::names::Region;

/// Lines with what makes a transcript of their answers. `r` marks a read and its exit code, and keeps the error text
/// where there is no answer. No name is a pattern of files, and `printf` reads no sign of one as more.
pub(super) fn framed(region: Option<&Region>, body: &[Step]) -> String {
    let region = region.map_or("${AWS_REGION:?set it to the Region}", Region::as_str);
    let q = r#"q() { aws "$@" --output text 2>/dev/null | tr '\t' '\n' | grep -v '^None$'; }"#;
    let q = body.iter().any(Step::asks).then(|| q.to_owned());
    let head = [
        "(".to_owned(),
        "set -o noglob".to_owned(),
        format!("export AWS_PAGER= AWS_REGION={region}; export AWS_DEFAULT_REGION=$AWS_REGION"),
        r####"r() { printf '### read %s\n' "$1"; shift; aws "$@" --output json 2>&1; echo "### exit $?"; }"####
            .to_owned(),
    ];
    let times = [
        "t() { echo \"### time $(date -u +%Y-%m-%dT%H:%M:%SZ)\"; }".to_owned(),
        format!("echo '{FIRST_LINE}'; echo \"### region $AWS_REGION\"; t"),
    ];
    // A shell reads to the last parenthesis before it runs anything, so that what is pasted does not mix with answers.
    let tail = ["t; echo '### end'".to_owned(), ")".to_owned()];
    head.into_iter()
        .chain(q)
        .chain(times)
        .chain(lines(body))
        .chain(tail)
        .fold(String::new(), |all, line| all + &line + "\n")
}

/// Commands of which the output is evidence by itself.
pub(super) fn plain(body: &[Step]) -> String {
    lines(body).iter().fold("(\n".to_owned(), |all, line| all + line + "\n") + ")\n"
}

fn lines(steps: &[Step]) -> Vec<String> {
    steps.iter().flat_map(step).collect()
}

fn step(step: &Step) -> Vec<String> {
    match step {
        Step::Read(line) => vec![line.marked("r", Shell::Posix)],
        Step::Target(instance, principal) => {
            let line = Command::options().words("printf").argument("### target %s %s\\n").argument(instance);
            vec![line.argument(principal).to_string()]
        }
        Step::Run(command) => vec![command.to_string()],
        Step::Set(variable, word) => vec![format!("{variable}={word}")],
        Step::Ask(variable, query) => vec![format!("{variable}=$({})", values(query))],
        Step::Each(variable, of, body) => each(*variable, of, body),
        Step::Climb { target, each, parents, parent } => {
            let up = [
                format!("case ${target} in r-*) break;; esac"),
                parents.marked("r", Shell::Posix),
                format!("{target}=$({})", values(parent)),
                "done".to_owned(),
            ];
            let start = format!("while [ -n \"${target}\" ]; do");
            std::iter::once(start).chain(lines(each)).chain(up).collect()
        }
    }
}

fn each(variable: char, of: &Values, body: &[Step]) -> Vec<String> {
    let start = format!("for {variable} in {}; do", list(of));
    std::iter::once(start).chain(lines(body)).chain(["done".to_owned()]).collect()
}

/// Values as the words of a loop.
fn list(of: &Values) -> String {
    match of {
        Values::Words(words) => joined(words),
        Values::Of(_) | Values::All(_) | Values::ForEach(..) | Values::Once(_) => format!("$({})", printed(of)),
    }
}

/// What prints the values, one a line.
fn printed(of: &Values) -> String {
    match of {
        Values::Words(words) => format!("printf '%s\\n' {}", joined(words)),
        Values::Of(query) => values(query),
        Values::All(several) => {
            let several: Vec<String> = several.iter().map(printed).collect();
            format!("{{ {}; }}", several.join("; "))
        }
        Values::ForEach(variable, of, then) => format!("for {variable} in {}; do {}; done", list(of), printed(then)),
        Values::Once(of) => format!("{} | sort -u", printed(of)),
    }
}

fn joined(words: &[Word]) -> String {
    words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// The values of an answer: one a line.
fn values(query: &Query) -> String {
    Command::options().words("q").with(&query.call).option("--query", query.path).to_string()
}
