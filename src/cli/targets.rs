//! Which starts are asked for, in all the ways in which people name an instance and who starts it.

use std::collections::BTreeSet;

use crate::capture::{Capture, Target};
use crate::command::{Command, Word};
use crate::event::Starter;
use crate::fact::{Fact, UnreadReason};
use crate::limits::TARGETS;
use crate::names::{AccountId, InstanceId, PrincipalArn, Region};
use crate::outcome::Earlier;

use crate::words::option;

use super::args::Targets;
use super::exit::Exit;
use super::failure::CliError;
use super::{files, options, regions};

/// The starts as typed. What names an instance only by its tag is for a capture or for AWS to find.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct StartSelection {
    pub(super) instances: Vec<InstanceId>,
    pub(super) names: Vec<String>,
    pub(super) principals: Vec<PrincipalArn>,
    /// Given as pairs, on standard input.
    pub(super) listed: Vec<Target>,
    /// The Region that a console URL tells.
    pub(super) region: Option<Region>,
    /// The Region that is typed.
    typed: Option<Region>,
}

impl StartSelection {
    /// `region` is what is typed, `of_capture` that of the capture that is judged.
    pub(super) fn read(typed: &Targets, region: Option<&str>, of_capture: Option<&Region>) -> Result<Self, CliError> {
        let region = region.map(regions::region).transpose()?;
        let mut asked = Self { names: typed.instance_name.clone(), typed: region, ..Self::default() };
        let (mut ids, mut starters) = (typed.instance_id.clone(), Vec::new());
        for word in typed.start.iter().flat_map(|word| word.split(',')).filter(|word| !word.is_empty()) {
            match word {
                "-" => {
                    let text = files::read("-".as_ref())?;
                    let has_starter = typed.has_starter() || typed.start.len() > 1;
                    ids.extend(asked.listed(&text, has_starter)?);
                }
                // Of two words the second is who starts the first.
                _ if names_instance(word) || (ids.is_empty() && !word.contains(':') && typed.start.len() > 1) => {
                    ids.push(word.to_owned());
                }
                _ => starters.push(word),
            }
        }
        for text in &ids {
            let (id, region) = instance(text)?;
            asked.instances.push(id);
            asked.is_in(region)?;
        }
        let partition = asked.partition(of_capture);
        let account = typed.account.as_deref();
        for text in starters {
            asked.principals.push(options::principal(&named(text, account, partition)?)?);
        }
        for text in &typed.role_arn {
            asked.principals.push(options::role(&named(text, account, partition)?)?);
        }
        for text in &typed.principal_arn {
            asked.principals.push(options::principal(text)?);
        }
        for text in &typed.starter {
            asked.principals.push(starter(text, account, partition)?);
        }
        Ok(asked)
    }

