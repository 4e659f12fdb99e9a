//! The laws of evaluation, over drawn worlds.
//!
//! Each is stated exactly. Where it has exceptions, the test also holds that outside of them it has none.

use std::sync::LazyLock;

use ebs_preflight::case::Case;
use ebs_preflight::engine::{Decision, explain, judge};
use serde_json::{Value, json};

use crate::bodies;
use crate::differential::drawn;
use crate::generate::{cases, laws};

static WORLDS: LazyLock<Vec<Value>> = LazyLock::new(|| drawn(cases(), 1_000).collect());

fn read(case: &Value) -> Case {
    Case::parse(&case.to_string()).unwrap_or_else(|error| panic!("{error}: {case}"))
}

fn decision(case: &Value) -> Decision {
    let case = read(case);
    judge(&case.request, &case.policies)
}

/// How open a decision is: denied, unknown, allowed.
fn openness(decision: Decision) -> u8 {
    match decision {
        Decision::ExplicitDeny | Decision::ImplicitDeny => 0,
        Decision::Unknown => 1,
        Decision::Allowed => 2,
    }
}

/// Statements of all kinds: for everything, for nothing here, and for what is known of some requests only.
fn statements(effect: &str) -> [Value; 4] {
    [
        json!({"Effect": effect, "Action": "*", "Resource": "*"}),
        json!({"Effect": effect, "Action": "*", "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalTag/team": "ops"}}}),
        json!({"Effect": effect, "NotAction": "kms:CreateGrant", "Resource": "*",
            "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}}),
        json!({"Effect": effect, "Action": "sns:Publish", "Resource": "*"}),
    ]
}

/// Whether policies of this type bind whoever makes the request.
fn binds(case: &Value, field: &str) -> bool {
    let request = &case["request"];
    let linked = ["principal", "roleArn"]
        .iter()
        .any(|name| request[name].as_str().is_some_and(|arn| arn.contains(":role/aws-service-role/")));
    let retires = request["action"].as_str().unwrap().eq_ignore_ascii_case("kms:RetireGrant");
    match field {
        "scps" => !linked,
        "rcps" => !linked && !retires,
        _ => true,
    }
}

/// A Deny for everything in a policy of whatever type makes the decision an explicit deny.
///
/// Exceptions: SCPs and RCPs do not bind service-linked roles, RCPs do not bind `kms:RetireGrant`; there the decision
/// stays.
#[test]
fn an_explicit_deny_wins() {
    let [everything, ..] = statements("Deny");
    for case in WORLDS.iter() {
        for field in laws::FIELDS {
            let denied = laws::with_statement(case, field, everything.clone());
            let expected = if denied != *case && binds(case, field) { Decision::ExplicitDeny } else { decision(case) };
            assert_eq!(decision(&denied), expected, "{field} of {case}");
        }
    }
}

/// Without an Allow statement and without grants nothing is allowed, and nothing is open.
///
/// Exception: the root user has all permissions on its own account's resources that are no KMS keys, as long as no
/// organization limits it.
#[test]
fn what_nothing_allows_is_denied() {
    for case in WORLDS.iter().filter(|case| !case.to_string().contains("\"refused\"")) {
        let mut case = laws::changed(case, |_, document| {
            laws::change_statements(document, |statements| {
                statements.retain(|statement| statement["Effect"] == "Deny");
            });
        });
        case["grants"] = json!([]);
        let read = read(&case);
        let by_root = read.request.principal.arn.ends_with(":root")
            && !read.request.is_for_key()
            && !read.request.is_cross_account()
            && read.policies.scps.is_empty()
            && read.policies.rcps.is_empty();
        let decision = judge(&read.request, &read.policies);
        assert_eq!(decision.is_denied(), !by_root || decision == Decision::ExplicitDeny, "{case}");
    }
}

/// Adding an Allow statement to a policy never closes: a decision becomes no less open, and an explicit deny stays.
#[test]
fn adding_an_allow_never_closes() {
    for case in WORLDS.iter() {
        let before = decision(case);
        for (field, statement) in laws::FIELDS.iter().flat_map(|field| statements("Allow").map(|one| (field, one))) {
            let after = decision(&laws::with_statement(case, field, statement));
            assert!(openness(after) >= openness(before), "{before} to {after} by {field} of {case}");
            assert_eq!(before == Decision::ExplicitDeny, after == Decision::ExplicitDeny, "{field} of {case}");
        }
    }
}

