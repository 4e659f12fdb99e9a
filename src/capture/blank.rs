//! A name that may be missing, as a text that may be empty.

use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::Serializer;

use crate::names::NameError;

pub(super) fn deserialize<'de, N, D>(deserializer: D) -> Result<Option<N>, D::Error>
where
    N: FromStr<Err = NameError>,
    D: Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(D::Error::custom) }
}

#[expect(clippy::ref_option, reason = "serde hands the field on so")]
pub(super) fn serialize<N: AsRef<str>, S: Serializer>(name: &Option<N>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name.as_ref().map_or("", AsRef::as_ref))
}
