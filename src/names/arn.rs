use std::fmt;

use super::NameError;

/// An Amazon Resource Name, `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`; only its six parts are checked.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn(Box<str>);

impl Arn {
    /// Takes `text` as an ARN.
    ///
    /// # Errors
    /// When it does not begin with `arn:` or has fewer than six parts.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        match Self::split(text) {
            Some([_, partition, service, _, _, resource])
                if is_partition(partition) && !service.is_empty() && !resource.is_empty() =>
            {
                Ok(Self(text.into()))
            }
            _ => Err(NameError::new("ARN", text, "`arn:partition:service:region:account:resource`")),
        }
    }

    /// The six parts of `text`, some of them perhaps empty; `None` where it has fewer or does not begin with `arn:`.
    pub fn split(text: &str) -> Option<[&str; 6]> {
        let mut parts = text.splitn(6, ':');
        let six = [parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?];
        (six.first() == Some(&"arn")).then_some(six)
    }

    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn part(&self, position: usize) -> &str {
        self.0.splitn(6, ':').nth(position).unwrap_or_default()
    }

    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub fn partition(&self) -> &str {
        self.part(1)
    }

    /// The service, as `kms`.
    pub fn service(&self) -> &str {
        self.part(2)
    }

    /// The Region, empty for global services.
    pub fn region(&self) -> &str {
        self.part(3)
    }

    /// The account, empty where the service has none in its ARNs.
    pub fn account(&self) -> &str {
        self.part(4)
    }

    /// All behind the fifth colon.
    pub fn resource(&self) -> &str {
        self.part(5)
    }
}

/// `aws`, `aws-cn`, `aws-us-gov`, …: the set that AWS's patterns give, for new ones are still founded.
///
/// Source: <https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>
pub(super) fn is_partition(text: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    text.len() <= 32 && text.split('-').next() == Some("aws") && text.split('-').all(is_part)
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
