use std::sync::Arc;

use aws_sdk_ec2::types::Filter;

use super::clients::{Access, Clients};
use super::credentials;
use super::error::{CollectError, ErrorCode};
use super::pace::{Pace, Page, pages};
use crate::calls::DESCRIBE_INSTANCES;
use crate::fact::UnreadReason;
use crate::names::InstanceId;

/// The instances whose tag `Name` is `name`, letter by letter, each with its state.
///
/// # Errors
/// When the credentials are refused or the instances cannot be listed.
pub async fn instances_named(access: &Access, name: &str) -> Result<Vec<(InstanceId, String)>, CollectError> {
    let (region, source) = credentials::region(access).await?;
    let pace = Arc::new(Pace::new());
    let clients = Clients::load(access, access.main(), &region, &pace).await?;
    let filter = Filter::builder().name("tag:Name").values(literal(name)).build();
    let read = pages(&DESCRIBE_INSTANCES, async |token| {
        let call = clients.ec2.describe_instances().filters(filter.clone()).set_next_token(token).send();
        let answer = clients.read(&DESCRIBE_INSTANCES, call).await?;
        Page::new(&DESCRIBE_INSTANCES, answer.reservations, false, answer.next_token)
    });
    let reservations = match read.await {
        Ok(reservations) => reservations,
        Err(failure) => {
            let said = &failure.unread.message;
            let code = if failure.unread.why == UnreadReason::Denied {
                ErrorCode::InstanceDenied
            } else {
                ErrorCode::Unreachable
            };
            let message = format!("instances could not be looked up by name in {region} (from {source}): {said}");
            let error = CollectError::new(code, message, "give the instance with `--instance-id`");
            return Err(pace.reason().unwrap_or(error));
        }
    };
    let instances = reservations.into_iter().flat_map(|reservation| reservation.instances.unwrap_or_default());
    let found = instances.filter_map(|instance| {
        let id = InstanceId::parse(instance.instance_id.as_deref()?).ok()?;
        let state = instance.state.and_then(|state| state.name).map(|state| state.as_str().to_owned());
        Some((id, state.unwrap_or_default()))
    });
    Ok(found.collect())
}

/// `*`, `?` and `\` are signs of EC2's filters.
///
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html>
fn literal(name: &str) -> String {
    let escaped =
        name.chars().flat_map(|sign| ['*', '?', '\\'].contains(&sign).then_some('\\').into_iter().chain([sign]));
    escaped.collect()
}
