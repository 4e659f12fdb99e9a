use super::wraps::{is_of_encoded, is_whole};

/// An access-denied text of AWS, taken apart.
///
/// Both forms are read: with the denying policy's ARN at the end and without it.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The ARN of the principal that was refused; empty if the text does not tell.
    pub principal: String,
    /// As `kms:CreateGrant`; empty if the text does not tell.
    pub action: String,
    /// The resource's ARN; empty if the text hides it, as for a key of another account.
    pub resource: String,
    /// How it was denied.
    pub denial: Denial,
    /// The policy type that AWS names.
    pub policy: Option<PolicyKind>,
    /// The ARN of the denying policy, which AWS adds for managed policies, SCPs and RCPs.
    pub policy_arn: Option<String>,
    /// The encoded authorization failure message.
    pub encoded: Option<Encoded>,
    /// The Sids of the statements that a decoded message names.
    pub statements: Vec<String>,
}

/// How a request was denied, as far as the text tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Denial {
    /// A Deny statement applied.
    Explicit,
    /// No Allow statement applied.
    Implicit,
    /// AWS hides the cause, as it does across accounts.
    Hidden,
    /// It was not denied, by the decoded message.
    None,
    /// The text does not tell.
    #[default]
    Untold,
}

/// The policy types that AWS names in its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    /// `identity-based policy`
    Identity,
    /// `resource-based policy`: on a KMS key, the key policy.
    Resource,
    /// `permissions boundary`
    Boundary,
    /// `session policy`
    Session,
    /// `service control policy`
    Scp,
    /// `resource control policy`
    Rcp,
    /// `VPC endpoint policy`
    VpcEndpoint,
}

impl PolicyKind {
    const ALL: [(&'static str, Self); 7] = [
        ("identity-based policy", Self::Identity),
        ("resource-based policy", Self::Resource),
        ("permissions boundary", Self::Boundary),
        ("session policy", Self::Session),
        ("service control policy", Self::Scp),
        ("resource control policy", Self::Rcp),
        ("VPC endpoint policy", Self::VpcEndpoint),
    ];

    /// AWS's words for it.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(words, _)| words)
    }

    fn at_start_of(text: &str) -> Option<(Self, &str)> {
        Self::ALL.iter().find_map(|(words, kind)| Some((*kind, text.strip_prefix(words)?)))
    }
}

/// An encoded authorization failure message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encoded {
    /// `sts:DecodeAuthorizationMessage` decodes it.
    Whole(String),
    /// CloudTrail cuts it after 1 KB; the rest stands only in the caller's own output.
    Cut,
}

/// The error codes that are of a key's state and of nothing else.
pub(super) const KEY_CODES: [&str; 4] =
    ["DisabledException", "KMSInvalidStateException", "KeyUnavailableException", "CustomerKeyHasBeenRevoked"];

/// What IAM's errors name without an ARN.
const KINDS: [&str; 5] = ["role ", "user ", "group ", "policy ", "instance profile "];

/// Where these codes stand in a text, as whole words.
pub(super) fn key_codes(text: &str) -> impl Iterator<Item = (usize, &'static str)> {
    let is_end = |found: Option<char>| found.is_none_or(|c| !c.is_ascii_alphanumeric());
    KEY_CODES.iter().flat_map(move |code| {
        text.match_indices(code).map(|(at, _)| (at, *code)).filter(move |(at, code)| {
            is_end(text.get(..*at).and_then(|before| before.chars().next_back()))
                && is_end(text.get(at + code.len()..).and_then(|behind| behind.chars().next()))
        })
    })
}

/// A word of an error text that is not whole, so that nobody knows what it names.
pub(super) struct Cut {
    /// Where it begins.
    pub(super) offset: usize,
    /// What it is.
    pub(super) what: String,
}

