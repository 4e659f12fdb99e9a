//! Reads as lines of the AWS CLI. What they are of stands in shell variables: `$i` an instance, `$d` a volume, `$k` a KMS key, `$s` a
//! key store, `$n` a role or user, `$g` a group, `$p` a policy, `$t` a target in the organization.

use super::{
    DESCRIBE_CUSTOM_KEY_STORES, DESCRIBE_INSTANCES, DESCRIBE_KEY, DESCRIBE_POLICY, DESCRIBE_VOLUMES, GET_GROUP_POLICY,
    GET_KEY_POLICY, GET_POLICY, GET_POLICY_VERSION, GET_ROLE, GET_ROLE_POLICY, GET_USER, GET_USER_POLICY, LIST_ALIASES,
    LIST_ATTACHED_GROUP_POLICIES, LIST_ATTACHED_ROLE_POLICIES, LIST_ATTACHED_USER_POLICIES, LIST_GRANTS,
    LIST_GROUP_POLICIES, LIST_GROUPS_FOR_USER, LIST_PARENTS, LIST_POLICIES_FOR_TARGET, LIST_RESOURCE_TAGS,
    LIST_ROLE_POLICIES, LIST_USER_POLICIES, Read,
};
use crate::command::{Command, Word};
use crate::names::Region;

/// One line, the answer of which goes into the transcript under what was asked for.
#[derive(Debug, Clone)]
pub(super) struct Line {
    asked: Word,
    call: Command,
    is_regional: bool,
}

impl Line {
    /// The read of what these words name.
    pub(super) fn new(read: Read, of: &[Word], options: &Command) -> Self {
        let asked = of.iter().fold(Word::from(read.action), |asked, word| asked.then(" ").then(word.clone()));
        let is_regional = ["ec2:", "kms:"].iter().any(|service| read.action.starts_with(service));
        Self { asked, call: Command::call(read.action).with(options), is_regional }
    }

    /// `r "kms:ListGrants $k" kms list-grants --key-id="$k"`.
    pub(super) fn marked(&self) -> String {
        Command::options().words("r").argument(self.asked.clone()).with(&self.call).to_string()
    }

    /// `aws kms list-grants --key-id ARN --region REGION`.
    pub(super) fn plain(&self, values: &[(char, Word)], region: Option<&Region>) -> Command {
        let command = Command::aws("").with(&self.call.bound(values));
        match region.filter(|_| self.is_regional) {
            Some(region) => command.option("--region", region),
            None => command,
        }
    }

    /// Values of the answer, by which the following lines go: one a line.
    fn values(&self, query: &'static str) -> String {
        Command::options().words("q").with(&self.call).option("--query", query).to_string()
    }

    /// Lines that are run for each value of the answer.
    fn each(&self, query: &'static str, variable: char, body: Vec<String>) -> Vec<String> {
        each(&format!("$({})", self.values(query)), variable, body)
    }
}

/// A read of what stands in a variable, which this option names.
fn of(read: Read, option: &'static str, variable: char) -> Line {
    let value = || Word::variable(variable);
    Line::new(read, &[value()], &Command::options().option(option, value()))
}

/// Lines that are run for each of some values.
pub(super) fn each(values: &str, variable: char, mut body: Vec<String>) -> Vec<String> {
    body.insert(0, format!("for {variable} in {values}; do"));
    body.push("done".to_owned());
    body
}

pub(super) fn instance() -> Line {
    of(DESCRIBE_INSTANCES, "--instance-ids", 'i')
}

/// The volume `$d`, by its ID: answers to a filter leave out what EC2 hides.
///
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/amazon-ec2-managed-instances.html>
pub(super) fn volume() -> Line {
    of(DESCRIBE_VOLUMES, "--volume-ids", 'd')
}

/// The volumes that an instance has attached, as its block device mapping tells them.
const ATTACHED: &str = "Reservations[].Instances[].BlockDeviceMappings[].Ebs.VolumeId";

/// The key of a volume.
const KEY: &str = "Volumes[].KmsKeyId";

/// The volumes of the instance `$i`.
pub(super) fn volumes() -> Vec<String> {
    instance().each(ATTACHED, 'd', vec![volume().marked()])
}

/// What follows the volume `$d`: its key, whole.
pub(super) fn key_of_volume() -> Vec<String> {
    volume().each(KEY, 'k', key())
}

/// The ARNs of the keys of the volumes of the instance `$i`.
fn key_arns() -> String {
    format!("for d in $({}); do {}; done", instance().values(ATTACHED), volume().values(KEY))
}

/// The keys of the volumes of the instance `$i`, each whole.
pub(super) fn keys() -> Vec<String> {
    each(&format!("$({} | sort -u)", key_arns()), 'k', key())
}

/// The keys of the volumes of these instances, each once.
pub(super) fn keys_of(instances: &str) -> Vec<String> {
    each(&format!("$(for i in {instances}; do {}; done | sort -u)", key_arns()), 'k', key())
}

pub(super) fn of_key(read: Read) -> Line {
    of(read, "--key-id", 'k')
}

pub(super) fn key_policy(name: &'static str) -> Line {
    let key = || Word::variable('k');
    let options = Command::options().option("--key-id", key()).option("--policy-name", name);
    Line::new(GET_KEY_POLICY, &[key(), Word::from(name)], &options)
}

pub(super) fn key_store() -> Line {
    of(DESCRIBE_CUSTOM_KEY_STORES, "--custom-key-store-id", 's')
}

/// What follows [`DESCRIBE_KEY`]: the key store that the key is in.
pub(super) fn key_stores() -> Vec<String> {
    of_key(DESCRIBE_KEY).each("KeyMetadata.CustomKeyStoreId", 's', vec![key_store().marked()])
}

