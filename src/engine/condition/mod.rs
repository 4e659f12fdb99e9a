//! Whether a condition holds for the request context.

mod ordered;
mod text;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::names::Arn;
use crate::policy::{
    ArnPattern, Comparison, Condition, Decimal, Effect, Moment, Network, PolicyType, Quantifier, Truth, Values,
    parse_address,
};

use super::context::ContextValue;
use super::request::Request;

/// Whether `condition` of a statement with this effect, in a policy of type `kind`, holds for `request`.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
pub fn test(condition: &Condition, effect: Effect, kind: PolicyType, request: &Request) -> Truth {
    let holds = value_holds(condition, effect, request.context.get(&condition.key), request);
    if kind != PolicyType::KeyPolicy || !request.context.is_doubtful_in_key_policy(&condition.key) {
        return holds;
    }
    let without = value_holds(condition, effect, &ContextValue::Absent, request);
    if holds == without { holds } else { Truth::Unknown }
}

fn value_holds(condition: &Condition, effect: Effect, value: &ContextValue, request: &Request) -> Truth {
    if let ContextValue::OneOf(choices) = value {
        let mut outcomes = choices.iter().map(|choice| value_holds(condition, effect, choice, request));
        let first = outcomes.next().unwrap_or(Truth::Unknown);
        return if outcomes.all(|outcome| outcome == first) { first } else { Truth::Unknown };
    }
    if condition.operator.comparison == Comparison::Null {
        // AWS does not say what a set operator makes of it.
        return if condition.operator.quantifier.is_some() { Truth::Unknown } else { null(condition, value) };
    }
    let operator = condition.operator;
    match value {
        ContextValue::Absent => absent(condition),
        ContextValue::Multi(values) if values.is_empty() => absent(condition),
        ContextValue::NotKnown | ContextValue::OneOf(_) => Truth::Unknown,
        ContextValue::Ec2Internal => foreign(condition),
        ContextValue::KnownPrefix(prefix) => text::prefix_satisfies(condition, prefix, request),
        ContextValue::Single(text) => satisfies(condition, effect, text, request),
        ContextValue::Multi(values) => {
            let mut each = values.iter().map(|value| satisfies(condition, effect, value, request));
            match operator.quantifier {
                Some(Quantifier::ForAllValues) => Truth::all(each),
                Some(Quantifier::ForAnyValue) => Truth::any(&mut each),
                // Without a set operator a multivalued key that has a value never satisfies.
                None => Truth::False,
            }
        }
    }
}

/// `Null`: whether the key is missing is as the policy says; every text but `true` asks for its presence.
fn null(condition: &Condition, value: &ContextValue) -> Truth {
    let missing = match value {
        ContextValue::Absent => Truth::True,
        ContextValue::Multi(values) => Truth::from(values.is_empty()),
        ContextValue::Single(_) | ContextValue::KnownPrefix(_) => Truth::False,
        ContextValue::OneOf(_) | ContextValue::Ec2Internal | ContextValue::NotKnown => Truth::Unknown,
    };
    let Values::Flag(wanted) = &condition.values else { return Truth::False };
    Truth::any(wanted.iter().map(|wants_missing| if *wants_missing { missing } else { !missing }))
}

/// `ForAnyValue` asks for a value that satisfies, `…IfExists` or not: field tests agree, where AWS's pages on the two
/// contradict each other.
///
/// Source: <https://iam.cloudcopilot.io/resources/operators/ForAnyValue:StringLikeIfExists>
fn absent(condition: &Condition) -> Truth {
    let operator = condition.operator;
    match operator.quantifier {
        Some(Quantifier::ForAllValues) => Truth::True,
        Some(Quantifier::ForAnyValue) => Truth::False,
        None => Truth::from(operator.if_exists || operator.comparison.is_negated()),
    }
}

/// A value that may be there or not, and is of AWS's own network.
fn foreign(condition: &Condition) -> Truth {
    let may_match = match &condition.values {
        Values::Address(networks) => may_hold_aws(networks),
        Values::Text(_) => condition.written.iter().any(|text| {
            let id = text.strip_prefix("vpce-").or_else(|| text.strip_prefix("vpc-")).unwrap_or(text);
            id.starts_with(['*', '?', '$'])
        }),
        Values::Arn(_) => condition.written.iter().any(|text| {
            text.split(':').nth(4).is_none_or(|account| account.is_empty() || account.contains(['*', '?', '$']))
        }),
        Values::Number(_) | Values::Date(_) | Values::Flag(_) | Values::Binary(_) => false,
    };
    if may_match {
        return Truth::Unknown;
    }
    let present = Truth::from(condition.operator.comparison.is_negated());
    let absent = absent(condition);
    if present == absent { present } else { Truth::Unknown }
}

