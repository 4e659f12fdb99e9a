//! Answers of AWS with what they are of, which becomes known one after the other.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::candidates::Candidate;
use super::ec2::region_of;
use super::identify::{Item, KeyRead, Of};
use super::parts::as_answer;
use super::pieces::ShownInstance;
use super::subject::{By, Found, Said, Told, found, turn};
use super::wants::Wants;
use crate::capture::Capture;
use crate::fact::Fact;
use crate::names::{AccountId, Arn, InstanceId, KeyArn, Region, holder};

/// An answer from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) file: usize,
    pub(super) said: Said,
    pub(super) item: Item,
    /// The reads that it answers, once that is known.
    pub(super) reads: Vec<String>,
    /// The account that answered, if that is known.
    pub(super) account: Option<AccountId>,
    pub(super) is_known: bool,
}

impl Source {
    pub(super) fn new(file: usize, said: Said, mut item: Item) -> Self {
        // An error does not say which of a key's two policies was asked for.
        let is_ram = || [&said.command, &said.name].iter().any(|text| text.to_ascii_uppercase().contains("AWS_RAM"));
        if item.is_error && is_ram() {
            if item.of == Of::Key(KeyRead::Default) {
                item.of = Of::Key(KeyRead::Ram);
            } else if let Of::Read(read) = &mut item.of
                && read.starts_with("kms:GetKeyPolicy ")
            {
                *read = read.replace(" default", " AWS_RAM");
            }
        }
        let account = item.account.clone();
        Self { file, said, item, reads: Vec::new(), account, is_known: false }
    }

    pub(super) fn wanted<'s>(&'s self, wants: &'s Wants) -> impl Iterator<Item = &'s String> {
        self.reads.iter().filter(|read| wants.holds(read))
    }

    pub(super) fn value(&self) -> Option<Value> {
        serde_json::from_str(&self.item.text).ok()
    }
}

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sources(pub(super) Vec<Source>);

impl Extend<Source> for Sources {
    fn extend<T: IntoIterator<Item = Source>>(&mut self, sources: T) {
        self.0.extend(sources);
    }
}

impl Sources {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn file(&self, number: usize) -> usize {
        self.0.get(number).map(|source| source.file).unwrap_or_default()
    }

    pub(super) fn asked(&self, number: usize) -> String {
        self.0.get(number).and_then(|source| source.reads.first().cloned()).unwrap_or_default()
    }

    /// All but those of a file.
    pub(super) fn without_file(&self, file: usize) -> Self {
        Self(self.0.iter().filter(|source| source.file != file).cloned().collect())
    }

    /// All but the rivals of one.
    pub(super) fn with_only(&self, rivals: &[usize], one: usize) -> Self {
        let is_kept = |(number, _): &(usize, &Source)| *number == one || !rivals.contains(number);
        Self(self.0.iter().enumerate().filter(is_kept).map(|(_, source)| source.clone()).collect())
    }

    /// Who read, if the answers agree on it.
    pub(super) fn caller(&self) -> Option<&str> {
        let mut callers = self.0.iter().filter_map(|source| source.item.of.caller());
        callers.next().filter(|first| callers.all(|other| other == *first))
    }

