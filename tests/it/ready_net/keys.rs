//! Each condition key, and each form of an address, asked by a Deny of each policy type.

use ebs_preflight::operations::Question;
use ebs_preflight::outcome::Verdict;
use serde_json::{Value, json};

use super::denies::{deny, with_a_denying_policy};
use super::place::{Kind, policies};
use super::{Ready, customer_managed_keys, ready, verdict, verdict_under, with_policy};
use crate::problems::assert_none;

/// A condition key as the table of `docs/evaluation.md` has it, which a test holds against the program's.
struct Asked {
    key: String,
    /// What StartInstances, a forwarded request and one of EC2's infrastructure carry.
    origins: [String; 3],
}

/// The table, a key of each family in place of the family.
fn asked() -> Vec<Asked> {
    let page = include_str!("../../../docs/evaluation.md");
    let rows = page.lines().skip_while(|line| !line.starts_with("| condition keys |")).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let asked = rows.flat_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let origins = [cells[2], cells[3], cells[4]].map(str::to_owned);
        let keys = cells[0].split(", ").map(|key| key.trim_matches('`').replace('*', "of-nobody"));
        keys.map(|key| Asked { key, origins: origins.clone() }).collect::<Vec<_>>()
    });
    asked.collect()
}

const KINDS: [Kind; 5] = [Kind::Identity, Kind::Boundary, Kind::Key, Kind::Scp, Kind::Rcp];

/// A capture in which a policy of one type denies everything, for a condition to be put in.
struct Denied {
    name: String,
    kind: Kind,
    capture: Value,
    role: String,
    has_customer_managed_key: bool,
}

impl Denied {
    /// Neither SCPs nor RCPs bind service-linked roles.
    fn is_service_linked(&self) -> bool {
        self.role.contains(":role/aws-service-role/")
    }

    /// The requests that this policy binds for certain.
    fn binds(&self) -> Vec<usize> {
        let columns: &[usize] = match self.kind {
            Kind::Scp | Kind::Rcp if self.is_service_linked() => &[2],
            Kind::Identity | Kind::Boundary | Kind::Scp => &[0, 1],
            Kind::Key | Kind::Rcp => &[1, 2],
        };
        columns.iter().copied().filter(|column| *column == 0 || self.has_customer_managed_key).collect()
    }

    /// All requests that it may bind.
    fn may_bind(&self) -> &'static [usize] {
        match self.kind {
            Kind::Scp | Kind::Rcp if self.is_service_linked() => &[2],
            Kind::Identity | Kind::Boundary => &[0, 1],
            Kind::Key | Kind::Rcp => &[1, 2],
            // EC2's infrastructure identity is of the instance's account.
            Kind::Scp => &[0, 1, 2],
        }
    }
}

/// For each READY capture a policy of each type that binds the start.
fn all_denied() -> Vec<Denied> {
    ready().iter().flat_map(denied).collect()
}

fn denied(ready: &Ready) -> Vec<Denied> {
    let mut found: Vec<Denied> = Vec::new();
    let own = policies(&ready.capture).into_iter().map(|place| {
        let denied = with_policy(&ready.capture, &place, |policy| {
            policy["Statement"].as_array_mut().unwrap().push(deny(place.kind));
        });
        (place.kind, denied)
    });
    let new = with_a_denying_policy(&ready.capture).into_iter().map(|(_, kind, _, denied)| (kind, denied));
    for (kind, capture) in own.chain(new) {
        let is_new = found.iter().all(|other| other.kind != kind);
        if is_new && verdict(&capture) == Verdict::Blocked {
            found.push(Denied {
                name: ready.name.clone(),
                kind,
                capture,
                role: ready.capture["targets"][0]["roleArn"].as_str().unwrap().to_owned(),
                has_customer_managed_key: !customer_managed_keys(&ready.capture).is_empty(),
            });
        }
    }
    found
}

/// The capture with its new Deny under this condition.
fn under(denied: &Value, condition: &Value) -> Value {
    let mut capture = denied.clone();
    for place in policies(denied) {
        for statement in capture.pointer_mut(&place.pointer).unwrap()["Statement"].as_array_mut().unwrap() {
            let is_new =
                statement["Effect"] == "Deny" && statement["Action"] == "*" && statement["Condition"].is_null();
            if is_new && statement["Resource"] == "*" {
                statement["Condition"] = condition.clone();
            }
        }
    }
    capture
}

