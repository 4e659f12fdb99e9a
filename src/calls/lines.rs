//! Reads as lines of the AWS CLI. What they are of stands in shell variables: `$i` an instance, `$d` a volume, `$k` a KMS
//! key, `$s` a key store, `$n` a role or user, `$g` a group, `$p` a policy, `$t` a target in the organization.

use super::step::{Query, Step, Values};
use super::{
    DESCRIBE_CUSTOM_KEY_STORES, DESCRIBE_INSTANCES, DESCRIBE_KEY, DESCRIBE_POLICY, DESCRIBE_VOLUMES, GET_GROUP_POLICY,
    GET_KEY_POLICY, GET_POLICY, GET_POLICY_VERSION, GET_ROLE, GET_ROLE_POLICY, GET_USER, GET_USER_POLICY, LIST_ALIASES,
    LIST_ATTACHED_GROUP_POLICIES, LIST_ATTACHED_ROLE_POLICIES, LIST_ATTACHED_USER_POLICIES, LIST_GRANTS,
    LIST_GROUP_POLICIES, LIST_GROUPS_FOR_USER, LIST_PARENTS, LIST_POLICIES_FOR_TARGET, LIST_RESOURCE_TAGS,
    LIST_ROLE_POLICIES, LIST_USER_POLICIES, Read,
};
use crate::command::{Command, Shell, Word};
use crate::names::Region;

/// One line, the answer of which goes into the transcript under what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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

    /// `r "kms:ListGrants $k" kms list-grants --key-id="$k"`, with a function of a script in place of `r`.
    pub(super) fn marked(&self, function: &'static str, shell: Shell) -> String {
        Command::options().words(function).argument(self.asked.clone()).with(&self.call).line(shell)
    }

    /// `aws kms list-grants --key-id ARN --region REGION`.
    pub(super) fn plain(&self, values: &[(char, Word)], region: Option<&Region>) -> Command {
        let command = Command::aws("").with(&self.call.bound(values));
        match region.filter(|_| self.is_regional) {
            Some(region) => command.option("--region", region),
            None => command,
        }
    }

    /// Values of the answer, by which the following steps go.
    fn values(&self, path: &'static str) -> Query {
        Query { call: self.call.clone(), path }
    }

    /// Steps that are done for each value of the answer.
    fn each(&self, path: &'static str, variable: char, body: Vec<Step>) -> Vec<Step> {
        vec![Step::Each(variable, Values::Of(self.values(path)), body)]
    }
}

impl From<Line> for Step {
    fn from(line: Line) -> Self {
        Self::Read(line)
    }
}

/// A read of what stands in a variable, which this option names.
fn of(read: Read, option: &'static str, variable: char) -> Line {
    let value = || Word::variable(variable);
    Line::new(read, &[value()], &Command::options().option(option, value()))
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
pub(super) fn volumes() -> Vec<Step> {
    instance().each(ATTACHED, 'd', vec![volume().into()])
}

/// What follows the volume `$d`: its key, whole.
pub(super) fn key_of_volume() -> Vec<Step> {
    volume().each(KEY, 'k', key())
}

/// The ARNs of the keys of the volumes of the instance `$i`.
fn key_arns() -> Values {
    let attached = Values::Of(instance().values(ATTACHED));
    Values::ForEach('d', Box::new(attached), Box::new(Values::Of(volume().values(KEY))))
}

/// The keys of the volumes of the instance `$i`, each whole.
pub(super) fn keys() -> Vec<Step> {
    vec![Step::Each('k', key_arns().once(), key())]
}

/// The keys of the volumes of these instances, each once.
pub(super) fn keys_of(instances: Values) -> Step {
    Step::Each('k', Values::ForEach('i', Box::new(instances), Box::new(key_arns())).once(), key())
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
pub(super) fn key_stores() -> Vec<Step> {
    of_key(DESCRIBE_KEY).each("KeyMetadata.CustomKeyStoreId", 's', vec![key_store().into()])
}

/// All of the key `$k`.
pub(super) fn key() -> Vec<Step> {
    let policies = ["default", "AWS_RAM"].map(key_policy);
    let lists = [LIST_GRANTS, LIST_ALIASES, LIST_RESOURCE_TAGS].map(of_key);
    let lines = [of_key(DESCRIBE_KEY)].into_iter().chain(policies).chain(lists);
    lines.map(Step::from).chain(key_stores()).collect()
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
    pub(super) fn documents(&self) -> Vec<Step> {
        self.inline().each("PolicyNames[]", 'p', vec![self.document().into()])
    }

    /// What follows the list of managed policies.
    pub(super) fn of_attached(&self) -> Vec<Step> {
        self.attached().each("AttachedPolicies[].PolicyArn", 'p', managed())
    }

    /// What follows the role or user itself: its permissions boundary.
    pub(super) fn boundary(&self) -> Vec<Step> {
        self.itself.map(|(read, query)| self.of(read).each(query, 'p', managed())).unwrap_or_default()
    }

    /// All of it.
    pub(super) fn whole(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = self.itself().map(Step::from).into_iter().collect();
        steps.push(self.inline().into());
        steps.extend(self.documents());
        steps.push(self.attached().into());
        let boundary = self.itself.map(|(read, path)| self.of(read).values(path));
        let attached = self.attached().values("AttachedPolicies[].PolicyArn");
        let policies = std::iter::once(attached).chain(boundary).map(Values::Of).collect();
        steps.push(Step::Each('p', Values::All(policies).once(), managed()));
        steps
    }
}

/// The managed policy `$p` in its default version.
pub(super) fn managed() -> Vec<Step> {
    let itself = of(GET_POLICY, "--policy-arn", 'p');
    let version = Step::Ask('v', itself.values("Policy.DefaultVersionId"));
    let (policy, number) = (Word::variable('p'), Word::variable('v'));
    let options = Command::options().option("--policy-arn", policy.clone()).option("--version-id", number.clone());
    let document = Line::new(GET_POLICY_VERSION, &[policy, number], &options);
    vec![itself.into(), version, document.into()]
}

/// The groups of the user `$n`, each with its policies.
pub(super) fn groups() -> (Line, Vec<Step>) {
    let groups = USER.of(LIST_GROUPS_FOR_USER);
    let each = groups.each("Groups[].GroupName", 'g', GROUP.whole());
    (groups, each)
}

/// The user `$n` with all groups.
pub(super) fn user() -> Vec<Step> {
    let (groups, each) = groups();
    USER.whole().into_iter().chain([groups.into()]).chain(each).collect()
}

pub(super) fn organization_policy() -> Line {
    of(DESCRIBE_POLICY, "--policy-id", 'p')
}

/// The policies of these types that come down to the target `$t` from the root.
pub(super) fn levels(types: &[&'static str]) -> Step {
    let (target, filter) = (Word::variable('t'), Word::variable('f'));
    let options = Command::options().option("--target-id", target.clone()).option("--filter", filter.clone());
    let list = Line::new(LIST_POLICIES_FOR_TARGET, &[target, filter], &options);
    let documents = list.each("Policies[].Id", 'p', vec![organization_policy().into()]);
    let body = std::iter::once(list.into()).chain(documents).collect();
    let types: Vec<Word> = types.iter().map(|kind| Word::from(*kind)).collect();
    let each = if types.is_empty() { Vec::new() } else { vec![Step::Each('f', Values::Words(types), body)] };
    let parents = of(LIST_PARENTS, "--child-id", 't');
    let parent = parents.values("Parents[].Id");
    Step::Climb { target: 't', each, parents, parent }
}