    pub(super) fn instances(&self) -> Vec<ShownInstance> {
        let mut shown: BTreeMap<InstanceId, ShownInstance> = BTreeMap::new();
        for source in self.0.iter().filter(|source| !source.item.is_error) {
            let Of::Read(read) = &source.item.of else { continue };
            let Some(id) = read.strip_prefix("ec2:DescribeInstances ").and_then(|id| InstanceId::parse(id).ok()) else {
                continue;
            };
            let value = source.value().unwrap_or_default();
            let text = |pointer: &str| {
                value
                    .pointer(&format!("/Reservations/0/Instances/0{pointer}"))
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            let tags =
                value.pointer("/Reservations/0/Instances/0/Tags").and_then(Value::as_array).into_iter().flatten();
            let name = tags
                .filter(|tag| tag.get("Key").and_then(Value::as_str) == Some("Name"))
                .find_map(|tag| tag.get("Value")?.as_str());
            shown.entry(id.clone()).or_insert_with(|| ShownInstance {
                id,
                name: name.unwrap_or_default().to_owned(),
                state: text("/State/Name"),
                region: region_of(&text("/Placement/AvailabilityZone")),
            });
        }
        shown.into_values().collect()
    }

    pub(super) fn attached_to(&self) -> Vec<InstanceId> {
        let reads =
            self.0.iter().filter_map(|source| if let Of::Read(read) = &source.item.of { Some(read) } else { None });
        reads.filter_map(|read| InstanceId::parse(read.strip_prefix("ec2:DescribeVolumes ")?).ok()).collect()
    }

    pub(super) fn principals(&self) -> Vec<String> {
        let arns = self.0.iter().filter(|source| !source.item.is_error).filter_map(|source| {
            let Of::Read(read) = &source.item.of else { return None };
            let kind = ["Role", "User"].into_iter().find(|kind| read.starts_with(&format!("iam:Get{kind} ")))?;
            Some(source.value()?.pointer(&format!("/{kind}/Arn"))?.as_str()?.to_owned())
        });
        arns.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The Region of the volumes and their keys.
    pub(super) fn region(&self) -> Option<Region> {
        let volumes = self.0.iter().filter(|source| !source.item.is_error && !source.item.part.is_empty());
        volumes.filter_map(Source::value).find_map(|value| {
            let text = |name: &str| value.pointer(&format!("/Volumes/0/{name}")).and_then(Value::as_str);
            let of_key = text("KmsKeyId").and_then(|key| KeyArn::parse(key).ok()).map(|key| key.in_region());
            of_key.or_else(|| region_of(text("AvailabilityZone")?))
        })
    }

    /// The keys whose policies are among the answers.
    pub(super) fn keys_with_policy(&self, wants: &Wants) -> Vec<KeyArn> {
        let answered = self.0.iter().filter(|source| !source.item.is_error).flat_map(|source| source.wanted(wants));
        answered
            .filter_map(|read| KeyArn::parse(read.strip_prefix("kms:GetKeyPolicy ")?.strip_suffix(" default")?).ok())
            .collect()
    }

    fn told(&self) -> Told {
        let mut told = Told::default();
        for source in &self.0 {
            if let Of::Child(parent) = &source.item.of {
                told.parents.extend(Some(parent).filter(|parent| !parent.is_empty()).cloned());
            }
            let root = source.value().and_then(|value| Some(value.pointer("/Roots/0/Id")?.as_str()?.to_owned()));
            told.parents.extend(root);
        }
        told
    }

    /// Looks for what the answers are of that is not known yet, and tells whether anything was found. By elimination
    /// one at a time, for the next may be another thing then.
    pub(super) fn resolve(&mut self, capture: &Capture, by: By) -> bool {
        let told = self.told();
        let mut is_changed = false;
        let mut turns: Vec<usize> = (0..self.0.len()).collect();
        turns.sort_by_key(|number| self.0.get(*number).map(|source| turn(&source.item.of)));
        for number in turns {
            let Some(source) = self.0.get(number).filter(|source| !source.is_known) else { continue };
            let (reads, account) = match found(&source.item, &source.said, capture, &told, by) {
                Found::Reads(reads, account) => (reads, account),
                Found::OneOf(candidates) if source.item.is_error && by == By::Elimination => {
                    (candidates.into_iter().map(|one| one.read).collect(), None)
                }
                Found::OneOf(_) | Found::Elsewhere(_) | Found::Nothing => continue,
            };
            let account = match account.or_else(|| source.account.clone()) {
                Some(account) => Some(account),
                None => match self.account_of(source, &reads, capture) {
                    // Where there is no answer, whoever asked may be of any account.
                    Ok(None) if source.item.is_error => self.callers_beside(source),
                    Ok(account) => account,
                    Err(_) if source.item.is_error => None,
                    Err(_) => continue,
                },
            };
            if let Some(source) = self.0.get_mut(number) {
                if let (Of::Policy(_), Some(read)) = (&source.item.of, reads.first()) {
                    source.item.text = as_answer(read, &source.item.text);
                }
                (source.reads, source.account, source.is_known) = (reads, account, true);
                is_changed = true;
            }
            if by == By::Elimination {
                break;
            }
        }
        is_changed
    }

    /// The account of the role, user or group that an answer names without it.
    ///
    /// # Errors
    /// Its ARNs, if there are several of the name.
    fn account_of(
        &self,
        source: &Source,
        reads: &[String],
        capture: &Capture,
    ) -> Result<Option<AccountId>, Vec<String>> {
        let name = reads.first().and_then(|read| read.strip_prefix("iam:")?.split(' ').nth(1));
        let Some(name) = name.filter(|name| !name.starts_with("arn:")) else { return Ok(None) };
        let mut arns: BTreeSet<String> = capture.identities.keys().map(ToString::to_string).collect();
        let known = capture.identities.values().filter_map(Fact::known);
        arns.extend(
            known.flat_map(|identity| identity.groups.found().into_iter().flatten().map(|group| group.arn.to_string())),
        );
        arns.retain(|arn| holder(arn).is_some_and(|(_, own)| own.as_str() == name));
        let shown: BTreeSet<AccountId> = self.accounts_with(name).collect();
        let account = |arn: &str| AccountId::parse(arn.split(':').nth(4)?).ok();
        let accounts: BTreeSet<AccountId> =
            arns.iter().filter_map(|arn| account(arn)).chain(shown.iter().cloned()).collect();
        let said = &source.said;
        let texts = [said.typed.as_ref(), Some(&said.command), Some(&said.name), Some(&said.folders)];
        for text in texts.into_iter().flatten() {
            let named: Vec<&AccountId> = accounts.iter().filter(|account| text.contains(account.as_str())).collect();
            if let [account] = named.as_slice() {
                return Ok(Some((*account).clone()));
            }
        }
        let here: BTreeSet<AccountId> = self
            .shown_with(name)
            .filter(|other| other.said.folders == said.folders)
            .filter_map(|other| other.item.account.clone())
            .collect();
        if let (1, Some(account)) = (here.len(), here.first()) {
            return Ok(Some(account.clone()));
        }
        // IAM answers for the account of whoever asks.
        let caller = self.callers_beside(source);
        let first = accounts.iter().next();
        match (caller, accounts.len()) {
            (Some(caller), _) if shown.is_empty() || accounts.contains(&caller) => Ok(Some(caller)),
            (_, 0) => Ok(None),
            // That there is none of the name only its own account can say.
            (_, 1) if source.is_proof_of_absence() => Ok(None),
            (_, 1) => Ok(first.cloned()),
            (_, _) => {
                let kind = if source.item.text.contains("\"UserName\"") { "user" } else { "role" };
                let arn = |account: &AccountId| format!("arn:aws:iam::{account}:{kind}/{name}");
                Err(accounts.iter().map(arn).collect())
            }
        }
    }

    /// The account of the only one who read what is in the same file or folder, if that is told.
    fn callers_beside(&self, source: &Source) -> Option<AccountId> {
        let beside =
            self.0.iter().filter(|other| other.file == source.file || other.said.folders == source.said.folders);
        let callers: BTreeSet<AccountId> = beside
            .filter_map(|other| AccountId::parse(Arn::parse(other.item.of.caller()?).ok()?.account()).ok())
            .collect();
        let mut callers = callers.into_iter();
        callers.next().filter(|_| callers.next().is_none())
    }

    /// What AWS Config recorded as deleted, by what reads name it by, and when.
    pub(super) fn gone(&self) -> BTreeMap<&str, Timestamp> {
        let mut gone: BTreeMap<&str, Timestamp> = BTreeMap::new();
        for source in self.0.iter().filter(|source| source.item.is_error) {
            if let (Of::Read(read), Some(time)) = (&source.item.of, source.item.time) {
                let last = gone.entry(read.split(' ').nth(1).unwrap_or_default()).or_insert(time);
                *last = time.max(*last);
            }
        }
        gone
    }

    /// The accounts in which answers show a role, user or group of this name.
    fn accounts_with(&self, name: &str) -> impl Iterator<Item = AccountId> {
        self.shown_with(name).filter_map(|source| source.item.account.clone())
    }

    /// The answers that show a role or user of this name.
    fn shown_with(&self, name: &str) -> impl Iterator<Item = &Source> {
        let of_name = |source: &&Source| matches!(&source.item.of, Of::Read(read) if read.starts_with("iam:Get") && read.split(' ').nth(1) == Some(name));
        self.0.iter().filter(of_name)
    }

    /// The answers of which it is not known what they are of: the file, the answer and what it may be.
    pub(super) fn open<'s>(&'s self, capture: &'s Capture) -> impl Iterator<Item = (usize, &'s Item, Found)> {
        let told = self.told();
        let open = self.0.iter().filter(|source| !source.is_known && !source.item.is_error);
        open.map(move |source| {
            let found = match found(&source.item, &source.said, capture, &told, By::Elimination) {
                Found::Reads(reads, _) => match self.account_of(source, &reads, capture) {
                    Err(arns) => Found::OneOf(arns.iter().map(|arn| Candidate::of_name(arn)).collect()),
                    Ok(_) => Found::Nothing,
                },
                other @ (Found::OneOf(_) | Found::Elsewhere(_) | Found::Nothing) => other,
            };
            (source.file, &source.item, found)
        })
    }

    /// What a file told of the starts, in words.
    ///
    /// # Errors
    /// Why it told nothing, if its answers say that.
    pub(super) fn used(&self, file: usize, capture: &Capture, wants: &Wants) -> Result<String, Option<String>> {
        let own: Vec<&Source> = self.0.iter().filter(|source| source.file == file).collect();
        let mut what: BTreeSet<String> = BTreeSet::new();
        let mut elsewhere = None;
        let told = self.told();
        for source in &own {
            if source.item.of.caller().is_some() {
                what.insert("sts:GetCallerIdentity".to_owned());
            }
            let is_refused = if source.item.is_error { " (an error)" } else { "" };
            let is_of_account = |read: &&String| {
                let account = source.account.as_ref();
                !read.starts_with("iam:") || account.is_none_or(|account| capture.accounts().contains(account))
            };
            let read = source.wanted(wants).filter(is_of_account);
            what.extend(read.map(|read| format!("{}{is_refused}", in_short(read))));
            elsewhere =
                elsewhere.or_else(|| match found(&source.item, &source.said, capture, &told, By::Elimination) {
                    Found::Elsewhere(other) => Some(format!("it is of {other}, which no start here concerns")),
                    Found::Nothing => Some(if let Of::Version(version) = &source.item.of {
                        format!("no policy here has {version} as its default version")
                    } else {
                        "it does not say what it is of, and nothing here tells".to_owned()
                    }),
                    Found::Reads(..) | Found::OneOf(_) => {
                        let read = source.reads.first()?;
                        let more = if read.starts_with("organizations:DescribePolicy ") {
                            ": no list-policies-for-target here has it; --org-file states that it binds the account"
                        } else {
                            ""
                        };
                        Some(format!("it is what {read} answers, which no start here concerns{more}"))
                    }
                });
        }
        // A key policy stands for both of them.
        let is_policy = what.iter().any(|read| read.starts_with("kms:GetKeyPolicy ") && !read.ends_with(" AWS_RAM"));
        let more = if is_policy { "; the key taken as not shared through AWS RAM" } else { "" };
        let words: Vec<&str> = what.iter().map(String::as_str).collect();
        match words.as_slice() {
            [] => Err(elsewhere),
            [one, two, three, rest @ ..] if !rest.is_empty() => {
                Ok(format!("{one}, {two}, {three} and {} more{more}", rest.len()))
            }
            all => Ok(format!("{}{more}", all.join(", "))),
        }
    }
}

impl Source {
    /// Whether it was recorded before what it is of was deleted.
    pub(super) fn is_gone(&self, gone: &BTreeMap<&str, Timestamp>) -> bool {
        let subject = self.reads.first().and_then(|read| read.split(' ').nth(1));
        let deleted = subject.and_then(|subject| gone.get(subject));
        !self.item.is_error && deleted.zip(self.item.time.as_ref()).is_some_and(|(deleted, own)| own <= deleted)
    }