/// Of a Deny where the key is there and a Deny where it is not, one at least stops the start or leaves it open, and
/// what is in no request, or in all, is known for certain.
#[test]
fn a_deny_by_each_condition_key_is_seen() {
    let mut problems = Vec::new();
    let (asked, denied) = (asked(), all_denied());
    assert!(asked.len() > 120, "{} keys in the table", asked.len());
    for kind in KINDS {
        let of_kind: Vec<&Denied> = denied.iter().filter(|denied| denied.kind == kind).collect();
        // All READY captures but those that such a policy does not bind.
        assert!(of_kind.len() >= 40, "{} captures for a Deny of {kind:?}", of_kind.len());
        // There are more keys than captures: each key meets each policy type, and each capture some keys of each.
        assert!(asked.len() >= of_kind.len());
        for (one, denied) in asked.iter().zip(of_kind.iter().cycle()) {
            let verdict_if =
                |is_absent: &str| verdict(&under(&denied.capture, &json!({"Null": {&one.key: is_absent}})));
            let (absent, there) = (verdict_if("true"), verdict_if("false"));
            if let Err(law) = check(denied, one, absent, there) {
                let (absent, there) = (absent.as_str(), there.as_str());
                let (name, key) = (&denied.name, &one.key);
                problems.push(format!("{name}, {kind:?}, {key}: {absent} if absent, {there} if there; {law}"));
            }
        }
    }
    assert_none(&problems);
}

/// The law that the verdicts break, of a Deny where the key is absent and of one where it is there.
fn check(denied: &Denied, asked: &Asked, absent: Verdict, there: Verdict) -> Result<(), &'static str> {
    let origin = |column: &usize| asked.origins[*column].as_str();
    let is_there = |origin: &str| origin == "of the request" || (origin.starts_with('`') && origin.ends_with('`'));
    let is_open = |origin: &str| origin == "unknown" || origin == "a place of AWS" || origin.ends_with(" or absent");
    let (binds, may_bind) = (denied.binds(), denied.may_bind());
    let unless = |broken: bool, law| if broken { Err(law) } else { Ok(()) };
    unless(absent.max(there) == Verdict::Ready, "it is there or not")?;
    let lacks = binds.iter().any(|column| origin(column) == "absent");
    unless(lacks && absent != Verdict::Blocked, "a request lacks it")?;
    let carries = binds.iter().any(|column| is_there(origin(column)));
    unless(carries && there != Verdict::Blocked, "a request carries it")?;
    // The one proof that leaves a Deny harmless.
    let nowhere = may_bind.iter().all(|column| origin(column) == "absent");
    unless(nowhere && there != Verdict::Ready, "no request carries it")?;
    // That a user has no session is known.
    let open = !denied.role.contains(":user/") && may_bind.iter().all(|column| is_open(origin(column)));
    unless(open && (absent, there) != (Verdict::Undecided, Verdict::Undecided), "nobody knows")
}

/// Networks, whether the stated address lies in them, and whether one of AWS's may.
const NETWORKS: [(&str, bool, bool); 8] = [
    ("203.0.113.7", true, false),
    ("203.0.113.7/32", true, false),
    ("203.0.113.99/24", true, false),
    ("0.0.0.0/0", true, true),
    ("10.0.0.0/8", false, false),
    ("2001:db8::/32", false, false),
    ("2001:DB8:0:0::1", false, false),
    ("::/0", false, true),
];

/// The address of a forwarded request is not known, whatever is stated of the principal's own; that of EC2's
/// infrastructure is a place of AWS.
#[test]
fn an_address_decides_no_request_but_the_principals_own() {
    let mut problems = Vec::new();
    let question = Question { source_ip: Some("203.0.113.7".to_owned()), ..Question::default() };
    let denied = all_denied();
    for kind in KINDS {
        let of_kind = denied.iter().filter(|denied| denied.kind == kind && denied.has_customer_managed_key);
        for (denied, (network, is_in, is_of_aws)) in of_kind.zip(NETWORKS.iter().cycle()) {
            let (binds, may_bind) = (denied.binds(), denied.may_bind());
            for (operator, own, infrastructure) in [("IpAddress", *is_in, false), ("NotIpAddress", !is_in, !is_of_aws)]
            {
                let condition = json!({operator: {"aws:SourceIp": network}});
                let found = verdict_under(&under(&denied.capture, &condition), &question);
                let holds = |columns: &[usize]| own && columns.contains(&0) || infrastructure && columns.contains(&2);
                let right = match found {
                    // Of EC2's own request alone it is known that it comes from no such place.
                    Verdict::Ready => may_bind == [2] && !infrastructure,
                    Verdict::Undecided => !holds(&binds),
                    Verdict::Blocked => holds(may_bind),
                };
                if !right {
                    problems.push(format!("{}, {kind:?}, {operator} {network}: {}", denied.name, found.as_str()));
                }
            }
        }
    }
    assert_none(&problems);
}
