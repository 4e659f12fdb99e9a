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
        Self { written: text.into(), lower: text.to_ascii_lowercase().into(), hash: hash(text) }
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

/// The name of a condition key on its way to being looked up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sought<'t> {
    text: &'t str,
    hash: u64,
}

impl<'t> Sought<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, hash: hash(text) }
    }

    pub(crate) fn is(self, key: &ConditionKey) -> bool {
        self.hash == key.hash && key.lower.eq_ignore_ascii_case(self.text)
    }
}

/// Only a first filter before the names themselves are compared, so that looking a key up costs no text comparison.
fn hash(text: &str) -> u64 {
    let lower = text.bytes().map(|byte| u64::from(byte.to_ascii_lowercase()));
    lower.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ byte).wrapping_mul(0x0000_0100_0000_01b3))
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
