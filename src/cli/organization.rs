//! `--org-file`: what an organization imposes, as people hold it.

use std::collections::BTreeSet;
use std::path::Path;

use crate::answers::{Input, OrganizationInput, is_transcript, told_of_organization};
use crate::capture::{Capture, Handed};
use crate::document::Document;
use crate::fact::Fact;
use crate::names::{AccountId, KeyArn};
use crate::policy::PolicyType;

use super::evidence::{self, EvidenceSet, taken};
use super::failure::CliError;
use super::files;
use super::options::{self, Source};

/// Something that is told of the organization of an account.
pub(super) struct ToldOf {
    account: Option<AccountId>,
    path: String,
    told: OrganizationInput,
}

fn refused(path: &str, message: &str, help: impl Into<String>) -> CliError {
    CliError::bad_input("not-as-asked-for", format!("`{path}`: {message}"), help)
}

/// Takes one `--org-file` up: evidence with a date becomes a piece, what is only told is given back, to be put in when all
/// that was read is there. `concerned`: the accounts of the start, if all of them are known.
pub(super) fn take(
    pieces: &mut EvidenceSet,
    concerned: Option<&BTreeSet<AccountId>>,
    typed: &str,
) -> Result<Option<ToldOf>, CliError> {
    let of_account = typed.split_once('=').and_then(|(account, path)| Some((AccountId::parse(account).ok()?, path)));
    let (account, path) = of_account.map_or((None, typed), |(account, path)| (Some(account), path));
    let file = Path::new(path);
    let text = if file.is_dir() { None } else { Some(files::read(file)?) };
    let is_evidence = |text: &String| is_transcript(text) || text.contains("\"formatVersion\"");
    if let Some(text) = text.as_ref().filter(|text| !is_evidence(text)) {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let handing = taken(told_of_organization(text, &stem), path)?;
        if let OrganizationInput::Policy { kind, policy, .. } = &handing.value {
            accepted(&handing, *kind, &policy.document, path, text)?;
        }
        return Ok(Some(ToldOf { account, path: path.to_owned(), told: handing.value }));
    }
    if account.is_some() {
        return Err(refused(path, "it says itself of which accounts it is", "leave `ACCOUNT=` out"));
    }
    if let Some(text) = text.as_ref().filter(|text| is_transcript(text)) {
        pieces.add(file, None, text.clone())?;
        return Ok(None);
    }
    let held = text.map_or_else(|| evidence::capture(file), |text| evidence::capture_of(file, text))?;
    let read = held.organizations.iter().filter(|(_, one)| one.unread().is_none()).map(|(account, _)| account);
    let read: BTreeSet<&AccountId> = read.collect();
    if read.is_empty() {
        let help = "make it in the management account: ebs-preflight capture --script --org ACCOUNT";
        return Err(refused(path, "it holds no organization", help));
    }
    if let Some(concerned) = concerned.filter(|known| !read.iter().any(|account| known.contains(*account))) {
        let others: Vec<&str> = read.into_iter().map(AccountId::as_str).collect();
        return Err(foreign(path, &others.join(", "), concerned));
    }
    pieces.add_organizations(file, held);
    Ok(None)
}

/// The error for evidence of accounts that no start concerns.
fn foreign(path: &str, of: &str, concerned: &BTreeSet<AccountId>) -> CliError {
    let concerned: Vec<&str> = concerned.iter().map(AccountId::as_str).collect();
    refused(path, &format!("it is of account {of}"), format!("this start concerns account {}", concerned.join(", ")))
}

fn accepted(
    handing: &Input<OrganizationInput>,
    kind: PolicyType,
    document: &Fact<Document>,
    path: &str,
    text: &str,
) -> Result<(), CliError> {
    let source = Source { path: Path::new(path), text, origin: &handing.origin };
    let document = document.known().map(Document::text).unwrap_or_default();
    options::accepted("organization policy", &source, document, kind).map(|_| ())
}

impl ToldOf {
    /// Its place among several.
    pub(super) fn rank(&self) -> u8 {
        self.told.rank()
    }

    /// Puts it into the capture, which has all that was read.
    pub(super) fn put_in(self, capture: &mut Capture) -> Result<(), CliError> {
        let concerned = capture.accounts();
        let account = match &self.account {
            Some(account) if concerned.contains(account) => account.clone(),
            Some(account) => return Err(foreign(&self.path, account.as_str(), &concerned)),
            None => self.the_one(capture)?,
        };
        let what = match &self.told {
            OrganizationInput::Organization(organization) => {
                format!("{} as the organization of account {account}", organization.id)
            }
            OrganizationInput::Policy { kind, policy, .. } => {
                let kind = if *kind == PolicyType::Scp { "SCP" } else { "RCP" };
                let name = if policy.name.is_empty() { policy.id() } else { &policy.name };
                format!("{kind} {name}, taken as one of those that bind account {account}")
            }
        };
        let help = "without it: leave this --org-file out";
        self.told.put_into(capture, &account).map_err(|message| refused(&self.path, &message, help))?;
        capture.handed.push(Handed { what, file: self.path, read: None });
        Ok(())
    }

    /// The account that it can only be of.
    fn the_one(&self, capture: &Capture) -> Result<AccountId, CliError> {
        let starters = capture.targets.iter().map(|target| target.role_arn.account());
        let instances = capture.instances.values().filter_map(Fact::known).map(|one| one.account.as_str());
        let all = capture.accounts();
        let accounts: BTreeSet<&str> = match &self.told {
            OrganizationInput::Organization(_) => all.iter().map(AccountId::as_str).collect(),
            // SCPs bind principals, EC2's own among them, and RCPs bind keys.
            OrganizationInput::Policy { kind: PolicyType::Scp, .. } => starters.chain(instances).collect(),
            OrganizationInput::Policy { .. } => capture.keys.keys().map(KeyArn::account).collect(),
        };
        let mut accounts: Vec<AccountId> =
            accounts.into_iter().filter_map(|text| AccountId::parse(text).ok()).collect();
        if let (Some(account), true) = (accounts.pop(), accounts.is_empty()) {
            return Ok(account);
        }
        let path = &self.path;
        let help = format!("say of which, as --org-file ACCOUNT={path}");
        Err(refused(path, "it does not say of which account it is, and several are concerned", help))
    }
}
