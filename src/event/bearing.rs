use serde_json::Value;

use super::Event;

impl Event {
    /// Whether it changed what a principal may do, or a key.
    pub fn is_change(&self) -> bool {
        let (service, name) = self.action.split_once(':').unwrap_or_default();
        let changes = ["Put", "Delete", "Attach", "Detach", "Update", "Enable", "Disable", "Tag", "Untag"];
        let of_policies =
            ["CreatePolicyVersion", "SetDefaultPolicyVersion", "RevokeGrant", "RetireGrant", "CreateRole"];
        let of_others = ["AddUserToGroup", "RemoveUserFromGroup", "MoveAccount"];
        let of_keys = ["ScheduleKeyDeletion", "CancelKeyDeletion", "ImportKeyMaterial"];
        self.error.is_none()
            && matches!(service, "kms" | "iam" | "organizations")
            && (of_policies.contains(&name)
                || of_others.contains(&name)
                || of_keys.contains(&name)
                || changes.iter().any(|verb| name.starts_with(verb)))
    }
}

/// What a change was made to, as the record names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A KMS key, by ARN or ID.
    Key(String),
    /// A role, by name.
    Role(String),
    /// A user, by name.
    User(String),
    /// A group, by name.
    Group(String),
    /// A managed policy of IAM, by ARN.
    Policy(String),
}

impl Subject {
    /// The subjects of a record: of what holds a policy, not of the policy that is put there.
    pub(super) fn of(record: &Value) -> Vec<Self> {
        let text = |name: &str| {
            let value = record.pointer("/requestParameters").and_then(|parameters| parameters.get(name));
            value.and_then(Value::as_str).map(str::to_owned)
        };
        let holders = [
            text("targetKeyId").or_else(|| text("keyId")).map(Self::Key),
            text("roleName").map(Self::Role),
            text("userName").map(Self::User),
            text("groupName").map(Self::Group),
        ];
        let holders: Vec<Self> = holders.into_iter().flatten().collect();
        if holders.is_empty() { text("policyArn").map(Self::Policy).into_iter().collect() } else { holders }
    }
}
