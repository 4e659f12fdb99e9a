//! The call model: the requests behind StartInstances, as data.

/// One kind of request that a start causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Which step of a start it belongs to.
    pub step: Step,
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

/// A step of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The call by which a session of the role comes to be; no part of the start itself.
    Assume,
    /// The call of EC2.
    Start,
    /// The grant on the key that EC2 makes with the rights of the principal.
    CreateGrant,
    /// The use of the key with the rights of the principal.
    ForwardedDecrypt,
    /// The use of the key by EC2's own identity.
    InfrastructureDecrypt,
    /// What EC2 asks where it creates, copies or describes volumes.
    VolumeLifeCycle,
}

impl Step {
    /// Returns its number in reports (`row`).
    pub fn number(self) -> u8 {
        match self {
            Self::Assume => 0,
            Self::Start => 1,
            Self::CreateGrant => 2,
            Self::ForwardedDecrypt => 3,
            Self::InfrastructureDecrypt => 4,
            Self::VolumeLifeCycle => 5,
        }
    }
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
        step: Step::Start,
        action: "ec2:StartInstances",
        by: Requester::Role,
        level: Level::Start,
        confidence: Confidence::Documented,
        source: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StartInstances.html",
    },
    Row {
        step: Step::CreateGrant,
        action: "kms:CreateGrant",
        by: Requester::RoleThroughEc2,
        level: Level::Start,
        confidence: Confidence::Documented,
        source: "https://repost.aws/knowledge-center/encrypted-volumes-stops-immediately",
    },
    Row {
        step: Step::ForwardedDecrypt,
        action: "kms:Decrypt",
        by: Requester::RoleThroughEc2,
        level: Level::Documented,
        confidence: Confidence::Documented,
        source: REQUIREMENTS,
    },
    Row {
        step: Step::InfrastructureDecrypt,
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
    step: Step::Assume,
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
        step: Step::VolumeLifeCycle,
        action,
        by: Requester::RoleThroughEc2,
        level: Level::Documented,
        confidence: Confidence::Documented,
        source: REQUIREMENTS,
    }
}
