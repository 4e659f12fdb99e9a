use serde_json::Value;

use crate::names::InstanceId;

/// The state of an instance and the reason that EC2 gives for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceState {
    /// The instance; `None` where only a text was pasted.
    pub instance: Option<InstanceId>,
    /// As `stopped`; empty if not told.
    pub state: String,
    /// As `Client.InternalError`; empty if there is none.
    pub code: String,
    /// AWS's sentence.
    pub message: String,
    /// `StateTransitionReason`: repeats the class of the reason, and may hold the time.
    pub transition: String,
}

/// What a state reason says of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The start was undone. A lacking permission, a key's state and a fault of EBS all look like this.
    MaybeKey,
    /// The start failed for a reason that has nothing to do with permissions or keys.
    NotKey,
    /// Nothing failed.
    Nothing,
    /// A reason that this program does not know.
    Other,
}

/// State reasons: the code, what it says, and AWS's words.
///
/// `Client.InvalidKMSKey.InvalidState` was recorded for a refused `kms:CreateGrant` on an enabled key.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html>
const REASONS: [(&str, Meaning); 14] = [
    ("Client.InternalError", Meaning::MaybeKey),
    ("Client.InvalidKMSKey.InvalidState", Meaning::MaybeKey),
    ("Server.InternalError", Meaning::MaybeKey),
    ("Client.InvalidSnapshot.NotFound", Meaning::NotKey),
    ("Client.VolumeLimitExceeded", Meaning::NotKey),
    ("Server.InsufficientInstanceCapacity", Meaning::NotKey),
    ("Server.SpotInstanceShutdown", Meaning::Nothing),
    ("Server.SpotInstanceTermination", Meaning::Nothing),
    ("Server.ScheduledStop", Meaning::Nothing),
    ("Client.InstanceInitiatedShutdown", Meaning::Nothing),
    ("Client.InstanceTerminated", Meaning::Nothing),
    ("Client.UserInitiatedShutdown", Meaning::Nothing),
    ("Client.UserInitiatedHibernate", Meaning::Nothing),
    ("pending", Meaning::Nothing),
];

impl InstanceState {
    /// What the reason says of a start.
    pub fn meaning(&self) -> Meaning {
        if self.code.is_empty() {
            return Meaning::Nothing;
        }
        let known = REASONS.iter().find(|(code, _)| *code == self.code);
        known.map_or(Meaning::Other, |(_, meaning)| *meaning)
    }

    /// Reads an instance of `describe-instances`; `None` for an object that is none.
    pub(super) fn read(instance: &Value) -> Option<Self> {
        let text = |pointer: &str| instance.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(Self {
            instance: Some(InstanceId::parse(instance.get("InstanceId")?.as_str()?).ok()?),
            state: text("/State/Name"),
            code: text("/StateReason/Code"),
            message: text("/StateReason/Message"),
            transition: text("/StateTransitionReason"),
        })
    }

    /// The state reason that stands in a text, as the console shows it.
    pub(super) fn in_text(text: &str) -> Option<Self> {
        // The longer codes first: one of them may begin with another.
        let mut codes: Vec<&str> = REASONS.iter().map(|(code, _)| *code).filter(|code| code.contains('.')).collect();
        codes.sort_by_key(|code| std::cmp::Reverse(code.len()));
        let code = codes.into_iter().find(|code| text.contains(code))?;
        let line = text.lines().find(|line| line.contains(code)).unwrap_or_default().trim();
        Some(Self {
            instance: text
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
                .find_map(|w| InstanceId::parse(w).ok()),
            state: String::new(),
            code: code.to_owned(),
            message: line.to_owned(),
            transition: String::new(),
        })
    }
}
