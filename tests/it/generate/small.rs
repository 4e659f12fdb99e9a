//! Every small world: nothing is drawn, everything is counted through.

use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const TAG: &str = "aws:PrincipalTag/team";

/// What policies can be of one type: one for each of a number of statements, and one for each pair.
#[derive(Debug, Clone)]
struct Alphabet {
    field: &'static str,
    statements: Vec<Value>,
}

impl Alphabet {
    /// Policies of one and of two statements; the order of two does not matter.
    fn count(&self) -> usize {
        let statements = self.statements.len();
        statements + statements * (statements + 1) / 2
    }

    /// The policy of that number.
    fn policy(&self, number: usize) -> Value {
        let count = self.statements.len();
        let at = |position: usize| self.statements.get(position).cloned().unwrap_or_default();
        if number < count {
            return self.written(vec![at(number)]);
        }
        let (mut first, mut left) = (0, number - count);
        while left >= count - first {
            left -= count - first;
            first += 1;
        }
        self.written(vec![at(first), at(first + left)])
    }

    fn written(&self, statements: Vec<Value>) -> Value {
        let document = json!({"Version": "2012-10-17", "Statement": statements});
        let full = json!({"Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}});
        match self.field {
            "identityPolicies" | "sessionPolicies" => json!([document]),
            "scps" => json!([[document]]),
            "rcps" => json!([[full, document]]),
            "grants" => Value::Array(statements),
            _ => document,
        }
    }
}

/// Every policy of one and of two statements over a tiny alphabet, in every pair of policy types.
///
/// Two principals (the role that the policies name, and another of its account), two actions, one condition
/// key that is `a`, `b`, absent or unknown. The other policy types: an identity policy that allows all, a key
/// policy that gives all to the account, no others. All pairs of statements are without order.
#[derive(Debug)]
pub(crate) struct SmallWorlds {
    alphabets: Vec<Alphabet>,
}

const ROLES: [&str; 2] = ["Starter", "Other"];
const STATES: usize = 4;

/// All small worlds.
pub(crate) fn small_worlds() -> SmallWorlds {
    let role = format!("arn:aws:iam::{ACCOUNT}:role/Starter");
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    let plain = |field| Alphabet { field, statements: statements(&["Allow", "Deny"], &[None]) };
    let grants = ROLES.iter().flat_map(|role| {
        ["Decrypt", "Encrypt"].map(|operation| {
            json!({"granteePrincipal": format!("arn:aws:iam::{ACCOUNT}:role/{role}"), "operations": [operation]})
        })
    });
    SmallWorlds {
        alphabets: vec![
            plain("identityPolicies"),
            plain("permissionsBoundary"),
            plain("sessionPolicies"),
            plain("scps"),
            Alphabet { field: "rcps", statements: statements(&["Deny"], &[Some(json!("*"))]) },
            Alphabet {
                field: "keyPolicy",
                statements: statements(&["Allow", "Deny"], &[Some(json!({"AWS": role})), Some(json!({"AWS": root}))]),
            },
            Alphabet { field: "grants", statements: grants.collect() },
        ],
    }
}

/// All statements of these effects and principals.
fn statements(effects: &[&str], principals: &[Option<Value>]) -> Vec<Value> {
    let conditions = [json!({}), json!({"StringEquals": {TAG: "a"}}), json!({"StringNotEquals": {TAG: "a"}})];
    let mut found = Vec::new();
    for effect in effects {
        for principal in principals {
            for action in ["kms:Decrypt", "kms:Encrypt"] {
                for condition in &conditions {
                    let mut statement =
                        json!({"Effect": effect, "Action": action, "Resource": "*", "Condition": condition});
                    if let (Some(principal), Some(statement)) = (principal, statement.as_object_mut()) {
                        statement.insert("Principal".to_owned(), principal.clone());
                    }
                    found.push(statement);
                }
            }
        }
    }
    found
}

impl SmallWorlds {
    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.pairs().map(|(first, second)| first.count() * second.count() * ROLES.len() * STATES).sum()
    }

    /// The case of that number, which is below [`count`](Self::count).
    pub(crate) fn case(&self, number: usize) -> Option<Value> {
        let mut left = number;
        for (first, second) in self.pairs() {
            let policies = first.count() * second.count();
            if left < policies * ROLES.len() * STATES {
                let (state, left) = (left % STATES, left / STATES);
                let (role, left) = (ROLES.get(left % ROLES.len())?, left / ROLES.len());
                let (one, other) = (left % first.count(), left / first.count());
                let mut case = background(number, role, state);
                let fields = case.as_object_mut()?;
                fields.insert(first.field.to_owned(), first.policy(one));
                fields.insert(second.field.to_owned(), second.policy(other));
                return Some(case);
            }
            left -= policies * ROLES.len() * STATES;
        }
        None
    }

    /// Every so-many-th case, for a sample; `1` for all.
    pub(crate) fn every(&self, step: usize) -> impl Iterator<Item = Value> + '_ {
        (0..self.count()).step_by(step).filter_map(|number| self.case(number))
    }

    fn pairs(&self) -> impl Iterator<Item = (&Alphabet, &Alphabet)> {
        let all = self.alphabets.iter().enumerate();
        all.flat_map(|(position, first)| self.alphabets.iter().skip(position + 1).map(move |second| (first, second)))
    }
}

/// The request, and the policy types that are not counted through.
fn background(number: usize, role: &str, state: usize) -> Value {
    let (context, unknown) = match state {
        0 => (json!({TAG: "a"}), json!([])),
        1 => (json!({TAG: "b"}), json!([])),
        2 => (json!({}), json!([])),
        _ => (json!({}), json!([TAG])),
    };
    json!({
        "id": format!("small-{number}"),
        "request": {
            "action": "kms:Decrypt",
            "resource": KEY,
            "principal": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/job"),
            "context": context,
            "unknownContext": unknown,
        },
        "identityPolicies": [{"Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}],
        "keyPolicy": {"Version": "2012-10-17", "Statement": {"Effect": "Allow",
            "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}, "Action": "kms:*", "Resource": "*"}},
    })
}
