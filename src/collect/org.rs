use futures_util::future::{FutureExt, LocalBoxFuture, join_all};

use super::clients::Clients;
use super::failure::{ReadError, reading, understood};
use super::pace::{Page, pages};
use super::reader::AwsReader;
use crate::answers::api::organizations::{
    self as api, DescribeOrganization, DescribePolicy, ListParents, ListPoliciesForTarget, ListRoots, Root, word_of,
};
use crate::calls::{DESCRIBE_ORGANIZATION, DESCRIBE_POLICY, LIST_PARENTS, LIST_POLICIES_FOR_TARGET, LIST_ROOTS};
use crate::capture::{OrgPolicy, Organization};
use crate::document::Document;
use crate::fact::Fact;
use crate::names::{AccountId, OrgPolicyId, OrgTarget};
use crate::policy::PolicyType;

/// What the organization imposes on one account; read once.
pub(super) async fn organization(reader: &AwsReader, account: &AccountId) -> Fact<Organization> {
    reader.org_reads.organizations.get(account.clone(), || read(reader, account)).await
}

async fn read(reader: &AwsReader, account: &AccountId) -> Fact<Organization> {
    let tree = reader.tree_clients();
    let member = async {
        match reader.clients_in(account.as_str()).await {
            Some(clients) => (true, membership(clients).await),
            None => (false, membership(tree).await),
        }
    };
    let ((own, member), of_tree, climbed, root) =
        tokio::join!(member, membership(tree), climb(reader, OrgTarget::from(account)), root(reader));
    let strange = || {
        let message = format!("these credentials do not tell which organization account {account} is in");
        Fact::Unread(ReadError::not_asked(&DESCRIBE_ORGANIZATION, message).unread)
    };
    let member = match member {
        Err(failure) => return Fact::Unread(failure.unread),
        Ok(None) if own => return Fact::Absent,
        Ok(None) => return strange(),
        // Only the tree itself can say that an account of nobody's credentials is in it.
        Ok(Some(_)) if !own && climbed.is_err() => return strange(),
        Ok(Some(member)) => member,
    };
    // Other credentials may read another organization's tree, which says nothing of this account.
    let same_tree = climbed.is_ok() || matches!(&of_tree, Ok(Some(tree)) if tree.id == member.id);
    let (climbed, root) = if same_tree {
        (climbed, root)
    } else {
        let other = "the credentials for organization reads are of another organization";
        let failure = of_tree.err().unwrap_or_else(|| ReadError::not_asked(&LIST_ROOTS, other));
        (Err(failure.clone()), Err(failure))
    };
    let (steps, root) = (reading(climbed), reading(root));
    let path = steps.as_ref().map(|steps| steps.iter().map(|step| step.target.clone()).collect());
    let levels = |kind, of: fn(&Step) -> &Fact<Vec<OrgPolicy>>| {
        api::levels(&root, &path, kind, |target| {
            let mut steps = steps.known().into_iter().flatten();
            steps.find(|step| step.target == *target).map(|step| of(step).clone()).unwrap_or_default()
        })
    };
    Fact::Known(Organization {
        scps: levels(PolicyType::Scp, |step| &step.scps),
        rcps: levels(PolicyType::Rcp, |step| &step.rcps),
        path,
        ..member
    })
}

/// The organization of the clients' account, `None` if it is in none; asked once.
async fn membership(clients: &Clients) -> Result<Option<Organization>, ReadError> {
    let ask = || async {
        let call = clients.organizations.describe_organization().customize();
        let answer = clients.read_json(&DESCRIBE_ORGANIZATION, |body| call.interceptor(body).send()).await;
        match answer {
            Err(failure) if failure.is_gone() => Ok(None),
            Err(failure) => Err(failure),
            Ok((_, answer)) => understood(&DESCRIBE_ORGANIZATION, DescribeOrganization::organization(answer)).map(Some),
        }
    };
    clients.membership.get_or_init(ask).await.clone()
}

