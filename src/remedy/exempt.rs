//! A Deny that stands in the way: no Allow overrides it, so it must leave the start out, and nothing but the start.
//!
//! One statement cannot say it: the old one goes on for everybody else, and beside it stands one for the principal
//! alone that denies all that the start is not. `ArnNotEquals` alone would free the principal from the whole control.

use crate::capture::{Capture, Holder, Target};
use crate::change::PolicyPlace;
use crate::engine::{Decider, PolicyRef, deciders};
use crate::fact::Fact;
use crate::names::{AccountId, HolderArn};
use crate::operations::{RequestOutcome, Requester, held};
use crate::policy::{
    Comparison, Pattern, Polarity, Policy, PolicyType, PrincipalEntry, Statement, add_value, set_condition,
    set_element, statements,
};

use super::draft::Need;
use super::meant::{is_never_exempted, meant};
use super::statement::Admitted;

/// A Deny statement that is to leave a start out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exemption {
    pub(super) place: PolicyPlace,
    /// The statement's text.
    pub(super) statement: String,
    /// Whether its policy binds the starter alone.
    is_own: bool,
}

/// The statements that are to leave out a request; none where one of them cannot be edited, or is not to be.
pub(super) fn exemptions(judged: &RequestOutcome, capture: &Capture, target: &Target) -> Vec<Exemption> {
    let denying = deciders(&judged.case.request, &judged.explanation).into_iter();
    let each = denying.map(|decider| {
        let Decider::Statement(at, index) = decider else { return None };
        exemption(judged, at, index, capture, target)
    });
    each.collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// The text of a statement with the policy that it stands in, where that can be edited.
pub(super) fn statement_at(
    judged: &RequestOutcome,
    (at, index): (PolicyRef, usize),
    capture: &Capture,
    target: &Target,
) -> Option<(PolicyPlace, String)> {
    let document = judged.case.policies.get(at)?.document.as_ref()?;
    let text = (*statements(document.text()).ok()?.get(index)?).to_owned();
    Some((place_of(judged, at, capture, target)?, text))
}

fn exemption(
    judged: &RequestOutcome,
    at: PolicyRef,
    index: usize,
    capture: &Capture,
    target: &Target,
) -> Option<Exemption> {
    let (place, text) = statement_at(judged, (at, index), capture, target)?;
    let policy = judged.case.policies.get(at)?;
    let statement = policy.policy.as_ref()?.statements.get(index)?;
    if meant(&policy.name, &place, statement, judged).is_some_and(is_never_exempted) {
        return None;
    }
    let is_own = match &place {
        // A group's policy binds others as well.
        PolicyPlace::Inline { identity, .. } => *identity == *capture.starter(target).as_str(),
        PolicyPlace::Session { .. } => true,
        // Others may have it, too.
        PolicyPlace::Boundary { .. }
        | PolicyPlace::Managed { .. }
        | PolicyPlace::KeyPolicy(_)
        | PolicyPlace::Scp { .. }
        | PolicyPlace::Rcp { .. } => false,
    };
    Some(Exemption { place, statement: text, is_own: is_own || names_one(statement) })
}

/// Whether the statement is about one role, session or user.
fn names_one(deny: &Statement) -> bool {
    deny.principal.as_ref().is_some_and(|element| {
        let [(entry, _)] = element.entries.as_slice() else { return false };
        element.sense == Polarity::Positive
            && matches!(entry, PrincipalEntry::Role(_) | PrincipalEntry::Session(_) | PrincipalEntry::User(_))
    })
}

/// What a Deny becomes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Exempted {
    /// What stands in its place; `None`: it goes.
    pub(super) instead: Option<String>,
    /// What is added beside it.
    pub(super) beside: Vec<String>,
}

