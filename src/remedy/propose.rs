//! From what is denied to the changes that allow it, in the places where they work.

use crate::capture::OrgPolicy;
use crate::change::{ADDED_POLICY, Change, PERMISSION_SET_POLICY, PolicyPlace, Savers, refusals, savers};
use crate::engine::{Decider, Decision, deciders};
use crate::fact::Fact;
use crate::findings::{is_required, may_allow, push_new, slips};
use crate::names::{AccountId, HolderArn, KeyArn, Ours as _, PolicyName};
use crate::operations::{RemedyPlace, RequestOutcome, Requester, Step};
use crate::policy::{Effect, Policy, PolicyType};

use super::control::Control;
use super::draft::{Correction, Draft, Need};
use super::exempt::{exemptions, statement_at};
use super::meant::{MeantDeny, meant_denies};
use super::parts::parts as parts_of;
use super::proof::Proof;
use super::statement::{Purpose, permission_set};
use super::{Judgement, Part, Proven, Remedy, changes};

/// What makes the start succeed, as far as a change of policies can.
pub(crate) fn propose(judgement: Judgement<'_>) -> Option<Remedy> {
    judgement.remedies.of(judgement, work_out)
}

fn work_out(judgement: Judgement<'_>) -> Option<Remedy> {
    let asked = judgement.question.remedy_place;
    let Judgement { judged, question, capture, target, .. } = judgement;
    if meant_denies(judged, question, capture, target).iter().any(MeantDeny::bars) {
        // Whoever meant it is to be asked: nothing else would help.
        return None;
    }
    let added = Proven::new(judgement, &draft(judgement, asked, Mode::Add));
    let corrected = corrected(judgement, asked);
    let is_certain = corrected.as_ref().is_some_and(|(draft, _)| draft.corrections.iter().all(|one| one.is_certain));
    let corrected = corrected.and_then(|(_, way)| way);
    let (way, other) = match (corrected, added) {
        (Some(corrected), Some(added)) => {
            let cures = corrected.proof.is_as_good_as(&added.proof);
            let opened = |proof: &Proof| [proof.opened.as_slice(), &proof.unknown].concat();
            let already = opened(&added.proof);
            let opens = opened(&corrected.proof).into_iter().filter(|control| !already.contains(control));
            // What a statement was certainly meant for it may allow as widely as it is written, but to nobody else.
            let frees = opens.into_iter().any(|one| !is_certain || one == Control::AnotherRole);
            match (cures, frees) {
                (true, false) => (corrected, Some(added)),
                (true, true) => (added, Some(corrected)),
                (false, _) => (added, None),
            }
        }
        (Some(only), None) | (None, Some(only)) => (only, None),
        (None, None) => return None,
    };
    let Proven { parts, proof, .. } = way;
    let places: Vec<RemedyPlace> = parts.iter().filter_map(place_of).collect();
    let has_choice = places.iter().any(|place| *place != RemedyPlace::Boundary && *place != RemedyPlace::Session);
    // From the narrowest to the widest: a grant cannot be bound to calls through EC2.
    let others = [RemedyPlace::Identity, RemedyPlace::KeyPolicy, RemedyPlace::Grant].into_iter();
    let serves = |place: &RemedyPlace| {
        let other = parts_of(&draft(judgement, Some(*place), Mode::Add), judgement);
        other.iter().filter_map(place_of).any(|there| there == *place)
            && judgement.again(&changes(&other)).is_some_and(|after| proof.is_matched_by(&after, judgement))
    };
    let alternatives =
        others.filter(|place| has_choice && proof.cures() && !places.contains(place)).filter(serves).collect();
    let is_elsewhere = asked.is_some_and(|asked| !places.contains(&asked));
    Some(Remedy { parts, proof, other, alternatives, is_elsewhere })
}

