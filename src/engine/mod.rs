//! What policies mean for one request: AWS's policy evaluation, on three values.
//!
//! [`judge`] gives the decision, [`explain`] the same decision with every reason. Both are pure: no I/O, no
//! clock, no panic. Policies are compiled once ([`NamedPolicy`]) and may be shared between threads.
//!
//! ```
//! use std::sync::Arc;
//! use ebs_preflight::engine::{Context, Decision, NamedPolicy, PolicySet, Principal, Request, judge};
//! use ebs_preflight::names::{Action, PrincipalArn};
//! use ebs_preflight::policy::PolicyType;
//!
//! let key = "arn:aws:kms:ap-northeast-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
//! let role = PrincipalArn::parse("arn:aws:iam::111122223333:role/StartJob")?;
//! let request = Request::new(
//!     Action::parse("kms:CreateGrant")?,
//!     key,
//!     None,
//!     Principal::new(&role, None, None),
//!     Context::new().with("kms:GrantIsForAWSResource", "true"),
//! )?;
//! let policy = r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"},
//!                                 "Action": "kms:*", "Resource": "*"}]}"#;
//! let policies = PolicySet {
//!     key_policies: vec![Arc::new(NamedPolicy::parse("key policy", policy, PolicyType::KeyPolicy).unwrap())],
//!     ..PolicySet::none()
//! };
//! // The key policy leaves it to the account's IAM policies, and the role has none.
//! assert_eq!(judge(&request, &policies), Decision::ImplicitDeny);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod combine;
mod condition;
mod context;
mod deciders;
mod decision;
mod explain;
mod grant;
mod nearest;
mod principal;
mod recorder;
mod request;
mod set;
mod statement;
mod unknown;

pub use combine::{KeyPolicyAllow, PolicyTypeOutcomes, judge};
pub use condition::test as test_condition;
pub use context::{Context, ContextValue};
pub use deciders::{Decider, deciders, obstacles};
pub use decision::Decision;
pub use explain::{Explanation, FailedElement, GrantOutcome, StatementOutcome, explain};
pub use grant::{Grant, GrantAllow, Grantee, Issuer, Pairs};
pub use nearest::{Element, Miss, NearMiss, conditions, grant_misses, near_misses, nearest};
pub use principal::{Principal, PrincipalKind, Session};
pub use request::{NoKey, Request};
pub use set::{GrantSet, Label, NamedPolicy, PolicyRef, PolicySet};
pub use unknown::{unknown_keys, unknown_principals};

#[cfg(test)]
mod tests;