impl Exemption {
    /// The Deny without the requests that are needed, and with all else that it denied.
    pub(super) fn without(&self, needs: &[Need], region: &str) -> Exempted {
        let Some(deny) = self.parsed() else {
            return Exempted { instead: Some(self.statement.clone()), beside: Vec::new() };
        };
        let deny = Deny { parsed: &deny, region };
        let mut admitted: Vec<Admitted> = Vec::new();
        let mut beside = Vec::new();
        for need in needs {
            let one = Admitted::of(&need.principal);
            if admitted.contains(&one) {
                continue;
            }
            let own: Vec<&Need> = needs.iter().filter(|other| other.principal == need.principal).collect();
            let text = if self.is_own { self.statement.clone() } else { only(&self.statement, &one) };
            beside.extend(if need.row.by == Requester::Infrastructure {
                deny.but_decrypting_volumes(&text)
            } else {
                deny.but_the_start(&text, &own)
            });
            admitted.push(one);
        }
        if self.is_own {
            let instead = (!beside.is_empty()).then(|| beside.remove(0));
            return Exempted { instead, beside };
        }
        let all_but = admitted.iter().fold(self.statement.clone(), |text, one| all_but(&text, deny.parsed, one));
        Exempted { instead: Some(all_but), beside }
    }

    fn parsed(&self) -> Option<Statement> {
        let document = format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, self.statement);
        Policy::parse(&document, self.place.kind()).ok()?.statements.into_iter().next()
    }
}

/// The statement for everybody but this principal.
fn all_but(text: &str, deny: &Statement, admitted: &Admitted) -> String {
    let is_pattern = matches!(admitted, Admitted::PermissionSet { .. });
    let like = |comparison| {
        matches!(comparison, Comparison::ArnNotLike | Comparison::ArnNotEquals | Comparison::StringNotLike)
    };
    let exact = |comparison| !is_pattern && matches!(comparison, Comparison::StringNotEquals);
    let present = deny.conditions.iter().find(|condition| {
        let comparison = condition.operator.comparison;
        let is_plain = condition.operator.quantifier.is_none();
        condition.key.lower() == "aws:principalarn" && is_plain && (like(comparison) || exact(comparison))
    });
    let operator = match present {
        Some(condition) => condition.operator.to_string(),
        None if is_pattern => "ArnNotLike".to_owned(),
        None => "ArnNotEquals".to_owned(),
    };
    edited(add_value(text, &["Condition", &operator, "aws:PrincipalArn"], admitted.pattern()), text)
}

/// The statement for this principal alone.
fn only(text: &str, admitted: &Admitted) -> String {
    let operator = if matches!(admitted, Admitted::PermissionSet { .. }) { "ArnLike" } else { "ArnEquals" };
    edited(set_condition(text, operator, "aws:PrincipalArn", admitted.pattern()), text)
}

/// A statement that was parsed can be edited.
fn edited<E>(text: Result<String, E>, before: &str) -> String {
    text.unwrap_or_else(|_| before.to_owned())
}

/// Every action of EC2 but `StartInstances`, as patterns: the language has no other way to say it beside further
/// actions of other services.
///
/// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>
const EC2_BUT_START: [&str; 33] = [
    "ec2:A*",
    "ec2:B*",
    "ec2:C*",
    "ec2:D*",
    "ec2:E*",
    "ec2:F*",
    "ec2:G*",
    "ec2:H*",
    "ec2:I*",
    "ec2:J*",
    "ec2:K*",
    "ec2:L*",
    "ec2:M*",
    "ec2:N*",
    "ec2:O*",
    "ec2:P*",
    "ec2:Q*",
    "ec2:R*",
    "ec2:T*",
    "ec2:U*",
    "ec2:V*",
    "ec2:W*",
    "ec2:X*",
    "ec2:Y*",
    "ec2:Z*",
    "ec2:Se*",
    "ec2:Sh*",
    "ec2:Sto*",
    "ec2:Su*",
    "ec2:Sw*",
    "ec2:StartD*",
    "ec2:StartN*",
    "ec2:StartV*",
];

const START: &str = "ec2:StartInstances";
const ACTIONS: [&str; 2] = ["Action", "NotAction"];

/// A Deny as it stands.
#[derive(Clone, Copy)]
struct Deny<'a> {
    parsed: &'a Statement,
    region: &'a str,
}