/// The start with statements that have a slip put right, where there are such.
fn corrected(judgement: Judgement<'_>, asked: Option<RemedyPlace>) -> Option<(Draft, Option<Proven>)> {
    let draft = draft(judgement, asked, Mode::Correct);
    let is_asked = |one: &Correction| asked.is_none_or(|asked| kind(&one.place) == Some(asked));
    if draft.corrections.is_empty() || !draft.corrections.iter().all(is_asked) {
        return None;
    }
    let way = Proven::new(judgement, &draft).filter(|way| way.proof.cures());
    Some((draft, way))
}

impl Proven {
    fn new(judgement: Judgement<'_>, draft: &Draft) -> Option<Self> {
        let parts = working(judgement, parts_of(draft, judgement));
        let proof = Proof::new(judgement, &parts)?;
        Some(Self { parts, proof, corrects: !draft.corrections.is_empty() })
    }
}

/// The place that is asked for by this name.
fn kind(place: &PolicyPlace) -> Option<RemedyPlace> {
    match place.kind() {
        PolicyType::Identity => Some(RemedyPlace::Identity),
        PolicyType::KeyPolicy => Some(RemedyPlace::KeyPolicy),
        PolicyType::Boundary => Some(RemedyPlace::Boundary),
        PolicyType::Session => Some(RemedyPlace::Session),
        PolicyType::Scp | PolicyType::Rcp => None,
    }
}

/// Where a part stands; `None` for what nobody chooses.
fn place_of(part: &Part) -> Option<RemedyPlace> {
    if let Change::Policy { place, .. } = &part.change {
        return kind(place);
    }
    matches!(part.change, Change::AddGrant { .. }).then_some(RemedyPlace::Grant)
}

/// Without the parts that leave everything denied that they are for, and without those that AWS would refuse: never a
/// statement that cannot work.
fn working(judgement: Judgement<'_>, parts: Vec<Part>) -> Vec<Part> {
    let Some(after) = judgement.again(&changes(&parts)) else { return Vec::new() };
    let helps = |position: &usize| after.get(*position).is_some_and(|judged| !judged.decision.is_denied());
    let is_taken = |part: &Part| refusals(judgement.capture, std::slice::from_ref(&part.change)).is_empty();
    parts.into_iter().filter(|part| part.requests.iter().any(helps) && is_taken(part)).collect()
}

/// The number of policy types bounds the rounds: each meets the next one that stands in the way.
const ROUNDS: usize = 8;

/// Whether a statement with a slip is put right, or another is added beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Add,
    Correct,
}

/// Changes what stands in the way, judges again, changes what then does, until nothing more can be changed.
fn draft(judgement: Judgement<'_>, preferred: Option<RemedyPlace>, mode: Mode) -> Draft {
    let mut draft = Draft::default();
    let mut current = None;
    for round in 0..ROUNDS {
        let now: &[RequestOutcome] = current.as_deref().unwrap_or(judgement.judged);
        let before = draft.clone();
        for (position, judged) in now.iter().enumerate().filter(|(_, judged)| is_wanted(judged, judgement)) {
            // A statement is put right as it stands.
            if mode == Mode::Add || round > 0 || !draft.correct(position, judged, judgement) {
                draft.meet(position, judged, judgement, preferred);
            }
        }
        if draft == before {
            break;
        }
        current = judgement.again(&changes(&parts_of(&draft, judgement)));
    }
    draft
}

/// Whether the start needs the request, or warnings are to be cured as well. Rows of the volumes' life cycle have a note
/// of their own. Nothing serves a key that is gone.
fn is_wanted(judged: &RequestOutcome, of: Judgement<'_>) -> bool {
    let key = judged.case.key.as_ref().and_then(|key| of.capture.keys.get(key));
    let is_gone = key.is_some_and(|key| key.metadata == Fact::Absent);
    let cures_warning = of.question.fix_warnings && judged.case.row.step != Step::VolumeLifeCycle;
    !is_gone && (is_required(judged, of.question) || cures_warning)
}

