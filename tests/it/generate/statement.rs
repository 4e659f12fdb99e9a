//! Statements for a scene: they match it, just miss it, or hang on a condition.

use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, Strategy, prop_oneof};
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::condition::{Condition, conditions, swap_case};
use super::scene::Scene;

/// A policy type, by its field in the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Identity,
    Boundary,
    Session,
    Scp,
    Rcp,
    Key,
}

/// What makes a policy other than the plain one that lets the request pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Twist {
    /// Nothing does.
    None,
    /// The statement that allows has conditions.
    Condition,
    /// The statement that allows misses in one element.
    NearMiss,
    /// A statement that denies under conditions is added.
    DenyIf,
    /// A statement that denies is added; whether it matches, its elements say.
    Deny,
    /// Somebody read the policy's name, not the policy.
    Unread,
}

/// An element with its value, as `("NotAction", …)`.
pub(crate) type Element = (&'static str, Value);

/// A statement's elements apart from its effect and its principal.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub(crate) action: Element,
    pub(crate) resource: Option<Element>,
    pub(crate) conditions: Vec<Condition>,
}

/// A statement of that effect.
pub(crate) fn statement(effect: &str, principal: Option<&Element>, body: &Body) -> Value {
    let mut statement = Map::new();
    statement.insert("Effect".to_owned(), json!(effect));
    for (name, value) in principal.iter().copied().chain([&body.action]).chain(&body.resource) {
        statement.insert((*name).to_owned(), value.clone());
    }
    let mut block: Map<String, Value> = Map::new();
    for (operator, key, values) in &body.conditions {
        let keys = block.entry(operator.clone()).or_insert_with(|| json!({}));
        if let Some(keys) = keys.as_object_mut() {
            keys.insert(key.clone(), values.clone());
        }
    }
    if !block.is_empty() {
        statement.insert("Condition".to_owned(), Value::Object(block));
    }
    Value::Object(statement)
}

/// `Action` elements that match the scene. RCPs know no `NotAction`.
fn actions(scene: &Scene, place: Place) -> Vec<Element> {
    let action = scene.action;
    let (service, operation) = action.split_once(':').unwrap_or_default();
    let half: String = operation.chars().take(operation.len() / 2).collect();
    let rest: String = operation.chars().skip(1).collect();
    let mut found = vec![
        ("Action", json!(action)),
        ("Action", json!([action])),
        ("Action", json!(format!("{service}:*"))),
        ("Action", json!("*")),
        ("Action", json!(swap_case(action))),
        ("Action", json!(format!("{service}:{half}*"))),
        ("Action", json!(format!("{service}:?{rest}"))),
        ("Action", json!(["logs:PutLogEvents", format!("{service}:*{rest}")])),
        ("Action", json!(["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", action])),
    ];
    if place != Place::Rcp {
        found.push(("NotAction", json!(["organizations:*", "account:*"])));
    }
    found
}

/// `Action` elements that just miss it.
fn other_actions(scene: &Scene, place: Place) -> Vec<Element> {
    let (service, operation) = scene.action.split_once(':').unwrap_or_default();
    let mut found = vec![
        ("Action", json!(format!("{service}:{operation}s"))),
        ("Action", json!(format!("{service}:{operation}?"))),
        ("Action", json!(format!("x{service}:{operation}"))),
        ("Action", json!([format!("{service}:Tag*"), "logs:*"])),
    ];
    if place != Place::Rcp {
        found.push(("NotAction", json!(["organizations:*", format!("{service}:*")])));
    }
    found
}

/// `Resource` elements that match the scene.
fn resources(scene: &Scene, place: Place) -> Vec<Element> {
    let resource = scene.resource.as_str();
    let mut found = vec![("Resource", json!("*")), ("Resource", json!(["*"]))];
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    let [arn, partition, service, region, account, rest] = parts.as_slice() else { return found };
    let start = format!("{arn}:{partition}:{service}:{region}:{account}");
    let half: String = rest.chars().take(rest.len() / 2).collect();
    let cut: String = rest.chars().take(rest.len() - 1).collect();
    found.extend([
        ("Resource", json!(resource)),
        ("Resource", json!([format!("{start}:other/*"), resource])),
        ("Resource", json!(format!("{start}:{half}*"))),
        ("Resource", json!(format!("{start}:{cut}?"))),
        ("Resource", json!(format!("{arn}:*:{service}:*:*:*"))),
        ("Resource", json!(format!("{arn}:{partition}:{service}:{region}*:{account}:{half}*"))),
        ("NotResource", json!([format!("{start}:{half}"), "arn:aws:s3:::secret*"])),
        ("NotResource", json!(format!("{start}:${{aws:SourceVpce}}/none"))),
    ]);
    if rest.matches(':').count() > 1 {
        // A `*` that ends a part runs on past the colon.
        let service: String = service.chars().take(2).collect();
        found.push(("Resource", json!(format!("{arn}:{partition}:{service}*:{account}:{rest}"))));
        found.push(("Resource", json!(format!("{arn}:{partition}:{service}*:{account}:{half}*"))));
    }
    if matches!(place, Place::Identity | Place::Boundary) {
        found.extend([
            ("Resource", json!(format!("{arn}:{partition}:{service}"))),
            ("Resource", json!(format!("{arn}:{partition}:{service}:{region}"))),
        ]);
    }
    found
}

