//! What can stand in the way of a start, in combinations: the remedy cures it, each part is needed, and the controls
//! stay denied.

mod exempt;
mod extend;

use std::sync::Arc;

use super::{Control, Judgement, Note, Remedy, changes, propose};
use crate::capture::{AttachedPolicy, Capture, InlinePolicy, Level, OrgPolicy, Organization};
use crate::change::Change;
use crate::document::Document;
use crate::engine::{Decision, NamedPolicy};
use crate::fact::Fact;
use crate::names::{AccountId, KeyArn};
use crate::operations::{
    GivenPolicy, Level as Needed, PolicyCache, Question, RemedyPlace, RemedyStyle, RequestOutcome, judge, plan,
};
use crate::policy::PolicyType;

static SHELF: PolicyCache<'static> = PolicyCache::new();

const INCIDENT: &str = include_str!("../cli/demo.json");
const ROLE: &str = "arn:aws:iam::111122223333:role/scheduler/StartJob";
const KEY: &str = "arn:aws:kms:ap-northeast-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// What stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lock {
    NoDelegation,
    StaleId,
    KeyPolicyDeny,
    Boundary,
    OwnDeny,
    Session,
    ScpDeny,
    RcpPerimeter,
}

const LOCKS: [Lock; 8] = [
    Lock::NoDelegation,
    Lock::StaleId,
    Lock::KeyPolicyDeny,
    Lock::Boundary,
    Lock::OwnDeny,
    Lock::Session,
    Lock::ScpDeny,
    Lock::RcpPerimeter,
];

struct World {
    capture: Capture,
    question: Question,
}

fn document(text: &str) -> Fact<Document> {
    Fact::Known(Document::new(text))
}

impl World {
    fn incident() -> Self {
        Self { capture: Capture::parse(INCIDENT).unwrap(), question: Question::default() }
    }

    fn locked(locks: &[Lock]) -> Self {
        let mut world = Self::incident();
        world.set_key_policy(locks);
        for lock in locks {
            world.lock(*lock);
        }
        world
    }

