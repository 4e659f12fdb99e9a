use std::collections::BTreeMap;

use serde_json::Value;

use super::facts::{Facts, region_of};
use crate::capture::{StateReasonMeaning, code_at, meaning_of, sentence_of};
use crate::names::{InstanceId, VolumeId};

/// The state of an instance and the reason that EC2 gives for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    /// What stands around it.
    pub facts: Facts,
}

impl InstanceState {
    /// Returns what the reason says of a start.
    pub fn meaning(&self) -> StateReasonMeaning {
        meaning_of(&self.code).0
    }

    /// Reads an instance of `describe-instances`, or its status; `None` for an object that tells no state.
    pub(super) fn read(instance: &Value) -> Option<Self> {
        let text = |pointer: &str| instance.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let states = [text("/State/Name"), text("/InstanceState/Name")];
        let zones = [text("/Placement/AvailabilityZone"), text("/AvailabilityZone")];
        let mappings = instance.get("BlockDeviceMappings").and_then(Value::as_array).into_iter().flatten();
        let volumes = mappings.filter_map(|mapping| mapping.pointer("/Ebs/VolumeId").and_then(Value::as_str));
        let state = Self {
            instance: Some(InstanceId::parse(instance.get("InstanceId")?.as_str()?).ok()?),
            state: states.into_iter().find(|name| !name.is_empty()).unwrap_or_default(),
            code: text("/StateReason/Code"),
            message: text("/StateReason/Message"),
            transition: text("/StateTransitionReason"),
            facts: Facts {
                volumes: volumes.filter_map(|volume| VolumeId::parse(volume).ok()).collect(),
                regions: zones.iter().find_map(|zone| region_of(zone)).into_iter().collect(),
                // Of each start anew, although it is called that of the launch.
                time: text("/LaunchTime").parse().ok(),
                ..Facts::default()
            },
        };
        Some(state).filter(|state| !state.state.is_empty() || !state.code.is_empty())
    }

    /// The state reason in a row of a query, as `--query` prints it.
    pub(super) fn in_row(row: &[String]) -> Option<Self> {
        let reason = row.iter().find(|text| code(text).is_some() && text.lines().count() == 1)?;
        let ids: Vec<InstanceId> = row.iter().flat_map(|text| instances(text)).collect();
        Some(Self::of_reason(code(reason)?, reason, exactly_one(&ids)))
    }

    /// The state reasons in a text, as the console and the AWS CLI show them, each with the instance that it is
    /// certainly of.
    pub(super) fn in_text(text: &str) -> Vec<Self> {
        if !text.lines().any(|line| code(line).is_some()) {
            return Vec::new();
        }
        let only = exactly_one(&text.lines().flat_map(instances).collect::<Vec<_>>());
        let mut block = None;
        let mut found: Vec<Self> = Vec::new();
        // Where in the list the reason of each instance stands, and where those that are of none.
        let mut of_instances: BTreeMap<InstanceId, usize> = BTreeMap::new();
        let mut of_none: Vec<usize> = Vec::new();
        for line in text.lines() {
            let own = instances(line);
            // In the AWS CLI's output these words begin what belongs to an instance.
            if line.contains("INSTANCES") || line.contains("InstanceId") {
                block = exactly_one(&own);
            }
            let Some(code) = code(line) else { continue };
            let instance = match own.as_slice() {
                [] => only.clone().or_else(|| block.clone()),
                own => exactly_one(own),
            };
            let state = Self::of_reason(code, line, instance);
            let is_same = |at: &&usize| {
                let known = found.get(**at);
                known.is_some_and(|known| known.code == state.code || known.has_sentence() != state.has_sentence())
            };
            let same = match &state.instance {
                Some(instance) => of_instances.get(instance),
                None => of_none.iter().find(is_same),
            };
            match same.and_then(|at| found.get_mut(*at)) {
                // A code alone repeats the reason that has its sentence.
                Some(known) if !known.has_sentence() && state.has_sentence() => *known = state,
                Some(_) => {}
                None => {
                    match &state.instance {
                        Some(instance) => drop(of_instances.insert(instance.clone(), found.len())),
                        None => of_none.push(found.len()),
                    }
                    found.push(state);
                }
            }
        }
        found
    }

    fn has_sentence(&self) -> bool {
        self.message.contains(&format!("{}: ", self.code))
    }

    fn of_reason(code: &str, line: &str, instance: Option<InstanceId>) -> Self {
        Self {
            instance,
            code: code.to_owned(),
            message: message(code, line),
            facts: Facts::of(line),
            ..Self::default()
        }
    }
}

/// The reason in a line, with its sentence if it has one, and without what follows on the line.
fn message(code: &str, line: &str) -> String {
    let Some((_, said)) = line.split_once(&format!("{code}: ")) else { return code.to_owned() };
    let own = sentence_of(code);
    // A line may end within the sentence.
    if !own.is_empty() && (said.starts_with(own) || (own.starts_with(said.trim_end()) && !said.trim().is_empty())) {
        return format!("{code}: {own}");
    }
    let said = said.split(['"', '|', '\t', '<', '\\']).next().unwrap_or_default();
    format!("{code}: {}", said.trim_end_matches(['\'', ',', ' ', '\r', '}', ']', ')']))
}

/// The code in a line; one with its sentence before one that stands alone.
fn code(line: &str) -> Option<&str> {
    let classes = line.match_indices(['C', 'S']).filter_map(|(at, _)| {
        let here = line.get(at..).filter(|here| here.starts_with("Client.") || here.starts_with("Server."))?;
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        let is_part = before.is_some_and(|before| before.is_ascii_alphanumeric() || "._".contains(before));
        let code = if is_part { None } else { code_at(here) }?;
        Some((here.get(code.len()..).is_some_and(|rest| rest.starts_with(": ")), code))
    });
    let mut first = None;
    for (has_sentence, code) in classes {
        if has_sentence {
            return Some(code);
        }
        first = first.or(Some(code));
    }
    first
}

fn instances(line: &str) -> Vec<InstanceId> {
    let words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words.filter_map(|word| InstanceId::parse(word).ok()).collect()
}

/// Returns the only instance ID in `ids`, or `None` if they differ.
fn exactly_one(ids: &[InstanceId]) -> Option<InstanceId> {
    let first = ids.first()?.clone();
    ids.iter().all(|id| *id == first).then_some(first)
}