/// `Resource` elements that just miss it, or name it by a variable.
fn other_resources(scene: &Scene, place: Place) -> Vec<Element> {
    let Scene { partition, region, owner, .. } = scene;
    let mut found = vec![
        ("Resource", json!(format!("arn:{partition}:kms:{region}:{owner}:alias/volumes"))),
        ("Resource", json!([format!("arn:{partition}:ec2:*:*:volume/*")])),
        ("NotResource", json!("*")),
    ];
    let parts: Vec<&str> = scene.resource.splitn(6, ':').collect();
    if let [arn, partition, service, region, account, rest] = parts.as_slice() {
        let start = format!("{arn}:{partition}:{service}:{region}:{account}");
        let middle: String = rest.chars().skip(1).collect();
        found.extend([
            ("Resource", json!(format!("{start}:{rest}?"))),
            ("Resource", json!(format!("{start}:{}", swap_case(rest)))),
            ("Resource", json!(format!("{arn}:{partition}:{service}:xx-north-9:{account}:{rest}"))),
            ("Resource", json!(format!("{arn}:aws-iso:{service}:{region}:{account}:{rest}"))),
            ("Resource", json!(format!("{arn}:{partition}:{service}:?{region}:{account}:{rest}"))),
            ("Resource", json!(format!("{start}:{rest}${{aws:PrincipalTag/team}}"))),
            ("Resource", json!(format!("{start}:{rest}${{aws:PrincipalTag/team, ''}}"))),
            ("Resource", json!(format!("{start}:${{?}}{middle}"))),
            ("NotResource", json!(["arn:aws:s3:::secret*", scene.resource])),
            ("NotResource", json!(format!("{start}:{rest}${{aws:PrincipalTag/team}}"))),
        ]);
        if rest.matches(':').count() > 1 {
            // No other wildcard does.
            found.push(("Resource", json!(format!("{arn}:{partition}:{service}:*{account}:{rest}"))));
            found.push(("Resource", json!(format!("{arn}:{partition}:{service}?{region}:{account}:{rest}"))));
        }
        if place == Place::Identity {
            found.push(("Resource", json!(format!("{arn}:{partition}:ec2xx"))));
        }
    }
    found
}

/// One or two conditions, on different keys.
fn some_conditions(scene: &Scene, place: Place) -> BoxedStrategy<Vec<Condition>> {
    vec(conditions(scene, place == Place::Key), 1..=2)
        .prop_map(|mut conditions| {
            if let [(_, first, _), (_, second, _)] = conditions.as_slice()
                && first.eq_ignore_ascii_case(second)
            {
                conditions.pop();
            }
            conditions
        })
        .boxed()
}

/// A body that matches but for what is asked to be other.
pub(crate) fn bodies(scene: &Scene, place: Place, twist: Twist) -> BoxedStrategy<Body> {
    let (action, resource) = (select(actions(scene, place)), select(resources(scene, place)));
    let plain = (action.clone(), resource.clone().prop_map(Some)).prop_map(|(action, resource)| Body {
        action,
        resource,
        conditions: Vec::new(),
    });
    let near = select(other_resources(scene, place)).prop_map(Some);
    let any_resource =
        if place == Place::Key { prop_oneof![10 => near, 1 => Just(None)].boxed() } else { near.boxed() };
    match twist {
        Twist::None | Twist::Unread => plain.boxed(),
        Twist::Condition | Twist::DenyIf => {
            (plain, some_conditions(scene, place)).prop_map(|(body, conditions)| Body { conditions, ..body }).boxed()
        }
        Twist::NearMiss => {
            prop_oneof![(select(other_actions(scene, place)), resource.prop_map(Some)), (action, any_resource),]
                .prop_map(|(action, resource)| Body { action, resource, conditions: Vec::new() })
                .boxed()
        }
        Twist::Deny => prop_oneof![
            1 => plain,
            1 => bodies(scene, place, Twist::NearMiss),
        ]
        .boxed(),
    }
}
