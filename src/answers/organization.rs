//! What somebody tells of an organization without our lines: what one line of the AWS CLI printed, or one policy.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::api::organizations::DescribeOrganization;
use super::document::{HandedError, Input};
use super::mangled::{inside, unwrapped};
use super::wrapping::Wrapping;
use crate::capture::{Capture, Level, OrgPolicy, Organization};
use crate::document::Document;
use crate::fact::Fact;
use crate::names::{AccountId, OrgPolicyId, OrganizationId};
use crate::policy::PolicyType;

/// What is told; of which account nothing of it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrganizationInput {
    /// The organization that the account is in, as `aws organizations describe-organization` prints it.
    Organization(Organization),
    /// A policy that binds the account.
    Policy {
        /// An SCP or an RCP.
        kind: PolicyType,
        /// The policy; without an ID if only its text was handed in.
        policy: OrgPolicy,
        /// The organization that it is of, if that is told.
        of: Option<Organization>,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyOutput<'t> {
    #[serde(borrow)]
    policy: PolicyWithContent<'t>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyWithContent<'t> {
    policy_summary: PolicySummary,
    #[serde(borrow)]
    content: &'t RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicySummary {
    id: String,
    arn: String,
    #[serde(default)]
    name: String,
    #[serde(rename = "Type")]
    kind: String,
}

/// What `aws organizations describe-policy` prints, with `--query Policy` or without.
fn policy_output(text: &str) -> Option<PolicyWithContent<'_>> {
    let whole = serde_json::from_str::<PolicyOutput<'_>>(text).map(|output| output.policy);
    whole.or_else(|_| serde_json::from_str::<PolicyWithContent<'_>>(text)).ok()
}

/// Output of `describe-organization` or `describe-policy`, or the plain text of an SCP or RCP, which is called `name`.
///
/// # Errors
/// When the text was changed on its way, or is none of these.
pub fn told_of_organization(text: &str, name: &str) -> Result<Input<OrganizationInput>, HandedError> {
    let other = |message: &str| HandedError::Other(message.to_owned());
    let mut bare = unwrapped(text)?;
    let value: Value = serde_json::from_str(&bare.text).map_err(|error| other(&error.to_string()))?;
    let value = if value.get("Organization").is_some() {
        let answer: DescribeOrganization = serde_json::from_value(value).map_err(|error| other(&error.to_string()))?;
        OrganizationInput::Organization(answer.organization().map_err(HandedError::Other)?)
    } else if let Some(found) = policy_output(&bare.text) {
        let PolicySummary { id, arn, name, kind: of } = found.policy_summary;
        let id = OrgPolicyId::parse(&id).map_err(|error| other(&error.to_string()))?;
        if arn.rsplit('/').next() != Some(id.as_str()) {
            return Err(other(&format!("the policy is `{id}` and the ARN that of another: `{arn}`")));
        }
        if !arn.contains(&format!("/{}/", of.to_ascii_lowercase())) {
            return Err(other(&format!("the policy is of the type {of}, and the ARN that of another: `{arn}`")));
        }
        let kind = match of.as_str() {
            "SERVICE_CONTROL_POLICY" => PolicyType::Scp,
            "RESOURCE_CONTROL_POLICY" => PolicyType::Rcp,
            _ => return Err(other(&format!("`{id}` is a policy of the type {of}, which stops no start"))),
        };
        let content = serde_json::from_str(found.content.get()).map_err(|error| other(&error.to_string()))?;
        // A raw value is a piece of the text that it was read from.
        let at = found.content.get().as_ptr().addr() - bare.text.as_ptr().addr();
        bare = inside(text, bare, content, at, Wrapping::CliOutput)?;
        let policy = OrgPolicy { id: Some(id), name, document: Fact::Known(Document::new(bare.text.as_str())) };
        OrganizationInput::Policy { kind, policy, of: organization_of(&arn) }
    } else if let Some(statements) = value.get("Statement") {
        let mut each = statements.as_array().map_or(std::slice::from_ref(statements), Vec::as_slice).iter();
        let is_rcp = each.any(|one| one.get("Principal").or(one.get("NotPrincipal")).is_some());
        let kind = if is_rcp { PolicyType::Rcp } else { PolicyType::Scp };
        let document = Fact::Known(Document::new(bare.text.as_str()));
        let policy = OrgPolicy { id: None, name: name.to_owned(), document };
        OrganizationInput::Policy { kind, policy, of: None }
    } else {
        return Err(other(
            "of an organization a capture, what the lines of `capture --script --org` printed, the output of \
             `describe-organization` or `describe-policy` and the text of an SCP or RCP are taken; other output does \
             not say what it is of",
        ));
    };
    Ok(Input { value, taken_off: bare.taken_off, origin: bare.origin })
}

/// `arn:aws:organizations::MANAGEMENT:policy/ORGANIZATION/TYPE/ID`; AWS's own policies are of none.
fn organization_of(arn: &str) -> Option<Organization> {
    let mut parts = arn.splitn(6, ':').skip(4);
    let account = AccountId::parse(parts.next()?).ok()?;
    let id = parts.next()?.split('/').nth(1)?;
    Some(Organization::bare(OrganizationId::parse(id).ok()?, account))
}

impl OrganizationInput {
    /// In which order several are put in: those that tell which organization it is before the others.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Organization(_) => 0,
            Self::Policy { of: Some(_), .. } => 1,
            Self::Policy { of: None, .. } => 2,
        }
    }

    /// Puts what is told of the organization of `account` into the capture, as far as it was not read.
    ///
    /// # Errors
    /// Why it says nothing of it, in words.
    pub fn put_into(self, capture: &mut Capture, account: &AccountId) -> Result<(), String> {
        let record = capture.organizations.entry(account.clone()).or_default();
        if *record == Fact::Absent {
            return Err(format!("account {account} is in no organization"));
        }
        match self {
            Self::Organization(found) => match record.known() {
                None => *record = Fact::Known(found),
                Some(known) => same(known, &found)?,
            },
            Self::Policy { kind, policy, of } => {
                if let Some((known, of)) = record.known().zip(of.as_ref()) {
                    same(known, of)?;
                }
                if let (None, Some(of)) = (record.known(), of) {
                    *record = Fact::Known(of);
                }
                if record.known().is_some_and(|known| !known.binds(account.as_str())) {
                    return Err(format!("account {account} manages its organization, so no SCP or RCP binds it"));
                }
                let is_rcp = kind == PolicyType::Rcp;
                let told = &mut capture.told;
                let mut tell = |policy| {
                    let told = told.entry(account.clone()).or_default();
                    if is_rcp { told.rcps.push(policy) } else { told.scps.push(policy) }
                };
                let lists = record.known_mut().map(|known| if is_rcp { &mut known.rcps } else { &mut known.scps });
                match lists {
                    Some(Fact::Absent) => {
                        return Err("policies of its type are not enabled in the organization".to_owned());
                    }
                    Some(Fact::Known(levels)) => listed(levels, &policy)?,
                    // What was read of a list that is not whole may hold it.
                    Some(Fact::Part { known: levels, .. }) => {
                        if listed(levels, &policy).is_err() {
                            tell(policy);
                        }
                    }
                    Some(Fact::Unread(_)) | None => tell(policy),
                }
            }
        }
        Ok(())
    }
}

fn same(known: &Organization, found: &Organization) -> Result<(), String> {
    if known.id == found.id && known.management_account == found.management_account {
        return Ok(());
    }
    let name = |one: &Organization| format!("{} (managed by {})", one.id, one.management_account);
    Err(format!("it is of the organization {}, and the account is in {}", name(found), name(known)))
}

/// Puts a policy's text in where the lists have it without one.
fn listed(levels: &mut [Level], policy: &OrgPolicy) -> Result<(), String> {
    let Some(id) = &policy.id else {
        return Err(
            "which policies bind the account was read, and a text does not say which of them it is: hand in the \
                    output of `aws organizations describe-policy`"
                .to_owned(),
        );
    };
    let all = levels.iter_mut().flat_map(|level| &mut level.policies);
    let mut same = all.filter(|one| one.id.as_ref() == Some(id)).peekable();
    if same.peek().is_none() {
        return Err("which policies bind the account was read, and it is none of them".to_owned());
    }
    let unread = same.filter(|one| one.document.unread().is_some());
    let filled = unread.map(|one| one.document = policy.document.clone()).count();
    if filled == 0 { Err(format!("the policy {id} was read")) } else { Ok(()) }
}
