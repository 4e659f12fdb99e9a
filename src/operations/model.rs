//! The call model: the requests behind StartInstances, as data.

/// One kind of request that a start causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Its number in reports; kinds that belong together share one.
    pub number: u8,
    /// The action.
    pub action: &'static str,
    /// Who makes it.
    pub by: Requester,
    /// Whether a start fails without it.
    pub level: Level,
    /// How sure that is.
    pub confidence: Confidence,
    /// Where AWS says so.
    pub source: &'static str,
}

/// Who makes a request of a start, and in which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Requester {
    /// The role's session itself.
    Role,
    /// The role's session, forwarded by EC2 (forward access session).
    RoleThroughEc2,
    /// The identity in which EC2 decrypts the data keys of one instance's volumes.
    Infrastructure,
}

/// Whether the start hangs on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Without it the start fails.
    Start,
    /// AWS lists it for EBS encryption; no recorded start used it.
    Documented,
}

/// How sure a fact of the model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// AWS documents it.
    Documented,
    /// Recorded requests and reports agree on it.
    Field,
    /// It follows from other facts.
    Inferred,
}

/// The date on which the model was last compared with AWS's pages and recorded events.
pub const MODEL_DATE: &str = "2026-11-25";

const REQUIREMENTS: &str = "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html";

/// The requests behind StartInstances: the first for the instance, the others for each encrypted volume.
pub const START: &[Row] = &[
    Row {
        number: 1,
        action: "ec2:StartInstances",
        by: Requester::Role,
        level: Level::Start,
        confidence: Confidence::Documented,
        source: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StartInstances.html",
    },
    Row {
        number: 2,
        action: "kms:CreateGrant",
        by: Requester::RoleThroughEc2,
        level: Level::Start,
        confidence: Confidence::Documented,
        source: "https://repost.aws/knowledge-center/encrypted-volumes-stops-immediately",
    },
    Row {
        number: 3,
        action: "kms:Decrypt",
        by: Requester::RoleThroughEc2,
        level: Level::Documented,
        confidence: Confidence::Documented,
        source: REQUIREMENTS,
    },
    Row {
        number: 4,
        action: "kms:Decrypt",
        by: Requester::Infrastructure,
        level: Level::Start,
        confidence: Confidence::Documented,
        source: REQUIREMENTS,
    },
    volume_life_cycle("kms:DescribeKey"),
    volume_life_cycle("kms:GenerateDataKeyWithoutPlaintext"),
    volume_life_cycle("kms:ReEncryptFrom"),
    volume_life_cycle("kms:ReEncryptTo"),
];

/// The call by which a session of the role comes to be; no part of the start.
pub(super) const ASSUME_ROLE: Row = Row {
    number: 0,
    action: "sts:AssumeRole",
    by: Requester::Role,
    level: Level::Start,
    confidence: Confidence::Documented,
    source: "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html",
};

/// The permission besides, where the session is made with tags.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html>
pub(super) const TAG_SESSION: Row = Row {
    action: "sts:TagSession",
    source: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html",
    ..ASSUME_ROLE
};

const fn volume_life_cycle(action: &'static str) -> Row {
    Row {
        number: 5,
        action,
        by: Requester::RoleThroughEc2,
        level: Level::Documented,
        confidence: Confidence::Documented,
        source: REQUIREMENTS,
    }
}
