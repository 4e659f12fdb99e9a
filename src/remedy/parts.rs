//! From a draft to edits of policies: statements in the words of the policy language, one part for each policy.

use std::collections::BTreeMap;

use crate::capture::{Grant, GrantConstraints};
use crate::change::{Change, Edit, PERMISSION_SET_POLICY, PolicyPlace, Savers, edited, inline, savers};
use crate::document::Document;
use crate::engine::{Context, PolicySet, Principal, Request, judge as decide};
use crate::fact::Fact;
use crate::findings::is_required as required;
use crate::names::{
    Action, Arn, GrantId, GrantIssuer, GrantOperation, Grantee, HolderArn, KeyArn, Ours as _, PolicyArn, PrincipalArn,
};
use crate::operations::RemedyStyle;
use crate::policy::{Policy, PolicyType, PrincipalEntry, Size, statements, with_free_sid, without_principal};

use super::draft::{Draft, Need};
use super::extend::extension;
use super::merge::{edits_of, exempted};
use super::statement::{Admitted, Purpose, StatementSpec, permission_set, statement};
use super::{Exempting, Judgement, Note, Owner, Part, Suggested};

/// The parts of a draft: policies that deny before those that lack, grants last.
pub(super) fn parts(draft: &Draft, of: Judgement<'_>) -> Vec<Part> {
    let mut suggestions: BTreeMap<PolicyPlace, Vec<Suggested>> = BTreeMap::new();
    for (exemption, needs) in &draft.exemptions {
        let key_policy = matches!(exemption.place, PolicyPlace::KeyPolicy(_)).then(|| document(&exemption.place, of));
        let exempting = Exempting {
            exemption: exemption.clone(),
            needs: needs.clone(),
            region: of.capture.read.region.to_string(),
            stale: key_policy.flatten().map(|document| stale_ids(document, of)).unwrap_or_default(),
        };
        let there = suggestions.entry(exemption.place.clone()).or_default();
        there.extend(exempted(&exempting, is_required(needs, of)));
    }
    for one in &draft.corrections {
        let corrected = suggested(one.corrected.clone(), &one.needs, of);
        let there = suggestions.entry(one.place.clone()).or_default();
        there.push(Suggested { replaces: Some(one.statement.clone()), ..corrected });
    }
    for (place, purposes) in &draft.additions {
        for (purpose, needs) in complete(purposes, of.question.remedy_style) {
            let (place, suggestion) = addition(place, purpose, &needs, of);
            suggestions.entry(place).or_default().push(suggestion);
        }
    }
    let denies = |place: &PolicyPlace| {
        let corrected = draft.corrections.iter().any(|one| one.place == *place);
        corrected || draft.exemptions.iter().any(|(exemption, _)| exemption.place == *place)
    };
    let (denying, lacking): (Vec<_>, Vec<_>) = suggestions.into_iter().partition(|(place, _)| denies(place));
    let policies = denying.into_iter().chain(lacking).map(|(place, suggestions)| policy_part(place, suggestions, of));
    let grants = draft.grants.iter().filter_map(|(key, needs)| grant_part(key, needs, of));
    policies.chain(grants).collect()
}

fn suggested(text: String, needs: &[Need], of: Judgement<'_>) -> Suggested {
    let requests = needs.iter().map(|need| need.position).collect();
    Suggested { text, replaces: None, exempting: None, requests, is_required: is_required(needs, of) }
}

fn is_required(needs: &[Need], of: Judgement<'_>) -> bool {
    needs.iter().filter_map(|need| of.judged.get(need.position)).any(|judged| required(judged, of.question))
}

/// AWS's guides always give a pair of statements for a key.
fn complete(purposes: &BTreeMap<Purpose, Vec<Need>>, style: RemedyStyle) -> BTreeMap<Purpose, Vec<Need>> {
    let mut complete = purposes.clone();
    let of_keys = purposes
        .iter()
        .filter(|(purpose, _)| matches!(purpose, Purpose::Grant | Purpose::Use))
        .flat_map(|(_, needs)| needs);
    let of_keys: Vec<Need> = of_keys.cloned().collect();
    if style == RemedyStyle::AwsDocumented && !of_keys.is_empty() {
        complete.entry(Purpose::Grant).or_insert_with(|| of_keys.clone());
        complete.entry(Purpose::Use).or_insert(of_keys);
    }
    complete
}

