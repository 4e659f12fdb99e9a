//! A script for PowerShell 7 and for Windows PowerShell 5.1.
//!
//! Sources: <https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules>,
//! <https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_parsing>

use super::script::FIRST_LINE;
use super::step::{Query, Step, Values};
use crate::command::{Command, Shell, Word};
use crate::names::Region;

/// What makes a transcript of answers, as in a POSIX shell. `r`, `h` and the like are aliases of PowerShell's own, so the
/// functions have longer names.
///
/// No edition hands every word on as it is: until 7.3 a quote within one is lost, and where the program is a batch file
/// `cmd` reads signs of its own. A read with such a word is not made, and tells so.
const FUNCTIONS: [&str; 5] = [
    "$ErrorActionPreference = 'Continue'; $PSNativeCommandUseErrorActionPreference = $false",
    "$env:PYTHONUTF8 = '1'; [Console]::OutputEncoding = [Text.Encoding]::UTF8",
    "function ebsIsPlain { -not ($args -match '[\"%&|<>^!]') }",
    "function ebsRead { $of, $words = $args; '### read ' + $of; if (ebsIsPlain @words) { aws @words --output json 2>&1 | \
     ForEach-Object { [string]$_ }; '### exit ' + $LASTEXITCODE } else { 'PowerShell may not hand on these words'; \
     '### exit 252' } }",
    "function ebsTime { '### time ' + [DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ', \
     [Globalization.CultureInfo]::InvariantCulture) }",
];

/// The values of an answer, one by one.
const VALUES: &str = "function ebsValues { if (ebsIsPlain @args) { aws @args --output text 2>$null | \
                      ForEach-Object { $_ -split '\\s+' } | Where-Object { $_ -and $_ -cne 'None' } } }";

/// Lines with what makes a transcript of their answers.
pub(super) fn framed(region: Option<&Region>, body: &[Step]) -> String {
    let region = region.map_or_else(
        || "if (-not $env:AWS_REGION) { throw 'set $env:AWS_REGION to the Region' }".to_owned(),
        |region| format!("$env:AWS_REGION = {}", Word::from(region).in_powershell()),
    );
    let values = body.iter().any(Step::asks).then_some(VALUES);
    // A shell reads to the last brace before it runs anything, so that what is pasted does not mix with answers.
    let head = ["& {", "$was = $env:AWS_REGION, $env:AWS_DEFAULT_REGION, $env:PYTHONUTF8", "try {"];
    let head = head.into_iter().chain([region.as_str(), "$env:AWS_DEFAULT_REGION = $env:AWS_REGION"]);
    let head = head.chain(FUNCTIONS).chain(values).map(str::to_owned);
    let start = format!("'{FIRST_LINE}'; '### region ' + $env:AWS_REGION; ebsTime");
    let tail = [
        "ebsTime; '### end'".to_owned(),
        "} finally { $env:AWS_REGION, $env:AWS_DEFAULT_REGION, $env:PYTHONUTF8 = $was }".to_owned(),
        "}".to_owned(),
    ];
    head.chain([start]).chain(lines(body)).chain(tail).fold(String::new(), |all, line| all + &line + "\n")
}

fn lines(steps: &[Step]) -> Vec<String> {
    steps.iter().flat_map(step).collect()
}

fn step(step: &Step) -> Vec<String> {
    match step {
        Step::Read(line) => vec![line.marked("ebsRead", Shell::PowerShell)],
        Step::Target(instance, principal) => {
            vec![Word::from("### target ").then(instance).then(" ").then(principal).in_powershell()]
        }
        Step::Run(command) => vec![command.line(Shell::PowerShell)],
        Step::Set(variable, word) => vec![format!("${variable} = {}", word.in_powershell())],
        Step::Ask(variable, query) => vec![format!("${variable} = {}", values(query))],
        Step::Each(variable, of, body) => each(*variable, of, body),
        Step::Climb { target, each, parents, parent } => {
            let up = [
                format!("if (${target} -clike 'r-*') {{ break }}"),
                parents.marked("ebsRead", Shell::PowerShell),
                format!("${target} = {}", values(parent)),
                "}".to_owned(),
            ];
            std::iter::once(format!("while (${target}) {{")).chain(lines(each)).chain(up).collect()
        }
    }
}

fn each(variable: char, of: &Values, body: &[Step]) -> Vec<String> {
    let start = format!("foreach (${variable} in @({})) {{", printed(of));
    std::iter::once(start).chain(lines(body)).chain(["}".to_owned()]).collect()
}

/// What gives the values, one by one.
fn printed(of: &Values) -> String {
    match of {
        Values::Words(words) => joined(words),
        Values::Of(query) => values(query),
        Values::All(several) => format!("& {{ {} }}", several.iter().map(printed).collect::<Vec<_>>().join("; ")),
        Values::ForEach(variable, of, then) => {
            format!("& {{ foreach (${variable} in @({})) {{ {} }} }}", printed(of), printed(then))
        }
        Values::Once(of) => format!("{} | Sort-Object -Unique -CaseSensitive", printed(of)),
    }
}

/// Words as a list of an expression, in which a bare word is none.
fn joined(words: &[Word]) -> String {
    words.iter().map(Word::in_powershell).collect::<Vec<_>>().join(", ")
}

fn values(query: &Query) -> String {
    Command::options().words("ebsValues").with(&query.call).option("--query", query.path).line(Shell::PowerShell)
}
