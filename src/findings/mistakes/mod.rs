//! The slips that people make, by name: what in a statement does not fit, and what that usually means.

mod condition;
mod correction;
mod deny;
mod principal;
mod resource;
mod spelling;

use crate::engine::{Element, FailedElement, Miss, NearMiss, PolicyRef, Request, near_misses};
use crate::operations::RequestOutcome;
use crate::policy::{Effect, Polarity, PolicyType, PrincipalEntry};

use super::Code;

use correction::Correction;
pub(super) use deny::{denied, exception};
pub(super) use principal::is_in_other_partition;
pub(super) use spelling::is_slip_of;

/// One element that does not fit, with the request that it does not fit.
struct MismatchContext<'a> {
    request: &'a Request,
    /// The type of the policy.
    kind: PolicyType,
    effect: Effect,
    miss: &'a Miss,
}

/// Recognizes one slip in one element.
type Recognizer = fn(&MismatchContext<'_>) -> bool;

/// Every slip with its correction; of two that fit one element the earlier names it.
const SLIPS: &[(Code, Recognizer, Correction)] = &[
    (Code::WildcardInStringEquals, condition::wildcard_in_string_equals, correction::with_wildcards),
    (Code::ViaServiceChinaSuffix, condition::via_service_china_suffix, correction::as_the_request_has_it),
    (Code::ViaServiceOtherRegion, condition::via_service_other_region, correction::what_the_request_has),
    (Code::ViaServiceOtherService, condition::via_service_other_service, correction::what_the_request_has),
    (Code::GrantFlagOnOtherRequest, condition::grant_flag_on_other_request, correction::none),
    (Code::NetworkDenyWithoutEscape, condition::network_deny_without_escape, correction::with_escape),
    (Code::NetworkConditionOnForwarded, condition::network_condition_on_forwarded, correction::none),
    (Code::MfaCondition, condition::mfa, correction::none),
    (Code::EncryptionContextOther, condition::encryption_context_other, correction::what_the_request_has),
    (Code::ResourceAliasesInKeyPolicy, condition::resource_aliases_in_key_policy, correction::without_condition),
    (Code::TagInOtherCase, condition::tag_in_other_case, correction::in_any_case),
    (Code::TagMissing, condition::tag_missing, correction::none),
    (Code::TagOfOtherValue, condition::tag_of_other_value, correction::none),
    (Code::ConditionKeyUnknown, condition::key_unknown, correction::meant_key),
    (Code::StalePrincipal, principal::stale, correction::the_principal),
    (Code::SessionAsPrincipal, principal::session, correction::the_principal),
    (Code::ServiceLinkedRoleSuffix, principal::service_linked_suffix, correction::the_principal),
    (Code::ServiceLinkedRoleOther, principal::service_linked_other, correction::also_the_principal),
    (Code::RoleWithoutPath, principal::without_path, correction::the_principal),
    (Code::RoleInOtherCase, principal::other_case, correction::the_principal),
    (Code::RoleOfOtherAccount, principal::other_account, correction::also_the_principal),
    (Code::ArnOfOtherPartition, principal::other_partition, correction::the_principal),
    (Code::ServicePrincipal, principal::service, correction::none),
    (Code::PolicyAsPrincipal, principal::no_principal, correction::the_principal),
    (Code::StatementWithoutResource, resource::missing, correction::with_resource),
    (Code::AliasAsResource, resource::alias, correction::the_aliased_key),
    (Code::KeyIdAsResource, resource::bare_id, correction::the_key),
    (Code::ArnOfOtherPartition, resource::other_partition, correction::of_the_partition),
    (Code::KeyOfOtherRegion, resource::other_region, correction::also_the_key),
    (Code::OtherKeyAsResource, resource::other_key, correction::also_the_key),
    (Code::ConditionKeyNotCarried, condition::key_not_carried, correction::none),
    // A statement that names the action is nearer than one that forgot it.
    (Code::ReEncryptWithoutStar, spelling::re_encrypt_without_star, correction::re_encrypt),
    (Code::RevokeWithoutCreateGrant, spelling::revoke_without_create_grant, correction::also_the_action),
    (Code::UseWithoutCreateGrant, spelling::use_without_create_grant, correction::none),
    (Code::ActionMisspelled, spelling::action_misspelled, correction::the_action),
];

/// The name of what does not fit in one element, and where the name stands in the table.
fn name(sight: &MismatchContext<'_>) -> Option<(usize, Code)> {
    let found = SLIPS.iter().enumerate().find(|(_, (_, recognizes, _))| recognizes(sight));
    found.map(|(position, (code, _, _))| (position, *code))
}

/// A statement that does not do what it was meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slip {
    pub(crate) at: PolicyRef,
    pub(crate) statement: usize,
    pub(super) effect: Effect,
    pub(super) code: Code,
    pub(super) misses: Vec<Miss>,
}

impl Slip {
    /// Returns the statement's text with the slip put right for a request; `None` where that is no matter of an edit.
    pub(crate) fn corrected(&self, request: &Request, text: &str) -> Option<String> {
        if matches!(self.code, Code::NotPrincipalForgetsSession | Code::NotPrincipalAndBoundary) {
            return deny::by_condition(text);
        }
        self.misses.iter().try_fold(text.to_owned(), |text, miss| {
            let sight = self.sight(request, miss);
            let (_, recognizes, correct) = SLIPS.iter().find(|(_, recognizes, _)| recognizes(&sight))?;
            let is_wrong = |value: &&str| {
                let alone = Miss { expected: vec![(*value).into()], ..miss.clone() };
                recognizes(&self.sight(request, &alone))
            };
            let wrong = miss.expected.iter().map(|value| &**value).find(is_wrong).unwrap_or_default();
            correct(&sight, wrong, &text)
        })
    }