/// The statement, or the one of the policy (of a role: of any of its inline policies) that it extends.
fn addition(place: &PolicyPlace, purpose: Purpose, needs: &[Need], of: Judgement<'_>) -> (PolicyPlace, Suggested) {
    let mut actions: Vec<&str> = needs.iter().map(|need| need.row.action).collect();
    if purpose == Purpose::Grant {
        actions = vec!["kms:CreateGrant"];
    }
    actions.sort_unstable();
    actions.dedup();
    let mut resources: Vec<String> = needs.iter().map(|need| need.resource.clone()).collect();
    resources.sort();
    resources.dedup();
    let admitted = Admitted::of(&role_arn(of));
    let in_key_policy = matches!(place, PolicyPlace::KeyPolicy(_));
    let wanted = statement(&StatementSpec {
        purpose,
        actions,
        principal: in_key_policy.then_some(&admitted),
        by: needs.first().map(|need| need.principal.as_str()),
        resources: if in_key_policy { vec!["*".to_owned()] } else { resources },
        region: of.capture.read.region.as_str(),
        style: of.question.remedy_style,
    });
    let candidates = if let PolicyPlace::Inline { identity, .. } = place {
        inline_policies(identity, of)
    } else {
        vec![place.clone()]
    };
    let extended = candidates.into_iter().find_map(|candidate| {
        let document = document(&candidate, of)?;
        Some((candidate, extension(document.text(), &wanted)?))
    });
    if let Some((candidate, (old, new))) = extended {
        return (candidate, Suggested { replaces: Some(old), ..suggested(new, needs, of) });
    }
    let text = match document(place, of) {
        Some(document) => with_free_sid(document.text(), &wanted).unwrap_or(wanted),
        None => wanted,
    };
    (place.clone(), suggested(text, needs, of))
}

fn inline_policies(identity: &HolderArn, of: Judgement<'_>) -> Vec<PolicyPlace> {
    // A permission set has one inline policy.
    let is_of_a_set = permission_set(identity.as_str()).is_some();
    let open = inline(of.capture, identity).filter(|policy| !is_of_a_set || policy.name == PERMISSION_SET_POLICY);
    open.map(|policy| PolicyPlace::Inline { identity: identity.clone(), name: policy.name.clone() }).collect()
}

fn document<'a>(place: &PolicyPlace, of: Judgement<'a>) -> Option<&'a Document> {
    if let PolicyPlace::Session { number } = place {
        return of.question.session_policies.get(*number)?.0.document.as_ref();
    }
    place.document(of.capture)
}

fn policy_part(place: PolicyPlace, mut suggestions: Vec<Suggested>, of: Judgement<'_>) -> Part {
    let before = document(&place, of);
    let mut cleaned = Vec::new();
    let mut notes = notes(&place, of);
    if let (PolicyPlace::KeyPolicy(_), Some(document)) = (&place, before) {
        let ids = stale_ids(document, of);
        cleaned = without_stale_ids(document, &ids, &mut suggestions);
        if !ids.is_empty() {
            notes.push(Note::StaleIds(ids));
        }
    }
    let mut edits = edits_of(before, cleaned, &mut suggestions);
    let after = edited(before, &edits);
    if notes.iter().any(|note| matches!(note, Note::AwsManaged { .. }))
        && let Some(document) = &after
    {
        // The policy itself cannot be edited: a changed copy takes its place.
        edits = vec![Edit::Whole(document.clone())];
    }
    let mut requests: Vec<usize> = suggestions.iter().flat_map(|suggestion| suggestion.requests.clone()).collect();
    requests.sort_unstable();
    requests.dedup();
    Part {
        owner: owner(&place, of),
        size: after.as_ref().map(|after| size(&place, after, of)),
        before: before.cloned(),
        after,
        requests,
        is_required: suggestions.iter().any(|suggestion| suggestion.is_required),
        statements: suggestions,
        notes,
        change: Change::Policy { place, edits },
    }
}

