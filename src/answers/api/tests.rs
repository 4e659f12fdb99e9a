//! What AWS's answers come to, as KMS and Organizations send them and as the AWS CLI prints them.

use serde::de::DeserializeOwned;

use super::ec2::{DescribeInstances, DescribeVolumes};
use super::iam::{GetIdentity, GetInlinePolicy, GetPolicy, GetPolicyVersion, Policies, identity};
use super::kms::{
    DescribeCustomKeyStores, DescribeKey, GetKeyPolicy, ListAliases, ListGrants, ListResourceTags, custom_key_store,
};
use super::organizations::{
    DescribeOrganization, DescribePolicy, ListParents, ListPoliciesForTarget, ListRoots, levels,
};
use crate::fact::Fact;
use crate::names::{InstanceId, KeyArn, OrgTarget, PrincipalArn, Region};
use crate::policy::PolicyType;

const KEY: &str = "arn:aws:kms:eu-central-1:222233334444:key/5f0d9b72-83ce-4a16-b2d7-60c1e8f4a935";
const ROLE: &str = "arn:aws:iam::222233334444:role/shift/night";

fn key() -> KeyArn {
    KeyArn::parse(KEY).unwrap()
}

fn answer<A: DeserializeOwned>(text: &str) -> A {
    serde_json::from_str(text).unwrap()
}

/// The body of a recorded answer.
macro_rules! wire {
    ($name:literal) => {
        answer(
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire/", $name, ".http"))
                .split_once("\n\n")
                .unwrap()
                .1,
        )
    };
}

#[test]
fn a_recorded_key_is_understood() {
    let told: DescribeKey = wire!("kms.DescribeKey.ok");
    let metadata = told.metadata(&key()).unwrap();
    assert_eq!((&*metadata.state, &*metadata.manager, &*metadata.multi_region), ("Enabled", "CUSTOMER", "NONE"));
    let other = KeyArn::parse(&KEY.replace("5f0d", "5f0e")).unwrap();
    let told: DescribeKey = wire!("kms.DescribeKey.ok");
    assert!(told.metadata(&other).unwrap_err().contains("another answer: its Arn is"));
    let told: GetKeyPolicy = wire!("kms.GetKeyPolicy.ok");
    assert!(told.document("default").unwrap().text().contains("Statement"));
    let told: ListAliases = wire!("kms.ListAliases.ok");
    assert_eq!(told.names(&key()).unwrap(), ["alias/night-volumes"]);
    let told: ListResourceTags = wire!("kms.ListResourceTags.ok");
    assert!(!told.tags().unwrap().is_empty());
    let told: ListGrants = wire!("kms.ListGrants.page-one");
    let grant = told.grants(&key()).unwrap().remove(0);
    assert_eq!((grant.operations, grant.constraints.other), (vec!["Decrypt".parse().unwrap()], None));
    assert_eq!(grant.constraints.encryption_context_subset.unwrap()["aws:ebs:id"], "vol-0b9c4d7e2f1a85360");
    let told: DescribeCustomKeyStores = wire!("kms.DescribeCustomKeyStores.failed");
    let id = "cks-07b4e1d9c2f6a8530";
    let store = custom_key_store(id.parse().unwrap(), Fact::told("", told.connection(&id.parse().unwrap())));
    assert_eq!(
        (store.connection_state.known().unwrap().as_str(), store.error_code.as_deref()),
        ("FAILED", Some("USER_LOCKED_OUT"))
    );
}