    fn partition(&self, of_capture: Option<&Region>) -> &'static str {
        let region = [self.typed.clone(), self.region.clone(), of_capture.cloned(), of_environment()];
        region.into_iter().flatten().next().as_ref().map_or("aws", Region::partition)
    }

    /// Takes the Region that a URL tells; all of one run are in one.
    fn is_in(&mut self, region: Option<Region>) -> Result<(), CliError> {
        let known = self.region.as_ref().or(self.typed.as_ref());
        match (known, &region) {
            (Some(one), Some(other)) if one != other => Err(two_regions(one, other)),
            (_, _) => {
                self.region = self.region.take().or(region);
                Ok(())
            }
        }
    }

    /// One target a line: `INSTANCE PRINCIPAL`, or an object as a capture has it. Where it is told who starts them, the
    /// instances alone, which are returned.
    fn listed(&mut self, text: &str, has_starter: bool) -> Result<Vec<String>, CliError> {
        let (mut targets, mut instances) = (Vec::new(), Vec::new());
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_start_matches('\u{feff}').trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let bad = |message: &str| {
                CliError::bad_input(
                    "malformed-target",
                    format!("line {} of the targets: {message}", number + 1),
                    "give a line `INSTANCE PRINCIPAL` for each, or {\"instanceId\": …, \"roleArn\": …}",
                )
            };
            if line.starts_with('{') {
                let target: Target = serde_json::from_str(line).map_err(|error| bad(&error.to_string()))?;
                options::principal(target.role_arn.as_str()).map_err(|error| bad(&error.message))?;
                targets.push(target);
                continue;
            }
            let words: Vec<&str> = line.split([' ', '\t', ',']).filter(|word| !word.is_empty()).collect();
            if let (true, [id]) = (has_starter, words.as_slice()) {
                instance(id).map_err(|error| bad(&error.message))?;
                instances.push((*id).to_owned());
                continue;
            }
            let [id, role] = words.as_slice() else { return Err(bad("there are not two words")) };
            let (instance_id, region) = instance(id).map_err(|error| bad(&error.message))?;
            self.is_in(region).map_err(|error| bad(&error.message))?;
            let role_arn = options::principal(role).map_err(|error| bad(&error.message))?;
            targets.push(Target { instance_id, role_arn });
        }
        if targets.is_empty() && instances.is_empty() {
            return Err(CliError::bad_input(
                "argument-missing",
                "standard input names no target",
                "give a line for each",
            ));
        }
        self.listed = targets;
        Ok(instances)
    }

    /// The error of a read with the ways on for whoever has no credentials, if it is for want of them.
    pub(super) fn or_without_credentials(&self, error: CliError) -> CliError {
        if !error.lacks_credentials() {
            return error;
        }
        let listed = self.listed.iter();
        let ids: BTreeSet<&InstanceId> =
            self.instances.iter().chain(listed.clone().map(|one| &one.instance_id)).collect();
        let arns = self.principals.iter().chain(listed.map(|one| &one.role_arn));
        let principals: BTreeSet<&PrincipalArn> = arns.collect();
        let script = Command::preflight("capture --script");
        let script = ids.into_iter().fold(script, |script, id| script.option("--instance-id", id));
        let script = principals.into_iter().fold(script, |script, principal| script.with(&option(principal)));
        let from = Command::preflight("check").option("--from", Word::blank("FILES"));
        let help = format!(
            "{}\nwithout credentials: send what this prints to somebody who has some, and judge what comes back with \
             --capture:\n  {script}\nor judge what the AWS CLI printed before:\n  {from}",
            error.help
        );
        CliError { help, ..error }
    }

    /// The starts of a capture.
    pub(super) fn of(capture: &Capture) -> Self {
        Self { listed: capture.targets.clone(), region: Some(capture.read.region.clone()), ..Self::default() }
    }

    /// The Region that is typed, or that a URL tells.
    pub(super) fn region(&self) -> Option<Region> {
        self.typed.clone().or_else(|| self.region.clone())
    }

    /// Every instance and every principal that is asked for.
    #[cfg(feature = "aws")]
    pub(super) fn subjects(&self) -> (Vec<InstanceId>, Vec<PrincipalArn>) {
        let listed = self.listed.iter();
        let instances = listed.clone().map(|target| &target.instance_id).chain(&self.instances);
        let principals = listed.map(|target| &target.role_arn).chain(&self.principals);
        let instances: std::collections::BTreeSet<InstanceId> = instances.cloned().collect();
        let principals: std::collections::BTreeSet<PrincipalArn> = principals.cloned().collect();
        (instances.into_iter().collect(), principals.into_iter().collect())
    }

    /// Where no principal is given: the one that last started an instance that is asked for, as events tell it.
    pub(super) fn started_by(&mut self, earlier: &Earlier) -> Result<Option<Starter>, CliError> {
        if !self.principals.is_empty() || !self.listed.is_empty() {
            return Ok(None);
        }
        let starter = Starter::last(&earlier.incidents, &self.instances);
        if let Some(arn) = starter.as_ref().and_then(Starter::principal) {
            self.principals.push(options::principal(arn)?);
            return Ok(starter);
        }
        let failed = earlier.gaps.iter().find(|gap| gap.unread.why != UnreadReason::NotAsked);
        let why = match (failed, starter) {
            (_, Some(_)) => "the last start was made by neither a role nor a user".to_owned(),
            (Some(gap), None) => format!("CloudTrail could not be asked: {}", gap.unread.message),
            (None, None) if earlier.incidents.is_empty() => return Ok(None),
            (None, None) => "no start of this instance is among the events".to_owned(),
        };
        let message = format!("the role is missing, and the events do not tell it: {why}");
        let failure =
            CliError::bad_input("argument-missing", message, "give --role-arn arn:aws:iam::ACCOUNT:role/NAME");
        Err(if failed.is_some() { CliError { exit: Exit::NoVerdict, ..failure } } else { failure })
    }

    /// All starts: every instance with every principal, those aside whose instance is only named.
    pub(super) fn all(&self) -> Result<Vec<Target>, CliError> {
        let mut targets = self.listed.clone();
        let has_instance = !(targets.is_empty() && self.instances.is_empty() && self.names.is_empty());
        let has_starter = !self.principals.is_empty() || (!targets.is_empty() && self.instances.is_empty());
        if !(has_instance && has_starter) {
            return Err(self.missing(has_instance, has_starter));
        }
        few_enough(targets.len().saturating_add(self.instances.len().saturating_mul(self.principals.len())))?;
        for id in &self.instances {
            targets
                .extend(self.principals.iter().map(|role| Target { instance_id: id.clone(), role_arn: role.clone() }));
        }
        Ok(targets)
    }

    /// All that is missing, with the whole command.
    fn missing(&self, has_instance: bool, has_starter: bool) -> CliError {
        let message = match (has_instance, has_starter) {
            (false, false) => "which instance, and who starts it? Neither is given",
            (false, true) => "which instance? None is given",
            (true, _) => "who starts it? No role and no user is given",
        };
        let id = self.instances.first().map_or_else(|| Word::blank("i-…"), Word::from);
        let arn = self.principals.first();
        let arn = arn.map_or_else(|| Word::blank("arn:aws:iam::ACCOUNT:role/NAME"), Word::from);
        let example = Command::preflight("check").argument(id).argument(arn);
        let mut help = example.to_string();
        if !has_starter {
            help.push_str(
                "\nnot the instance's own role: the one that calls StartInstances; `--events cloudtrail` looks it up",
            );
        }
        help.push_str("\nwithout credentials: `ebs-preflight capture --script` with the same words, or --capture FILE");
        CliError::bad_input("argument-missing", message, help)
    }

    /// Adds to the targets of a capture those that name the same role as one of them by another ARN: a session for its role,
    /// or the other way round.
    fn add_sessions(&self, capture: &mut Capture) {
        let asked = self.principals.iter().chain(self.listed.iter().map(|target| &target.role_arn));
        for asked in asked {
            let is_same = |target: &&Target| target.role_arn != *asked && target.role_arn.is_same_as(asked);
            let held: Vec<Target> = capture.targets.iter().filter(is_same).cloned().collect();
            for target in held {
                let target = Target { role_arn: asked.clone(), ..target };
                if !capture.targets.contains(&target) {
                    capture.targets.push(target);
                }
            }
        }
    }

    /// Keeps the targets of a capture that are asked for, and tells those that it does not hold.
    pub(super) fn narrow(&self, mut capture: Capture) -> Result<(Capture, Vec<Target>), CliError> {
        few_enough(capture.targets.len())?;
        if let Some(region) = self.typed.as_ref().or(self.region.as_ref())
            && *region != capture.read.region
        {
            let message = format!("the capture is of {}, and {region} is asked for", capture.read.region);
            return Err(CliError::bad_input("two-regions", message, "give the capture of the Region that is meant"));
        }
        self.add_sessions(&mut capture);
        let mut ids = self.instances.clone();
        for name in &self.names {
            let of_name = capture.instances.iter().filter(|(_, instance)| has_name(instance, name));
            let found = of_name.map(|(id, one)| (id.clone(), one.known().map_or("", |one| &one.state).to_owned()));
            ids.push(the_one(name, found.collect())?);
        }
        let held: BTreeSet<Target> = capture.targets.iter().cloned().collect();
        let asked = self.among(&held, &ids);
        capture.targets.retain(|target| asked.contains(target));
        if capture.targets.is_empty() {
            let help = if held.is_empty() {
                "it names no start: hand it in with --add, beside the capture of one".to_owned()
            } else {
                let held = held.iter().map(|target| format!("{} {}", target.instance_id, target.role_arn));
                format!("it holds:\n{}", held.collect::<Vec<_>>().join("\n"))
            };
            return Err(CliError::bad_input("target-not-captured", "the capture was not made for this start", help));
        }
        Ok((capture, asked.difference(&held).cloned().collect()))
    }

    /// The starts that are asked for. Where only an instance or only a principal is named, those of the capture are
    /// meant, and where it has none, each with the other half of what it holds.
    fn among(&self, held: &BTreeSet<Target>, ids: &[InstanceId]) -> BTreeSet<Target> {
        let mut asked: BTreeSet<Target> = self.listed.iter().cloned().collect();
        if ids.is_empty() && self.principals.is_empty() {
            return if asked.is_empty() { held.clone() } else { asked };
        }
        let captured_ids: BTreeSet<&InstanceId> = held.iter().map(|target| &target.instance_id).collect();
        let captured_principals: BTreeSet<&PrincipalArn> = held.iter().map(|target| &target.role_arn).collect();
        let is_meant = |target: &&Target| {
            (ids.is_empty() || ids.contains(&target.instance_id))
                && (self.principals.is_empty() || self.principals.contains(&target.role_arn))
        };
        asked.extend(held.iter().filter(is_meant).cloned());
        let pair = |id: &InstanceId, role: &PrincipalArn| Target { instance_id: id.clone(), role_arn: role.clone() };
        if self.principals.is_empty() {
            let others = ids.iter().filter(|id| !captured_ids.contains(id));
            asked.extend(others.flat_map(|id| captured_principals.iter().map(|role| pair(id, role))));
        } else if ids.is_empty() {
            let others = self.principals.iter().filter(|role| !captured_principals.contains(role));
            asked.extend(others.flat_map(|role| captured_ids.iter().map(|id| pair(id, role))));
        } else {
            asked.extend(self.principals.iter().flat_map(|role| ids.iter().map(|id| pair(id, role))));
        }
        asked
    }
}