/// Unique IDs in a key policy: principals that were deleted. KMS refuses to save a policy that holds one.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>
fn stale_ids(document: &Document, of: Judgement<'_>) -> Vec<String> {
    let Ok(policy) = Policy::parse(document.text(), PolicyType::KeyPolicy) else { return Vec::new() };
    let own = of.identity().and_then(|identity| identity.unique_id.known());
    let listed = policy.statements.iter().filter_map(|statement| statement.principal.as_ref());
    let entries = listed.flat_map(|principal| &principal.entries);
    let ids = entries.filter(|(entry, _)| matches!(entry, PrincipalEntry::UniqueId(_)));
    let ids = ids.map(|(entry, _)| entry.as_str()).filter(|id| own.is_none_or(|own| own != id));
    let mut ids: Vec<String> = ids.map(str::to_owned).collect();
    ids.sort();
    ids.dedup();
    ids
}

/// The edits that take the IDs away; a statement that is replaced anyway loses them in what replaces it.
fn without_stale_ids(document: &Document, ids: &[String], suggestions: &mut [Suggested]) -> Vec<Edit> {
    let clean = |statement: &str| {
        ids.iter().try_fold(Some(statement.to_owned()), |text, id| match text {
            Some(text) => without_principal(&text, id, None),
            None => Ok(None),
        })
    };
    let mut edits = Vec::new();
    for old in statements(document.text()).unwrap_or_default() {
        match suggestions.iter_mut().find(|suggestion| suggestion.replaces.as_deref() == Some(old)) {
            Some(suggestion) => {
                if let Ok(Some(text)) = clean(&suggestion.text) {
                    suggestion.text = text;
                }
            }
            None => match clean(old) {
                Ok(new) if new.as_deref() != Some(old) => edits.push(Edit::Replace { old: old.to_owned(), new }),
                Ok(_) | Err(_) => {}
            },
        }
    }
    edits
}

fn size(place: &PolicyPlace, after: &Document, of: Judgement<'_>) -> Size {
    let PolicyPlace::Inline { identity, name } = place else { return Size::of(place.kind(), after.text()) };
    let others = inline(of.capture, identity).filter(|policy| policy.name != *name);
    let others = others.filter_map(|policy| policy.document.known()).map(Document::text);
    Size::of_inline(identity.as_str(), others.chain([after.text()]))
}

fn owner(place: &PolicyPlace, of: Judgement<'_>) -> Owner {
    match place {
        PolicyPlace::Inline { .. } | PolicyPlace::Managed { .. } | PolicyPlace::Boundary { .. } => {
            Owner::Account(of.target.role_arn.account().to_owned())
        }
        PolicyPlace::KeyPolicy(key) => match place.document(of.capture).and_then(|document| savers(key, document)) {
            Some(Savers::These(arns)) => Owner::These(arns),
            Some(Savers::Account | Savers::Nobody) | None => Owner::Account(key.account().to_owned()),
        },
        PolicyPlace::Scp { .. } | PolicyPlace::Rcp { .. } => Owner::Organization,
        PolicyPlace::Session { .. } => Owner::SessionCreator,
    }
}

fn account(arn: &str) -> String {
    Arn::parse(arn).map(|arn| arn.account().to_owned()).unwrap_or_default()
}

/// The tag that `CloudFormation` puts on what a stack makes.
///
/// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stack.html>
const STACK_TAG: &str = "aws:cloudformation:stack-name";

fn notes(place: &PolicyPlace, of: Judgement<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    let tags = match place {
        PolicyPlace::Inline { .. } | PolicyPlace::Managed { .. } | PolicyPlace::Boundary { .. } => {
            if let Some((_, name)) = permission_set(&role_arn(of)) {
                notes.push(Note::PermissionSet { name: name.to_owned() });
            }
            of.identity().map(|identity| &identity.tags)
        }
        PolicyPlace::KeyPolicy(key) => of.capture.keys.get(key).map(|key| &key.tags),
        PolicyPlace::Scp { .. } | PolicyPlace::Rcp { .. } | PolicyPlace::Session { .. } => None,
    };
    let managed = match place {
        PolicyPlace::Managed { arn } => Some(arn),
        PolicyPlace::Boundary { .. } => {
            of.identity().and_then(|identity| identity.boundary.known()).map(|boundary| &boundary.arn)
        }
        PolicyPlace::Inline { .. }
        | PolicyPlace::KeyPolicy(_)
        | PolicyPlace::Scp { .. }
        | PolicyPlace::Rcp { .. }
        | PolicyPlace::Session { .. } => None,
    };
    notes.extend(managed.filter(|arn| arn.is_of_aws()).map(|arn| Note::AwsManaged { arn: arn.clone() }));
    // A copy takes the place of AWS's own for this one alone.
    let shared = managed.filter(|arn| !arn.is_of_aws()).map(|arn| others_with(arn, of)).unwrap_or_default();
    if !shared.is_empty() {
        notes.push(Note::Binds(shared));
    }
    let stack = tags.and_then(Fact::known).and_then(|tags| tags.get(STACK_TAG));
    notes.extend(stack.map(|name| Note::Stack { name: name.clone() }));
    notes
}

