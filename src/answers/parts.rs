//! The answers that count, as one reader would have had them; and which of them cannot stand side by side.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::mangled::plain;
use super::sources::{Source, Sources};
use super::transcript::{Answer, Part};
use super::wants::Wants;
use super::whole::{PARTIAL, rest};
use crate::capture::Capture;
use crate::document::Position;
use crate::names::AccountId;

/// When and in which account something was answered.
type When = (Option<Timestamp>, Option<AccountId>);

/// The answers to each read.
type Reads<'s> = BTreeMap<String, Vec<&'s Source>>;

/// Where an answer begins that was put together here.
const PLACE: Position = Position { line: 1, column: 1 };

impl Sources {
    /// The first sign in an answer that counts which mail puts in place of another, with its file.
    pub(super) fn damaged(&self, wants: &Wants) -> Option<(usize, char)> {
        let counting = self.0.iter().filter(|source| !source.item.is_error && source.wanted(wants).next().is_some());
        counting.into_iter().find_map(|source| Some((source.file, odd(&source.value()?, false)?)))
    }

    /// Answers to one read that may not both be true: those without a date that differ, and what differs from them.
    pub(super) fn rivals(&self, wants: &Wants) -> Vec<Vec<usize>> {
        let mut groups: BTreeMap<(&String, &str, &Option<AccountId>), Vec<usize>> = BTreeMap::new();
        for (number, source) in self.0.iter().enumerate().filter(|(_, source)| !source.item.is_error) {
            for read in source.wanted(wants) {
                groups.entry((read, source.item.part.as_str(), &source.account)).or_default().push(number);
            }
        }
        let time = |number: &usize| self.0.get(*number).and_then(|source| source.item.time);
        let value = |number: &usize| self.0.get(*number).and_then(Source::value);
        let is_cut = |number: &usize| value(number).is_some_and(|value| rest(&value).is_some());
        let may_clash = |group: &Vec<usize>| {
            let times: BTreeSet<Option<Timestamp>> = group.iter().map(time).collect();
            let are_dated = !times.contains(&None) && times.len() == group.len();
            group.len() > 1 && !are_dated && !group.iter().any(is_cut)
        };
        groups
            .into_values()
            .filter(may_clash)
            .map(|group| {
                let mut distinct: Vec<usize> = Vec::new();
                for number in group {
                    if !distinct.iter().any(|other| value(other) == value(&number)) {
                        distinct.push(number);
                    }
                }
                distinct
            })
            .filter(|group| group.len() > 1)
            .collect()
    }

    /// The answers that count, by their time and account, as one reader would have had them.
    pub(super) fn parts(&self, wants: &Wants, capture: &Capture) -> Vec<Part> {
        let mut groups: BTreeMap<When, Reads<'_>> = BTreeMap::new();
        let concerned = capture.accounts();
        let gone = self.gone();
        for source in self.0.iter().filter(|source| !source.is_gone(&gone)) {
            for read in source.wanted(wants) {
                for account in source.answers_for(read, &concerned) {
                    let group = groups.entry((source.item.time, account)).or_default();
                    group.entry(read.clone()).or_default().push(source);
                }
            }
        }
        let answered: BTreeSet<&String> =
            self.0.iter().filter(|source| !source.item.is_error).flat_map(|source| &source.reads).collect();
        groups
            .into_iter()
            .map(|((time, account), reads)| {
                let mut part = Part { account, times: time.into_iter().collect(), is_whole: true, ..Part::default() };
                // Before the refusal of a list what is known of it.
                for (read, text) in implied(&reads, &answered) {
                    part.answers.push(Answer { asked: read, text, exit: Some(0), in_tag: None, place: PLACE });
                }
                for (read, sources) in &reads {
                    part.answers.push(answer(read, sources));
                }
                part
            })
            .collect()
    }
}

/// A policy alone as the answer to the read that it stands for.
pub(super) fn as_answer(read: &str, document: &str) -> String {
    let words: Vec<&str> = read.split(' ').collect();
    let answer = match words.as_slice() {
        ["iam:GetPolicyVersion", _, version] => {
            json!({ "PolicyVersion": { "Document": document, "VersionId": version, "IsDefaultVersion": true } })
        }
        ["organizations:DescribePolicy", ..] => json!({ "Policy": { "Content": document } }),
        ["kms:GetKeyPolicy", ..] => json!({ "Policy": document, "PolicyName": "default" }),
        [_, _, name] => json!({ "PolicyName": name, "PolicyDocument": document }),
        [..] => json!({ "Policy": document }),
    };
    answer.to_string()
}

