//! Why a start is blocked, undecided or ready: one sentence that names the policy, the key or the read.

use crate::engine::{Decider, Element, Miss, deciders};
use crate::findings::{
    Code, Evidence, Finding, Group, OpenQuestion, PlacedStatement, Severity, StatementRole, place, push_new,
};
use crate::names::{KeyArn, account_of};
use crate::operations::{RequestOutcome, Requester, Step};
use crate::outcome::Start;
use crate::policy::{Effect, Polarity, PolicyType, Statement};

use super::excerpt::found;
use super::{identity, in_policy, is_only_documented, minute, open, policy, refused_by, title};

/// Returns the cause that a finding names.
pub(crate) fn cause(finding: &Finding, start: &Start) -> String {
    if finding.severity == Severity::Undecided {
        return doubt(finding, start);
    }
    if is_only_documented(finding, start) {
        let actions = finding.actions.join(", ");
        return format!("{actions} not allowed: AWS lists it for EBS encryption; no recorded start needed it");
    }
    let of_ec2 = is_of_ec2(finding, start);
    if let Some(at) = denied_by(finding) {
        let whom = if of_ec2 { " to EC2's own identity" } else { "" };
        let denies = format!("{} explicitly denies {}", placed(at, finding, start), subject(finding, start, whom));
        let is_mistake = finding.code.group() == Group::Mistake;
        return if is_mistake { format!("{denies}; {}", title(finding.code, start.noun())) } else { denies };
    }
    if finding.code.group() == Group::Mistake
        && let Some(near) = near(finding, start)
    {
        return near;
    }
    let base = finding.evidence.iter().find_map(|fact| if let Evidence::So(code) = fact { Some(*code) } else { None });
    let said = base_cause(base.unwrap_or(finding.code), finding, start);
    match base {
        Some(_) => format!("{said}; {}", title(finding.code, start.noun())),
        None => said,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "every other code says its title")]
/// What AWS's evaluation lacks, or what of the key or the instance bars the start.
fn base_cause(code: Code, finding: &Finding, start: &Start) -> String {
    let (noun, actions) = (start.noun(), finding.actions.join(", "));
    let key = || keys(finding, start);
    let subject = || subject(finding, start, "");
    let state = |wanted: &str| {
        let states = finding.evidence.iter().filter_map(|fact| {
            if let Evidence::State { name, value } = fact { Some((*name, value.as_str())) } else { None }
        });
        states.clone().find(|(name, _)| *name == wanted).map(|(_, value)| value)
    };
    let names = || {
        let levels = finding
            .evidence
            .iter()
            .filter_map(|fact| if let Evidence::Level { names, .. } = fact { Some(names.join(", ")) } else { None });
        levels.filter(|names| !names.is_empty()).collect::<Vec<_>>().join("; ")
    };
    // As `alias/ebs-prod, the key of its encrypted volume,`.
    let key_of = || {
        let of = volumes(finding, start);
        let comma = if of.is_empty() { "" } else { "," };
        format!("{}{of}{comma}", keys(finding, start))
    };
    match code {
        Code::NoIdentityAllow => format!("no policy of the {noun} allows {}", subject()),
        Code::KeyPolicyNoDelegation => {
            format!("the key policy of {} neither allows {actions} for the {noun} nor enables IAM policies", key())
        }
        Code::BoundaryLacksAllow => {
            format!(
                "permissions boundary \"{}\" of {} does not allow {}",
                names(),
                identity(&start.principal),
                subject()
            )
        }
        Code::SessionPolicyLacksAllow => format!("session policy {} does not allow {}", names(), subject()),
        Code::ScpLacksAllow => format!("no SCP of one level allows {}: {}", subject(), names()),
        Code::CrossAccountIdentity => format!(
            "no policy of the {noun} allows {}; a key of another account needs its key policy and the {noun}'s own \
             policies",
            subject()
        ),
        Code::CrossAccountKeyPolicy => {
            format!("the key policy of {} allows {actions} neither for the {noun} nor for its account", key())
        }
        Code::CrossAccountBoth => {
            format!("neither the key policy of {} nor a policy of the {noun} allows {actions}", key())
        }
        Code::InfrastructureDenied => {
            format!("no organization policy allows {}", self::subject(finding, start, " to EC2's own identity"))
        }
        Code::KeyDisabled => format!("{} is Disabled", key_of()),
        Code::KeyPendingDeletion => format!("{} is pending deletion", key_of()),
        Code::KeyGone => format!("{} does not exist", key_of()),
        Code::KeyPendingImport => format!("{} has no key material (PendingImport)", key_of()),
        Code::KeyUnavailable => format!("{} is Unavailable: its key store is not connected", key_of()),
        Code::KeyCreating => format!("{} is still being created", key_of()),
        Code::KeyUnusable => {
            format!("EBS cannot use {} whose key spec is {}", key_of(), state("key spec").unwrap_or("another"))
        }
        Code::CustomKeyStore => {
            let error = state("error code").map(|code| format!(" ({code})")).unwrap_or_default();
            let connection = state("connection").unwrap_or("not known");
            format!("the key store of {} has connection state {connection}{error}", key_of())
        }
        Code::InstanceTerminated => format!("the instance is {}", state("state").unwrap_or("terminated")),
        Code::RoleMissing => format!(
            "{} does not exist in account {}",
            identity(&start.principal),
            account_of(&start.principal).unwrap_or("of the role")
        ),
        Code::CallerNotAdmitted => {
            format!("{}: {}", title(code, noun), state("caller").unwrap_or("who assumes it"))
        }
        _ if actions.is_empty() && finding.keys.is_empty() => {
            let volumes: Vec<&str> = finding.volumes.iter().map(crate::names::VolumeId::as_str).collect();
            let colon = if volumes.is_empty() { "" } else { ": " };
            format!("{}{colon}{}", title(code, noun), volumes.join(", "))
        }
        _ if actions.is_empty() => format!("{}: {}", title(code, noun), keys(finding, start)),
        _ => format!("{} not allowed: {}", subject(), title(code, noun)),
    }
}

