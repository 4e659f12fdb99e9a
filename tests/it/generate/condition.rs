//! Conditions on the context of a scene, near enough to it to be met or just missed.

use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use super::key::{KEYS, Key, Kind};
use super::scene::Scene;

/// One operator with one key: `(operator, key, values)`.
pub(crate) type Condition = (String, String, Value);

/// A value of an ARN operator that need not turn out to be an ARN.
pub(crate) const ARN_VARIABLE: &str = "${aws:SourceArn}";

/// A condition. In a key policy KMS refuses `ForAllValues` on single-valued keys of its own.
pub(crate) fn conditions(scene: &Scene, in_key_policy: bool) -> BoxedStrategy<Condition> {
    let scene = scene.clone();
    let stated: Vec<&Key> = KEYS.iter().filter(|key| !scene.values(key.name).is_empty()).collect();
    let unknown: Vec<&Key> = KEYS.iter().filter(|key| scene.unknown.contains(&key.name)).collect();
    let all: Vec<&Key> = KEYS.iter().collect();
    let unknown = if unknown.is_empty() { all.clone() } else { unknown };
    let kinds = select(vec![
        Kind::Text,
        Kind::Text,
        Kind::Number,
        Kind::Date,
        Kind::Bool,
        Kind::Binary,
        Kind::Address,
        Kind::Arn,
    ]);
    let of_kind = (kinds, any::<bool>()).prop_flat_map(move |(kind, is_stated)| {
        let of = |keys: &[&'static Key]| keys.iter().copied().filter(|key| key.kind == kind).collect::<Vec<_>>();
        let preferred = of(&stated);
        select(if is_stated && !preferred.is_empty() {
            preferred
        } else {
            of(KEYS.iter().collect::<Vec<_>>().as_slice())
        })
    });
    prop_oneof![8 => of_kind, 2 => select(unknown), 1 => select(all)]
        .prop_flat_map(move |key| {
            let values = candidates(key, &scene);
            // `true` and `false` together are met by whatever an unknown key turns out to be.
            let several = key.kind != Kind::Bool || !scene.unknown.contains(&key.name);
            let most = if several { values.len().min(2) } else { 1 };
            let set = set_operator(key, in_key_policy);
            (
                operators(key),
                set,
                subsequence(values, 1..=most),
                prop_oneof![6 => Just(false), 1 => Just(true)],
                any::<bool>(),
            )
                .prop_map(move |(operator, set, values, swapped, as_list)| {
                    let name = if swapped { swap_case(key.name) } else { key.name.to_owned() };
                    finish(&operator, set, name, values, as_list)
                })
        })
        .boxed()
}

/// `Null` takes no set operator and its own values; a single value need not stand in a list.
fn finish(operator: &str, set: &str, key: String, values: Vec<Value>, as_list: bool) -> Condition {
    if operator == "Null" {
        return (operator.to_owned(), key, if as_list { json!("true") } else { json!([false]) });
    }
    let operator = match (set, operator.strip_suffix("IfExists")) {
        // Whether an absent key meets `ForAnyValue:…IfExists` AWS's pages leave open.
        ("ForAnyValue:", Some(operator)) => operator,
        (_, _) => operator,
    };
    // What becomes of the other values beside one that is no ARN, no capture tells.
    let values = if values.contains(&json!(ARN_VARIABLE)) { vec![json!(ARN_VARIABLE)] } else { values };
    let values = match values.as_slice() {
        [single] if !as_list => single.clone(),
        _ => Value::Array(values),
    };
    (format!("{set}{operator}"), key, values)
}

/// What stands before the operator: mostly what the kind of key asks for.
fn set_operator(key: &Key, in_key_policy: bool) -> BoxedStrategy<&'static str> {
    let refused = in_key_policy && key.name.starts_with("kms:EncryptionContext:");
    let for_all = if refused { "" } else { "ForAllValues:" };
    if key.multivalued {
        prop_oneof![1 => Just(""), 3 => Just("ForAllValues:"), 3 => Just("ForAnyValue:")].boxed()
    } else {
        prop_oneof![14 => Just(""), 1 => Just(for_all), 1 => Just("ForAnyValue:")].boxed()
    }
}

