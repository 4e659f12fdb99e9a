//! What a text names besides an error: instance, volume, Region, time, and who starts instances for others.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::record::{add, push};
use super::sentence::is_key_id;
use crate::names::{InstanceId, KeyArn, Region, VolumeId};

/// What stands around an error, for the next commands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The instances that it names.
    pub instances: Vec<InstanceId>,
    /// The volumes that it names.
    pub volumes: Vec<VolumeId>,
    /// The KMS keys that it names.
    pub keys: Vec<KeyArn>,
    /// The Regions that it names.
    pub regions: Vec<String>,
    /// The first time that it tells whole.
    pub time: Option<Timestamp>,
    /// The ID of the request, where it is told.
    pub request: Option<String>,
    /// Whether it stands in a record that cannot be read and does not tell that EC2 asked.
    pub is_direct: bool,
    /// The service that launches, where only one can be meant.
    pub launcher: Option<Launcher>,
}

/// A service that starts or launches instances in a service-linked role of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Launcher {
    /// Amazon EC2 Auto Scaling, also for EKS managed node groups.
    AutoScaling,
    /// Spot requests.
    Spot,
    /// Spot Fleet.
    SpotFleet,
}

impl Launcher {
    /// The name of its role, and the word of `--starter` for it.
    const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::AutoScaling, "AWSServiceRoleForAutoScaling", "auto-scaling"),
        (Self::SpotFleet, "AWSServiceRoleForEC2SpotFleet", "spot-fleet"),
        (Self::Spot, "AWSServiceRoleForEC2Spot", "spot"),
    ];

    /// Returns the word of `--starter`.
    pub fn starter(self) -> &'static str {
        Self::ALL.iter().find(|(own, _, _)| *own == self).map_or("", |(_, _, word)| word)
    }

    /// Returns the launcher whose service-linked role has this name.
    pub(super) fn of_role(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, role, _)| *role == name).map(|(own, _, _)| *own)
    }
}

/// What only texts of Auto Scaling say.
///
/// Source: <https://docs.aws.amazon.com/autoscaling/ec2/userguide/CHAP_Troubleshooting.html>,
/// <https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html#troubleshoot-managed-node-groups>
const OF_AUTO_SCALING: [&str; 6] = [
    "AsgInstanceLaunchFailures",
    "while waiting for instance to be in InService state",
    "Launching a new EC2 instance",
    "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
    "AutoScalingGroupName",
    "AWSServiceRoleForAutoScaling",
];

impl Facts {
    /// Returns what a text names, in one pass over its words.
    pub(super) fn of(text: &str) -> Self {
        let mut facts = Once::default();
        let words = text.split(is_between);
        let mut before = ["", ""];
        for word in words.filter(|word| word.contains(|found: char| found.is_ascii_alphanumeric())) {
            if facts.facts.request.is_none() && is_request_id(before, word) {
                facts.facts.request = Some(word.to_owned());
            } else if word.len() >= MIN_WORD {
                facts.word(word, goes_on(text, word));
            }
            before = [before[1], word];
        }
        let launcher = OF_AUTO_SCALING.iter().any(|sign| text.contains(sign)).then_some(Launcher::AutoScaling);
        Self { launcher, ..facts.facts }
    }

    /// Adds what an event tells besides its texts.
    pub(super) fn join(&mut self, more: &Self) {
        add(&mut self.instances, more.instances.iter().cloned());
        add(&mut self.volumes, more.volumes.iter().cloned());
        add(&mut self.keys, more.keys.iter().cloned());
        if !more.regions.is_empty() {
            self.regions.clone_from(&more.regions);
        }
        self.time = more.time.or(self.time);
        self.request = more.request.clone().or_else(|| self.request.take());
        self.launcher = more.launcher.or(self.launcher);
    }

    /// Adds what the whole text names once, where this part names none.
    pub(super) fn fill(&mut self, whole: &Self) {
        fn only<T: Clone>(own: &mut Vec<T>, whole: &[T]) {
            if let ([], [one]) = (own.as_slice(), whole) {
                own.push(one.clone());
            }
        }
        only(&mut self.instances, &whole.instances);
        only(&mut self.volumes, &whole.volumes);
        only(&mut self.regions, &whole.regions);
        self.launcher = self.launcher.or(whole.launcher);
    }
}

