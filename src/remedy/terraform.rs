//! A change in Terraform's language, laid out as `terraform fmt` does.

use serde_json::{Map, Value};

use crate::change::{Change, PolicyPlace};
use crate::document::Document;
use crate::names::kind_and_name;

use super::Part;
use super::file_name::FileName;

/// Attributes of a block, their values in one column.
fn attributes(indent: &str, all: &[(&str, String)]) -> String {
    let width = all.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    all.iter().fold(String::new(), |text, (name, value)| format!("{text}{indent}{name:<width$} = {value}\n"))
}

fn block(indent: &str, head: &str, content: &str) -> String {
    format!("{indent}{head} {{\n{content}{indent}}}\n")
}

fn resource(kind: &str, name: &str, all: &[(&str, String)]) -> String {
    block("", &format!("resource \"{kind}\" \"{name}\""), &attributes("  ", all))
}

/// A grant as a resource.
///
/// Source: <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_grant>
pub(super) fn grant_in_terraform(change: &Change, file: &FileName) -> Option<String> {
    let Change::AddGrant { key, grant } = change else { return None };
    let operations: Vec<String> = grant.operations.iter().map(|operation| quoted(operation.as_str())).collect();
    Some(resource(
        "aws_kms_grant",
        &label(file),
        &[
            ("key_id", quoted(key.as_str())),
            ("grantee_principal", quoted(grant.grantee_principal.as_str())),
            ("operations", format!("[{}]", operations.join(", "))),
        ],
    ))
}

/// A file's name as the label of a block.
fn label(file: &FileName) -> String {
    file.as_ref().chars().map(|c| if c == '.' { '-' } else { c }).collect()
}

/// The whole policy as a data source, and, where it is one of its own, the resource that holds it.
///
/// Source: <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document>
pub(super) fn terraform(part: &Part, file: &FileName) -> String {
    let name = label(file);
    let text = part.after.as_ref().map(Document::text).unwrap_or_default();
    let policy: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    let named = [("policy_id", "Id"), ("version", "Version")];
    let own: Vec<(&str, String)> =
        named.into_iter().filter_map(|(name, element)| Some((name, quoted(policy.get(element)?.as_str()?)))).collect();
    let statements = match policy.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let blocks =
        statements.into_iter().fold(attributes("  ", &own), |all, statement| all + "\n" + &of_statement(statement));
    let blocks = blocks.trim_start_matches('\n');
    let data = block("", &format!("data \"aws_iam_policy_document\" \"{name}\""), blocks);
    let Change::Policy { place, .. } = &part.change else { return data };
    let document = format!("data.aws_iam_policy_document.{name}.json");
    let resource = match place {
        PolicyPlace::Inline { identity, name: policy } => {
            let (kind, of) = kind_and_name(identity.as_str());
            let all = [(kind, quoted(of)), ("name", quoted(policy.as_str())), ("policy", document)];
            resource(&format!("aws_iam_{kind}_policy"), &name, &all)
        }
        PolicyPlace::KeyPolicy(key) => {
            resource("aws_kms_key_policy", &name, &[("key_id", quoted(key.as_str())), ("policy", document)])
        }
        // A resource of the stack that made them holds their names and paths as well.
        PolicyPlace::Managed { .. }
        | PolicyPlace::Boundary { .. }
        | PolicyPlace::Scp { .. }
        | PolicyPlace::Rcp { .. }
        | PolicyPlace::Session { .. } => return data,
    };
    format!("{data}\n{resource}")
}

fn of_statement(statement: &Value) -> String {
    let plain = |(name, element): (&'static str, &str)| Some((name, quoted(statement.get(element)?.as_str()?)));
    let lists = [
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
    ];
    let lists = lists.into_iter().filter_map(|(name, element)| Some((name, list(statement.get(element)?))));
    let all: Vec<(&str, String)> =
        [("sid", "Sid"), ("effect", "Effect")].into_iter().filter_map(plain).chain(lists).collect();
    let mut text = attributes("    ", &all);
    let mut blocks = Vec::new();
    for (name, element) in [("principals", "Principal"), ("not_principals", "NotPrincipal")] {
        match statement.get(element) {
            Some(Value::Object(kinds)) => {
                blocks.extend(kinds.iter().map(|(kind, values)| principals(name, kind, values)));
            }
            Some(everyone) => blocks.push(principals(name, "*", everyone)),
            None => {}
        }
    }
    for (operator, keys) in statement.get("Condition").and_then(Value::as_object).into_iter().flatten() {
        for (key, values) in keys.as_object().into_iter().flatten() {
            let all = [("test", quoted(operator)), ("variable", quoted(key)), ("values", list(values))];
            blocks.push(block("    ", "condition", &attributes("      ", &all)));
        }
    }
    for block in blocks {
        text.push('\n');
        text.push_str(&block);
    }
    block("  ", "statement", &text)
}

fn principals(name: &str, kind: &str, values: &Value) -> String {
    block("    ", name, &attributes("      ", &[("type", quoted(kind)), ("identifiers", list(values))]))
}

fn list(values: &Value) -> String {
    let texts: Vec<String> = match values.as_array() {
        Some(values) => values.iter().map(value).collect(),
        None => vec![value(values)],
    };
    format!("[{}]", texts.join(", "))
}

fn value(value: &Value) -> String {
    value.as_str().map_or_else(|| quoted(&value.to_string()), quoted)
}

/// A string of HCL: `${` would begin a template, and Terraform writes policy variables as `&{…}`.
fn quoted(text: &str) -> String {
    Value::from(text.replace("${", "&{").replace("%{", "%%{")).to_string()
}