pub(super) fn few_enough(targets: usize) -> Result<(), CliError> {
    if !TARGETS.is_past(targets) {
        return Ok(());
    }
    let message = format!("there are {targets} starts, and at most {TARGETS} are judged at a time");
    Err(CliError::bad_input("too-many-targets", message, "give them in several runs"))
}

fn has_name(instance: &Fact<crate::capture::Instance>, name: &str) -> bool {
    instance.known().and_then(|instance| instance.tags.get("Name")).is_some_and(|own| own == name)
}

/// The only instance of a name; of several none is taken.
pub(super) fn the_one(name: &str, mut found: Vec<(InstanceId, String)>) -> Result<InstanceId, CliError> {
    match (found.pop(), found.is_empty()) {
        (Some((id, _)), true) => Ok(id),
        (None, _) => Err(CliError::bad_input(
            "instance-unknown",
            format!("no instance has the name `{name}`"),
            "a name is the value of the tag `Name`, letter by letter; or give --instance-id",
        )),
        (Some(last), false) => {
            found.push(last);
            let lines: Vec<String> = found.iter().map(|(id, state)| format!("--instance-id {id}  {state}")).collect();
            Err(CliError::bad_input(
                "instance-ambiguous",
                format!("{} instances have the name `{name}`", found.len()),
                format!("give the one that is meant:\n{}", lines.join("\n")),
            ))
        }
    }
}

