//! A change as a resource of a `CloudFormation` template.

use crate::change::{Change, PolicyPlace};
use crate::document::Document;
use crate::names::kind_and_name;

use super::Part;
use super::file_name::FileName;

/// A template with one resource, as JSON; the policy alone where a resource cannot hold it.
///
/// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html>
pub(super) fn cloudformation(part: &Part, file: &FileName) -> String {
    let document = part.after.as_ref().map(Document::text).unwrap_or_default().trim_end();
    let Change::Policy { place, .. } = &part.change else { return String::new() };
    let (kind, named, element): (&str, Vec<(&str, &str)>, &str) = match place {
        PolicyPlace::Inline { identity, name } => {
            let (kind, of) = kind_and_name(identity.as_str());
            let (kind, option) = match kind {
                "user" => ("AWS::IAM::UserPolicy", "UserName"),
                "group" => ("AWS::IAM::GroupPolicy", "GroupName"),
                _ => ("AWS::IAM::RolePolicy", "RoleName"),
            };
            (kind, vec![(option, of), ("PolicyName", name.as_str())], "PolicyDocument")
        }
        PolicyPlace::Managed { arn } => {
            let name = arn.name();
            ("AWS::IAM::ManagedPolicy", vec![("ManagedPolicyName", name)], "PolicyDocument")
        }
        PolicyPlace::KeyPolicy(_) => ("AWS::KMS::Key", Vec::new(), "KeyPolicy"),
        PolicyPlace::Scp { id } => {
            ("AWS::Organizations::Policy", vec![("Name", id.as_str()), ("Type", "SERVICE_CONTROL_POLICY")], "Content")
        }
        PolicyPlace::Rcp { id } => {
            ("AWS::Organizations::Policy", vec![("Name", id.as_str()), ("Type", "RESOURCE_CONTROL_POLICY")], "Content")
        }
        PolicyPlace::Boundary { .. } | PolicyPlace::Session { .. } => return format!("{document}\n"),
    };
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let label: String = file.as_ref().chars().filter(char::is_ascii_alphanumeric).collect();
    let named = named
        .into_iter()
        .fold(String::new(), |all, (name, value)| all + &format!("        {}: {},\n", quoted(name), quoted(value)));
    format!(
        "{{\n  \"Resources\": {{\n    {}: {{\n      \"Type\": {},\n      \"Properties\": {{\n{named}        {}: {}\n      }}\n    \
         }}\n  }}\n}}\n",
        quoted(&label),
        quoted(kind),
        quoted(element),
        document.replace('\n', "\n        ")
    )
}