/// The other roles and users that were read and have the managed policy.
fn others_with(arn: &PolicyArn, of: Judgement<'_>) -> Vec<String> {
    let own = of.capture.starter(of.target);
    let known = of.whole.identities.values().filter_map(Fact::known);
    let others = known.filter(|identity| identity.arn != *own);
    let with = others.filter(|identity| identity.managed().any(|policy| policy.arn == *arn));
    with.map(|identity| identity.arn.to_string()).collect()
}

/// The role's ARN as IAM gives it, else as it was asked for.
fn role_arn(of: Judgement<'_>) -> String {
    of.capture.starter(of.target).to_string()
}

/// The operations that AWS names for a service-linked role; it cannot be given rights in any other way.
///
/// Source: <https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html>
const SERVICE_LINKED_OPERATIONS: [&str; 8] = [
    "Encrypt",
    "Decrypt",
    "ReEncryptFrom",
    "ReEncryptTo",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "DescribeKey",
    "CreateGrant",
];

/// Whether the key policy lets administrators of the role's account make a grant, as far as it was read.
fn may_grant(key: &KeyArn, needs: &[Need], of: Judgement<'_>) -> bool {
    let of_key = needs.iter().find_map(|need| of.judged.get(need.position)).map(|judged| &judged.case);
    let Some((case, action)) = of_key.zip(Action::parse("kms:CreateGrant").ok()) else { return true };
    let account = &case.request.principal.account;
    let root = format!("arn:{}:iam::{account}:root", case.request.principal.partition());
    let Ok(root) = PrincipalArn::parse(&root) else { return true };
    let root = Principal::new(&root, None, None);
    let Ok(request) = Request::new(action, key.as_str(), Some(key.account()), root, Context::new()) else {
        return true;
    };
    let policies = PolicySet { key_policies: case.policies.key_policies.clone(), ..PolicySet::none() };
    !decide(&request, &policies).is_denied()
}

/// A grant for the role, issued by its own account: only so does it suffice alone across accounts.
///
/// KMS takes a grantee of 256 characters at most: a role of a longer ARN gets no grant.
fn grant_part(key: &KeyArn, needs: &[Need], of: Judgement<'_>) -> Option<Part> {
    let role = role_arn(of);
    let mut operations: Vec<&'static str> = if role.contains(":role/aws-service-role/") {
        SERVICE_LINKED_OPERATIONS.to_vec()
    } else {
        // A grant made through this one may hold only what this one holds.
        let decrypt = needs.iter().any(|need| need.row.action == "kms:CreateGrant").then_some("Decrypt");
        needs.iter().filter_map(|need| need.row.action.strip_prefix("kms:")).chain(decrypt).collect()
    };
    operations.sort_unstable();
    operations.dedup();
    let grant = Grant {
        id: GrantId::ours("proposed"),
        name: None,
        grantee_principal: Grantee::parse(&role).ok()?,
        issuing_account: GrantIssuer::parse(&account(&role)).ok(),
        operations: operations.into_iter().map(GrantOperation::ours).collect(),
        constraints: GrantConstraints::default(),
    };
    let notes = if may_grant(key, needs, of) { Vec::new() } else { vec![Note::KeyNotAdmitting { key: key.clone() }] };
    Some(Part {
        change: Change::AddGrant { key: key.clone(), grant },
        owner: Owner::Account(account(&role)),
        statements: Vec::new(),
        requests: needs.iter().map(|need| need.position).collect(),
        is_required: is_required(needs, of),
        notes,
        before: None,
        after: None,
        size: None,
    })
}
