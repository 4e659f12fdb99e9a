//! Whole cases.

use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::grant::grants;
use super::key_policy::{Path, key_policy, paths};
use super::policy::{levels, policy};
use super::scene::{Scene, Who, scenes};
use super::statement::{Place, Twist};

/// Cases that AWS could meet: realistic for the most part, with the decision hanging on one thing or two.
///
/// Every policy lets the request pass but for those that are twisted.
pub(crate) fn cases() -> BoxedStrategy<Value> {
    scenes().prop_flat_map(|scene| layouts(&scene).prop_flat_map(move |layout| assemble(&scene, layout))).boxed()
}

/// Which policy types there are, and which of them are twisted.
#[derive(Debug, Clone, Copy)]
struct Layout {
    path: Path,
    identity: Option<Twist>,
    boundary: Option<Twist>,
    session: Option<Twist>,
    scps: Option<Twist>,
    rcps: Option<Twist>,
    key: Option<Twist>,
    grants: bool,
}

impl Layout {
    /// The policy types that are there, apart from grants, to be twisted.
    fn twistable(&mut self) -> Vec<&mut Twist> {
        [&mut self.identity, &mut self.boundary, &mut self.session, &mut self.scps, &mut self.rcps, &mut self.key]
            .into_iter()
            .flatten()
            .collect()
    }
}

fn layouts(scene: &Scene) -> BoxedStrategy<Layout> {
    let there = |often: u32, possible: bool| {
        prop_oneof![10 - often => Just(None), often => Just(Some(Twist::None))]
            .prop_map(move |twist| twist.filter(|_| possible))
    };
    let own_policies = !matches!(scene.who, Who::Root | Who::Infrastructure);
    let limited = own_policies && scene.who != Who::Linked;
    let on_key = scene.is_on_key();
    let twists = || {
        prop_oneof![
            5 => Just(Twist::Condition),
            2 => Just(Twist::NearMiss),
            3 => Just(Twist::DenyIf),
            1 => Just(Twist::Deny),
            1 => Just(Twist::Unread),
        ]
    };
    let who = scene.who;
    let types = (
        there(9, own_policies),
        there(4, limited),
        there(5, limited && who != Who::User),
        there(5, true),
        there(4, true),
        there(3, on_key),
    );
    let grants_help = matches!(who, Who::Infrastructure | Who::Linked);
    (select(paths(scene)), types, twists(), twists(), any::<(usize, usize)>(), 0..4, 0..4)
        .prop_map(move |(path, types, first, second, (one, other), both, grants)| {
            let (identity, boundary, session, scps, rcps, key_grants) = types;
            let nobody = path == Path::Nobody;
            let mut layout = Layout {
                path,
                identity,
                boundary,
                session,
                scps,
                rcps,
                key: on_key.then_some(Twist::None),
                grants: on_key && (key_grants.is_some() || grants_help || (nobody && grants > 0)),
            };
            let mut types = layout.twistable();
            let count = types.len().max(1);
            if let Some(twist) = types.get_mut(one % count) {
                **twist = first;
            }
            if both == 0
                && let Some(twist) = types.get_mut(other % count)
            {
                **twist = second;
            }
            layout
        })
        .boxed()
}

/// Draws the policies and puts the case together.
fn assemble(scene: &Scene, layout: Layout) -> BoxedStrategy<Value> {
    let one = |place: Place, twist: Option<Twist>| match twist {
        Some(twist) => policy(scene, place, twist).prop_map(Some).boxed(),
        None => Just(None).boxed(),
    };
    let org = |place: Place, twist: Option<Twist>| match twist {
        Some(twist) => levels(scene, place, twist).prop_map(Some).boxed(),
        None => Just(None).boxed(),
    };
    let key = match layout.key {
        Some(twist) => key_policy(scene, layout.path, twist).prop_map(Some).boxed(),
        None => Just(None).boxed(),
    };
    let grants = if layout.grants { grants(scene).prop_map(Some).boxed() } else { Just(None).boxed() };
    let further =
        |place: Place| prop_oneof![4 => Just(None), 1 => policy(scene, place, Twist::NearMiss).prop_map(Some)];
    let full_session = prop_oneof![4 => Just(None), 1 => policy(scene, Place::Session, Twist::None).prop_map(Some)];
    let request = scene.request();
    (
        one(Place::Identity, layout.identity),
        further(Place::Identity),
        one(Place::Boundary, layout.boundary),
        one(Place::Session, layout.session),
        full_session,
        org(Place::Scp, layout.scps),
        org(Place::Rcp, layout.rcps),
        key,
        grants,
    )
        .prop_map(move |(identity, further, boundary, session, full_session, scps, rcps, key, grants)| {
            let listed = |first: Option<Value>, second: Option<Value>| {
                first.map(|first| Value::Array([first].into_iter().chain(second).collect()))
            };
            let fields = [
                ("identityPolicies", listed(identity, further)),
                ("permissionsBoundary", boundary),
                ("sessionPolicies", listed(session, full_session)),
                ("scps", scps),
                ("rcps", rcps),
                ("keyPolicy", key),
                ("grants", grants),
            ];
            let mut case =
                Map::from_iter([("id".to_owned(), json!("generated")), ("request".to_owned(), request.clone())]);
            case.extend(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
            Value::Object(case)
        })
        .boxed()
}
