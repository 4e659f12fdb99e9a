use jiff::Timestamp;
use serde::Deserialize;

/// A time: the AWS CLI prints ISO 8601 with an offset; its first version, and KMS itself, seconds since 1970.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
pub(crate) enum Time {
    Text(Timestamp),
    Seconds(f64),
}

impl Time {
    /// The time, unless no clock shows it.
    pub(crate) fn timestamp(self) -> Result<Timestamp, String> {
        match self {
            Self::Text(time) => Ok(time),
            #[expect(clippy::cast_possible_truncation, reason = "what does not fit is out of range, too")]
            Self::Seconds(seconds) => Timestamp::from_millisecond((seconds * 1000.0).round() as i64)
                .map_err(|_| format!("the answer holds the time {seconds}, which is none")),
        }
    }
}