async fn root(reader: &AwsReader) -> Result<Root, ReadError> {
    let clients = reader.tree_clients();
    let ask = || async {
        let all = pages(&LIST_ROOTS, async |token| {
            let call = clients.organizations.list_roots().set_next_token(token).customize();
            let (page, answer): (_, ListRoots) =
                clients.read_json(&LIST_ROOTS, |body| call.interceptor(body).send()).await?;
            Page::new(&LIST_ROOTS, answer.roots, false, page.next_token)
        });
        understood(&LIST_ROOTS, ListRoots { roots: Some(all.await?) }.root())
    };
    reader.org_reads.root.get_or_init(ask).await.clone()
}

/// One step on the way from the root down to the account.
#[derive(Debug, Clone)]
struct Step {
    target: OrgTarget,
    scps: Fact<Vec<OrgPolicy>>,
    rcps: Fact<Vec<OrgPolicy>>,
}

/// The steps from the root down to `target`; each level's policies are read while the next parent is looked up.
fn climb(reader: &AwsReader, target: OrgTarget) -> LocalBoxFuture<'_, Result<Vec<Step>, ReadError>> {
    async move {
        let above = async {
            if target.is_root() {
                return Ok(Vec::new());
            }
            climb(reader, parent(reader, &target).await?).await
        };
        let (above, scps, rcps) =
            tokio::join!(above, policies(reader, &target, PolicyType::Scp), policies(reader, &target, PolicyType::Rcp));
        let mut steps = above?;
        steps.push(Step { target, scps: reading(scps), rcps: reading(rcps) });
        Ok(steps)
    }
    .boxed_local()
}

async fn parent(reader: &AwsReader, child: &OrgTarget) -> Result<OrgTarget, ReadError> {
    let clients = reader.tree_clients();
    let read = || async {
        let all = pages(&LIST_PARENTS, async |token| {
            let call = clients.organizations.list_parents().child_id(child.as_str()).set_next_token(token).customize();
            let (page, answer): (_, ListParents) =
                clients.read_json(&LIST_PARENTS, |body| call.interceptor(body).send()).await?;
            Page::new(&LIST_PARENTS, answer.parents, false, page.next_token)
        });
        understood(&LIST_PARENTS, ListParents { parents: Some(all.await?) }.parent())
    };
    reader.org_reads.parents.get(child.clone(), read).await
}

async fn policies(reader: &AwsReader, target: &OrgTarget, kind: PolicyType) -> Result<Vec<OrgPolicy>, ReadError> {
    let clients = reader.tree_clients();
    let read = || async {
        let all = pages(&LIST_POLICIES_FOR_TARGET, async |token| {
            let call = clients.organizations.list_policies_for_target().target_id(target.as_str());
            let call = call.filter(word_of(kind).into()).set_next_token(token).customize();
            let (page, answer): (_, ListPoliciesForTarget) =
                clients.read_json(&LIST_POLICIES_FOR_TARGET, |body| call.interceptor(body).send()).await?;
            Page::new(&LIST_POLICIES_FOR_TARGET, answer.policies, false, page.next_token)
        });
        let listed = ListPoliciesForTarget { policies: Some(all.await?) };
        let policies = understood(&LIST_POLICIES_FOR_TARGET, listed.policies())?;
        let policies = policies.into_iter().map(async |policy| {
            let document = match &policy.id {
                Some(id) => document(reader, id).await,
                None => Fact::default(),
            };
            OrgPolicy { document, ..policy }
        });
        Ok(join_all(policies).await)
    };
    reader.org_reads.policies.get((target.clone(), word_of(kind)), read).await
}

async fn document(reader: &AwsReader, id: &OrgPolicyId) -> Fact<Document> {
    let clients = reader.tree_clients();
    let read = || async {
        let call = clients.organizations.describe_policy().policy_id(id.as_str()).customize();
        let (_, answer): (_, DescribePolicy) =
            clients.read_json(&DESCRIBE_POLICY, |body| call.interceptor(body).send()).await?;
        understood(&DESCRIBE_POLICY, answer.document(id))
    };
    reader.org_reads.documents.get(id.clone(), async || reading(read().await)).await
}