pub(super) fn two_regions(one: &Region, other: &Region) -> CliError {
    let message = format!("the instances are in two Regions, {one} and {other}");
    CliError::bad_input("two-regions", message, "check those of one Region at a time")
}

impl Targets {
    fn has_starter(&self) -> bool {
        !(self.role_arn.is_empty() && self.principal_arn.is_empty() && self.starter.is_empty())
    }
}

/// Returns `true` for the ID of an instance, or an attempt at one, and for the URL of its page.
fn names_instance(word: &str) -> bool {
    let start = word.get(..2).unwrap_or_default();
    start.eq_ignore_ascii_case("i-") || word.contains("://") || word.contains(".console.") || word.starts_with('<')
}

/// A role's ARN, also where only its name and its account are given.
fn named(text: &str, account: Option<&str>, partition: &str) -> Result<String, CliError> {
    let Some(account) = account.filter(|_| !text.contains(':')) else { return Ok(text.to_owned()) };
    let account = AccountId::parse(account)
        .map_err(|error| CliError::bad_input("malformed-account", error.to_string(), "as 111122223333"))?;
    Ok(format!("arn:{partition}:iam::{account}:role/{}", text.trim_start_matches('/')))
}

/// The Region that the AWS CLI would take from the environment.
fn of_environment() -> Option<Region> {
    #[expect(clippy::disallowed_methods, reason = "cli reads the environment")]
    let text = std::env::var("AWS_REGION").or_else(|_| std::env::var("AWS_DEFAULT_REGION")).ok()?;
    Region::parse(&text).ok()
}

