use super::{ON_REQUEST, READS, Scope, Script, Shell, reader_policy, script};
use crate::capture::Target;
use crate::names::{PrincipalArn, Region};

#[test]
fn every_operation_only_reads() {
    for read in READS.iter().chain(ON_REQUEST) {
        let name = read.action.split(':').nth(1).unwrap();
        assert!(
            ["Get", "List", "Describe", "Lookup", "Decode"].iter().any(|verb| name.starts_with(verb)),
            "{}",
            read.action
        );
    }
}

#[test]
fn the_reader_policy_allows_every_read_once_and_nothing_else() {
    let policy: serde_json::Value = serde_json::from_str(&reader_policy()).unwrap();
    let mut allowed = Vec::new();
    for statement in policy["Statement"].as_array().unwrap() {
        assert_eq!(statement["Effect"], "Allow");
        assert!(statement["Sid"].as_str().unwrap().bytes().all(|b| b.is_ascii_alphanumeric()));
        for action in statement["Action"].as_array().unwrap() {
            let action = action.as_str().unwrap().to_owned();
            let read = READS.iter().find(|read| read.action == action).unwrap();
            let star = matches!(read.scope, Scope::Star | Scope::Free);
            assert_eq!(statement["Resource"] == "*", star, "{action}");
            allowed.push(action);
        }
    }
    allowed.sort();
    let mut table: Vec<&str> = READS.iter().map(|read| read.action).collect();
    table.sort_unstable();
    assert_eq!(allowed, table);
    assert!(reader_policy().len() < 6_144);
}

#[test]
fn a_script_of_powershell_holds_names_between_quotes_alone() {
    let path = "a'b’$(x)`n\"c"; // as no path of IAM has them all
    assert!(PrincipalArn::parse(&format!("arn:aws:iam::111122223333:role/{path}/StartJob")).is_err());
    let arn = "arn:aws:iam::111122223333:role/a'b$(x)`n\"c;#/StartJob";
    let target = Target { instance_id: "i-0f3c2a9d8b7e61254".parse().unwrap(), role_arn: arn.parse().unwrap() };
    let region = Region::parse("eu-west-1").unwrap();
    let text = script(&Script::Starts(vec![target], Some(region)), Shell::PowerShell);
    let quoted = format!("'### target i-0f3c2a9d8b7e61254 {}'\n", arn.replace('\'', "''"));
    assert_eq!(text.matches(&quoted).count(), 1, "{text}");
    assert_eq!(text.matches("$(x)").count(), 1, "{text}");
    for line in [
        "$env:AWS_REGION = 'eu-west-1'",
        "foreach ($i in @('i-0f3c2a9d8b7e61254')) {",
        "ebsRead \"ec2:DescribeInstances ${i}\" ec2 describe-instances \"--instance-ids=${i}\"",
        "foreach ($k in @(& { foreach ($i in @('i-0f3c2a9d8b7e61254')) { & { foreach ($d in @(ebsValues ec2 \
         describe-instances \"--instance-ids=${i}\" --query \
         'Reservations[].Instances[].BlockDeviceMappings[].Ebs.VolumeId')) { ebsValues ec2 describe-volumes \
         \"--volume-ids=${d}\" --query 'Volumes[].KmsKeyId' } } } } | Sort-Object -Unique -CaseSensitive)) {",
        "foreach ($n in @('StartJob')) {",
        "$v = ebsValues iam get-policy \"--policy-arn=${p}\" --query 'Policy.DefaultVersionId'",
        "while ($t) {",
        "if ($t -clike 'r-*') { break }",
        "$t = ebsValues organizations list-parents \"--child-id=${t}\" --query 'Parents[].Id'",
        "ebsTime; '### end'",
    ] {
        assert!(text.lines().any(|own| own == line), "{line}\n{text}");
    }
    // Every read that the other script makes, in its order.
    let of = |text: &str, function: &str| -> Vec<String> {
        let reads = text.lines().filter_map(|line| line.strip_prefix(function));
        reads
            .map(|read| {
                read.split_whitespace()
                    .filter(|word| !word.contains(['$', '"']))
                    .map(|word| word.replace('\'', ""))
                    .collect()
            })
            .collect()
    };
    let target = Target { instance_id: "i-0f3c2a9d8b7e61254".parse().unwrap(), role_arn: arn.parse().unwrap() };
    let posix = script(&Script::Starts(vec![target], None), Shell::Posix);
    assert_eq!(of(&text, "ebsRead "), of(&posix, "r "));
    assert_eq!(text.matches('{').count(), text.matches('}').count());
}