    /// Whether it says that there is none, which only the account's own answer can.
    fn is_proof_of_absence(&self) -> bool {
        self.item.is_error && self.item.text.contains("(NoSuchEntity")
    }

    /// For which accounts an answer counts; `None` is that of nobody in particular.
    pub(super) fn answers_for(&self, read: &str, concerned: &BTreeSet<AccountId>) -> Vec<Option<AccountId>> {
        // Policies of AWS are everybody's.
        let is_everybodys = read.starts_with("iam:GetPolicy") && self.account.is_none();
        if read.starts_with("organizations:") && read != "organizations:DescribeOrganization" || is_everybodys {
            return concerned.iter().cloned().map(Some).chain([None]).collect();
        }
        if read.starts_with("ec2:") {
            // An instance and its volumes are told together, and the instance tells its account itself.
            return vec![None];
        }
        if read == "organizations:DescribeOrganization" && self.account.is_some() {
            return vec![self.account.clone(), None];
        }
        vec![self.account.clone()]
    }
}

/// A read without what every key's ARN begins with.
fn in_short(read: &str) -> String {
    let words = read.trim_end_matches(" default").split(' ');
    let words = words.map(|word| KeyArn::parse(word).map_or_else(|_| word.to_owned(), |key| key.key_id().to_owned()));
    words.collect::<Vec<_>>().join(" ")
}
