//! What was not read, why, and the lines that read just that.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::lines::{self, GROUP, Holder as Lines, Line, ROLE, USER};
use super::script::{TYPES, tree, words};
use super::step::Step;
use super::{DESCRIBE_KEY, LIST_ALIASES, LIST_GRANTS, LIST_RESOURCE_TAGS};
use crate::capture::{Capture, Holder, Identity, Instance, Key, Organization, Volume};
use crate::command::{Command, Word};
use crate::fact::{Fact, Unread, UnreadReason};
use crate::names::{
    self, AccountId, EventAttribute, HolderKind, IamName, KeyArn, PrincipalArn, Region, VolumeId, kind_and_name,
    shared_names,
};

/// A fact that was not read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Missing {
    pub(crate) what: String,
    pub(crate) why: String,
    pub(crate) needs: String,
    /// A command that tells it, for people: what it prints need not say what it is of.
    #[serde(flatten)]
    pub(crate) command: Command,
    /// The lines that read it, of several readers if each sees a part.
    #[serde(skip)]
    pub(super) lines: Vec<Lacking>,
}

impl Missing {
    /// The account of whose organization it is.
    pub(crate) fn organization_of(&self) -> Option<&str> {
        self.lines.iter().find_map(|lines| match &lines.of.reader {
            WhoReads::OrganizationOf { account, .. } => Some(account.as_str()),
            WhoReads::Account(_) | WhoReads::OwnerOf(_) | WhoReads::Events(_) => None,
        })
    }
}

/// The lines that tell a fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Lacking {
    pub(super) of: Subject,
    /// Each of them is needed once only.
    pub(super) blocks: Vec<Vec<Step>>,
}

/// What lines are of, and who may run them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Subject {
    pub(super) reader: WhoReads,
    pub(super) region: Option<Region>,
    /// The shell variables that name it.
    pub(super) variables: Vec<(char, Word)>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum WhoReads {
    /// Somebody of this account.
    Account(String),
    /// Somebody of the account that this instance is of, which is not known.
    OwnerOf(String),
    /// Somebody of the account that manages the organization of this one; which one that is, if it is known.
    OrganizationOf { account: String, manager: Option<String> },
    /// Somebody of this account, in a shell of any kind: the output is evidence by itself.
    Events(String),
}

impl Subject {
    fn with(&self, variable: char, value: impl Into<Word>) -> Self {
        let mut variables = self.variables.clone();
        variables.push((variable, value.into()));
        Self { variables, ..self.clone() }
    }
}

/// Everything that a capture lacks.
pub(crate) fn missing(capture: &Capture) -> Vec<Missing> {
    let identities = capture.identities.values().filter_map(Fact::known);
    let holders = identities.flat_map(Identity::holders).map(|holder| holder.arn);
    let shared = shared_names(holders.chain(capture.identities.keys().map(PrincipalArn::as_str)));
    let mut list = List { items: Vec::new(), region: capture.read.region.clone(), shared };
    list.push(&capture.read.by, "who read", Command::aws("sts get-caller-identity"), Vec::new());
    for (id, instance) in &capture.instances {
        let reader = WhoReads::OwnerOf(id.to_string());
        let of = Subject { reader, region: Some(list.region.clone()), variables: Vec::new() }.with('i', id);
        let more = vec![lines::volumes(), lines::keys()];
        list.note(instance, &format!("instance {id}"), &of, &lines::instance(), more);
        if let Some(unread) = instance.known().and_then(|instance| instance.tags_unread.clone()) {
            let unread: Fact<()> = Fact::Unread(unread);
            list.note(&unread, &format!("tags of instance {id}"), &of, &lines::instance(), Vec::new());
        }
    }
    let mut attached: BTreeMap<&VolumeId, &Instance> = BTreeMap::new();
    for instance in capture.instances.values().filter_map(Fact::known) {
        for attachment in &instance.attachments {
            attached.entry(&attachment.volume_id).or_insert(instance);
        }
    }
    for (id, volume) in &capture.volumes {
        if let Some(instance) = attached.get(id) {
            list.volume(id, volume, instance);
        }
    }
    let used = capture.volumes.values().filter_map(|volume| volume.known()?.key.known());
    let none = Key::default();
    for arn in used.chain(capture.keys.keys()).collect::<BTreeSet<_>>() {
        list.key(arn, capture.keys.get(arn).unwrap_or(&none));
    }
    for (arn, identity) in &capture.identities {
        list.identity(arn, identity);
    }
    for (account, organization) in &capture.organizations {
        list.organization(account, organization);
    }
    list.items
}

