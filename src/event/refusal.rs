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

impl Refusal {
    /// Reads a text in which AWS refuses a request; `None` for any other text.
    ///
    /// Line ends count as blanks: mail and terminals wrap these long lines.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let encoded = encoded(&text);
        let Some((before, after)) = text.split_once(" is not authorized to perform: ") else {
            let known = encoded.is_some() || text.contains("(UnauthorizedOperation)");
            return known.then(|| Self { encoded, ..Self::default() });
        };
        let principal = before.rsplit_once("User: ").map_or("", |(_, principal)| principal);
        let (action, rest) = after.split_once(' ').unwrap_or((after, ""));
        let (resource, rest) = match rest.strip_prefix("on resource: ") {
            Some(rest) => rest.split_once(' ').unwrap_or((rest, "")),
            None => ("", rest),
        };
        let mut refusal = Self {
            principal: principal.to_owned(),
            action: clean(action).to_owned(),
            resource: clean(resource).to_owned(),
            encoded,
            ..Self::default()
        };
        refusal.read_cause(rest);
        Some(refusal)
    }

    fn read_cause(&mut self, rest: &str) {
        let (denial, named) = if let Some((_, rest)) = rest.split_once("with an explicit deny in a") {
            (Denial::Explicit, rest.trim_start_matches('n').trim_start())
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
    text.trim_matches(['"', '\'', '.', ',', ';'])
}

fn encoded(text: &str) -> Option<Encoded> {
    let (_, rest) = text.split_once("Encoded authorization failure message: ")?;
    let message = rest.split([' ', '"', '<']).next().unwrap_or_default();
    Some(match message.strip_suffix("...") {
        Some(_) => Encoded::Cut,
        None => Encoded::Whole(message.trim_end_matches('.').to_owned()),
    })
}
