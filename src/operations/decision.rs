//! What a judgement comes to, where AWS leaves something open that no policy tells.

use crate::engine::{Decision, Explanation, PrincipalKind, Request, Session, judge as decide};
use crate::policy::Truth;

use super::judged::Case;
use super::model::Requester;

/// The grants that a customer managed key can have, where nobody had it raised: one more is refused with
/// `LimitExceededException`.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html>
pub(crate) const GRANT_QUOTA: usize = 50_000;

/// The decision, but for three things: a key with all the grants that it can have may take no further one; of EC2's
/// infrastructure identity it is only inferred whether an SCP that merely lacks an Allow reaches it, and AWS's pages spell
/// its role in two ways.
pub(super) fn decision(case: &Case, explanation: &Explanation) -> Decision {
    let gates = &explanation.gates;
    if case.is_at_grant_quota && explanation.decision == Decision::Allowed {
        return Decision::Unknown;
    }
    if case.row.by != Requester::Infrastructure {
        return explanation.decision;
    }
    let only_scps =
        explanation.decision == Decision::ImplicitDeny && gates.scps.is_false() && gates.scp_denies != Truth::True;
    let is_open = only_scps || (explanation.decision.is_denied() && is_spared_by_other_spelling(case));
    if is_open { Decision::Unknown } else { explanation.decision }
}

/// Whether EC2's own request is not denied if its role's ARN ends in the instance's ID, as one page has it.
///
/// Source: <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html>
pub(crate) fn is_spared_by_other_spelling(case: &Case) -> bool {
    let principal = &case.request.principal;
    let PrincipalKind::Role(Session::Known(session)) = &principal.kind else { return false };
    let instance = session.rsplit('/').next().unwrap_or_default();
    let mut request = Request::clone(&case.request);
    request.context.set("aws:PrincipalArn", format!("{}/{instance}", principal.arn).as_str());
    principal.is_infrastructure() && !decide(&request, &case.policies).is_denied()
}
