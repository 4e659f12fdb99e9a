//! Grants on the key of a scene.

use proptest::prelude::{BoxedStrategy, Just, Strategy, prop_oneof};
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

use super::condition::swap_case;
use super::scene::{Scene, Who};

/// One or two grants, of which mostly one covers the request.
pub(crate) fn grants(scene: &Scene) -> BoxedStrategy<Value> {
    let instance = scene.instance;
    let Scene { partition, caller, .. } = scene;
    let of_another_volume = json!({
        "granteePrincipal": format!("arn:{partition}:sts::{caller}:assumed-role/aws:ec2-infrastructure/{instance}x"),
        "operations": ["Decrypt"],
        "constraints": {"encryptionContextSubset": {"aws:ebs:id": "vol-0eeeeeeeeeeeeeeee"}},
    });
    (grant(scene), prop_oneof![2 => Just(Vec::new()), 1 => Just(vec![of_another_volume])])
        .prop_map(|(grant, others)| Value::Array(others.into_iter().chain([grant]).collect()))
        .boxed()
}

fn grant(scene: &Scene) -> BoxedStrategy<Value> {
    let issuer = if scene.is_across() {
        vec![None, Some(scene.caller), Some(scene.owner), Some(scene.owner), Some("777766665555")]
    } else {
        vec![None, None, Some(scene.owner), Some("777766665555")]
    };
    let operation = scene.action.split_once(':').map_or("", |(_, operation)| operation);
    // No grant holds these.
    let operation = if ["EnableKey", "GetKeyPolicy", "ListGrants", "RevokeGrant"].contains(&operation) {
        "Decrypt"
    } else {
        operation
    };
    let mut useful = vec![operation];
    useful.extend((operation == "CreateGrant").then_some("Decrypt"));
    let own: Vec<&'static str> = useful.clone();
    let operations = prop_oneof![
        8 => subsequence(vec!["Encrypt", "DescribeKey", "CreateGrant", "RetireGrant"], 0..=3).prop_map(move |more| {
            useful.iter().copied().chain(more.into_iter().filter(|one| !own.contains(one))).collect::<Vec<_>>()
        }),
        1 => Just(vec![operation, "GenerateMac"]),
        1 => Just(vec!["GenerateDataKeyPair", "Verify"]),
    ];
    (select(grantees(scene)), operations, select(issuer), select(constraints(scene)))
        .prop_map(|(grantee, operations, issuer, constraints)| {
            let mut grant = Map::new();
            grant.insert("granteePrincipal".to_owned(), json!(grantee));
            grant.insert("operations".to_owned(), json!(operations));
            grant.extend(issuer.map(|issuer| ("issuingAccount".to_owned(), json!(issuer))));
            grant.extend(constraints.map(|constraints| ("constraints".to_owned(), constraints)));
            Value::Object(grant)
        })
        .boxed()
}

/// The principal, its session, its account, and some that just miss.
fn grantees(scene: &Scene) -> Vec<String> {
    let session = scene.session_arn();
    let account = format!("arn:{}:iam::{}:root", scene.partition, scene.caller);
    if scene.who == Who::Root {
        return vec![scene.stranger(), account];
    }
    let own = scene.iam_arn();
    let mut found = vec![own.clone(), own.clone(), own.clone(), own.clone(), scene.stranger(), format!("{own}x")];
    found.extend([account, format!("arn:aws-iso:iam::{}:root", scene.caller)]);
    if scene.is_role() {
        found.extend([session.clone(), session.clone(), session.clone(), format!("{session}x"), swap_case(&session)]);
    }
    found
}

/// Constraints that the volume satisfies, and some that it does not.
fn constraints(scene: &Scene) -> Vec<Option<Value>> {
    let volume = scene.volume;
    vec![
        None,
        None,
        Some(json!({"encryptionContextSubset": {"aws:ebs:id": volume}})),
        Some(json!({"encryptionContextSubset": {"aws:ebs:id": volume}})),
        Some(json!({"encryptionContextSubset": {"AWS:EBS:ID": volume}})),
        Some(json!({"encryptionContextEquals": {"aws:ebs:id": volume}})),
        Some(json!({"encryptionContextEquals": {"aws:ebs:id": volume, "Department": "IT"}})),
        Some(json!({"encryptionContextSubset": {"aws:ebs:id": swap_case(volume)}})),
        Some(json!({"sourceArn": "arn:aws:s3:::reports"})),
    ]
}