/// KMS sends times as seconds, the AWS CLI prints them as text.
#[test]
fn a_time_is_the_same_in_each_form() {
    let times = ["1765008000.25", "\"2025-12-06T08:00:00.250000+00:00\"", "\"2025-12-06T17:00:00.25+09:00\""];
    let told = times.map(|time| {
        let text = format!(r#"{{"KeyMetadata":{{"Arn":"{KEY}","KeyState":"PendingDeletion","DeletionDate":{time}}}}}"#);
        answer::<DescribeKey>(&text).metadata(&key()).unwrap().deletion_date.unwrap().to_string()
    });
    assert_eq!(told, ["2025-12-06T08:00:00.25Z"; 3]);
    for time in ["1e300", "\"tomorrow\"", "true"] {
        let text = format!(r#"{{"KeyMetadata":{{"Arn":"{KEY}","ValidTo":{time}}}}}"#);
        let told = serde_json::from_str::<DescribeKey>(&text).map_err(|error| error.to_string());
        assert!(told.and_then(|told| told.metadata(&key())).is_err(), "{time}");
    }
}

/// What an answer about a key lacks, or says of another or twice: nothing of it counts.
#[test]
fn a_strange_answer_about_a_key_is_not_understood() {
    let metadata = [
        (r#"{}"#, "lacks the key"),
        (r#"{"KeyMetadata":{"KeyState":"Enabled"}}"#, "lacks the key's ARN"),
        (r#"{"KeyMetadata":{"Arn":"KEY","Enabled":false,"KeyState":"Enabled"}}"#, "two key states"),
        (r#"{"KeyMetadata":{"Arn":"KEY","CustomKeyStoreId":"store 1"}}"#, "custom key store ID"),
    ];
    for (text, says) in metadata {
        let lacks = answer::<DescribeKey>(&text.replace("KEY", KEY)).metadata(&key()).unwrap_err();
        assert!(lacks.contains(says), "{text}: {lacks}");
    }
    // A key that is being updated is not enabled yet, or still is.
    let told = format!(r#"{{"KeyMetadata":{{"Arn":"{KEY}","Enabled":true,"KeyState":"Updating"}}}}"#);
    assert_eq!(answer::<DescribeKey>(&told).metadata(&key()).unwrap().state, "Updating");
    for text in [r#"{"PolicyName":"default"}"#, r#"{"Policy":" "}"#, r#"{"Policy":"{}","PolicyName":"AWS_RAM"}"#] {
        assert!(answer::<GetKeyPolicy>(text).document("default").is_err(), "{text}");
    }
    for text in [
        r#"{}"#,
        r#"{"Tags":[{"TagKey":"team"}]}"#,
        r#"{"Tags":[{"TagKey":"team","TagValue":"a"},{"TagKey":"team","TagValue":"b"}]}"#,
    ] {
        assert!(answer::<ListResourceTags>(text).tags().is_err(), "{text}");
    }
    for text in [r#"{}"#, r#"{"Aliases":[{}]}"#, r#"{"Aliases":[{"AliasName":"alias/a","TargetKeyId":"other"}]}"#] {
        assert!(answer::<ListAliases>(text).names(&key()).is_err(), "{text}");
    }
}

const GRANT: &str = r#"{"KeyId":"KEY","GrantId":"a1","GranteePrincipal":"ROLE","Operations":["CreateGrant"]}"#;

fn grants(text: &str) -> Result<Vec<crate::capture::Grant>, String> {
    let text = format!(r#"{{"Grants":[{}]}}"#, text.replace("GRANT", GRANT).replace("KEY", KEY).replace("ROLE", ROLE));
    serde_json::from_str::<ListGrants>(&text).map_err(|error| error.to_string())?.grants(&key())
}

#[test]
fn a_constraint_that_is_not_known_is_never_dropped() {
    for constraint in [r#""SourceArn":"arn:aws:s3:::b""#, r#""OfTomorrow":{"a":["b"]}"#, r#""SourceArn":null"#] {
        let text = GRANT.replace(r#""Operations""#, &format!(r#""Constraints":{{{constraint}}},"Operations""#));
        let grant = grants(&text).unwrap().remove(0);
        assert_eq!(grant.constraints.other.as_deref(), constraint.split('"').nth(1), "{constraint}");
    }
    // A pair of which not all is text cannot be weighed, and leaving it out would widen the grant.
    let text = GRANT.replace(
        r#""Operations""#,
        r#""Constraints":{"EncryptionContextSubset":{"aws:ebs:id":"vol-1","n":1}},"Operations""#,
    );
    assert!(grants(&text).is_err());
}

#[test]
fn a_strange_list_of_grants_is_not_understood() {
    assert_eq!(grants("GRANT, GRANT").unwrap().len(), 1, "the same twice, as pages may have it");
    let wider = GRANT.replace("CreateGrant", "Decrypt");
    for text in [
        format!("GRANT, {wider}"),
        GRANT.replace("KEY", &KEY.replace("5f0d", "5f0e")),
        GRANT.replace("GranteePrincipal", "Grantee"),
        GRANT.replace("GrantId", "Id"),
        GRANT.replace("Operations", "Actions"),
        GRANT.replace("a1", "a 1"),
    ] {
        assert!(grants(&text).is_err(), "{text}");
    }
}

#[test]
fn a_recorded_organization_is_understood() {
    let told: DescribeOrganization = wire!("organizations.DescribeOrganization.ok");
    assert_eq!(told.organization().unwrap().management_account.as_str(), "555566667777");
    let told: ListParents = wire!("organizations.ListParents.account");
    assert!(told.parent().unwrap().as_str().starts_with("ou-"));
    let told: ListPoliciesForTarget = wire!("organizations.ListPoliciesForTarget.scp");
    assert!(told.policies().unwrap().iter().all(|policy| policy.id().starts_with("p-")));
    let told: DescribePolicy = wire!("organizations.DescribePolicy.full");
    assert!(told.document(&"p-FullAWSAccess".parse().unwrap()).unwrap().text().contains("Allow"));
    let told: DescribePolicy = wire!("organizations.DescribePolicy.full");
    assert!(told.document(&"p-another00".parse().unwrap()).is_err());
}

#[test]
fn the_levels_of_a_root_are_those_of_its_account() {
    let root = || {
        let told: ListRoots = wire!("organizations.ListRoots.ok");
        Fact::told("organizations:ListRoots", told.root())
    };
    let path = |root: &str| Fact::Known(vec![root.parse().unwrap(), "222233334444".parse().unwrap()]);
    let none = |_: &OrgTarget| Fact::Known(Vec::new());
    assert_eq!(levels(&root(), &path("r-7qk2"), PolicyType::Scp, none).known().unwrap().len(), 2);
    assert!(levels(&root(), &path("r-zzzz"), PolicyType::Scp, none).unread().is_some(), "another organization's");
    let part = levels(&root(), &path("r-7qk2"), PolicyType::Rcp, |target| {
        if target.is_root() { Fact::Known(Vec::new()) } else { Fact::default() }
    });
    assert!(part.found().is_some() && part.unread().is_some());
    let root = |types: &str| {
        answer::<ListRoots>(&format!(r#"{{"Roots":[{{"Id":"r-7qk2","PolicyTypes":[{types}]}}]}}"#)).root()
    };
    let off = Fact::told("", root(r#"{"Type":"SERVICE_CONTROL_POLICY","Status":"PENDING_DISABLE"}"#));
    assert!(levels(&off, &path("r-7qk2"), PolicyType::Scp, none).known().is_some(), "still in force");
    assert_eq!(levels(&off, &path("r-7qk2"), PolicyType::Rcp, none), Fact::Absent);
    assert!(root(r#"{"Type":"SERVICE_CONTROL_POLICY","Status":"OF_TOMORROW"}"#).is_err());
    assert!(root(r#"{"Type":"SERVICE_CONTROL_POLICY"}"#).is_err());
}

/// The role that IAM tells of when `ROLE` is asked for.
fn role(arn: &str, more: &str) -> (Fact<crate::capture::Identity>, Option<PrincipalArn>) {
    let name = arn.rsplit('/').next().unwrap();
    let text = format!(
        r#"{{"Role":{{"RoleName":"{name}","RoleId":"AROA1","Arn":"{arn}","AssumeRolePolicyDocument":{{"Statement":[]}}{more}}}}}"#
    );
    let asked = PrincipalArn::parse(ROLE).unwrap();
    let told = Fact::told("iam:GetRole", answer::<GetIdentity>(&text).identity(&asked));
    let policies = Policies { groups: Fact::default(), inline: Fact::Absent, attached: Fact::Absent };
    identity(&asked, told, policies)
}

#[test]
fn only_the_role_that_was_asked_for_is_taken() {
    let (found, namesake) = role(ROLE, "");
    let found = found.known().unwrap().clone();
    assert_eq!(
        (found.trust_policy.known().unwrap().text(), &found.tags),
        (r#"{"Statement":[]}"#, &Fact::Known([].into()))
    );
    assert_eq!((&found.boundary, &found.inline, namesake), (&Fact::Absent, &Fact::Absent, None));
    let elsewhere = ROLE.replace("shift/", "");
    assert_eq!(role(&elsewhere, ""), (Fact::Absent, PrincipalArn::parse(&elsewhere).ok()));
    for other in [ROLE.replace("2222", "9999"), ROLE.replace("night", "day"), ROLE.replace("role/", "user/")] {
        assert!(role(&other, "").0.known().is_none(), "{other}");
    }
    let (twice, _) = role(ROLE, r#","Tags":[{"Key":"team","Value":"a"},{"Key":"team","Value":"b"}]"#);
    assert!(twice.known().unwrap().tags.unread().is_some());
    let (unnamed, _) = role(ROLE, r#","PermissionsBoundary":{"PermissionsBoundaryType":"Policy"}"#);
    assert!(unnamed.known().unwrap().boundary.unread().is_some());
}

#[test]
fn only_the_policy_that_was_asked_for_is_taken() {
    let text = r#"{"RoleName":"night","PolicyName":"start","PolicyDocument":{"Statement": []}}"#;
    assert_eq!(
        answer::<GetInlinePolicy>(text).document("night", &"start".parse().unwrap()).unwrap().text(),
        r#"{"Statement": []}"#
    );
    assert!(answer::<GetInlinePolicy>(text).document("day", &"start".parse().unwrap()).is_err());
    assert!(answer::<GetInlinePolicy>(text).document("night", &"stop".parse().unwrap()).is_err());
    assert!(
        answer::<GetInlinePolicy>(r#"{"PolicyDocument":""}"#).document("night", &"start".parse().unwrap()).is_err()
    );
    let arn = "arn:aws:iam::222233334444:policy/keys";
    let text = format!(r#"{{"Policy":{{"Arn":"{arn}","DefaultVersionId":"v3"}}}}"#);
    assert_eq!(answer::<GetPolicy>(&text).default_version(&arn.parse().unwrap()).unwrap(), "v3");
    assert!(
        answer::<GetPolicy>(&text)
            .default_version(&"arn:aws:iam::222233334444:policy/others".parse().unwrap())
            .is_err()
    );
    for (version, is_default, is_taken) in [("v3", "true", true), ("v2", "true", false), ("v3", "false", false)] {
        let text = format!(
            r#"{{"PolicyVersion":{{"VersionId":"{version}","IsDefaultVersion":{is_default},"Document":{{"Statement":[]}}}}}}"#
        );
        assert_eq!(
            answer::<GetPolicyVersion>(&text).document(&"v3".parse().unwrap()).is_ok(),
            is_taken,
            "{version} {is_default}"
        );
    }
}

const INSTANCE: &str = "i-0c4f81d2ab6e37905";

#[test]
fn an_instance_needs_its_owner_and_each_of_its_volumes() {
    let told = |text: &str| {
        let (id, region) = (InstanceId::parse(INSTANCE).unwrap(), Region::parse("eu-central-1").unwrap());
        answer::<DescribeInstances>(&text.replace("INSTANCE", INSTANCE)).instance(&id, &region)
    };
    let whole = r#"{"Reservations":[{"OwnerId":"222233334444","Instances":[{"InstanceId":"INSTANCE","BlockDeviceMappings":
        [{"DeviceName":"/dev/xvda","Ebs":{"VolumeId":"vol-0e7b35ac1d924f806","Status":"attached"}}],"Tags":TAGS}]}]}"#;
    let tagged = |tags: &str| told(&whole.replace("TAGS", tags));
    let found = tagged(r#"[{"Key":"Name","Value":"n"}]"#).unwrap();
    assert_eq!((found.tags["Name"].as_str(), found.tags_unread, found.attachments.len()), ("n", None, 1));
    assert_eq!(found.condition_keys["ec2:InstanceMarketType"], "on-demand");
    for tags in [r#"[{"Key":"a"}]"#, r#"[{"Key":"a","Value":"1"},{"Key":"a","Value":"2"}]"#] {
        assert!(tagged(tags).unwrap().tags_unread.is_some(), "{tags}");
    }
    for lacking in ["OwnerId", "VolumeId", "BlockDeviceMappings", "InstanceId"] {
        assert!(told(&whole.replace("TAGS", "[]").replace(lacking, "Other")).is_err(), "{lacking}");
    }
}

#[test]
fn a_volume_tells_plainly_whether_it_is_encrypted() {
    let told = |members: &str, instance: &str| {
        let text = format!(
            r#"{{"Volumes":[{{"VolumeId":"vol-0e7b35ac1d924f806","Attachments":[{{"InstanceId":"{instance}"}}]{members}}}]}}"#
        );
        let volumes = answer::<DescribeVolumes>(&text).volumes(&InstanceId::parse(INSTANCE).unwrap()).unwrap();
        volumes.into_iter().next().unwrap().1
    };
    let key = |members: &str| told(members, INSTANCE).known().unwrap().key.clone();
    let encrypted = format!(r#","Encrypted":true,"KmsKeyId":"{KEY}""#);
    assert_eq!(key(&encrypted).known().unwrap().as_str(), KEY);
    assert_eq!(key(r#","Encrypted":false"#), Fact::Absent);
    let riddles = [
        "".to_owned(),
        r#","Encrypted":true"#.to_owned(),
        r#","Encrypted":true,"KmsKeyId":"alias/a""#.to_owned(),
        format!(r#","Encrypted":false,"KmsKeyId":"{KEY}""#),
    ];
    for riddle in riddles {
        assert!(key(&riddle).unread().is_some(), "{riddle}");
    }
    assert!(told(&encrypted, "i-0aaaaaaaaaaaaaaaa").unread().is_some(), "attached elsewhere");
}