/// An instance by its ID or by the URL of its page in the console, which tells the Region as well: with or without its
/// scheme, in the angle brackets of a mail, or as the destination of a link that signs in first.
fn instance(text: &str) -> Result<(InstanceId, Option<Region>), CliError> {
    let url = text.trim().trim_start_matches('<').trim_end_matches('>');
    if !url.contains('/') {
        let lower = url.get(..2).filter(|start| start.eq_ignore_ascii_case("i-")).map(|_| url.to_ascii_lowercase());
        return Ok((options::instance(lower.as_deref().unwrap_or(url))?, None));
    }
    // A destination is encoded, and its own fragment is once more.
    let url = decoded(&decoded(url));
    let words = url.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '-');
    let mut ids: Vec<InstanceId> = words.filter_map(|word| InstanceId::parse(word).ok()).collect();
    ids.sort();
    ids.dedup();
    let [id] = ids.as_slice() else {
        let message = format!("`{text}` does not name one instance");
        return Err(CliError::bad_input("malformed-instance-id", message, "copy the URL of the instance's own page"));
    };
    let stated = url.split_once("region=").map(|(_, rest)| rest.split(['#', '&', '/']).next().unwrap_or_default());
    let host = url.split_once(".console.").map(|(before, _)| before.rsplit(['.', '/']).next().unwrap_or_default());
    let region = [stated, host].into_iter().flatten().find_map(|region| Region::parse(region).ok());
    Ok((id.clone(), region))
}

/// The text with what is percent-encoded in it as it was.
fn decoded(url: &str) -> String {
    let mut pieces = url.split('%');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let sign = piece.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok()).filter(u8::is_ascii);
        if let (Some(sign), Some(rest)) = (sign, piece.get(2..)) {
            text.push(char::from(sign));
            text.push_str(rest);
        } else {
            text.push('%');
            text.push_str(piece);
        }
    }
    text
}

/// The service-linked role in which a service starts instances.
///
/// Source: <https://docs.aws.amazon.com/autoscaling/ec2/userguide/autoscaling-service-linked-role.html>,
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/service-linked-roles-spot-instance-requests.html>
fn starter(text: &str, account: Option<&str>, partition: &str) -> Result<PrincipalArn, CliError> {
    let (service, suffix) = text.split_once(':').map_or((text, None), |(service, suffix)| (service, Some(suffix)));
    let role = match (service, suffix) {
        ("auto-scaling", None) => "autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling".to_owned(),
        ("auto-scaling", Some(suffix)) if !suffix.is_empty() => {
            format!("autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_{suffix}")
        }
        ("spot", None) => "spot.amazonaws.com/AWSServiceRoleForEC2Spot".to_owned(),
        ("spot-fleet", None) => "spotfleet.amazonaws.com/AWSServiceRoleForEC2SpotFleet".to_owned(),
        (_, _) => {
            let message = format!("`{text}` is no starter that this program knows");
            let help = "give auto-scaling, auto-scaling:SUFFIX, spot or spot-fleet; any other starter by --role-arn";
            return Err(CliError::bad_input("unknown-starter", message, help));
        }
    };
    let Some(account) = account else {
        let help = "give --account ACCOUNT, the one that the instance is in";
        return Err(CliError::bad_input("argument-missing", "the starter's account is missing", help));
    };
    let account = AccountId::parse(account)
        .map_err(|error| CliError::bad_input("malformed-account", error.to_string(), "as 111122223333"))?;
    options::role(&format!("arn:{partition}:iam::{account}:role/aws-service-role/{role}"))
}
