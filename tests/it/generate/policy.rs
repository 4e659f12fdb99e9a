//! Policies for a scene: documents in every form, and the levels of an organization.

use proptest::option::weighted;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};
use serde_json::{Map, Value, json};

use super::condition::ARN_VARIABLE;
use super::scene::Scene;
use super::statement::{Element, Place, Twist, bodies, statement};

/// The whole document: statements in some order, with or without Sids, of some version.
pub(crate) fn document(statements: BoxedStrategy<Vec<Value>>) -> BoxedStrategy<Value> {
    let version = prop_oneof![8 => Just(Some("2012-10-17")), 1 => Just(Some("2008-10-17")), 1 => Just(None)];
    (statements.prop_shuffle(), version, any::<bool>(), any::<bool>())
        .prop_map(|(mut statements, version, sids, as_list)| {
            if sids {
                for (number, statement) in statements.iter_mut().enumerate() {
                    if let Some(statement) = statement.as_object_mut() {
                        statement.insert("Sid".to_owned(), json!(format!("Part{number}")));
                    }
                }
            }
            let mut document = Map::new();
            // Elsewhere it would be no variable and no ARN either, and be refused.
            let version =
                if json!(statements).to_string().contains(ARN_VARIABLE) { Some("2012-10-17") } else { version };
            document.extend(version.map(|version| ("Version".to_owned(), json!(version))));
            let statements = match statements.as_slice() {
                [single] if !as_list => single.clone(),
                _ => Value::Array(statements),
            };
            document.insert("Statement".to_owned(), statements);
            Value::Object(document)
        })
        .boxed()
}

/// A document as it may be handed in: as it is, with a name, or as text.
pub(crate) fn handed_in(document: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    (document, 0..12)
        .prop_map(|(document, form)| match form {
            0 => Value::String(document.to_string()),
            1 => json!({"name": "Start", "policy": document.to_string()}),
            2..=5 => json!({"name": "Start", "policy": document}),
            _ => document,
        })
        .boxed()
}

/// A policy that exists and could not be read.
pub(crate) fn unread(place: Place) -> Value {
    let refused = match place {
        Place::Identity => "iam:GetRolePolicy",
        Place::Boundary => "iam:GetPolicyVersion",
        Place::Session => "sts:AssumeRole",
        Place::Scp | Place::Rcp => "organizations:DescribePolicy",
        Place::Key => "kms:GetKeyPolicy",
    };
    json!({"name": "unread", "policy": null, "refused": refused})
}

/// An identity-based policy, a permissions boundary, a session policy or an SCP.
pub(crate) fn policy(scene: &Scene, place: Place, twist: Twist) -> BoxedStrategy<Value> {
    let scene = scene.clone();
    let allow_twist = if matches!(twist, Twist::Condition | Twist::NearMiss) { twist } else { Twist::None };
    let allow = bodies(&scene, place, allow_twist).prop_map(|body| statement("Allow", None, &body));
    let decoy = bodies(&scene, place, Twist::NearMiss).prop_map(|body| statement("Allow", None, &body));
    let statements = match twist {
        Twist::Unread => return Just(unread(place)).boxed(),
        Twist::DenyIf | Twist::Deny => {
            let deny = bodies(&scene, place, twist).prop_map(|body| statement("Deny", None, &body));
            (allow, deny).prop_map(|(allow, deny)| vec![allow, deny]).boxed()
        }
        Twist::None | Twist::Condition | Twist::NearMiss => {
            (allow, weighted(0.3, decoy)).prop_map(|(allow, decoy)| [allow].into_iter().chain(decoy).collect()).boxed()
        }
    };
    handed_in(document(statements))
}

/// The levels from the root of the organization to the account, with the twist in one of them.
pub(crate) fn levels(scene: &Scene, place: Place, twist: Twist) -> BoxedStrategy<Value> {
    let full = if place == Place::Rcp {
        json!({"name": "RCPFullAWSAccess", "policy": {"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}})
    } else {
        json!({"name": "FullAWSAccess", "policy": {"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}})
    };
    let twisted: BoxedStrategy<Vec<Value>> = match (place, twist) {
        (_, Twist::None) => Just(vec![full.clone()]).boxed(),
        (Place::Rcp, Twist::Unread) => Just(vec![full.clone(), unread(place)]).boxed(),
        (Place::Rcp, _) => {
            let full = full.clone();
            control(scene, twist).prop_map(move |control| vec![full.clone(), control]).boxed()
        }
        (_, Twist::NearMiss) => prop_oneof![
            5 => policy(scene, place, twist).prop_map(|policy| vec![policy]),
            1 => Just(Vec::new()),
        ]
        .boxed(),
        (_, _) => policy(scene, place, twist).prop_map(|policy| vec![policy]).boxed(),
    };
    (twisted, 0..3_usize, 0..3_usize)
        .prop_map(move |(twisted, above, below)| {
            let mut levels = vec![Value::Array(vec![full.clone()]); above];
            levels.push(Value::Array(twisted));
            levels.resize(above + 1 + below.saturating_sub(above), Value::Array(vec![full.clone()]));
            Value::Array(levels)
        })
        .boxed()
}

/// A resource control policy: it only denies, and to everybody.
fn control(scene: &Scene, twist: Twist) -> BoxedStrategy<Value> {
    let everybody: Element = ("Principal", json!("*"));
    let twist = if twist == Twist::Condition { Twist::DenyIf } else { twist };
    let deny =
        bodies(scene, Place::Rcp, twist).prop_map(move |body| vec![statement("Deny", Some(&everybody), &body)]).boxed();
    handed_in(document(deny))
}
