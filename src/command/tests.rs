use super::{Command, Word};
use crate::names::{IamName, InstanceId, PolicyArn, PolicyName, RoleArn};

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