struct List {
    items: Vec<Missing>,
    region: Region,
    /// Names that roles, users or groups of several accounts have.
    shared: BTreeSet<String>,
}

impl List {
    fn push<T>(&mut self, reading: &Fact<T>, what: &str, command: Command, lines: Vec<Lacking>) {
        let Some(unread) = reading.unread() else { return };
        self.items.push(Missing {
            what: what.to_owned(),
            why: why(unread),
            needs: unread.needs.clone(),
            command,
            lines,
        });
    }

    /// A fact that a line tells, with what is to follow it.
    fn note<T>(&mut self, reading: &Fact<T>, what: &str, of: &Subject, line: &Line, more: Vec<Vec<Step>>) {
        if reading.unread().is_none() {
            return;
        }
        let blocks = std::iter::once(vec![line.clone().into()]).chain(more).collect();
        self.push(
            reading,
            what,
            line.plain(&of.variables, of.region.as_ref()),
            vec![Lacking { of: of.clone(), blocks }],
        );
    }

    fn in_account(&self, account: String) -> Subject {
        Subject { reader: WhoReads::Account(account), region: Some(self.region.clone()), variables: Vec::new() }
    }

    fn volume(&mut self, id: &VolumeId, volume: &Fact<Volume>, instance: &Instance) {
        let of = self.in_account(instance.account.to_string()).with('d', id);
        // Which key it has is not known either.
        let more = || vec![lines::key_of_volume()];
        self.note(volume, &format!("volume {id}"), &of, &lines::volume(), more());
        if let Fact::Known(volume) = volume {
            self.note(&volume.key, &format!("encryption of volume {id}"), &of, &lines::volume(), more());
        }
    }

    fn key(&mut self, arn: &KeyArn, key: &Key) {
        let reader = WhoReads::Account(arn.account().to_owned());
        let of = Subject { reader, region: Some(arn.in_region()), variables: vec![('k', Word::from(arn))] };
        let describe = lines::of_key(DESCRIBE_KEY);
        self.note(&key.metadata, &format!("state of key {arn}"), &of, &describe, vec![lines::key_stores()]);
        if let Some(store) = key.metadata.known().and_then(|metadata| metadata.custom_key_store.as_ref()) {
            let what = format!("connection of key store {}", store.id);
            self.note(&store.connection_state, &what, &of.with('s', &store.id), &lines::key_store(), Vec::new());
        }
        let policies = [("key policy of", &key.policy, "default"), ("RAM's policy of key", &key.ram_policy, "AWS_RAM")];
        for (what, policy, name) in policies {
            self.note(policy, &format!("{what} {arn}"), &of, &lines::key_policy(name), Vec::new());
        }
        let line = lines::of_key;
        self.note(&key.grants, &format!("grants on key {arn}"), &of, &line(LIST_GRANTS), Vec::new());
        self.note(&key.aliases, &format!("aliases of key {arn}"), &of, &line(LIST_ALIASES), Vec::new());
        self.note(&key.tags, &format!("tags of key {arn}"), &of, &line(LIST_RESOURCE_TAGS), Vec::new());
    }