/// Whether somebody can save a change of the policy.
fn is_open(place: &PolicyPlace, of: Judgement<'_>) -> bool {
    let PolicyPlace::KeyPolicy(key) = place else { return true };
    place.document(of.capture).is_none_or(|document| savers(key, document) != Some(Savers::Nobody))
}

/// Where something can be added.
enum Placement {
    Policy(PolicyPlace),
    Grant(KeyArn),
}

impl Draft {
    fn adds_to_scps(&self) -> bool {
        self.additions.keys().any(|place| place.kind() == PolicyType::Scp)
    }

    /// Puts right every statement that a slip keeps from serving the request; `false` where there is none.
    fn correct(&mut self, position: usize, judged: &RequestOutcome, of: Judgement<'_>) -> bool {
        let request = &judged.case.request;
        let all = slips(judged).into_iter().map(|slip| {
            let (place, statement) = statement_at(judged, (slip.at, slip.statement), of.capture, of.target)?;
            let known = self.corrections.iter().find(|one| one.place == place && one.statement == statement);
            let text = slip.corrected(request, known.map_or(&statement, |known| &known.corrected))?;
            let is_new = known.is_some() || text != statement;
            (is_new && is_open(&place, of)).then_some((place, statement, text, slip.is_certain()))
        });
        let Some(all) = all.collect::<Option<Vec<_>>>().filter(|all| !all.is_empty()) else { return false };
        for (place, statement, corrected, is_certain) in all {
            let need = Need::of(position, judged);
            let known = self.corrections.iter_mut().find(|one| one.place == place && one.statement == statement);
            if let Some(known) = known {
                known.corrected = corrected;
                known.is_certain &= is_certain;
                known.needs.push(need);
            } else {
                let needs = vec![need];
                self.corrections.push(Correction { place, statement, corrected, is_certain, needs });
            }
        }
        true
    }

    fn meet(&mut self, position: usize, judged: &RequestOutcome, of: Judgement<'_>, preferred: Option<RemedyPlace>) {
        let need = Need::of(position, judged);
        match judged.decision {
            // What a level of SCPs lacks for the starter it lacks for EC2's own identity, too.
            Decision::Unknown if judged.case.row.by == Requester::Infrastructure && self.adds_to_scps() => {
                let open = deciders(&judged.case.request, &judged.explanation);
                if open.contains(&Decider::Type(PolicyType::Scp)) {
                    for place in scps(judged, of) {
                        push_new(
                            self.additions.entry(place).or_default().entry(Purpose::Volumes).or_default(),
                            need.clone(),
                        );
                    }
                }
            }
            Decision::Allowed | Decision::Unknown => {}
            Decision::ExplicitDeny => {
                for exemption in exemptions(judged, of.capture, of.target) {
                    if !is_open(&exemption.place, of) {
                        continue;
                    }
                    match self.exemptions.iter_mut().find(|(known, _)| *known == exemption) {
                        Some((_, needs)) => push_new(needs, need.clone()),
                        None => self.exemptions.push((exemption, vec![need.clone()])),
                    }
                }
            }
            Decision::ImplicitDeny => {
                for spot in spots(judged, of, preferred) {
                    let needs = match spot {
                        Placement::Policy(place) => {
                            let purposes = self.additions.entry(place).or_default();
                            purposes.entry(Purpose::of(need.row.action)).or_default()
                        }
                        Placement::Grant(key) => self.grants.entry(key).or_default(),
                    };
                    push_new(needs, need.clone());
                }
            }
        }
    }
}