/// The operators that fit the kind of key, the negated ones as often, `…IfExists` now and then.
fn operators(key: &Key) -> BoxedStrategy<String> {
    let fitting: &[&str] = match key.kind {
        Kind::Text => &[
            "StringEquals",
            "StringNotEquals",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "StringLike",
            "StringNotLike",
        ],
        Kind::Number => &[
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEquals",
        ],
        Kind::Date => &[
            "DateEquals",
            "DateNotEquals",
            "DateLessThan",
            "DateLessThanEquals",
            "DateGreaterThan",
            "DateGreaterThanEquals",
        ],
        Kind::Bool => &["Bool"],
        Kind::Binary => &["BinaryEquals"],
        Kind::Address => &["IpAddress", "NotIpAddress"],
        Kind::Arn => &["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "StringLike", "StringNotLike"],
    };
    let compared = (select(fitting), prop_oneof![2 => Just(""), 1 => Just("IfExists")])
        .prop_map(|(operator, if_exists)| format!("{operator}{if_exists}"));
    prop_oneof![7 => compared, 1 => Just("Null".to_owned())].boxed()
}

/// Values that the key has, nearly has, or has not.
fn candidates(key: &Key, scene: &Scene) -> Vec<Value> {
    let mut bases = scene.values(key.name);
    if bases.is_empty() {
        bases = key.values.iter().take(2).map(|value| (*value).to_owned()).collect();
    }
    let mut found: Vec<Value> = bases.iter().flat_map(|base| near(base, key, scene)).collect();
    found.dedup();
    if found.is_empty() { vec![json!("none")] } else { found }
}

fn near(base: &str, key: &Key, scene: &Scene) -> Vec<Value> {
    match key.kind {
        Kind::Text if key.name == "aws:userid" => near_user_id(scene),
        Kind::Text => near_text(base, key, scene).into_iter().map(Value::String).collect(),
        Kind::Number => near_number(base),
        Kind::Date => near_date(),
        Kind::Bool => vec![json!("true"), json!("false"), json!(true), json!(false), json!("TRUE")],
        Kind::Binary => vec![json!("QWxwaGE="), json!("ZGVsdGE="), json!("YQ==")],
        Kind::Address => [
            "192.0.2.0/24",
            "192.0.2.10",
            "192.0.2.77/25",
            "198.51.100.8/31",
            "198.0.0.0/8",
            "10.0.0.0/8",
            "010.020.0.0/16",
            "0.0.0.0/0",
            "2001:db8::/32",
            "2001:db8::5",
            "2001:db8::4/127",
            "::ffff:c000:200/120",
        ]
        .map(|network| json!(network))
        .to_vec(),
        Kind::Arn => near_arn(base, key, scene).into_iter().map(Value::String).collect(),
    }
}

fn near_text(base: &str, key: &Key, scene: &Scene) -> Vec<String> {
    let half: String = base.chars().take(base.chars().count() / 2).collect();
    let tail: String = base.chars().skip(1).collect();
    let mut found = vec![
        base.to_owned(),
        base.to_owned(),
        format!("{base}x"),
        swap_case(base),
        format!("?{tail}"),
        format!("{half}*x"),
        "${*}".to_owned(),
        "${$}{team}".to_owned(),
    ];
    // What would come out the same whatever an unknown key turns out to be, three-valued logic need not see:
    // `*`, and a variable that has no value.
    if !scene.unknown.contains(&key.name) {
        found.extend([format!("{half}*"), format!("*{tail}"), "*".to_owned()]);
        found.extend(variables(scene));
    }
    found
}

/// Policy variables. One that is unknown stands alone, for next to other text it could not be everything.
fn variables(scene: &Scene) -> Vec<String> {
    let mut found: Vec<String> = [
        "${aws:PrincipalTag/team}",
        "${aws:principaltag/TEAM, 'ops'}",
        "${aws:PrincipalAccount}",
        "${aws:ResourceOrgID}",
        "${aws:TagKeys, 'ops'}",
        "${aws:CalledVia, 'finance'}",
        "${aws:username}",
    ]
    .map(str::to_owned)
    .to_vec();
    if !scene.unknown.contains(&"aws:PrincipalTag/team") {
        found.extend(["${aws:PrincipalTag/team}*".to_owned(), "o${aws:PrincipalTag/team, 'ps'}".to_owned()]);
    }
    found
}

fn near_user_id(scene: &Scene) -> Vec<Value> {
    let id = scene.own_id();
    vec![
        json!(format!("{id}:*")),
        json!(format!("{id}:{}", scene.session)),
        json!(format!("*:{}", scene.session)),
        json!("AROAEXAMPLESTALE00001:*"),
        json!(scene.caller),
        json!(id),
    ]
}

fn near_number(base: &str) -> Vec<Value> {
    let middle = base.parse::<f64>().unwrap_or(7.0);
    let written = |value: f64| format!("{value}");
    let mut found = vec![
        json!(written(middle)),
        json!(format!("{:.1}", middle)),
        json!(written(middle - 1.0)),
        json!(written(middle + 1.0)),
        json!(written(middle + 0.5)),
        json!(format!("{middle}e0")),
    ];
    if let Ok(whole) = base.parse::<i64>() {
        found.extend([json!(whole), json!(whole + 1), json!(format!("{:+04}", whole))]);
    }
    found
}

fn near_date() -> Vec<Value> {
    vec![
        json!("2026-11-24T12:00:00Z"),
        json!("2026-11-24T21:00:00+09:00"),
        json!("2026-11-24T11:59:59Z"),
        json!("2026-11-24T12:00:00.001Z"),
        json!("2026-11-24T06:30:00-05:30"),
        json!("1795521600"),
        json!(1_795_521_601),
        json!("2026-11-24"),
        json!("2028-02-29T00:00:00Z"),
    ]
}

fn near_arn(base: &str, key: &Key, scene: &Scene) -> Vec<String> {
    let parts: Vec<&str> = base.splitn(6, ':').collect();
    let mut found = vec![
        scene.iam_arn(),
        format!("arn:{}:iam::*:role/*", scene.partition),
        format!("arn:*:iam::{}:*", scene.caller),
        "arn:aws:iam::${aws:PrincipalAccount}:user/*".to_owned(),
        "arn:aws:iam::${aws:PrincipalAccount}:role/${*}".to_owned(),
        "arn:aws:events:*:111122223333:rule/n*".to_owned(),
    ];
    if !scene.unknown.contains(&key.name) {
        found.extend([ARN_VARIABLE.to_owned(), ARN_VARIABLE.to_owned()]);
    }
    if let [arn, partition, service, region, account, rest] = parts.as_slice() {
        let last = rest.chars().count().saturating_sub(1);
        let cut: String = rest.chars().take(last).collect();
        found.extend([
            base.to_owned(),
            base.to_owned(),
            format!("{base}x"),
            format!("{arn}:{partition}:{service}:*:{account}:{cut}?"),
            format!("{arn}:{partition}:{service}:{region}:*:{cut}*"),
            format!("{arn}:{partition}:{service}:*:{rest}:*"),
            format!("{arn}:{partition}:{service}:{region}:{account}:{}", swap_case(rest)),
        ]);
    }
    found
}

/// Upper case for lower case and the other way round.
pub(crate) fn swap_case(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect()
}