/// Returns `true` for what stands between words.
pub(super) fn is_between(found: char) -> bool {
    found.is_whitespace() || "\"'`,;()[]{}<>|=\\".contains(found)
}

/// What a text names, of which each is noted once, whatever their number.
#[derive(Default)]
struct Once {
    facts: Facts,
    instances: BTreeSet<InstanceId>,
    volumes: BTreeSet<VolumeId>,
    keys: BTreeSet<KeyArn>,
}

impl Once {
    fn word(&mut self, word: &str, goes_on: bool) {
        let word = word.trim_matches(['.', ':', '*']);
        // A key ID that a line end breaks is none.
        if let Some(key) = KeyArn::parse(word).ok().filter(|key| is_key_id(key.key_id())) {
            // Regions are few.
            push(&mut self.facts.regions, key.region().to_owned());
            note(&mut self.keys, &mut self.facts.keys, key);
            return;
        }
        if self.facts.time.is_none() && word.starts_with("20") {
            self.facts.time = word.parse().ok();
        }
        for part in word.split(['/', ':', '.', '_', '@']) {
            let is_short = part.trim_start_matches(|found: char| found != '-').len() == SHORT_ID;
            if goes_on && is_short {
                continue;
            }
            if let Ok(instance) = InstanceId::parse(part) {
                note(&mut self.instances, &mut self.facts.instances, instance);
            } else if let Ok(volume) = VolumeId::parse(part) {
                note(&mut self.volumes, &mut self.facts.volumes, volume);
            } else if let Some(region) = region_of(part) {
                push(&mut self.facts.regions, region);
            }
        }
    }
}

fn note<T: Ord + Clone>(known: &mut BTreeSet<T>, list: &mut Vec<T>, item: T) {
    if known.insert(item.clone()) {
        list.push(item);
    }
}

/// Returns `true` for a UUID behind `RequestID:`, `request id:` or the like.
fn is_request_id(before: [&str; 2], word: &str) -> bool {
    let [first, last] = before.map(|word| word.trim_end_matches(':').to_ascii_lowercase());
    let label = if last == "id" { first + "id" } else { last };
    let is_label = ["requestid", "request-id", "request_id"].iter().any(|name| label.ends_with(name));
    is_label && word.split('-').map(str::len).eq([8, 4, 4, 4, 12])
}

/// A hyphen and the eight digits of an ID of old, which may be the beginning of a new one.
const SHORT_ID: usize = 9;

/// Returns `true` if a line ends behind this word of the text, and the next one may go on with it.
fn goes_on(text: &str, word: &str) -> bool {
    let end = word.as_ptr().addr() + word.len() - text.as_ptr().addr();
    let next = text.get(end..).and_then(|rest| rest.trim_start_matches('\r').strip_prefix('\n'));
    next.is_some_and(|next| next.starts_with(|found: char| found.is_ascii_hexdigit()))
}

/// The shortest word of which anything is known: an instance ID of old.
const MIN_WORD: usize = 9;

/// Returns the Region that a word is, or whose Availability Zone or Local Zone it is, as `eu-central-1b`.
pub(super) fn region_of(word: &str) -> Option<String> {
    let digit = word.find(|found: char| found.is_ascii_digit())?;
    let (name, zone) = word.split_at_checked(digit + 1)?;
    // A Local Zone is `us-west-2-lax-1a`.
    let is_zone = zone.len() <= 1 || zone.starts_with('-');
    let is_known = GEOGRAPHIES.iter().any(|geography| name.split('-').next() == Some(geography))
        && DIRECTIONS.iter().any(|direction| name.contains(direction));
    (is_zone && is_known && zone.chars().all(|found| found.is_ascii_lowercase() || "-0123456789".contains(found)))
        .then(|| Region::parse(name).ok().map(|region| region.as_str().to_owned()))?
}

/// What the names of Regions begin with.
const GEOGRAPHIES: [&str; 11] = ["af", "ap", "ca", "cn", "eu", "eusc", "il", "me", "mx", "sa", "us"];

/// What every name of a Region holds.
const DIRECTIONS: [&str; 5] = ["north", "south", "east", "west", "central"];