/// The answer that the sources of one read amount to: what was read before what was refused, and parts as one.
fn answer(read: &str, sources: &[&Source]) -> Answer {
    let answers: Vec<&&Source> = sources.iter().filter(|source| !source.item.is_error).collect();
    let Some(first) = answers.first() else {
        let text = sources.first().map(|source| source.item.text.clone()).unwrap_or_default();
        return Answer { asked: read.to_owned(), text, exit: Some(254), in_tag: None, place: PLACE };
    };
    let values: Vec<Value> = answers.iter().filter_map(|source| source.value()).collect();
    let are_parts =
        answers.iter().any(|source| !source.item.part.is_empty()) || values.iter().any(|value| rest(value).is_some());
    let text = if are_parts && values.len() > 1 { together(&values).to_string() } else { first.item.text.clone() };
    let in_tag = values.iter().find_map(|value| odd(value, true)).and_then(|sign| Some((PLACE, plain(sign)?.0)));
    Answer { asked: read.to_owned(), text, exit: Some(0), in_tag, place: PLACE }
}

/// Several pages or parts of a list as one, which is cut off if one of them is.
fn together(values: &[Value]) -> Value {
    let mut whole = values.iter().find(|value| rest(value).is_some()).or(values.first()).cloned().unwrap_or_default();
    let Some(members) = whole.as_object_mut() else { return whole };
    for (name, member) in members {
        let Some(items) = member.as_array_mut() else { continue };
        for item in values.iter().filter_map(|value| value.get(name)?.as_array()).flatten() {
            if !items.contains(item) {
                items.push(item.clone());
            }
        }
    }
    whole
}

/// What the answers of a part imply: a policy that is there is one of the list, and a version that says so is the
/// default one.
fn implied(reads: &Reads<'_>, answered: &BTreeSet<&String>) -> Vec<(String, String)> {
    let mut lists: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut defaults: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (read, sources) in reads.iter().filter(|(_, sources)| sources.iter().any(|source| !source.item.is_error)) {
        let words: Vec<&str> = read.split(' ').collect();
        let [action, of, name] = words.as_slice() else { continue };
        let says_so =
            |value: &Value| value.pointer("/PolicyVersion/IsDefaultVersion").and_then(Value::as_bool) == Some(true);
        match *action {
            "iam:GetRolePolicy" | "iam:GetUserPolicy" | "iam:GetGroupPolicy" => {
                let list = action.replacen("Get", "List", 1).replace("Policy", "Policies");
                lists.entry(format!("{list} {of}")).or_default().push(name);
            }
            "iam:GetPolicyVersion"
                if sources.iter().filter_map(|source| source.value()).any(|value| says_so(&value)) =>
            {
                defaults.entry(of).or_default().push(name);
            }
            _ => {}
        }
    }
    let lists = lists
        .into_iter()
        .map(|(list, names)| (list, json!({ "PolicyNames": names, PARTIAL: "the list itself was not handed in" })));
    // Of two versions that were the default at their time nobody knows which is the newer.
    let one = defaults.into_iter().filter_map(|(arn, versions)| Some((arn, <[&str; 1]>::try_from(versions).ok()?)));
    let policies = one.map(|(arn, [version])| {
        (format!("iam:GetPolicy {arn}"), json!({ "Policy": { "Arn": arn, "DefaultVersionId": version } }))
    });
    let implied = lists.chain(policies).filter(|(read, _)| !answered.contains(read));
    implied.map(|(read, answer)| (read, answer.to_string())).collect()
}

/// The first sign of typography or that nobody sees, in tags or outside of them. Descriptions are nobody's evidence.
fn odd(value: &Value, in_tags: bool) -> Option<char> {
    match value {
        Value::Object(members) => {
            members.iter().filter(|(name, _)| *name != "Description").find_map(|(name, member)| {
                let sign = |text: &str| text.chars().find(|sign| plain(*sign).is_some());
                match (name.as_str(), in_tags) {
                    ("Tags", true) => sign(&member.to_string()),
                    ("Tags", false) => None,
                    (_, _) => odd(member, in_tags),
                }
            })
        }
        Value::Array(items) => items.iter().find_map(|item| odd(item, in_tags)),
        Value::String(text) if !in_tags => text.chars().find(|sign| plain(*sign).is_some()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}