/// A whole new limit that allows everything changes nothing.
///
/// Exceptions: a Deny with `NotPrincipal` in the key policy spares nobody who has a permissions boundary, whatever that
/// allows; and session policies add up, so that one beside others is no new limit.
#[test]
fn a_limit_that_allows_everything_changes_nothing() {
    let everything = |principal: Option<&str>| {
        json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": principal}})
            .to_string()
            .replace(",\"Principal\":null", "")
    };
    let mut spared_no_more = 0;
    for case in WORLDS.iter() {
        let before = decision(case);
        if case.get("sessionPolicies").is_none_or(|policies| *policies == json!([])) {
            let mut limited = case.clone();
            limited["sessionPolicies"] = json!([everything(None)]);
            assert_eq!(decision(&limited), before, "sessionPolicies of {case}");
        }
        for (field, limit) in [("scps", json!([everything(None)])), ("rcps", json!([everything(Some("*"))]))] {
            let mut limited = case.clone();
            let mut limits = limited[field].as_array().cloned().unwrap_or_default();
            limits.push(limit);
            limited[field] = json!(limits);
            assert_eq!(decision(&limited), before, "{field} of {case}");
        }
        if case.get("permissionsBoundary").is_none() {
            let mut limited = case.clone();
            limited["permissionsBoundary"] = json!(everything(None));
            let after = decision(&limited);
            let spares = case["keyPolicy"].to_string().contains("NotPrincipal");
            let closes = openness(after) < openness(before) || after == Decision::ExplicitDeny;
            assert!(after == before || (spares && closes), "{before} to {after}: {case}");
            spared_no_more += usize::from(after != before);
        }
    }
    assert!(spared_no_more > 0, "the exception is one");
}

/// Adding a Deny statement to a policy never opens: a decision becomes no more open, and an explicit deny stays.
#[test]
fn adding_a_deny_never_opens() {
    for case in WORLDS.iter() {
        let before = decision(case);
        for (field, statement) in laws::FIELDS.iter().flat_map(|field| statements("Deny").map(|one| (field, one))) {
            let after = decision(&laws::with_statement(case, field, statement));
            assert!(openness(after) <= openness(before), "{before} to {after} by {field} of {case}");
            assert!(before != Decision::ExplicitDeny || after == before, "{field} of {case}");
        }
    }
}

/// The order of statements, policies, levels and grants changes nothing.
#[test]
fn order_is_irrelevant() {
    for case in WORLDS.iter() {
        assert_eq!(decision(&laws::turned_round(case)), decision(case), "{case}");
    }
}

/// A second copy of statements, policies, levels and grants changes nothing.
#[test]
fn duplicates_are_irrelevant() {
    for case in WORLDS.iter() {
        assert_eq!(decision(&laws::doubled(case)), decision(case), "{case}");
    }
}

/// Upper and lower case in actions and in names of condition keys change nothing.
#[test]
fn case_is_irrelevant_in_actions_and_key_names() {
    for case in WORLDS.iter() {
        assert_eq!(decision(&laws::case_swapped(case)), decision(case), "{case}");
    }
}

/// Learning what was unknown (a context key, a policy that was not read, the name of the session) leaves `allowed` and
/// `explicitDeny` as they are, and an implicit deny a deny: it may turn out to be an explicit one.
#[test]
fn learning_more_overturns_nothing() {
    let mut learned = 0;
    for case in WORLDS.iter() {
        let before = decision(case);
        let keys = laws::unknown_keys(case).into_iter().flat_map(|key| {
            let values = [None, Some(json!("ops")), Some(json!("true")), Some(json!(["env"]))];
            values.map(|value| laws::settled(case, &key, value.as_ref()))
        });
        let policies = statements("Allow").into_iter().chain(statements("Deny"));
        let policies = policies.map(|statement| laws::with_unread_policies_read(case, &statement));
        for known in keys.chain(policies).chain(laws::with_session_named(case)) {
            let after = decision(&known);
            learned += usize::from(before == Decision::Unknown && after != before);
            let stays = after == before || (before == Decision::ImplicitDeny && after == Decision::ExplicitDeny);
            assert!(before == Decision::Unknown || stays, "{before} to {after}: {case}\nas {known}");
        }
    }
    assert!(learned > 0);
}

/// `explain` decides as `judge` does.
#[test]
fn explaining_changes_nothing() {
    for case in WORLDS.iter() {
        let Case { request, policies } = read(case);
        assert_eq!(explain(&request, &policies).decision, judge(&request, &policies), "{case}");
    }
}

/// Reading what is printed of a policy gives the same policy, but for the places in the text.
#[test]
fn parsing_undoes_printing() {
    for case in WORLDS.iter() {
        laws::changed(case, |_, document| assert!(bodies::policy::check(&document.to_string()) > 0));
    }
}