    fn set_key_policy(&mut self, locks: &[Lock]) {
        let has = |lock| locks.contains(&lock);
        let mut statements = Vec::new();
        statements.push(if has(Lock::NoDelegation) {
            r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/KeyAdmin"}, "Action": "kms:*", "Resource": "*"}"#
        } else {
            r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"}"#
        });
        if has(Lock::StaleId) {
            statements.push(r#"{"Effect": "Allow", "Principal": {"AWS": ["AROAGONEGONEGONEGONE1"]}, "Action": "kms:*", "Resource": "*"}"#);
        }
        if has(Lock::KeyPolicyDeny) {
            statements.push(
                r#"{"Sid": "OnlyAdmins", "Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*",
                "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/KeyAdmin"}}}"#,
            );
        }
        let text = format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{}]}}", statements.join(", "));
        self.capture.keys.get_mut(&KeyArn::parse(KEY).unwrap()).unwrap().policy = document(&text);
    }

    fn role(&mut self) -> &mut crate::capture::Identity {
        let Some(Fact::Known(role)) = self.capture.identities.get_mut(ROLE) else { panic!("no role") };
        role
    }

    fn organization(&mut self) -> &mut Organization {
        let account = AccountId::parse("111122223333").unwrap();
        let reading = self.capture.organizations.entry(account).or_default();
        if reading.known().is_none() {
            let management_account = AccountId::parse("999988887777").unwrap();
            *reading = Fact::Known(Organization {
                path: Fact::Known(vec!["r-abcd".parse().unwrap()]),
                scps: Fact::Absent,
                rcps: Fact::Absent,
                ..Organization::bare("o-abc1234567".parse().unwrap(), management_account)
            });
        }
        let Fact::Known(organization) = reading else { panic!("no organization") };
        organization
    }

    fn lock(&mut self, lock: Lock) {
        let levels = |id: &str, text: &str| {
            let policy = OrgPolicy { id: Some(id.parse().unwrap()), name: String::new(), document: document(text) };
            Fact::Known(vec![Level { target: "r-abcd".parse().unwrap(), policies: vec![policy] }])
        };
        match lock {
            Lock::NoDelegation | Lock::StaleId | Lock::KeyPolicyDeny => {}
            Lock::Boundary => {
                let text = r#"{"Statement": {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}}"#;
                let arn = "arn:aws:iam::111122223333:policy/limits".to_owned();
                self.role().boundary =
                    Fact::Known(AttachedPolicy { arn: arn.parse().unwrap(), version: None, document: document(text) });
            }
            Lock::OwnDeny => {
                let text = r#"{"Statement": [{"Effect": "Deny", "Action": "kms:*", "Resource": "*"}]}"#;
                let Fact::Known(inline) = &mut self.role().inline else { panic!("no policies") };
                inline.push(InlinePolicy { name: "no-keys".parse().unwrap(), document: document(text) });
            }
            Lock::Session => {
                let text = r#"{"Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}]}"#;
                let policy = NamedPolicy::parse("session.json", text, PolicyType::Session).unwrap();
                self.question.session_policies.push(GivenPolicy(Arc::new(policy)));
            }
            Lock::ScpDeny => {
                let text = r#"{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"},
                    {"Effect": "Deny", "Action": "kms:CreateGrant", "Resource": "*"}]}"#;
                self.organization().scps = levels("p-deny0001", text);
            }
            Lock::RcpPerimeter => {
                let text = r#"{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*",
                     "Condition": {"StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-0a1b2c3d"}, "Bool": {"aws:PrincipalIsAWSService": "false"}}}]}"#;
                let full = r#"{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}"#;
                let policy = |id: &str, text| OrgPolicy {
                    id: Some(id.parse().unwrap()),
                    name: String::new(),
                    document: document(text),
                };
                let policies = vec![policy("p-RCPFullAWSAccess", full), policy("p-perimeter1", text)];
                self.organization().rcps = Fact::Known(vec![Level { target: "r-abcd".parse().unwrap(), policies }]);
            }
        }
    }

    fn judged(&self) -> Vec<RequestOutcome> {
        judge(plan(&self.capture, &self.capture.targets[0], &self.question, &SHELF).unwrap().cases)
    }

    fn remedy(&self) -> Option<Remedy> {
        propose(self.judgement(&self.judged()))
    }

    fn judgement<'a>(&'a self, judged: &'a [RequestOutcome]) -> Judgement<'a> {
        Judgement {
            capture: &self.capture,
            target: &self.capture.targets[0],
            question: &self.question,
            judged,
            counts: &[],
            whole: &self.capture,
            remedies: Box::leak(Box::default()),
            shelf: &SHELF,
        }
    }

    fn after(&self, changes: &[Change]) -> Vec<RequestOutcome> {
        self.judgement(&self.judged()).again(changes).unwrap()
    }
}

fn starts(judged: &[RequestOutcome]) -> bool {
    let required = judged.iter().filter(|judged| judged.case.row.level == Needed::Start);
    required.into_iter().all(|judged| judged.decision == Decision::Allowed)
}

#[test]
fn every_set_of_locks_is_cured_and_no_part_is_idle() {
    for bits in 0..1_u32 << LOCKS.len() {
        let locks: Vec<Lock> =
            LOCKS.into_iter().enumerate().filter(|(number, _)| bits >> number & 1 == 1).map(|(_, lock)| lock).collect();
        let world = World::locked(&locks);
        assert!(!starts(&world.judged()), "{locks:?}: blocked");
        let remedy = world.remedy().unwrap();
        let all = changes(remedy.parts());
        assert!(starts(&world.after(&all)), "{locks:?}: cured");
        assert!(
            remedy.proof().cures() && remedy.proof().minimality.idle.is_empty(),
            "{locks:?}: {:#?}",
            remedy.proof()
        );
        let freed = [Control::AnotherRole, Control::AnotherService, Control::WithoutEc2];
        let opened = &remedy.proof().opened;
        assert!(!freed.iter().any(|control| opened.contains(control)), "{locks:?}: {opened:?}");
        for (number, part) in remedy.parts().iter().enumerate() {
            let mut fewer = all.clone();
            fewer.remove(number);
            let after = world.after(&fewer);
            let denied = part.requests.iter().any(|position| after[*position].decision != Decision::Allowed);
            assert!(denied, "{locks:?}: without {:?} nothing is denied", part.change);
        }
    }
}

