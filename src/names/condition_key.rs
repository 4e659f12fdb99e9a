use std::fmt;

/// The name of a condition key, as `kms:ViaService`; case does not count, and is kept for printing.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html>
#[derive(Clone)]
pub struct ConditionKey {
    written: Box<str>,
    lower: Box<str>,
    hash: u64,
}

impl ConditionKey {
    /// Takes any text: AWS accepts misspelt keys, they are just never in a request.
    pub fn new(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        let hash = fnv1a(lower.as_bytes());
        Self { written: text.into(), lower: lower.into(), hash }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// In lower case.
    pub fn lower(&self) -> &str {
        &self.lower
    }
}

/// Only a first filter before the names themselves are compared, so that looking a key up costs no text comparison.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

impl PartialEq for ConditionKey {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.lower == other.lower
    }
}

impl Eq for ConditionKey {}

impl PartialOrd for ConditionKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ConditionKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.lower.cmp(&other.lower)
    }
}

impl fmt::Display for ConditionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl fmt::Debug for ConditionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.written, f)
    }
}