    fn sight<'a>(&self, request: &'a Request, miss: &'a Miss) -> MismatchContext<'a> {
        MismatchContext { request, kind: self.at.kind, effect: self.effect, miss }
    }

    /// Whether the statement was certainly meant for the principal and the key that it does not fit, and only lacks a
    /// word to serve them.
    pub(crate) fn is_certain(&self) -> bool {
        self.effect == Effect::Allow
            && !matches!(
                self.code,
                Code::StalePrincipal
                    | Code::PolicyAsPrincipal
                    | Code::RoleOfOtherAccount
                    | Code::ServiceLinkedRoleOther
                    | Code::OtherKeyAsResource
                    | Code::EncryptionContextOther
                    | Code::ResourceAliasesInKeyPolicy
            )
    }
}

/// The Allow statement that would apply but for a slip, with the slip's name.
///
/// Every element that fails must be recognized: a statement that fails in a further one was made for something else.
pub(super) fn slip(judged: &RequestOutcome, kinds: &[PolicyType]) -> Option<(Code, NearMiss)> {
    let request = &judged.case.request;
    let named = near_misses(request, &judged.case.policies, &judged.explanation, kinds).filter_map(|near| {
        let names = near
            .misses
            .iter()
            .map(|miss| name(&MismatchContext { request, kind: near.at.kind, effect: Effect::Allow, miss }));
        let names: Option<Vec<(usize, Code)>> = names.collect();
        let (position, code) = names?.into_iter().min()?;
        let forgets = matches!(code, Code::UseWithoutCreateGrant | Code::RevokeWithoutCreateGrant);
        if forgets && another_has_action(judged, &near) {
            return None;
        }
        Some(((near.misses.len(), position), code, near))
    });
    named.min_by_key(|(order, _, _)| *order).map(|(_, code, near)| (code, near))
}

/// Whether another Allow statement of the same policy is for this principal, action and resource, and fails in conditions
/// alone: what is said of the policy must hold of the whole of it.
fn another_has_action(judged: &RequestOutcome, near: &NearMiss) -> bool {
    judged.explanation.statements.iter().any(|outcome| {
        let mut failing = outcome.failures.iter().filter(|(_, truth)| truth.is_false());
        outcome.at == near.at
            && outcome.effect == Effect::Allow
            && failing.all(|(failure, _)| matches!(failure, FailedElement::Condition(_)))
    })
}

/// The statement of a key policy that comes nearest to what was meant for the principal, where none is for it and its
/// action: one that names a role or user of almost the same name, or one for the principal without this action.
pub(super) fn almost(judged: &RequestOutcome) -> Option<NearMiss> {
    let (request, policies) = (&judged.case.request, &judged.case.policies);
    let is_listed = |miss: &Miss| matches!(miss.element, Element::Principal(Polarity::Positive));
    let is_action = |miss: &Miss| matches!(miss.element, Element::Action(_));
    let own = &*request.principal.arn;
    let is_meant = |near: &NearMiss| match near.misses.iter().find(|miss| is_listed(miss)) {
        Some(miss) => miss.expected.iter().any(|entry| is_slip_of(entry, own)),
        None => true,
    };
    let order = |near: &NearMiss| (near.misses.iter().any(is_action), near.misses.len());
    near_misses(request, policies, &judged.explanation, &[PolicyType::KeyPolicy])
        .filter(|near| is_meant(near))
        .filter(|near| !near.misses.iter().any(|miss| matches!(miss.element, Element::Principal(Polarity::Negated))))
        .min_by_key(order)
}

/// Whether a statement of a key policy names more than the account, so that it can be meant for this principal.
pub(super) fn names_more_than_the_account(judged: &RequestOutcome, near: &NearMiss) -> bool {
    let statement = judged.case.policies.statement(near.at, near.statement);
    let principal = statement.and_then(|statement| statement.principal.as_ref());
    principal
        .is_some_and(|element| element.entries.iter().any(|(entry, _)| !matches!(entry, PrincipalEntry::Account(_))))
}

/// Why a key policy does not leave this request to the account's IAM policies, which would allow it.
pub(super) fn delegation(judged: &RequestOutcome) -> (Code, Option<NearMiss>) {
    let (request, policies) = (&judged.case.request, &judged.case.policies);
    let of_account = |near: &NearMiss| {
        let principal = &request.principal;
        let is_own = |(entry, _): &(PrincipalEntry, _)| {
            if let PrincipalEntry::Root(root) = entry {
                return principal.is_of_account(root);
            }
            matches!(entry, PrincipalEntry::Account(account) if *account == principal.account)
        };
        let statement = policies.statement(near.at, near.statement);
        let principal = statement.and_then(|statement| statement.principal.as_ref());
        principal.is_some_and(|element| element.sense == Polarity::Positive && element.entries.iter().any(is_own))
    };
    let all = near_misses(request, policies, &judged.explanation, &[PolicyType::KeyPolicy]);
    let near = all.filter(of_account).min_by_key(|near| near.misses.len());
    (if near.is_some() { Code::DelegationRestricted } else { Code::RootStatementRemoved }, near)
}

/// The condition key of an element that is a condition, in lower case.
fn condition_key<'a>(sight: &MismatchContext<'a>) -> Option<&'a str> {
    if let Element::Condition(_, key) = &sight.miss.element { Some(key.lower()) } else { None }
}
