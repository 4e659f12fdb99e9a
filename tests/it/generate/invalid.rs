//! Cases with a policy that AWS refuses to save.

use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use super::laws::{change_statements, changed};
use super::world::cases;

/// A fault: where it can stand, and how a document comes to have it.
#[derive(Clone, Copy)]
struct Fault {
    name: &'static str,
    fields: &'static [&'static str],
    make: fn(&mut Value),
}

impl std::fmt::Debug for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

const ANY: &[&str] = &["identityPolicies", "permissionsBoundary", "sessionPolicies", "scps", "rcps", "keyPolicy"];
const WITHOUT_PRINCIPAL: &[&str] = &["identityPolicies", "permissionsBoundary", "sessionPolicies", "scps"];
const CHECKED: &[&str] = &["identityPolicies", "permissionsBoundary", "scps", "rcps", "keyPolicy"];
const IAM: &[&str] = &["identityPolicies", "permissionsBoundary", "sessionPolicies"];
const NOT_KEY: &[&str] = &["identityPolicies", "permissionsBoundary", "sessionPolicies", "scps", "rcps"];
const KEY: &[&str] = &["keyPolicy"];

/// Cases of which one policy has a fault: judging them is an error. The fault is in `id`.
pub(crate) fn invalid_cases() -> BoxedStrategy<Value> {
    prop_oneof![6 => faulty(), 1 => doubled_elements(), 1 => misspelled_fields()].boxed()
}

/// A document with a fault in its JSON value.
fn faulty() -> BoxedStrategy<Value> {
    (cases(), select(faults()), any::<Index>())
        .prop_filter_map("no policy that could have the fault", |(case, fault, which)| {
            let mut places = 0;
            changed(&case, |field, _| places += usize::from(fault.fields.contains(&field)));
            let wanted = (places > 0).then(|| which.index(places))?;
            let mut place = 0;
            let mut case = changed(&case, |field, document| {
                if fault.fields.contains(&field) {
                    if place == wanted {
                        (fault.make)(document);
                    }
                    place += 1;
                }
            });
            *case.get_mut("id")? = json!(fault.name);
            Some(case)
        })
        .boxed()
}

/// A document in which an element stands twice: only its text shows that.
fn doubled_elements() -> BoxedStrategy<Value> {
    let doubles = [
        ("\"Effect\":\"Deny\",", "\"Effect\":\"Deny\",\"Effect\":\"Allow\","),
        ("\"Effect\":\"Allow\",", "\"Effect\":\"Deny\",\"\\u0045ffect\":\"Allow\","),
        ("\"Resource\":\"*\"", "\"Resource\":\"*\",\"Resource\":\"*\""),
    ];
    (cases(), select(doubles.to_vec()))
        .prop_filter_map("no such element", |(mut case, (once, twice))| {
            let mut text = None;
            changed(&case, |field, document| {
                let written = document.to_string();
                if field == "scps" && written.contains(once) {
                    text = Some(written.replace(once, twice));
                }
            });
            let text = text?;
            *case.get_mut("scps")? = json!([[text]]);
            *case.get_mut("id")? = json!("an element twice");
            Some(case)
        })
        .boxed()
}

/// A field that the format does not know.
fn misspelled_fields() -> BoxedStrategy<Value> {
    (cases(), prop_oneof![Just("scp"), Just("keypolicy"), Just("sessionPolicy")])
        .prop_map(|(mut case, field)| {
            case.as_object_mut().map(|case| case.insert(field.to_owned(), json!([])));
            case["id"] = json!("a misspelt field");
            case
        })
        .boxed()
}