#[test]
fn an_added_allow_opens_no_control_where_nothing_is_denied() {
    for locks in [&[][..], &[Lock::NoDelegation], &[Lock::Boundary], &[Lock::Session, Lock::StaleId]] {
        let mut world = World::locked(locks);
        world.question.fix_warnings = true;
        let remedy = world.remedy().unwrap();
        assert_eq!(remedy.proof().opened, [], "{locks:?}");
        let minimality = &remedy.proof().minimality;
        assert!(minimality.loose.is_empty() && minimality.binding == 3, "{locks:?}: {minimality:?}");
    }
}

#[test]
fn stale_ids_go_in_the_same_change() {
    let remedy = World::locked(&[Lock::NoDelegation, Lock::StaleId]).remedy().unwrap();
    let part = &remedy.parts()[0];
    assert_eq!(part.notes, [Note::StaleIds(vec!["AROAGONEGONEGONEGONE1".to_owned()])]);
    assert!(!part.after.as_ref().unwrap().text().contains("AROA"));
}

#[test]
fn a_second_remedy_extends_the_statements_of_the_first() {
    let mut world = World::incident();
    world.question.fix_warnings = true;
    let all = changes(world.remedy().unwrap().parts());
    world.capture = crate::change::apply_all(&world.capture, &all);
    let other = KeyArn::parse(&KEY.replace("1234abcd", "9999abcd")).unwrap();
    let record = world.capture.keys[&KeyArn::parse(KEY).unwrap()].clone();
    world.capture.keys.insert(other.clone(), record);
    let Some(Fact::Known(volume)) = world.capture.volumes.values_mut().next() else { panic!("no volume") };
    volume.key = Fact::Known(other.clone());
    let remedy = world.remedy().unwrap();
    assert!(remedy.proof().cures());
    let [part] = remedy.parts() else { panic!("{:?}", remedy.parts()) };
    assert!(part.statements.iter().all(|one| one.replaces.is_some() && one.text.contains(other.as_str())));
    assert_eq!(part.after.as_ref().unwrap().text().matches("\"Sid\"").count(), 2);
}

#[test]
fn each_place_serves_that_is_offered() {
    let mut world = World::incident();
    let alternatives = world.remedy().unwrap().alternatives().to_vec();
    assert_eq!(alternatives, [RemedyPlace::KeyPolicy, RemedyPlace::Grant]);
    for place in alternatives {
        world.question.remedy_place = Some(place);
        let remedy = world.remedy().unwrap();
        assert!(remedy.proof().cures() && !remedy.is_elsewhere(), "{place:?}");
    }
    world.question.remedy_place = Some(RemedyPlace::Boundary);
    assert!(world.remedy().unwrap().is_elsewhere());
}

#[test]
fn the_customary_pair_says_what_of_it_the_start_does_not_need() {
    let mut world = World::incident();
    world.question.remedy_style = RemedyStyle::AwsDocumented;
    let remedy = world.remedy().unwrap();
    let idle = &remedy.proof().minimality.idle;
    assert_eq!(*idle, ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]);
}

#[test]
fn a_role_of_identity_center_is_named_by_its_pattern() {
    let role = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/ap-northeast-1/AWSReservedSSO_Ops_0123456789abcdef";
    let mut world = World::locked(&[Lock::NoDelegation]);
    let text = world.capture.print().unwrap().replace(ROLE, role);
    world.capture = Capture::parse(&text).unwrap();
    let remedy = world.remedy().unwrap();
    assert!(remedy.proof().cures());
    let [own, key] = remedy.parts() else { panic!("{:?}", remedy.parts()) };
    assert_eq!(own.notes, [Note::PermissionSet { name: "Ops".to_owned() }]);
    let text = key.after.as_ref().unwrap().text();
    assert!(text.contains("AWSReservedSSO_Ops_*") && !text.contains("0123456789abcdef"), "{text}");
}
