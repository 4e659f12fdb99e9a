//! Key policies for a scene.

use proptest::option::weighted;
use proptest::prelude::{BoxedStrategy, Just, Strategy, prop_oneof};
use proptest::sample::select;
use serde_json::{Value, json};

use super::condition::swap_case;
use super::policy::{document, handed_in, unread};
use super::scene::{Family, Scene, Who};
use super::statement::{Body, Element, Place, Twist, bodies, statement};

/// In which way a key policy gives something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Path {
    /// To the principal's account.
    Account,
    /// To the role or user.
    Principal,
    /// To the session by its own ARN.
    Session,
    /// To the unique ID of the role or user.
    Id,
    Anyone,
    /// As the AWS managed key `aws/ebs` does.
    Managed,
    /// To nobody who asks here.
    Nobody,
}

/// `Principal` elements of that path.
fn principals(scene: &Scene, path: Path) -> Vec<Element> {
    let aws = |entry: Value| ("Principal", json!({"AWS": entry}));
    let root = scene.account_root(scene.caller);
    let arn = scene.iam_arn();
    match path {
        Path::Account => {
            vec![aws(json!(root)), aws(json!(scene.caller)), aws(json!([scene.stranger(), root]))]
        }
        Path::Principal => vec![aws(json!(arn)), aws(json!([scene.stranger(), arn]))],
        Path::Session => vec![aws(json!(scene.session_arn()))],
        Path::Id => vec![aws(json!(scene.own_id()))],
        Path::Anyone | Path::Managed => vec![("Principal", json!("*")), aws(json!("*"))],
        Path::Nobody => other_principals(scene),
    }
}

/// `Principal` elements that just miss.
fn other_principals(scene: &Scene) -> Vec<Element> {
    let Scene { partition, caller, name, session, .. } = scene;
    let aws = |entry: String| ("Principal", json!({"AWS": entry}));
    vec![
        aws(scene.stranger()),
        aws(scene.account_root("123456789012")),
        aws("AROAEXAMPLESTALE00001".to_owned()),
        aws("AIDAEXAMPLESTALE00001".to_owned()),
        aws(format!("arn:{partition}:iam::{caller}:role/elsewhere/{name}")),
        aws(format!("arn:{partition}:iam::{caller}:user/{}", swap_case(name))),
        aws(format!("arn:{partition}:sts::{caller}:assumed-role/{name}x/{session}")),
        aws(format!("arn:{partition}:sts::{caller}:assumed-role/{name}/{session}x")),
        ("Principal", json!({"Service": "ec2.amazonaws.com"})),
    ]
}

/// `NotPrincipal` elements: who is spared, or nearly.
fn spared(scene: &Scene) -> Vec<Element> {
    let root = scene.account_root(scene.caller);
    let everything = [scene.session_arn(), scene.iam_arn(), root.clone()];
    let not = |entries: &[String]| ("NotPrincipal", json!({"AWS": entries}));
    let [session, arn, _] = &everything;
    vec![
        not(&everything),
        not(&everything),
        not(&[arn.clone(), root.clone()]),
        not(&[session.clone(), root]),
        not(&[arn.clone(), session.clone()]),
        not(&[scene.stranger(), scene.caller.to_owned()]),
    ]
}

/// A key policy that gives along that path.
pub(crate) fn key_policy(scene: &Scene, path: Path, twist: Twist) -> BoxedStrategy<Value> {
    if twist == Twist::Unread {
        return Just(unread(Place::Key)).boxed();
    }
    let place = Place::Key;
    let allow_twist = if matches!(twist, Twist::Condition | Twist::NearMiss) { twist } else { Twist::None };
    let scene = scene.clone();
    let body = if path == Path::Managed { managed_bodies(&scene) } else { bodies(&scene, place, allow_twist) };
    let allow = (select(principals(&scene, path)), body)
        .prop_map(|(principal, body)| statement("Allow", Some(&principal), &body));
    let missed = (select(other_principals(&scene)), bodies(&scene, place, Twist::None))
        .prop_map(|(principal, body)| statement("Allow", Some(&principal), &body));
    let allow =
        if twist == Twist::NearMiss { prop_oneof![1 => allow, 2 => missed.clone()].boxed() } else { allow.boxed() };
    let also_account = (select(principals(&scene, Path::Account)), bodies(&scene, place, Twist::None))
        .prop_map(|(principal, body)| statement("Allow", Some(&principal), &body));
    let denied = {
        let named = [Path::Anyone, Path::Account, Path::Principal, Path::Session, Path::Id, Path::Nobody];
        let principals: Vec<Element> = named
            .into_iter()
            .filter(|path| *path != Path::Session || scene.is_role())
            .flat_map(|path| principals(&scene, path))
            .collect();
        let deny_twist = if twist == Twist::DenyIf { Twist::DenyIf } else { Twist::Deny };
        (prop_oneof![3 => select(principals), 1 => select(spared(&scene))], bodies(&scene, place, deny_twist))
            .prop_map(|(principal, body)| statement("Deny", Some(&principal), &body))
    };
    let denies = matches!(twist, Twist::DenyIf | Twist::Deny);
    let denied = if denies { denied.prop_map(Some).boxed() } else { Just(None).boxed() };
    let also_account = if path == Path::Nobody { Just(None).boxed() } else { weighted(0.2, also_account).boxed() };
    let statements = (allow, weighted(0.3, missed), also_account, denied)
        .prop_map(|(allow, missed, account, denied)| {
            [Some(allow), missed, account, denied].into_iter().flatten().collect::<Vec<_>>()
        })
        .boxed();
    handed_in(document(statements))
}

/// What the policy of `aws/ebs` gives to everybody of its account who comes through EC2.
fn managed_bodies(scene: &Scene) -> BoxedStrategy<Body> {
    let via = format!("ec2.{}.amazonaws.com", scene.region);
    let owner = scene.owner;
    let actions = json!([
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:ReEncrypt*",
        "kms:GenerateDataKey*",
        "kms:CreateGrant",
        "kms:DescribeKey"
    ]);
    let china = format!("{via}.cn");
    select(vec![via.clone(), via, china])
        .prop_map(move |via| Body {
            action: ("Action", actions.clone()),
            resource: Some(("Resource", json!("*"))),
            conditions: vec![
                ("StringEquals".to_owned(), "kms:CallerAccount".to_owned(), json!(owner)),
                ("StringEquals".to_owned(), "kms:ViaService".to_owned(), json!(via)),
            ],
        })
        .boxed()
}

/// The paths that make sense for the scene.
pub(crate) fn paths(scene: &Scene) -> Vec<Path> {
    match scene.who {
        Who::Root => vec![Path::Account, Path::Account, Path::Anyone, Path::Nobody],
        Who::User => {
            vec![Path::Account, Path::Account, Path::Principal, Path::Id, Path::Anyone, Path::Nobody]
        }
        Who::Infrastructure => {
            vec![Path::Nobody, Path::Nobody, Path::Account, Path::Session, Path::Principal]
        }
        Who::Linked => vec![Path::Principal, Path::Session, Path::Anyone, Path::Nobody, Path::Nobody],
        Who::Role | Who::Session if scene.family == Family::Forwarded => vec![
            Path::Account,
            Path::Account,
            Path::Account,
            Path::Principal,
            Path::Principal,
            Path::Session,
            Path::Id,
            Path::Anyone,
            Path::Managed,
            Path::Nobody,
        ],
        Who::Role | Who::Session => {
            vec![Path::Account, Path::Account, Path::Principal, Path::Session, Path::Id, Path::Nobody]
        }
    }
}