/// What is not known, and what would have told it.
fn doubt(finding: &Finding, start: &Start) -> String {
    let opens = finding
        .evidence
        .iter()
        .filter_map(|fact| if let Evidence::OpenQuestion(open) = fact { Some(open) } else { None });
    let (mut unread, mut needed, mut first) = (Vec::new(), Vec::new(), None);
    for one in opens {
        if let OpenQuestion::Unread { what, needs } = one {
            push_new(&mut unread, what.as_str());
            push_new(&mut needed, needs.as_str());
        } else if first.is_none() {
            first = Some(one);
        }
    }
    if !unread.is_empty() {
        let of = finding.keys.first().filter(|_| unread.iter().any(|what| what.contains("the key")));
        let of = of.map(|key| format!(" ({})", key_name(key, start))).unwrap_or_default();
        return format!("not read: {}{of}; needs {}", unread.join(", "), needed.join(", "));
    }
    if let Some(first) = first {
        return format!("{}: {}", finding.actions.join(", "), open(first, &start.principal));
    }
    let refused = finding.evidence.iter().find_map(|fact| {
        let Evidence::Refused { time, refusal, .. } = fact else { return None };
        let time = time.map_or_else(|| "a time that is not told".to_owned(), minute);
        Some(format!("{} at {time}{}, after the policies were read", refusal.action, refused_by(refusal)))
    });
    refused.unwrap_or_else(|| {
        let key = finding.keys.first().map(|key| format!(": {}", key_name(key, start))).unwrap_or_default();
        format!("{}{key}", title(finding.code, start.noun()))
    })
}

/// Returns what makes the start READY: who allows the grant, and who then decrypts.
pub(crate) fn ready(start: &Start) -> String {
    let is_encrypted = start.judged.iter().any(|judged| judged.case.row.step == Step::CreateGrant);
    let step = if is_encrypted { Step::CreateGrant } else { Step::Start };
    let mut names: Vec<String> = Vec::new();
    for judged in start.judged.iter().filter(|judged| judged.case.row.step == step) {
        for name in allowing(judged, start) {
            push_new(&mut names, name);
        }
    }
    let allows = if names.len() == 1 { "allows" } else { "allow" };
    let by = names.join(" and ");
    match (is_encrypted, names.is_empty()) {
        (true, true) => "no KMS permission is missing".to_owned(),
        (true, false) => format!("{by} {allows} kms:CreateGrant; EC2 then decrypts by its grant"),
        (false, true) => "no volume is encrypted".to_owned(),
        (false, false) => format!("{by} {allows} ec2:StartInstances; no volume is encrypted"),
    }
}

fn allowing(judged: &RequestOutcome, start: &Start) -> Vec<String> {
    let deciders = deciders(&judged.case.request, &judged.explanation).into_iter();
    let deciders: Vec<Decider> = deciders.collect();
    // A key policy that leaves it to them only enables the policies of its own account.
    let is_identity =
        |decider: &Decider| matches!(decider, Decider::Statement(at, _) if at.kind == PolicyType::Identity);
    let is_enabled = !judged.case.request.is_cross_account() && deciders.iter().any(is_identity);
    let deciders = deciders.into_iter().filter(|decider| !is_enabled || is_identity(decider));
    let name = |decider| match decider {
        Decider::Statement(at, index) => {
            let at = place(&judged.case.policies, at, index);
            Some(format!("{} ({})", policy(&at, &start.principal), in_policy(&at)))
        }
        Decider::Grant(_) => Some("a grant on the key".to_owned()),
        Decider::Type(_) | Decider::Grants => None,
    };
    deciders.filter_map(name).collect()
}

