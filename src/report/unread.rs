//! What was not read, why, and the command that would tell.

use crate::capture::{Capture, Holder, Identity, Key, Organization};
use crate::names::{KeyArn, kind_and_name, shell_word};
use crate::source::{Reading, Unread, Why};

use super::UnreadItem;

/// Everything in the capture that was not read.
pub(super) fn unread(capture: &Capture) -> Vec<UnreadItem> {
    let mut list = List { items: Vec::new(), region: capture.read.region.to_string() };
    list.note(&capture.read.by, || "who read".to_owned(), "aws sts get-caller-identity".to_owned());
    for (id, instance) in &capture.instances {
        let command = format!("aws ec2 describe-instances --instance-ids {id} --region {}", list.region);
        list.note(instance, || format!("instance {id}"), command);
    }
    for (id, volume) in &capture.volumes {
        let command = format!("aws ec2 describe-volumes --volume-ids {id} --region {}", list.region);
        list.note(volume, || format!("volume {id}"), command.clone());
        if let Reading::Known(volume) = volume {
            list.note(&volume.key, || format!("encryption of volume {id}"), command);
        }
    }
    for (arn, key) in &capture.keys {
        list.key(arn, key);
    }
    for (arn, identity) in &capture.identities {
        let (kind, name) = kind_and_name(arn);
        let command = format!("aws iam get-{kind} --{kind}-name {}", shell_word(name));
        list.note(identity, || format!("{kind} {arn}"), command);
        if let Reading::Known(identity) = identity {
            list.identity(identity);
        }
    }
    for (account, organization) in &capture.organizations {
        let command = script(account.as_str());
        list.note(organization, || format!("organization of account {account}"), command);
        if let Reading::Known(organization) = organization {
            list.organization(account.as_str(), organization);
        }
    }
    list.items
}

struct List {
    items: Vec<UnreadItem>,
    region: String,
}

impl List {
    fn note<T>(&mut self, reading: &Reading<T>, what: impl FnOnce() -> String, command: String) {
        if let Reading::Unread(unread) = reading {
            self.items.push(UnreadItem { what: what(), why: why(unread), needs: unread.needs.clone(), command });
        }
    }

    fn key(&mut self, arn: &KeyArn, key: &Key) {
        let command = |rest: &str| format!("aws kms {rest} --key-id {arn} --region {}", arn.region());
        self.note(&key.metadata, || format!("state of key {arn}"), command("describe-key"));
        if let Some(store) = key.metadata.known().and_then(|metadata| metadata.custom_key_store.as_ref()) {
            let (id, region) = (shell_word(&store.id), arn.region());
            let command = format!("aws kms describe-custom-key-stores --custom-key-store-id {id} --region {region}");
            self.note(&store.connection_state, || format!("connection of key store {}", store.id), command);
        }
        self.note(
            &key.policy,
            || format!("key policy of {arn}"),
            command("get-key-policy --policy-name default --query Policy --output text"),
        );
        self.note(
            &key.ram_policy,
            || format!("RAM's policy of key {arn}"),
            command("get-key-policy --policy-name AWS_RAM --query Policy --output text"),
        );
        self.note(&key.grants, || format!("grants on key {arn}"), command("list-grants"));
        self.note(&key.aliases, || format!("aliases of key {arn}"), command("list-aliases"));
        self.note(&key.tags, || format!("tags of key {arn}"), command("list-resource-tags"));
    }

    fn identity(&mut self, identity: &Identity) {
        let (kind, name) = kind_and_name(identity.arn.as_str());
        let word = shell_word(name);
        let itself = format!("aws iam get-{kind} --{kind}-name {word}");
        self.note(&identity.unique_id, || format!("unique ID of {kind} {name}"), itself.clone());
        self.note(&identity.tags, || format!("tags of {kind} {name}"), itself.clone());
        self.note(&identity.boundary, || format!("permissions boundary of {kind} {name}"), itself);
        for holder in identity.holders() {
            self.holder(&holder);
        }
        if identity.is_user() {
            let groups = format!("aws iam list-groups-for-user --user-name {word}");
            self.note(&identity.groups, || format!("groups of user {name}"), groups);
        }
        for policy in identity.managed() {
            let arn = shell_word(&policy.arn);
            let version =
                format!("aws iam get-policy --policy-arn {arn} --query Policy.DefaultVersionId --output text");
            let command = format!("aws iam get-policy-version --policy-arn {arn} --version-id \"$({version})\"");
            self.note(&policy.document, || format!("managed policy {}", policy.arn), command);
        }
    }

    fn holder(&mut self, holder: &Holder<'_>) {
        let (kind, name) = kind_and_name(holder.arn);
        let word = shell_word(name);
        let inline = format!("aws iam list-{kind}-policies --{kind}-name {word}");
        self.note(holder.inline, || format!("inline policies of {kind} {name}"), inline);
        let attached = format!("aws iam list-attached-{kind}-policies --{kind}-name {word}");
        self.note(holder.attached, || format!("managed policies of {kind} {name}"), attached);
        for policy in holder.inline.known().into_iter().flatten() {
            let policy_name = shell_word(&policy.name);
            let command = format!("aws iam get-{kind}-policy --{kind}-name {word} --policy-name {policy_name}");
            self.note(&policy.document, || format!("inline policy {}", policy.name), command);
        }
    }

    fn organization(&mut self, account: &str, organization: &Organization) {
        for (name, levels) in [("SCPs", &organization.scps), ("RCPs", &organization.rcps)] {
            self.note(levels, || format!("{name} of account {account}"), script(account));
            for policy in levels.known().into_iter().flatten().flat_map(|level| &level.policies) {
                self.note(&policy.document, || format!("organization policy {}", policy.id), script(account));
            }
        }
    }
}

/// No single line of the AWS CLI tells what an organization imposes on an account: policies come down from the root.
fn script(account: &str) -> String {
    format!("ebs-preflight capture --script --org {account}")
}

/// Events of earlier starts that were not looked up.
pub(super) fn events(gaps: &[Unread], region: &str) -> impl Iterator<Item = UnreadItem> {
    gaps.iter().map(move |gap| UnreadItem {
        what: "events of earlier starts".to_owned(),
        why: why(gap),
        needs: gap.needs.clone(),
        command: format!("aws cloudtrail lookup-events --region {region}"),
    })
}

fn why(unread: &Unread) -> String {
    let kind = match unread.why {
        Why::Denied => "refused",
        Why::Throttled => "throttled",
        Why::Transport => "no whole answer",
        Why::Unparsable => "not understood",
        Why::NotAsked => "not asked",
    };
    if unread.message.is_empty() { kind.to_owned() } else { format!("{kind}: {}", unread.message) }
}
