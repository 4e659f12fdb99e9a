use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Arn;

/// A name that does not have the form of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is not {article} {kind}: expected {expected}")]
pub struct NameError {
    kind: &'static str,
    article: &'static str,
    text: String,
    expected: &'static str,
}

impl NameError {
    pub(crate) fn new(kind: &'static str, text: &str, expected: &'static str) -> Self {
        let article = if kind.starts_with(['A', 'E', 'I', 'O', 'a', 'e', 'i', 'o']) { "an" } else { "a" };
        Self { kind, article, text: text.to_owned(), expected }
    }
}

/// A checked text as its own type: parsed once, printed as it was.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $expected:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks `text` and takes it.
            ///
            /// # Errors
            /// When the text does not have this form.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                let check: fn(&str) -> bool = $check;
                if check(text) { Ok(Self(text.into())) } else { Err(NameError::new($kind, text, $expected)) }
            }

            /// The text, as AWS writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                *self.0 == *other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                *self.0 == **other
            }
        }

        impl super::Name for $name {}

        impl super::Ours for $name {
            fn ours(text: &'static str) -> Self {
                Self(text.into())
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.into_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}
pub(super) use name;

/// `prefix` and 8 or 17 lower-case hexadecimal digits: the form of all EC2 resource IDs.
///
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html>
fn is_resource_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|id| {
        matches!(id.len(), 8 | 17) && id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() >= 3
        && parts
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
        && parts.last().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()))
}

fn is_key_arn(text: &str) -> bool {
    Arn::parse(text).is_ok_and(|arn| {
        arn.service() == "kms"
            && is_region(arn.region())
            && is_account(arn.account())
            && arn
                .resource()
                .strip_prefix("key/")
                .is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
    })
}

name!(
    /// An AWS account: twelve digits.
    AccountId, "account ID", "twelve digits", is_account
);
name!(
    /// An AWS Region, as `ap-northeast-1`; zones (`ap-northeast-1a`) are none.
    Region, "Region", "a name like `ap-northeast-1`", is_region
);
name!(
    /// An EC2 instance ID.
    InstanceId, "instance ID", "`i-` and 8 or 17 hexadecimal digits", |text| is_resource_id(text, "i-")
);
name!(
    /// An EBS volume ID.
    VolumeId, "volume ID", "`vol-` and 8 or 17 hexadecimal digits", |text| is_resource_id(text, "vol-")
);
name!(
    /// The ARN of a KMS key (never of an alias).
    KeyArn, "KMS key ARN", "`arn:aws:kms:region:account:key/key-id`", is_key_arn
);

impl Region {
    /// The partition of a Region, by the prefix of its name.
    ///
    /// Source: <https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>
    pub fn partition(&self) -> &'static str {
        let prefixes = [
            ("cn-", "aws-cn"),
            ("us-gov-", "aws-us-gov"),
            ("us-iso-", "aws-iso"),
            ("us-isob-", "aws-iso-b"),
            ("eu-isoe-", "aws-iso-e"),
            ("us-isof-", "aws-iso-f"),
            ("eusc-", "aws-eusc"),
        ];
        let found = prefixes.iter().find(|(prefix, _)| self.as_str().starts_with(prefix));
        found.map_or("aws", |(_, partition)| partition)
    }
}

impl KeyArn {
    fn part(&self, position: usize) -> &str {
        self.0.splitn(6, ':').nth(position).unwrap_or_default()
    }

    /// The partition, as `aws`.
    pub fn partition(&self) -> &str {
        self.part(1)
    }

    /// The key's Region.
    pub fn region(&self) -> &str {
        self.part(3)
    }

    /// The key's Region as a name of its own.
    pub fn in_region(&self) -> Region {
        Region(self.part(3).into())
    }

    /// The account that owns the key.
    pub fn account(&self) -> &str {
        self.part(4)
    }

    /// The bare key ID.
    pub fn key_id(&self) -> &str {
        self.part(5).strip_prefix("key/").unwrap_or_default()
    }
}
