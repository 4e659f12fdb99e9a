//! What AWS says where there is no answer: which read it refused, or could not make.

use super::identify::{HolderRead, Idle, Item, KeyRead, Of};
use super::split::REFUSED;
use crate::calls::READS;
use crate::names::{AccountId, Arn, IamName, InstanceId, KeyArn, VolumeId};

/// What AWS said in place of an answer.
pub(super) fn refused(text: &str) -> Result<Vec<Item>, Idle> {
    let operation = text.split_once("when calling the ").and_then(|(_, rest)| rest.split_whitespace().next());
    let read = READS.iter().find(|read| read.action.split_once(':').map(|(_, name)| name) == operation);
    let Some(read) = read.filter(|_| text.contains(REFUSED)) else { return Err(Idle::Event) };
    let words = || {
        text.split(|sign: char| sign.is_whitespace() || "'\"`,()".contains(sign))
            .map(|word| word.trim_end_matches(['.', ':', ';']))
    };
    let key = words().find(|word| KeyArn::parse(word).is_ok());
    let volume = words().find(|word| VolumeId::parse(word).is_ok());
    let instance = words().find(|word| InstanceId::parse(word).is_ok());
    let caller = text.split_once("User: ").and_then(|(_, rest)| rest.split_whitespace().next());
    let account = caller.and_then(|arn| AccountId::parse(Arn::parse(arn).ok()?.account()).ok());
    let resource = text.split_once("on resource: ").map_or("", |(_, rest)| rest);
    let mut resource = resource.split_whitespace();
    // `role NAME`, `policy ARN`, or an ARN alone.
    let subject = match resource.next() {
        Some("role" | "user" | "group" | "policy") => resource.next(),
        other => other,
    };
    let subject = subject
        .map(|word| word.trim_end_matches(['.', ',']))
        .or_else(|| text.split_once(" with name ").and_then(|(_, rest)| rest.split_whitespace().next()));
    let name = subject.and_then(|word| IamName::parse(word.rsplit('/').next().unwrap_or(word)).ok());
    let action = read.action;
    let of_key =
        |read: KeyRead, after: &str| key.map_or(Of::Key(read), |key| Of::Read(format!("{action} {key}{after}")));
    let of_holder = |read: HolderRead| match &name {
        Some(name) => Of::Read(format!("{action} {name}")),
        None => Of::Holder(read),
    };
    let of = match (action, name.as_ref().map(ToString::to_string), subject) {
        ("kms:DescribeKey", _, _) => of_key(KeyRead::Describe, ""),
        ("kms:GetKeyPolicy", _, _) => of_key(KeyRead::Default, " default"),
        ("kms:ListGrants", _, _) => of_key(KeyRead::Grants, ""),
        ("kms:ListAliases", _, _) => of_key(KeyRead::Aliases, ""),
        ("kms:ListResourceTags", _, _) => of_key(KeyRead::Tags, ""),
        ("ec2:DescribeInstances" | "ec2:DescribeVolumes", _, _) => match instance.or(volume) {
            Some(instance) => Of::Read(format!("{action} {instance}")),
            None => Of::Instances(action),
        },
        ("iam:GetRole" | "iam:GetUser", Some(name), _) => Of::Read(format!("{action} {name}")),
        ("iam:ListRolePolicies" | "iam:ListUserPolicies" | "iam:ListGroupPolicies", _, _) => {
            of_holder(HolderRead::Inline)
        }
        ("iam:ListAttachedRolePolicies" | "iam:ListAttachedUserPolicies" | "iam:ListAttachedGroupPolicies", _, _) => {
            of_holder(HolderRead::Attached)
        }
        ("iam:ListGroupsForUser", _, _) => of_holder(HolderRead::Groups),
        ("iam:GetRolePolicy", Some(name), _) => Of::Documents("Role", name),
        ("iam:GetUserPolicy", Some(name), _) => Of::Documents("User", name),
        ("iam:GetGroupPolicy", Some(name), _) => Of::Documents("Group", name),
        ("iam:GetPolicy", _, Some(arn)) => Of::Read(format!("{action} {arn}")),
        ("iam:GetPolicyVersion", _, Some(arn)) => Of::Versions(arn.to_owned()),
        ("organizations:DescribeOrganization", _, _) => Of::Organization,
        ("organizations:ListRoots", _, _) => Of::Read(action.to_owned()),
        ("organizations:ListParents", _, _) => Of::Child(String::new()),
        ("organizations:ListPoliciesForTarget", _, _) => Of::Target(""),
        (_, _, _) => {
            return Err(Idle::Useless(format!("AWS did not answer {action}, and the error does not say for what")));
        }
    };
    Ok(vec![Item { is_error: true, account, ..Item::told(of, text.to_owned()) }])
}