/// Where a further Allow would help; several only where all of them are needed.
fn spots(judged: &RequestOutcome, of: Judgement<'_>, preferred: Option<RemedyPlace>) -> Vec<Placement> {
    let request = &judged.case.request;
    let starter = of.capture.starter(of.target);
    let lacking = deciders(request, &judged.explanation);
    let lacks = |kind| lacking.contains(&Decider::Type(kind));
    let foreign = request.is_cross_account();
    if judged.case.row.by == Requester::Infrastructure || (foreign && judged.case.key.is_none()) {
        return Vec::new();
    }
    if lacks(PolicyType::Scp) {
        return scps(judged, of).into_iter().map(Placement::Policy).collect();
    }
    if lacks(PolicyType::Boundary) {
        return vec![Placement::Policy(PolicyPlace::Boundary { identity: starter.clone() })];
    }
    if lacks(PolicyType::Session) {
        let policies = 0..judged.case.policies.session.len();
        let allows = |number| may_allow(judged, |at| at.kind == PolicyType::Session && at.index == number);
        let silent = policies.filter(|number| !allows(*number));
        return silent.map(|number| Placement::Policy(PolicyPlace::Session { number })).collect();
    }
    let is_of_a_set = permission_set(&request.principal.arn).is_some();
    let name = PolicyName::ours(if is_of_a_set { PERMISSION_SET_POLICY } else { ADDED_POLICY });
    let identity = || Placement::Policy(PolicyPlace::Inline { identity: HolderArn::from(starter), name: name.clone() });
    let Some(key) = &judged.case.key else { return vec![identity()] };
    let key_policy = || Placement::Policy(PolicyPlace::KeyPolicy(key.clone()));
    let service_linked = request.principal.is_service_linked();
    if (foreign && service_linked) || preferred == Some(RemedyPlace::Grant) {
        return vec![Placement::Grant(key.clone())];
    }
    let metadata = of.capture.keys.get(key).and_then(|key| key.metadata.known());
    let aws_managed = metadata.is_some_and(|metadata| metadata.manager == "AWS");
    let in_key_policy = service_linked
        || (preferred == Some(RemedyPlace::KeyPolicy) && permission_set(&request.principal.arn).is_none());
    let is_saveable = is_open(&PolicyPlace::KeyPolicy(key.clone()), of);
    match (foreign, lacks(PolicyType::KeyPolicy), lacks(PolicyType::Identity)) {
        (_, true, _) if !is_saveable => Vec::new(),
        // AWS's own key policy is not edited.
        (_, true, _) if aws_managed => Vec::new(),
        (true, true, true) => vec![key_policy(), identity()],
        (true, true, false) | (false, true, _) => vec![key_policy()],
        (false, false, true) if in_key_policy && !aws_managed && is_saveable => vec![key_policy()],
        (_, false, true) => vec![identity()],
        (_, false, false) => Vec::new(),
    }
}

/// The allow list of each level that does not allow; AWS's own is not edited.
fn scps(judged: &RequestOutcome, of: Judgement<'_>) -> Vec<PolicyPlace> {
    let account = AccountId::parse(&judged.case.request.principal.account).ok();
    let organization = account.and_then(|account| of.capture.organizations.get(&account)).and_then(Fact::known);
    let levels = organization.and_then(|organization| organization.scps.known());
    let allows = |number| may_allow(judged, |at| at.kind == PolicyType::Scp && at.level == number);
    let silent = levels.into_iter().flatten().enumerate().filter(|(number, _)| !allows(*number));
    let editable = silent.map(|(_, level)| {
        let own = level.policies.iter().find(|policy| policy.id() != "p-FullAWSAccess" && is_allow_list(policy));
        own.and_then(|policy| Some(PolicyPlace::Scp { id: policy.id.clone()? }))
    });
    // A level that stays silent would leave the others without effect.
    editable.collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// Whether the policy says what is allowed, and not only what is denied.
fn is_allow_list(policy: &OrgPolicy) -> bool {
    let document = policy.document.known();
    let parsed = document.and_then(|document| Policy::parse(document.text(), PolicyType::Scp).ok());
    parsed.is_some_and(|policy| policy.statements.iter().any(|statement| statement.effect == Effect::Allow))
}
