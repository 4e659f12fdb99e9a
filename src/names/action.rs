use std::fmt;

use super::NameError;

/// An action, as `kms:CreateGrant`; case does not count in comparisons, and is kept for printing.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html>
#[derive(Clone)]
pub struct Action {
    written: Box<str>,
    lower: Box<str>,
}

impl Action {
    /// Reads `service:Name`; AWS takes an empty name for one that no policy lists.
    ///
    /// # Errors
    /// When there is no colon, the service is empty, or a part holds a wildcard.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        match text.split_once(':') {
            Some((service, name))
                if !service.is_empty()
                    && !name.contains(':')
                    && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b':' || b == b'-') =>
            {
                Ok(Self { written: text.into(), lower: text.to_ascii_lowercase().into() })
            }
            _ => Err(NameError::new("action", text, "`service:Name`, as `kms:CreateGrant`")),
        }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// In lower case: what patterns compare with.
    pub fn lower(&self) -> &str {
        &self.lower
    }

    /// The service prefix, in lower case.
    pub fn service(&self) -> &str {
        self.lower.split_once(':').map_or("", |(service, _)| service)
    }
}

impl PartialEq for Action {
    fn eq(&self, other: &Self) -> bool {
        self.lower == other.lower
    }
}

impl Eq for Action {}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.written, f)
    }
}
