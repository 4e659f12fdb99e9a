use super::{Command, Shell, Word};
use crate::names::{IamName, InstanceId, Ours as _, PolicyArn, PolicyName, RoleArn, TagKey};

#[test]
fn a_command_is_printed_as_a_shell_reads_it() {
    let arn = PolicyArn::parse("arn:aws:iam::111122223333:policy/a$b'`;c/p").unwrap();
    let command = Command::aws("iam get-policy").option("--policy-arn", &arn).option("--query", "Roles[].Arn");
    assert_eq!(shlex::split(&command.to_string()).unwrap(), command.argv().unwrap());
    assert_eq!(command.argv().unwrap()[4], arn.as_str());
}

#[test]
fn a_value_is_never_taken_for_an_option() {
    let name = PolicyName::parse("--endpoint-url=x").unwrap();
    let command = Command::aws("iam get-role-policy").option("--policy-name", &name);
    assert_eq!(command.to_string(), "aws iam get-role-policy --policy-name=--endpoint-url=x");
    assert_eq!(command.argv().unwrap(), ["aws", "iam", "get-role-policy", "--policy-name=--endpoint-url=x"]);
}

#[test]
fn what_is_yet_to_be_filled_in_has_no_argv() {
    let role = RoleArn::parse("arn:aws:iam::111122223333:role/a$p/StartJob").unwrap();
    let name = IamName::parse("StartJob").unwrap();
    let get = Command::aws("iam get-role").option("--role-name", &name);
    let command = Command::preflight("check")
        .option("--instance-id", Word::blank("i-…"))
        .option("--role-arn", &role)
        .argument(Word::output_of(get))
        .into_file("report.txt");
    let line = "ebs-preflight check --instance-id i-… --role-arn 'arn:aws:iam::111122223333:role/a$p/StartJob' \
                \"$(aws iam get-role --role-name StartJob)\" > report.txt";
    assert_eq!((command.to_string().as_str(), command.argv()), (line, None));
    let options = Command::options().option("--instance-id", &InstanceId::parse("i-0f3c2a9d8b7e61254").unwrap());
    assert_eq!(options.with(&Command::options().words("--x")).to_string(), "--instance-id i-0f3c2a9d8b7e61254 --x");
}

#[test]
fn the_environment_stands_before_the_program() {
    let command = Command::aws("sts get-caller-identity").environment("AWS_PAGER", "").environment("AWS_REGION", "x");
    assert_eq!(command.to_string(), "AWS_PAGER='' AWS_REGION=x aws sts get-caller-identity");
    let line = command.line(Shell::PowerShell);
    assert_eq!(line, "$env:AWS_PAGER = ''; $env:AWS_REGION = 'x'; aws sts get-caller-identity");
    let told = serde_json::to_value(&command).unwrap();
    assert_eq!(told["environment"], serde_json::json!({"AWS_PAGER": "", "AWS_REGION": "x"}));
    assert_eq!(told["argv"], serde_json::json!(["aws", "sts", "get-caller-identity"]));
    assert_eq!(serde_json::to_value(Command::aws("x")).unwrap().get("environment"), None);
}

/// The arguments that PowerShell reads in a line, as its language specification has it of argument mode; panics where it
/// would read more than text.
///
/// Source: <https://learn.microsoft.com/powershell/scripting/lang-spec/chapter-02>
fn powershell(line: &str) -> Vec<String> {
    let signs: Vec<char> = line.chars().collect();
    let is_single = |c: char| "'\u{2018}\u{2019}\u{201a}\u{201b}".contains(c);
    let is_double = |c: char| "\"\u{201c}\u{201d}\u{201e}".contains(c);
    let (mut words, mut at) = (Vec::new(), 0);
    while at < signs.len() {
        if signs[at] == ' ' {
            at += 1;
            continue;
        }
        let mut word = String::new();
        if is_single(signs[at]) || is_double(signs[at]) {
            let is_end = |c: char| if is_single(signs[at]) { is_single(c) } else { is_double(c) };
            let expands = is_double(signs[at]);
            let mut next = at + 1;
            loop {
                let sign = signs[next];
                if is_end(sign) && signs.get(next + 1).is_some_and(|c| is_end(*c)) {
                    word.push(signs[next + 1]);
                    next += 2;
                } else if is_end(sign) {
                    break;
                } else if expands && sign == '`' {
                    word.push(signs[next + 1]);
                    next += 2;
                } else {
                    assert!(!expands || sign != '$', "something is expanded in {line}");
                    word.push(sign);
                    next += 1;
                }
            }
            at = next + 1;
            // What follows a quote at once would be a word of its own.
            assert!(signs.get(at).is_none_or(|c| *c == ' '), "{line}");
        } else {
            let end = signs[at..].iter().position(|c| *c == ' ').map_or(signs.len(), |end| at + end);
            word.extend(&signs[at..end]);
            assert!(word.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)), "`{word}` in {line}");
            assert!(!word.starts_with(|c: char| c.is_ascii_digit()), "{line}");
            at = end;
        }
        words.push(word);
    }
    words
}

#[test]
fn powershell_reads_each_word_as_it_is() {
    let arn = PolicyArn::parse("arn:aws:iam::111122223333:policy/a$b'`;(c),@{d}|e#/p").unwrap();
    let name = PolicyName::parse("-x=,@").unwrap();
    let mut command = Command::aws("iam get-policy").option("--policy-arn", &arn).option("--policy-name", &name);
    for text in ["012", "1kb", "a b", "$x", "`n", "‘’‚‛", "“”„", "–x", "--%", "-f:x", "@x", "a,b", "x;y", "%PATH%"]
    {
        command = command.argument(Word::from(text)).option("--tag", Word::from(text));
    }
    assert_eq!(powershell(&command.line(Shell::PowerShell)), command.argv().unwrap());
}

#[test]
fn quotes_reach_a_program_in_every_powershell() {
    let command = Command::aws("x").argument(Word::from(r#"a\"b'"#));
    let line = r#"aws x $(if ($PSVersionTable.PSVersion -ge [version]'7.3') { 'a\"b''' } else { 'a\\\"b''' })"#;
    assert_eq!(command.line(Shell::PowerShell), line);
    let (role, key) = (IamName::ours("StartJob"), TagKey::parse("Größe 1").unwrap());
    let command = Command::aws("iam get-role")
        .option("--query", Word::from("`$x\"=").then(Word::variable('n')).then(&key))
        .argument(Word::output_of(Command::aws("iam get-role").option("--role-name", &role)));
    let line = r#"aws iam get-role --query "```$x`"=${n}Größe 1" "$(aws iam get-role --role-name 'StartJob')""#;
    assert_eq!(command.line(Shell::PowerShell), line.replace("'StartJob'", "StartJob"));
}