fn denied_by(finding: &Finding) -> Option<&PlacedStatement> {
    finding.evidence.iter().find_map(|fact| {
        if let Evidence::Statement { at, role: StatementRole::Denies, .. } = fact { Some(at) } else { None }
    })
}

fn is_of_ec2(finding: &Finding, start: &Start) -> bool {
    let mut requests = finding.requests.iter().filter_map(|position| start.judged.get(*position));
    requests.next().is_some_and(|judged| judged.case.row.by == Requester::Infrastructure)
}

/// The one element by which the closest statement fails.
fn near(finding: &Finding, start: &Start) -> Option<String> {
    let (at, miss) = finding.evidence.iter().find_map(|fact| {
        let Evidence::Nearest { at, misses } = fact else { return None };
        if let [miss] = misses.as_slice() { Some((at, miss)) } else { None }
    })?;
    let (_, of) = found(at, finding, start)?;
    let (who, actions) = (placed(at, finding, start), finding.actions.join(", "));
    let required = required(of, miss)?;
    let has = super::actual(&miss.actual).map_or("does not include it".to_owned(), |actual| format!("has {actual}"));
    Some(match &miss.element {
        Element::Condition(..) => format!("{who} allows {actions} only if {required}; the request {has}"),
        Element::Resource(_) => {
            format!("{who} allows {actions} {required}; {}", title(finding.code, start.noun()))
        }
        Element::Principal(_) => format!("{who} allows {actions} {required}; the request {has}"),
        Element::Action(_) => format!("{who} allows {required}, not {actions}"),
        Element::GranteePrincipal
        | Element::EncryptionContext
        | Element::Operations
        | Element::GrantConstraintType
        | Element::IssuingAccount => return None,
    })
}

fn required(of: &Statement, miss: &Miss) -> Option<String> {
    let values = miss.expected.join(", ");
    Some(match &miss.element {
        _ if miss.expected.is_empty() => return None,
        Element::Condition(operator, key) => {
            let condition = of.conditions.iter().find(|one| one.operator == *operator && one.key == *key)?;
            condition.sentence(Effect::Allow)
        }
        Element::Resource(Polarity::Positive) => format!("only on {values}"),
        Element::Principal(Polarity::Positive) => format!("only for {values}"),
        Element::Resource(_) => format!("except on {values}"),
        Element::Principal(_) => format!("except for {values}"),
        Element::Action(Polarity::Positive) => values,
        Element::Action(Polarity::Negated)
        | Element::GranteePrincipal
        | Element::EncryptionContext
        | Element::Operations
        | Element::GrantConstraintType
        | Element::IssuingAccount => return None,
    })
}

/// The actions, for whom if it is not the starter, and on what.
fn subject(finding: &Finding, start: &Start, whom: &str) -> String {
    let actions = finding.actions.join(", ");
    if finding.keys.is_empty() {
        return format!("{actions}{whom}");
    }
    format!("{actions}{whom} on {}{}", keys(finding, start), volumes(finding, start))
}

/// A statement with its policy, a key policy with its key.
fn placed(at: &PlacedStatement, finding: &Finding, start: &Start) -> String {
    let policy = match finding.keys.as_slice() {
        [key] if at.at.kind == PolicyType::KeyPolicy => format!("the key policy of {}", key_name(key, start)),
        _ => policy(at, &start.principal),
    };
    format!("{policy} ({})", in_policy(at))
}

fn keys(finding: &Finding, start: &Start) -> String {
    match finding.keys.as_slice() {
        [] => "the key".to_owned(),
        [key] => key_name(key, start),
        [key, others @ ..] => format!("{} and {} more", key_name(key, start), others.len()),
    }
}

/// A key as people call it: by its alias, else by its ID, with the account if that is another one.
pub(crate) fn key_name(key: &KeyArn, start: &Start) -> String {
    let row = start.volumes.iter().find(|row| row.key.known() == Some(key));
    let name = row.and_then(|row| row.aliases.first()).map_or_else(|| key.key_id().to_owned(), ToString::to_string);
    match account_of(&start.principal) {
        Some(own) if own != key.account() => format!("{name} in account {}", key.account()),
        _ => name,
    }
}

/// Which volumes are encrypted with the finding's keys.
fn volumes(finding: &Finding, start: &Start) -> String {
    let encrypted = start.volumes.iter().filter(|row| row.key.known().is_some()).count();
    let key = if finding.keys.len() > 1 { "keys" } else { "key" };
    match finding.volumes.as_slice() {
        [] => String::new(),
        [_] if encrypted == 1 => format!(", the {key} of its encrypted volume"),
        [one] => format!(", the {key} of volume {one}"),
        several if encrypted == several.len() => format!(", the {key} of its {encrypted} encrypted volumes"),
        several => format!(", the {key} of {} of its {encrypted} encrypted volumes", several.len()),
    }
}