fn faults() -> Vec<Fault> {
    let fault = |name, fields, make| Fault { name, fields, make };
    vec![
        fault("effect in lower case", ANY, |document| set(document, "Effect", json!("allow"))),
        fault("no effect", ANY, |document| remove(document, "Effect")),
        fault("unknown element", ANY, |document| set(document, "Conditions", json!({}))),
        fault("Action with NotAction", ANY, |document| {
            set(document, "Action", json!("*"));
            set(document, "NotAction", json!("iam:*"));
        }),
        fault("no action", NOT_KEY, |document| {
            remove(document, "Action");
            remove(document, "NotAction");
        }),
        fault("action without service", ANY, |document| set_action(document, json!("Decrypt"))),
        fault("action that is a number", ANY, |document| set_action(document, json!(7))),
        fault("no actions at all", CHECKED, |document| set_action(document, json!([]))),
        fault("Resource with NotResource", ANY, |document| {
            set(document, "Resource", json!("*"));
            set(document, "NotResource", json!("*"));
        }),
        fault("no resource", WITHOUT_PRINCIPAL, |document| {
            remove(document, "Resource");
            remove(document, "NotResource");
        }),
        fault("a principal", WITHOUT_PRINCIPAL, |document| set(document, "Principal", json!("*"))),
        fault("no principal", KEY, |document| {
            remove(document, "Principal");
            remove(document, "NotPrincipal");
        }),
        fault("a partial wildcard", KEY, |document| {
            remove(document, "NotPrincipal");
            set(document, "Principal", json!({"AWS": "arn:aws:iam::111122223333:role/*"}));
        }),
        fault("an unknown kind of principal", KEY, |document| {
            remove(document, "NotPrincipal");
            set(document, "Principal", json!({"IAM": "*"}));
        }),
        fault("ForAllValues in a key policy", KEY, |document| {
            condition(document, "ForAllValues:StringEquals", "kms:EncryptionContext:aws:ebs:id", &json!("vol-1"));
        }),
        fault("unknown operator", ANY, |document| {
            condition(document, "StringMatches", "aws:userid", &json!("a"));
        }),
        fault("NullIfExists", ANY, |document| {
            condition(document, "NullIfExists", "aws:userid", &json!("true"));
        }),
        fault("value that is null", ANY, |document| {
            condition(document, "StringEquals", "aws:userid", &Value::Null);
        }),
        fault("no number", CHECKED, |document| {
            condition(document, "NumericEquals", "aws:MultiFactorAuthAge", &json!("none"));
        }),
        fault("no date", CHECKED, |document| {
            condition(document, "DateLessThan", "aws:CurrentTime", &json!("2026-02-30T00:00:00Z"));
        }),
        fault("no address", CHECKED, |document| {
            condition(document, "IpAddress", "aws:SourceIp", &json!("10.0.0.0/33"));
        }),
        fault("no ARN", CHECKED, |document| {
            condition(document, "ArnLike", "aws:PrincipalArn", &json!("role/ops"));
        }),
        fault("no base64", CHECKED, |document| {
            condition(document, "BinaryEquals", "aws:PrincipalTag/fingerprint", &json!("a*"));
        }),
        fault("unknown version", ANY, |document| put(document, "Version", json!("2012-10-18"))),
        fault("unknown element of the policy", ANY, |document| put(document, "Statements", json!([]))),
        fault("statements that are text", ANY, |document| put(document, "Statement", json!("Allow"))),
        fault("a Sid twice", WITHOUT_PRINCIPAL, |document| {
            set(document, "Sid", json!("Same"));
            change_statements(document, |statements| statements.extend(statements.clone()));
        }),
        fault("a Sid with a space", IAM, |document| set(document, "Sid", json!("Part 1"))),
    ]
}

fn put(document: &mut Value, name: &str, value: Value) {
    document.as_object_mut().map(|document| document.insert(name.to_owned(), value));
}

/// Sets an element of the first statement.
fn set(document: &mut Value, name: &str, value: Value) {
    change_statements(document, |statements| {
        if let Some(statement) = statements.first_mut() {
            put(statement, name, value);
        }
    });
}

/// Takes an element from the first statement.
fn remove(document: &mut Value, name: &str) {
    change_statements(document, |statements| {
        statements.first_mut().and_then(Value::as_object_mut).map(|statement| statement.remove(name));
    });
}

fn set_action(document: &mut Value, action: Value) {
    remove(document, "NotAction");
    set(document, "Action", action);
}

fn condition(document: &mut Value, operator: &str, key: &str, value: &Value) {
    set(document, "Condition", json!({operator: {key: value}}));
}