/// Whether one value of the request satisfies the operator: it matches one value of the policy or, where the
/// operator is negated, none.
fn satisfies(condition: &Condition, effect: Effect, actual: &str, request: &Request) -> Truth {
    let negated = condition.operator.comparison.is_negated();
    let sign = |matched: Truth| if negated { !matched } else { matched };
    match &condition.values {
        Values::Text(_) => sign(text::matches_any(condition, actual, request)),
        Values::Number(literals) => {
            let Some(actual) = Decimal::parse(actual) else { return Truth::from(negated) };
            let any = literals.iter().flatten().filter_map(|literal| Decimal::parse(literal));
            sign(ordered::any(condition.operator.comparison, any.map(|literal| actual.compare(&literal))))
        }
        Values::Date(literals) => {
            let Some(actual) = Moment::parse(actual) else { return Truth::from(negated) };
            let any = literals.iter().flatten();
            sign(ordered::any(condition.operator.comparison, any.map(|literal| actual.cmp(literal))))
        }
        Values::Flag(wanted) => {
            let actual = actual.eq_ignore_ascii_case("true");
            Truth::from(wanted.contains(&actual))
        }
        Values::Binary(wanted) => Truth::from(wanted.iter().any(|text| **text == *actual)),
        Values::Address(networks) => {
            // What is no address satisfies neither the operator nor its negation.
            let Some(actual) = parse_address(actual) else { return Truth::False };
            sign(Truth::from(contains(networks, actual)))
        }
        Values::Arn(patterns) => {
            // What is no ARN satisfies neither the operator nor its negation.
            let Some(parts) = Arn::split(actual) else { return Truth::False };
            let mut matched = Truth::False;
            for pattern in patterns {
                if is_no_arn(pattern, request) {
                    // The list is read in order. What is no ARN ends it, grants no Allow and binds every Deny, unless
                    // a match came before.
                    let closed = Truth::from(effect == Effect::Deny);
                    let is_settled = matched.is_false() || sign(Truth::True) == closed;
                    return if is_settled { closed } else { Truth::Unknown };
                }
                matched = matched.or(text::arn_matches(pattern, parts, request));
                if matched.is_true() {
                    break;
                }
            }
            sign(matched)
        }
    }
}

/// Whether these networks may hold an address of AWS: people list its ranges. A network of a company is no wider than
/// an IPv4 /16 or an IPv6 /32, and a list of them does not hold as much as an IPv4 /8 or an IPv6 /24.
fn may_hold_aws(networks: &[Option<Network>]) -> bool {
    let (mut v4, mut v6) = (0_u64, 0_u128);
    for network in networks.iter().flatten() {
        let Network::Net(net) = network else { continue };
        match net {
            IpNet::V4(v4_net) if !is_private(net) => {
                let bits = 32_u32.saturating_sub(v4_net.prefix_len().into());
                if bits > 16 {
                    return true;
                }
                v4 += 1 << bits;
            }
            IpNet::V6(v6_net) if !is_private(net) => {
                let bits = 128_u32.saturating_sub(v6_net.prefix_len().into());
                if bits > 96 {
                    return true;
                }
                v6 += 1 << bits;
            }
            IpNet::V4(_) | IpNet::V6(_) => {}
        }
    }
    v4 >= 1 << 24 || v6 >= 1 << 104
}

/// Networks that are of no use on the internet, so that no address of AWS is in them.
///
/// Source: <https://www.iana.org/assignments/iana-ipv4-special-registry/iana-ipv4-special-registry.xhtml>
fn is_private(net: &IpNet) -> bool {
    const PRIVATE: [(IpAddr, u8); 8] = [
        (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
        (IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
        (IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
        (IpAddr::V4(Ipv4Addr::new(100, 64, 0, 0)), 10),
        (IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8),
        (IpAddr::V4(Ipv4Addr::new(169, 254, 0, 0)), 16),
        (IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7),
        (IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)), 10),
    ];
    PRIVATE.iter().any(|(address, prefix)| IpNet::new(*address, *prefix).is_ok_and(|private| private.contains(net)))
}

fn contains(networks: &[Option<Network>], address: IpAddr) -> bool {
    networks.iter().flatten().any(|network| network.contains(address))
}

fn is_no_arn(pattern: &ArnPattern, request: &Request) -> bool {
    match pattern {
        ArnPattern::NotAnArn => true,
        ArnPattern::Open(pattern) => text::open_is_no_arn(pattern, request),
        ArnPattern::Parts(_) | ArnPattern::Bare => false,
    }
}