/// All of the key `$k`.
pub(super) fn key() -> Vec<String> {
    let policies = ["default", "AWS_RAM"].map(key_policy);
    let lists = [LIST_GRANTS, LIST_ALIASES, LIST_RESOURCE_TAGS].map(of_key);
    let lines = [of_key(DESCRIBE_KEY)].into_iter().chain(policies).chain(lists);
    lines.map(|line| line.marked()).chain(key_stores()).collect()
}

/// Whoever holds policies, by its kind and the variable that names it.
pub(super) struct Holder {
    option: &'static str,
    name: char,
    itself: Option<(Read, &'static str)>,
    inline: Read,
    document: Read,
    attached: Read,
}

pub(super) const ROLE: Holder = Holder {
    option: "--role-name",
    name: 'n',
    itself: Some((GET_ROLE, "Role.PermissionsBoundary.PermissionsBoundaryArn")),
    inline: LIST_ROLE_POLICIES,
    document: GET_ROLE_POLICY,
    attached: LIST_ATTACHED_ROLE_POLICIES,
};
pub(super) const USER: Holder = Holder {
    option: "--user-name",
    name: 'n',
    itself: Some((GET_USER, "User.PermissionsBoundary.PermissionsBoundaryArn")),
    inline: LIST_USER_POLICIES,
    document: GET_USER_POLICY,
    attached: LIST_ATTACHED_USER_POLICIES,
};
pub(super) const GROUP: Holder = Holder {
    option: "--group-name",
    name: 'g',
    itself: None,
    inline: LIST_GROUP_POLICIES,
    document: GET_GROUP_POLICY,
    attached: LIST_ATTACHED_GROUP_POLICIES,
};

impl Holder {
    fn of(&self, read: Read) -> Line {
        of(read, self.option, self.name)
    }

    /// The role or user itself; of a group nothing but its policies is read.
    pub(super) fn itself(&self) -> Option<Line> {
        self.itself.map(|(read, _)| self.of(read))
    }

    pub(super) fn inline(&self) -> Line {
        self.of(self.inline)
    }

    pub(super) fn document(&self) -> Line {
        let (name, policy) = (Word::variable(self.name), Word::variable('p'));
        let options = Command::options().option(self.option, name.clone()).option("--policy-name", policy.clone());
        Line::new(self.document, &[name, policy], &options)
    }

    pub(super) fn attached(&self) -> Line {
        self.of(self.attached)
    }

    /// What follows the list of inline policies.
    pub(super) fn documents(&self) -> Vec<String> {
        self.inline().each("PolicyNames[]", 'p', vec![self.document().marked()])
    }

    /// What follows the list of managed policies.
    pub(super) fn of_attached(&self) -> Vec<String> {
        self.attached().each("AttachedPolicies[].PolicyArn", 'p', managed())
    }

    /// What follows the role or user itself: its permissions boundary.
    pub(super) fn boundary(&self) -> Vec<String> {
        self.itself.map(|(read, query)| self.of(read).each(query, 'p', managed())).unwrap_or_default()
    }

    /// All of it.
    pub(super) fn whole(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.itself().iter().map(Line::marked).collect();
        lines.push(self.inline().marked());
        lines.extend(self.documents());
        lines.push(self.attached().marked());
        let boundary = self.itself.map(|(read, query)| self.of(read).values(query));
        let attached = self.attached().values("AttachedPolicies[].PolicyArn");
        let policies: Vec<String> = std::iter::once(attached).chain(boundary).collect();
        lines.extend(each(&format!("$({{ {}; }} | sort -u)", policies.join("; ")), 'p', managed()));
        lines
    }
}

/// The managed policy `$p` in its default version.
pub(super) fn managed() -> Vec<String> {
    let itself = of(GET_POLICY, "--policy-arn", 'p');
    let version = format!("v=$({})", itself.values("Policy.DefaultVersionId"));
    let (policy, number) = (Word::variable('p'), Word::variable('v'));
    let options = Command::options().option("--policy-arn", policy.clone()).option("--version-id", number.clone());
    let document = Line::new(GET_POLICY_VERSION, &[policy, number], &options);
    vec![itself.marked(), version, document.marked()]
}

/// The groups of the user `$n`, each with its policies.
pub(super) fn groups() -> (Line, Vec<String>) {
    let groups = USER.of(LIST_GROUPS_FOR_USER);
    let each = groups.each("Groups[].GroupName", 'g', GROUP.whole());
    (groups, each)
}

/// The user `$n` with all groups.
pub(super) fn user() -> Vec<String> {
    let (groups, each) = groups();
    USER.whole().into_iter().chain([groups.marked()]).chain(each).collect()
}

pub(super) fn organization_policy() -> Line {
    of(DESCRIBE_POLICY, "--policy-id", 'p')
}

/// The policies of these types that come down to the target `$t` from the root.
pub(super) fn levels(types: &[&str]) -> Vec<String> {
    let (target, filter) = (Word::variable('t'), Word::variable('f'));
    let options = Command::options().option("--target-id", target.clone()).option("--filter", filter.clone());
    let list = Line::new(LIST_POLICIES_FOR_TARGET, &[target, filter], &options);
    let documents = list.each("Policies[].Id", 'p', vec![organization_policy().marked()]);
    let mut lines = vec!["while [ -n \"$t\" ]; do".to_owned()];
    if !types.is_empty() {
        lines.extend(each(&types.join(" "), 'f', std::iter::once(list.marked()).chain(documents).collect()));
    }
    let parents = of(LIST_PARENTS, "--child-id", 't');
    lines.push("case $t in r-*) break;; esac".to_owned());
    lines.push(parents.marked());
    lines.push(format!("t=$({})", parents.values("Parents[].Id")));
    lines.push("done".to_owned());
    lines
}
