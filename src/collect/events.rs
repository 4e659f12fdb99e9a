use std::time::Duration;

use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use jiff::{Timestamp, ToSpan as _};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::clients::{Access, Clients};
use super::credentials;
use super::error::CollectError;
use super::failure::ReadError;
use super::pace::Pace;
use crate::calls::{EventGap, LOOKUP_EVENTS};
use crate::event::{Actor, Event};
use crate::fact::{Unread, UnreadReason};
use crate::names::{InstanceId, PrincipalArn, kind_and_name};

/// CloudTrail answers two requests a second.
const BETWEEN: Duration = Duration::from_millis(510);

/// How many events a page holds at most.
const PER_PAGE: usize = 50;

/// What CloudTrail's event history, 90 days of a Region, tells of earlier starts.
#[derive(Debug, Default)]
pub struct Events {
    /// The events, in no order.
    pub found: Vec<Event>,
    /// What was not looked up: refused, or more than is asked for.
    pub gaps: Vec<EventGap>,
}

/// Looks up who started these instances, the grants that EC2 made meanwhile, what EC2 then decrypted, and changes of
/// policies and keys since.
///
/// # Errors
/// When the Region is not known or the credentials are refused; a lookup that fails is a gap.
///
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html>
pub async fn events(
    access: &Access,
    instances: &[InstanceId],
    principals: &[PrincipalArn],
) -> Result<Events, CollectError> {
    let (region, _) = credentials::region(access).await?;
    let pace = std::sync::Arc::new(Pace::new());
    let clients = Clients::load(access, access.main(), &region, &pace).await?;
    let mut history = History::new(&clients, region.as_str());
    for instance in instances {
        history.look_up(LookupAttributeKey::ResourceName, instance.as_str(), None, 2).await;
    }
    history.look_up(LookupAttributeKey::EventName, "CreateGrant", None, 4).await;
    let starts = history.events.found.iter();
    let starts = starts.filter(|event| event.action == "ec2:StartInstances" && !event.is_dry_run());
    let last = starts.max_by_key(|event| event.time).map(|event| (event.time, event.actor.clone()));
    if let Some(window) = last.as_ref().and_then(|(time, _)| *time).and_then(minutes_after) {
        history.look_up(LookupAttributeKey::EventName, "Decrypt", Some(window), 2).await;
    }
    for change in ["PutKeyPolicy", "DisableKey", "ScheduleKeyDeletion"] {
        history.look_up(LookupAttributeKey::EventName, change, None, 1).await;
    }
    let starter = last.and_then(|(_, actor)| match actor {
        Actor::Role { arn, .. } | Actor::User { arn } => Some(arn),
        Actor::Infrastructure | Actor::Service { .. } | Actor::Account { .. } | Actor::Other => None,
    });
    // IAM's events are recorded in one Region of the partition.
    iam_region(region.partition()).clone_into(&mut history.region);
    history.cloudtrail = clients.cloudtrail(&history.region);
    let mut names: Vec<&str> =
        principals.iter().map(PrincipalArn::as_str).chain(starter.as_deref()).map(|arn| kind_and_name(arn).1).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        history.look_up(LookupAttributeKey::ResourceName, name, None, 2).await;
    }
    pace.reason().map_or(Ok(history.events), Err)
}

/// The quarter of an hour in which a start decrypts.
fn minutes_after(time: Timestamp) -> Option<(Timestamp, Timestamp)> {
    Some((time.checked_sub(1.minutes()).ok()?, time.checked_add(15.minutes()).ok()?))
}

/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html>
fn iam_region(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-iso" => "us-iso-east-1",
        "aws-iso-b" => "us-isob-east-1",
        "aws-eusc" => "eusc-de-east-1",
        _ => "us-east-1",
    }
}

/// The event history, asked at the pace that CloudTrail allows.
struct History<'c> {
    clients: &'c Clients,
    cloudtrail: Client,
    region: String,
    pace: Interval,
    events: Events,
}

impl<'c> History<'c> {
    fn new(clients: &'c Clients, region: &str) -> Self {
        let mut pace = interval(BETWEEN);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let cloudtrail = clients.cloudtrail(region);
        Self { clients, cloudtrail, region: region.to_owned(), pace, events: Events::default() }
    }

    /// The latest events of one attribute, newest first; a failure or a further page is a gap. Once refused, nothing
    /// more is asked.
    async fn look_up(
        &mut self,
        key: LookupAttributeKey,
        value: &str,
        window: Option<(Timestamp, Timestamp)>,
        pages: usize,
    ) {
        let refused = self.events.gaps.iter().find(|gap| gap.unread.why == UnreadReason::Denied);
        if let Some(refused) = refused.map(|gap| gap.unread.clone()) {
            self.gap(refused, &key, value, window);
            return;
        }
        let mut token = None;
        for _ in 0..pages {
            let answer = self.page(key.clone(), value, window, token).await;
            token = match answer {
                Ok(next) => next,
                Err(failure) => {
                    self.gap(failure.unread, &key, value, window);
                    return;
                }
            };
            if token.is_none() {
                return;
            }
        }
        let message = format!("only the latest {} events of {value} are looked up", pages * PER_PAGE);
        self.gap(ReadError::not_asked(&LOOKUP_EVENTS, message).unread, &key, value, window);
    }

    fn gap(&mut self, unread: Unread, key: &LookupAttributeKey, value: &str, window: Option<(Timestamp, Timestamp)>) {
        self.events.gaps.push(EventGap::new(unread, Some(&self.region), (key.as_str(), value), window));
    }

    async fn page(
        &mut self,
        key: LookupAttributeKey,
        value: &str,
        window: Option<(Timestamp, Timestamp)>,
        token: Option<String>,
    ) -> Result<Option<String>, ReadError> {
        let attribute = LookupAttribute::builder().attribute_key(key.clone()).attribute_value(value).build();
        let attribute = attribute.map_err(|error| ReadError::unexpected(&LOOKUP_EVENTS, error.to_string()))?;
        let (from, until) = window.unzip();
        let second = |time: Timestamp| DateTime::from_secs(time.as_second());
        self.pace.tick().await;
        let call = self.cloudtrail.lookup_events().lookup_attributes(attribute).set_next_token(token);
        let call = call.set_start_time(from.map(second)).set_end_time(until.map(second)).send();
        let answer = self.clients.read(&LOOKUP_EVENTS, call).await?;
        let texts = answer.events.into_iter().flatten().map(|event| event.cloud_trail_event.unwrap_or_default());
        let (records, unread): (Vec<_>, Vec<_>) = texts
            .map(|text| serde_json::from_str(&text).ok().and_then(|record| Event::read(&record)))
            .partition(Option::is_some);
        if !unread.is_empty() {
            let message = format!("{} events of {value} cannot be read", unread.len());
            self.gap(ReadError::unexpected(&LOOKUP_EVENTS, message).unread, &key, value, window);
        }
        for event in records.into_iter().flatten() {
            let known = &self.events.found;
            if !known.iter().any(|known| known.event_id == event.event_id && !event.event_id.is_empty()) {
                self.events.found.push(event);
            }
        }
        Ok(answer.next_token.filter(|token| !token.is_empty()))
    }
}