    fn identity(&mut self, arn: &PrincipalArn, identity: &Fact<Identity>) {
        // Whoever has no name in IAM is of no start that can be judged.
        let Some((kind, name)) = names::holder(arn.as_str()) else { return };
        let of = self.in_account(arn.account().to_owned());
        let named = of.with('n', &name);
        let is_user = kind == HolderKind::User;
        let (lines, kind) = if is_user { (&USER, "user") } else { (&ROLE, "role") };
        let Some(itself) = lines.itself() else { return };
        let whole = if is_user { lines::user() } else { ROLE.whole() };
        let more = whole.into_iter().skip(1).collect();
        self.note(identity, &format!("{kind} {arn}"), &named, &itself, vec![more]);
        let Fact::Known(identity) = identity else { return };
        let called = self.called(arn.as_str());
        if !identity.is_user() {
            let trust = format!("trust policy of {called}");
            self.note(&identity.trust_policy, &trust, &named, &itself, Vec::new());
        }
        self.note(&identity.unique_id, &format!("unique ID of {called}"), &named, &itself, Vec::new());
        self.note(&identity.tags, &format!("tags of {called}"), &named, &itself, Vec::new());
        let boundary = format!("permissions boundary of {called}");
        self.note(&identity.boundary, &boundary, &named, &itself, vec![lines.boundary()]);
        for holder in identity.holders() {
            self.holder(&holder, &of);
        }
        if identity.is_user() {
            let (line, each) = lines::groups();
            self.note(&identity.groups, &format!("groups of {called}"), &named, &line, vec![each]);
        }
        for policy in identity.managed() {
            let what = format!("managed policy {}", policy.arn);
            let arn = &policy.arn;
            let version = Command::aws("iam get-policy").option("--policy-arn", arn);
            let version = version.words("--query Policy.DefaultVersionId --output text");
            let command = Command::aws("iam get-policy-version").option("--policy-arn", arn);
            let command = command.option("--version-id", Word::output_of(version));
            let lacking = Lacking { of: of.with('p', arn), blocks: vec![lines::managed()] };
            self.push(&policy.document, &what, command, vec![lacking]);
        }
    }

    fn holder(&mut self, holder: &Holder<'_>, of: &Subject) {
        let Some((kind, name)) = names::holder(holder.arn) else { return };
        let (lines, variable): (&Lines, char) = match kind {
            HolderKind::Group => (&GROUP, 'g'),
            HolderKind::User => (&USER, 'n'),
            HolderKind::Role => (&ROLE, 'n'),
        };
        let of = of.with(variable, &name);
        let called = self.called(holder.arn);
        let inline = format!("inline policies of {called}");
        self.note(holder.inline, &inline, &of, &lines.inline(), vec![lines.documents()]);
        let attached = format!("managed policies of {called}");
        self.note(holder.attached, &attached, &of, &lines.attached(), vec![lines.of_attached()]);
        for policy in holder.inline.found().into_iter().flatten() {
            let whose = if self.shared.contains(name.as_str()) { format!(" of {called}") } else { String::new() };
            let what = format!("inline policy {}{whose}", policy.name);
            self.note(&policy.document, &what, &of.with('p', &policy.name), &lines.document(), Vec::new());
        }
    }

    /// What people call a role, user or group; by its ARN where another account has one of that name.
    fn called(&self, arn: &str) -> String {
        let (kind, name) = kind_and_name(arn);
        format!("{kind} {}", if self.shared.contains(name) { arn } else { name })
    }