impl Deny<'_> {
    /// Whether it lists no actions, but all or all but some.
    fn is_wide(&self) -> bool {
        let is_all = |action: &str| action == "*" || action == "*:*";
        let action = &self.parsed.action;
        action.sense == Polarity::Negated || action.patterns.iter().any(|pattern| is_all(pattern.as_str()))
    }

    /// All that it denies but these actions.
    fn but(&self, text: &str, actions: &[String]) -> String {
        if self.parsed.action.sense == Polarity::Positive {
            return edited(set_element(text, &ACTIONS, "NotAction", actions), text);
        }
        let new = actions.iter().filter(|action| {
            let lower = action.to_ascii_lowercase();
            !self.parsed.action.patterns.iter().any(|pattern| pattern.covers(&lower))
        });
        new.fold(text.to_owned(), |text, action| edited(add_value(&text, &["NotAction"], action), &text))
    }

    /// Statements for the starter that deny all that this one does but what the start needs.
    fn but_the_start(&self, text: &str, needs: &[&Need]) -> Vec<String> {
        let mut actions: Vec<String> = needs.iter().map(|need| need.row.action.to_owned()).collect();
        actions.sort();
        actions.dedup();
        let (starts, keys): (Vec<String>, Vec<String>) = actions.iter().cloned().partition(|action| action == START);
        let instances: Vec<&str> =
            needs.iter().filter(|need| need.row.by == Requester::Role).map(|need| need.resource.as_str()).collect();
        let of = |actions: &[String]| edited(set_element(text, &ACTIONS, "Action", actions), text);
        let mut found = Vec::new();
        if self.is_wide() {
            found.push(self.but(text, &actions));
            if !keys.is_empty() {
                found.extend(self.unless_through_ec2(&of(&keys)));
            }
        } else {
            let patterns = &self.parsed.action.patterns;
            let covers = |wanted: &[String]| {
                let lower: Vec<String> = wanted.iter().map(|action| action.to_ascii_lowercase()).collect();
                move |pattern: &str| {
                    patterns.iter().any(|one| one.as_str() == pattern && lower.iter().any(|action| one.covers(action)))
                }
            };
            let (of_starts, of_keys) = (covers(&starts), covers(&keys));
            let written: Vec<String> = patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect();
            let mut rest: Vec<String> =
                written.iter().filter(|pattern| !of_starts(pattern) && !of_keys(pattern)).cloned().collect();
            // Of a pattern that covers more of EC2 the rest stays.
            for pattern in written.iter().filter(|pattern| of_starts(pattern) && pattern.contains(['*', '?'])) {
                let beginning = pattern.split(['*', '?']).next().unwrap_or_default().to_ascii_lowercase();
                let within = EC2_BUT_START.iter().filter(|one| {
                    let lower = one.trim_end_matches('*').to_ascii_lowercase();
                    lower.starts_with(&beginning)
                });
                rest.extend(within.map(|one| (*one).to_owned()));
            }
            if !rest.is_empty() {
                found.push(of(&rest));
            }
            let used: Vec<String> = written.iter().filter(|pattern| of_keys(pattern)).cloned().collect();
            if !used.is_empty() {
                found.extend(self.unless_through_ec2(&of(&used)));
            }
        }
        if !starts.is_empty() {
            found.extend(self.elsewhere(&of(&starts), &instances));
        }
        found
    }

    /// Unless EC2 makes the request for the starter in the Region; `None` where nothing would be left.
    ///
    /// `aws:ViaAWSService`, as AWS's examples have it, would let every service through.
    /// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service>
    fn unless_through_ec2(&self, text: &str) -> Option<String> {
        let via = format!("ec2.{}.amazonaws.com", self.region);
        let asks_just_that = self.parsed.conditions.iter().any(|condition| {
            let comparison = condition.operator.comparison;
            condition.key.lower() == "kms:viaservice"
                && matches!(comparison, Comparison::StringEquals | Comparison::StringLike)
                && condition.written.iter().all(|value| **value == *via)
        });
        let path = ["Condition", "StringNotEquals", "kms:ViaService"];
        (!asks_just_that).then(|| edited(add_value(text, &path, &via), text))
    }

    /// On all other instances; `None` where there are none.
    fn elsewhere(&self, text: &str, instances: &[&str]) -> Option<String> {
        let resource = self.parsed.resource.as_ref()?;
        if resource.sense == Polarity::Negated {
            let add = |text: String, arn: &&str| edited(add_value(&text, &["NotResource"], arn), &text);
            return Some(instances.iter().fold(text.to_owned(), add));
        }
        if resource.patterns.iter().any(Pattern::is_anything) {
            let arns: Vec<String> = instances.iter().map(|arn| (*arn).to_owned()).collect();
            return Some(edited(set_element(text, &["Resource"], "NotResource", &arns), text));
        }
        if resource.patterns.iter().all(|pattern| instances.contains(&pattern.as_str())) {
            return None;
        }
        let ids = instances.iter().map(|arn| arn.rsplit('/').next().unwrap_or_default());
        let path = ["Condition", "StringNotEquals", "ec2:InstanceID"];
        Some(ids.fold(text.to_owned(), |text, id| edited(add_value(&text, &path, id), &text)))
    }

    /// Statements for EC2's own identity that deny all that this one does but decrypting with a volume's context.
    ///
    /// Source: <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html>
    fn but_decrypting_volumes(&self, text: &str) -> Vec<String> {
        const DECRYPT: &str = "kms:Decrypt";
        if self.is_wide() {
            return vec![self.but(text, &[DECRYPT.to_owned()])];
        }
        let patterns = self.parsed.action.patterns.iter();
        let rest = patterns.filter(|pattern| !pattern.as_str().eq_ignore_ascii_case(DECRYPT));
        let (covering, others): (Vec<_>, Vec<_>) = rest.partition(|pattern| pattern.covers("kms:decrypt"));
        let texts = |patterns: &[&crate::policy::ActionPattern]| {
            patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect::<Vec<String>>()
        };
        let mut found = Vec::new();
        if !others.is_empty() {
            found.push(edited(set_element(text, &ACTIONS, "Action", &texts(&others)), text));
        }
        if !covering.is_empty() {
            let of_these = edited(set_element(text, &ACTIONS, "Action", &texts(&covering)), text);
            let key = "kms:EncryptionContext:aws:ebs:id";
            found.push(edited(set_condition(&of_these, "Null", key, "true"), &of_these));
        }
        found
    }
}
/// Where a policy of the judgement stands in the capture; `None` for one that nobody can edit.
pub(super) fn place_of(
    judged: &RequestOutcome,
    at: PolicyRef,
    capture: &Capture,
    target: &Target,
) -> Option<PolicyPlace> {
    let policy = judged.case.policies.get(at)?;
    let document = policy.document.as_ref()?;
    let starter = capture.starter(target);
    match at.kind {
        PolicyType::Identity => {
            let known = capture.identity(&target.role_arn)?.1.known()?;
            let in_holder = |holder: Holder<'_>| {
                let is_it =
                    |name: &str, text: &Fact<_>| held(&holder, name) == policy.name && text.known() == Some(document);
                let attached = holder.attached.found().into_iter().flatten();
                let managed = attached
                    .filter(|policy| is_it(policy.name(), &policy.document))
                    .map(|policy| PolicyPlace::Managed { arn: policy.arn.clone() });
                let own = holder.arn == known.arn.as_str();
                let identity = HolderArn::parse(if own { starter.as_str() } else { holder.arn }).ok()?;
                let inline = holder.inline.found().into_iter().flatten();
                let inline = inline
                    .filter(|policy| is_it(policy.name.as_str(), &policy.document))
                    .map(|policy| PolicyPlace::Inline { identity: identity.clone(), name: policy.name.clone() });
                managed.chain(inline).next()
            };
            known.holders().find_map(in_holder)
        }
        PolicyType::Boundary => Some(PolicyPlace::Boundary { identity: starter.to_owned() }),
        PolicyType::Session => Some(PolicyPlace::Session { number: at.index }),
        PolicyType::KeyPolicy => {
            let key = judged.case.key.as_ref()?;
            // The policy that AWS RAM manages is not edited.
            let own = capture.keys.get(key)?.policy.known()?;
            (own == document).then(|| PolicyPlace::KeyPolicy(key.clone()))
        }
        PolicyType::Scp | PolicyType::Rcp => {
            let is_scp = at.kind == PolicyType::Scp;
            let request = &judged.case.request;
            let account = if is_scp { &request.principal.account } else { &request.resource_account };
            let organization = capture.organizations.get(&AccountId::parse(account).ok()?)?.known()?;
            let levels = if is_scp { &organization.scps } else { &organization.rcps };
            let policies = &levels.found()?.get(at.level)?.policies;
            let id = policies.iter().find(|policy| policy.document.known() == Some(document))?.id.clone()?;
            Some(if is_scp { PolicyPlace::Scp { id } } else { PolicyPlace::Rcp { id } })
        }
    }
}