impl Refusal {
    /// Reads a text in which AWS refuses a request; `None` for any other text, or for one that is cut.
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_within(&text.split_whitespace().collect::<Vec<_>>().join(" "), &|_| false).ok()?
    }

    /// Reads a text on one line. `is_tight`: whether a blank stands for a line end that may have broken a word.
    pub(super) fn parse_within(text: &str, is_tight: &dyn Fn(usize) -> bool) -> Result<Option<Self>, Cut> {
        let encoded = encoded(text, is_tight)?;
        let Some((before, after)) = text.split_once(" is not authorized to perform: ") else {
            return Ok(Self::without_principal(text, encoded));
        };
        let cut = |part: &str, what: &str| {
            let offset = part.as_ptr().addr().saturating_sub(text.as_ptr().addr());
            Cut { offset, what: format!("the {what} `{}` of this error text is cut", clean(part)) }
        };
        let principal = before.rsplit_once("User: ").map_or("", |(_, principal)| principal);
        if principal.contains(' ') || (principal.contains(":assumed-role/") && !is_whole(principal)) {
            return Err(cut(principal, "principal"));
        }
        let (action, rest) = after.split_once(' ').unwrap_or((after, ""));
        if !clean(action).split_once(':').is_some_and(|(service, name)| is_plain(service) && is_plain(name)) {
            return Err(cut(action, "action"));
        }
        let named = rest.strip_prefix("on resource: ").unwrap_or_default();
        // IAM writes `role NAME` for some of its own.
        let kind = KINDS.iter().find(|kind| named.starts_with(**kind)).map_or(0, |kind| kind.len());
        let end = named.get(kind..).and_then(|name| name.find([' ', '<'])).map_or(named.len(), |end| kind + end);
        let (first, rest) = if named.is_empty() { ("", rest) } else { named.split_at_checked(end).unwrap_or_default() };
        let rest = rest.trim_start();
        let resource = clean(first).to_owned();
        if resource.starts_with("arn:") && !is_whole(&resource) {
            return Err(cut(first, "resource"));
        }
        let principal = principal.to_owned();
        let mut refusal = Self { principal, action: clean(action).to_owned(), resource, encoded, ..Self::default() };
        refusal.read_cause(rest);
        Ok(Some(refusal))
    }

    /// Whether `text`, from which this was read, is the whole sentence of AWS, with nothing in it that is not understood.
    pub(super) fn is_complete(&self, text: &str) -> bool {
        let Some((before, after)) = text.split_once(" is not authorized to perform: ") else { return false };
        let rest = after.strip_prefix(self.action.as_str()).unwrap_or_default().trim_start();
        let rest = rest.strip_prefix("on resource: ").unwrap_or(rest);
        let rest = rest.trim_start_matches('"').strip_prefix(self.resource.as_str()).unwrap_or_default();
        let same_action =
            |named: &str| named.strip_prefix(self.action.as_str()).is_some_and(|end| end.starts_with(" action"));
        let names_policy = self.policy.is_some() || !(rest.contains(" in a") || rest.contains("because no "));
        let cause = rest.trim_start_matches(['"', ' ']);
        let is_told = self.denial != Denial::Untold
            && (cause.starts_with("because ") || cause.starts_with("with "))
            && names_policy
            && rest.split_once("allows the ").is_none_or(|(_, named)| same_action(named))
            && (self.denial != Denial::Implicit || rest.contains("allows the "));
        (before.ends_with(&format!("User: {}", self.principal)) && self.principal.starts_with("arn:"))
            && (is_told || rest.is_empty() || rest.starts_with(['.', '"', '<']))
    }

    /// The texts that name nobody: EC2's own, and the old one of KMS for a key that is hidden from the caller.
    fn without_principal(text: &str, encoded: Option<Encoded>) -> Option<Self> {
        let hidden = ["The ciphertext refers to a customer master key", "The ciphertext refers to a KMS key"];
        if hidden.iter().any(|words| text.contains(words)) {
            return Some(Self { action: "kms:Decrypt".to_owned(), denial: Denial::Hidden, ..Self::default() });
        }
        let known = encoded.is_some()
            || text.contains("(UnauthorizedOperation)")
            || text.contains("You are not authorized to perform this operation");
        known.then(|| Self { encoded, ..Self::default() })
    }

    /// The refusal with what its encoded message says.
    ///
    /// # Errors
    /// When the decoded message is of another action, principal or resource.
    pub fn with_decoded(&self, decoded: &Self) -> Result<Self, String> {
        let of_both = |what: &str, own: &str, other: &str| {
            if !own.is_empty() && !other.is_empty() && own != other {
                return Err(format!("its {what} is {other}, that of the error text {own}"));
            }
            Ok(if own.is_empty() { other } else { own }.to_owned())
        };
        Ok(Self {
            action: of_both("action", &self.action, &decoded.action)?,
            principal: of_both("principal", &self.principal, &decoded.principal)?,
            resource: of_both("resource", &self.resource, &decoded.resource)?,
            denial: decoded.denial,
            statements: decoded.statements.clone(),
            encoded: None,
            ..self.clone()
        })
    }

    fn read_cause(&mut self, rest: &str) {
        let (denial, named) = if let Some((_, rest)) = rest.split_once("with an explicit deny in a") {
            (Denial::Explicit, rest.trim_start_matches('n').trim_start())
        } else if rest.contains("with an explicit deny") {
            (Denial::Explicit, "")
        } else if let Some((_, rest)) = rest.split_once("because no ") {
            (Denial::Implicit, rest)
        } else if rest.contains("because the resource does not exist in this Region") {
            (Denial::Hidden, "")
        } else {
            (Denial::Untold, "")
        };
        self.denial = denial;
        if let Some((kind, rest)) = PolicyKind::at_start_of(named) {
            self.policy = Some(kind);
            let arn = rest.strip_prefix(": ").and_then(|rest| rest.split(' ').next()).map(clean);
            self.policy_arn = arn.filter(|arn| arn.starts_with("arn:")).map(str::to_owned);
        }
    }
}

/// Without the punctuation of the sentence or the quotes around it.
fn clean(text: &str) -> &str {
    let quotes = ['"', '\'', '`', '\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}'];
    text.trim_matches(|c| quotes.contains(&c) || ".,;)<>".contains(c))
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// The encoded message in a text.
pub(super) fn encoded(text: &str, is_tight: &dyn Fn(usize) -> bool) -> Result<Option<Encoded>, Cut> {
    let Some((before, rest)) = text.split_once("Encoded authorization failure message: ") else { return Ok(None) };
    let message = rest.split([' ', '"', '<']).next().unwrap_or_default();
    if message.ends_with("...") {
        return Ok(Some(Encoded::Cut));
    }
    let offset = text.len() - rest.len();
    let next = rest.get(message.len()..).unwrap_or_default().trim_start().split(' ').next().unwrap_or_default();
    let may_go_on = is_tight(offset + message.len()) && !next.is_empty() && next.chars().all(is_of_encoded);
    let message = clean(message);
    if message.is_empty() || may_go_on || !message.chars().all(is_of_encoded) {
        let what = "the encoded message is broken, by a line end or another character: put it on one line".to_owned();
        return Err(Cut { offset: if message.is_empty() { before.len() } else { offset }, what });
    }
    Ok(Some(Encoded::Whole(message.to_owned())))
}