    fn organization(&mut self, account: &AccountId, organization: &Fact<Organization>) {
        // No single line tells what an organization imposes on an account: policies come down from the root.
        let script = || Command::preflight("capture --script").option("--org", account);
        let manager = organization.known().map(|known| known.management_account.to_string());
        let reader = WhoReads::OrganizationOf { account: account.to_string(), manager };
        let of = Subject { reader, region: Some(self.region.clone()), variables: Vec::new() };
        let walk = |types: &[&'static str]| {
            let [organization, roots] = tree().map(|line| vec![line.into()]);
            Lacking {
                of: of.clone(),
                blocks: vec![organization, roots, vec![Step::Each('t', words([account]), vec![lines::levels(types)])]],
            }
        };
        // Any member may ask which organization it is in.
        let [itself, _] = tree();
        let own = Lacking { of: self.in_account(account.to_string()), blocks: vec![vec![itself.into()]] };
        self.push(organization, &format!("organization of account {account}"), script(), vec![own, walk(&TYPES)]);
        let Fact::Known(organization) = organization else { return };
        // Neither SCPs nor RCPs bind the account that manages the organization.
        let is_bound = organization.binds(account.as_str());
        let lists = [("SCPs", &organization.scps), ("RCPs", &organization.rcps)];
        let lists = if is_bound { lists.as_slice() } else { &[] };
        let unread = lists.iter().zip(TYPES).filter(|((_, levels), _)| levels.unread().is_some());
        let types: Vec<&'static str> = unread.map(|(_, kind)| kind).collect();
        self.push(&organization.path, &format!("OUs above account {account}"), script(), vec![walk(&types)]);
        for (name, levels) in lists {
            self.push(levels, &format!("{name} of account {account}"), script(), vec![walk(&types)]);
            for policy in levels.found().into_iter().flatten().flat_map(|level| &level.policies) {
                let what = format!("organization policy {}", policy.id());
                match &policy.id {
                    Some(id) => {
                        let line = lines::organization_policy();
                        self.note(&policy.document, &what, &of.with('p', id), &line, Vec::new());
                    }
                    None => self.push(&policy.document, &what, script(), vec![walk(&types)]),
                }
            }
        }
    }
}

/// Events of earlier starts that were not looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventGap {
    /// Why.
    pub unread: Unread,
    /// The line of the AWS CLI that looks them up, the output of which is evidence by itself.
    pub(crate) command: Command,
}

impl EventGap {
    /// The gap of one look-up: in which Region, by which attribute and between which times.
    pub fn new(
        unread: Unread,
        region: Option<&str>,
        (attribute, value): (&str, &str),
        window: Option<(Timestamp, Timestamp)>,
    ) -> Self {
        let mut command = Command::aws("cloudtrail lookup-events");
        if let Some(region) = region.and_then(|region| Region::parse(region).ok()) {
            command = command.option("--region", &region);
        }
        if let (Ok(attribute), Ok(value)) = (EventAttribute::parse(attribute), IamName::parse(value)) {
            // The AWS CLI takes signs of its shorthand as they are within quotes.
            let quote = if value.as_str().contains([',', '=']) { "\"" } else { "" };
            let by = Word::from("AttributeKey=").then(&attribute).then(",AttributeValue=");
            command = command.option("--lookup-attributes", by.then(quote).then(&value).then(quote));
        }
        if let Some((from, until)) = window {
            command = command.option("--start-time", from).option("--end-time", until);
        }
        Self { unread, command }
    }
}

/// The gaps as facts that were not read.
pub(crate) fn events(gaps: &[EventGap], account: &str) -> impl Iterator<Item = Missing> {
    gaps.iter().map(move |gap| Missing {
        what: "events of earlier starts".to_owned(),
        why: why(&gap.unread),
        needs: gap.unread.needs.clone(),
        command: gap.command.clone(),
        lines: vec![Lacking {
            of: Subject { reader: WhoReads::Events(account.to_owned()), region: None, variables: Vec::new() },
            blocks: vec![vec![Step::Run(gap.command.clone().words("--output json").environment("AWS_PAGER", ""))]],
        }],
    })
}

fn why(unread: &Unread) -> String {
    let kind = match unread.why {
        UnreadReason::Denied => "access denied",
        UnreadReason::Throttled => "throttled",
        UnreadReason::Transport => "incomplete answer",
        UnreadReason::Unparsable => "not understood",
        UnreadReason::NotAsked => "not attempted",
    };
    if unread.message.is_empty() { kind.to_owned() } else { format!("{kind}: {}", unread.message) }
}
