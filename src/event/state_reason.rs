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

    /// Reads an instance of `describe-instances`, or its status; `None` for an object that tells no state.
    pub(super) fn read(instance: &Value) -> Option<Self> {
        let text = |pointer: &str| instance.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let states = [text("/State/Name"), text("/InstanceState/Name")];
        let state = Self {
            instance: Some(InstanceId::parse(instance.get("InstanceId")?.as_str()?).ok()?),
            state: states.into_iter().find(|name| !name.is_empty()).unwrap_or_default(),
            code: text("/StateReason/Code"),
            message: text("/StateReason/Message"),
            transition: text("/StateTransitionReason"),
        };
        Some(state).filter(|state| !state.state.is_empty() || !state.code.is_empty())
    }

    /// The state reason in a row of a query, as `--query` prints it.
    pub(super) fn in_row(row: &[String]) -> Option<Self> {
        let reason = row.iter().find(|text| code(text).is_some() && text.lines().count() == 1)?;
        let ids: Vec<InstanceId> = row.iter().filter_map(|text| InstanceId::parse(text).ok()).collect();
        Some(Self::of_reason(code(reason)?, reason, the_one(&ids)))
    }

    /// The state reasons in a text, as the console and the AWS CLI show them, each with the instance that it is
    /// certainly of.
    pub(super) fn in_text(text: &str) -> Vec<Self> {
        let only = the_one(&text.lines().flat_map(instances).collect::<Vec<_>>());
        let mut block = None;
        let mut found: Vec<Self> = Vec::new();
        for line in text.lines() {
            let own = instances(line);
            // In the AWS CLI's output these words begin what belongs to an instance.
            if line.contains("INSTANCES") || line.contains("InstanceId") {
                block = the_one(&own);
            }
            let Some(code) = code(line) else { continue };
            let instance = match own.as_slice() {
                [] => only.clone().or_else(|| block.clone()),
                own => the_one(own),
            };
            let state = Self::of_reason(code, line, instance);
            let is_same = |known: &&mut Self| {
                known.instance == state.instance && (state.instance.is_some() || known.code == state.code)
            };
            match found.iter_mut().find(is_same) {
                // A code alone repeats the reason that has its sentence.
                Some(known) if !known.has_sentence() && state.has_sentence() => *known = state,
                Some(_) => {}
                None => found.push(state),
            }
        }
        found
    }

    fn has_sentence(&self) -> bool {
        self.message.contains(&format!("{}: ", self.code))
    }

    fn of_reason(code: &str, line: &str, instance: Option<InstanceId>) -> Self {
        let ends = ['|', '\'', '"', ',', ' ', '\t', '\r'];
        Self {
            instance,
            state: String::new(),
            code: code.to_owned(),
            message: line
                .find(&format!("{code}: "))
                .or_else(|| line.find(code))
                .and_then(|at| line.get(at..))
                .unwrap_or_default()
                .trim_end_matches(ends)
                .to_owned(),
            transition: String::new(),
        }
    }
}

/// The code in a line. The longer ones first: one of them may begin with another.
fn code(line: &str) -> Option<&'static str> {
    let found = REASONS.iter().map(|(code, _)| *code).filter(|code| code.contains('.') && line.contains(code));
    found.max_by_key(|code| code.len())
}

fn instances(line: &str) -> Vec<InstanceId> {
    let words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words.filter_map(|word| InstanceId::parse(word).ok()).collect()
}

/// The one of a list that names no other.
fn the_one(ids: &[InstanceId]) -> Option<InstanceId> {
    let first = ids.first()?.clone();
    ids.iter().all(|id| *id == first).then_some(first)
}
