"""Makes the world of a capture (`tests/captures/*.json`) in the emulator.

AWS chooses IDs by itself, and some of what AWS tells no client can bring about. So everything is put straight into
the emulator's own stores, under the IDs of the capture; the program then reads it over the network as it reads AWS.

What the capture has as unread is there as the emulator makes it, and the reader lacks the permission.
"""

import json
from datetime import datetime

import moto.kms.responses
from moto.backends import get_backend
from moto.ec2.models.block_device import BlockDeviceType
from moto.ec2.models.elastic_block_store import Volume, VolumeAttachment
from moto.ec2.models.instances import InstanceState, StateReason
from moto.iam.models import AWSManagedPolicy, Group, ManagedPolicy, Role, User
from moto.kms.models import Grant, Key
from moto.organizations.models import FakeAccount, FakeOrganizationalUnit, FakePolicy
from moto.utilities.utils import get_partition

from seed import IMAGE, TRUST

NO_POLICY = '{"Version": "2012-10-17", "Statement": []}'
STATES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
KINDS = {"scps": "SERVICE_CONTROL_POLICY", "rcps": "RESOURCE_CONTROL_POLICY"}

# The emulator refuses `DescribeKey` where the key policy denies it to anybody, whoever asks.
moto.kms.responses.validate_policy = lambda key, action: None


def seed_golden(capture):
    """Makes everything that a capture tells of: the credentials of who reads it, by profile."""
    region = capture["read"]["region"]
    for arn, key in capture["keys"].items():
        make_key(arn, key, own_account(capture))
    for instance_id, reading in capture["instances"].items():
        if instance := known(reading):
            make_instance(region, instance_id, instance, capture["volumes"])
    for asked, reading in capture["identities"].items():
        make_identity(region, reading, capture.get("namesakes", {}).get(asked))
    for account, reading in capture["organizations"].items():
        if organization := known(reading):
            make_organization(region, account, organization)
    return {
        profile: make_reader(region, account, profile, denied)
        for profile, (account, denied) in readers(capture).items()
    }


def known(reading):
    """What was read; `None` if it is absent or was not read."""
    return reading.get("known") if isinstance(reading, dict) else None


def own_account(capture):
    """The account of the reader."""
    return known(capture["read"]["by"]).split(":")[4]


def readers(capture):
    """The account of each profile that the capture was read with, and what it was denied."""
    own = own_account(capture)
    found = {"reader": (own, sorted(denied_reads(capture)))}
    for arn, key in capture["keys"].items():
        owner = arn.split(":")[4]
        if owner != own and key["policy"].get("unread", {}).get("why") != "notAsked":
            found["key-owner"] = (owner, sorted(denied_reads(key)))
    for organization in filter(None, map(known, capture["organizations"].values())):
        if known(organization["path"]):
            found["management"] = (organization["managementAccount"], [])
    return found


def denied_reads(part):
    """The permissions for want of which something in a part of a capture is unread."""
    if isinstance(part, dict):
        unread = part.get("unread")
        if isinstance(unread, dict):
            return {unread["needs"]} if unread["why"] == "denied" else set()
        part = list(part.values())
    return set().union(*map(denied_reads, part)) if isinstance(part, list) else set()


def make_reader(region, account, name, denied):
    """A role that may do everything but what is denied: the credentials of a session of it."""
    partition = get_partition(region)
    statements = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    if denied:
        statements.append({"Effect": "Deny", "Action": denied, "Resource": "*"})
    role = put_identity(region, f"arn:{partition}:iam::{account}:role/{name}", f"AROA{name.upper()}")
    role.policies["read"] = json.dumps({"Version": "2012-10-17", "Statement": statements})
    session = get_backend("sts")[account][partition].assume_role(
        region_name=region,
        role_session_name="preflight",
        role_arn=role.arn,
        policy=None,
        duration=3600,
        external_id=None,
    )
    return [session.access_key_id, session.secret_access_key, session.session_token]


class CapturedKey(Key):
    """A key that tells what the emulator knows nothing of, too."""

    __module__ = Key.__module__  # where the emulator looks up which service a model belongs to

    def __init__(self, arn, policy, metadata):
        _, _, _, region, account, resource = arn.split(":")
        # The emulator makes a key pair for every key; this one takes no time.
        super().__init__(policy, metadata["usage"], "ECC_NIST_P256", "", account, region, origin=metadata["origin"])
        self.arn, self.id = arn, resource.removeprefix("key/")
        self.key_state, self.enabled = metadata["state"], metadata["state"] == "Enabled"
        self.key_spec, self.key_manager = metadata["spec"], metadata["manager"]
        if metadata["multiRegion"] in ("PRIMARY", "REPLICA"):
            self.multi_region = True
            primary = {"Arn": arn if metadata["multiRegion"] == "PRIMARY" else "", "Region": region}
            self.multi_region_configuration = {
                "MultiRegionKeyType": metadata["multiRegion"],
                "PrimaryKey": primary,
                "ReplicaKeys": [],
            }
        if "deletionDate" in metadata:
            self.deletion_date = datetime.fromisoformat(metadata["deletionDate"]).replace(tzinfo=None)
        self.more = {}
        if "validTo" in metadata:
            self.more["ValidTo"] = datetime.fromisoformat(metadata["validTo"]).timestamp()
        if "customKeyStore" in metadata:
            self.more["CustomKeyStoreId"] = metadata["customKeyStore"]["id"]

    def to_dict(self):
        """As `DescribeKey` answers."""
        answer = super().to_dict()
        answer["KeyMetadata"].update(self.more)
        return answer


class CapturedGrant(Grant):
    """A grant that tells who made it."""

    __module__ = Grant.__module__

    def __init__(self, key_id, grant):
        constraints = {
            "EncryptionContextSubset": grant["constraints"].get("encryptionContextSubset"),
            "EncryptionContextEquals": grant["constraints"].get("encryptionContextEquals"),
        }
        constraints = {name: pairs for name, pairs in constraints.items() if pairs is not None}
        super().__init__(
            key_id, grant.get("name", ""), grant["granteePrincipal"], grant["operations"], constraints, None
        )
        self.id = grant["id"]
        self.issuing_account = grant.get("issuingAccount")

    def to_json(self):
        """As `ListGrants` answers."""
        answer = {**super().to_json(), "IssuingAccount": self.issuing_account}
        return {name: value for name, value in answer.items() if value is not None}


def make_key(arn, key, reader):
    """A key with its policy, grants, aliases and tags, unless KMS is not to know it."""
    if key["metadata"] == "absent":
        return
    _, _, _, region, account, _ = arn.split(":")
    unread = {
        "state": "Enabled",
        "manager": "CUSTOMER",
        "spec": "SYMMETRIC_DEFAULT",
        "usage": "ENCRYPT_DECRYPT",
        "origin": "AWS_KMS",
        "multiRegion": "NONE",
    }
    made = CapturedKey(arn, known(key["policy"]), known(key["metadata"]) or unread)
    backends = get_backend("kms")
    backend = backends[account][region]
    # KMS tells of a key across accounts; the emulator looks in the caller's own account only.
    backends[reader][region].keys[made.id] = backend.keys[made.id] = made
    for grant in known(key["grants"]) or []:
        made.grants[grant["id"]] = CapturedGrant(made.id, grant)
    for alias in known(key["aliases"]) or []:
        backend.create_alias(made.id, alias)
    if tags := known(key["tags"]):
        backend.tagger.tag_resource(made.id, [{"TagKey": tag, "TagValue": value} for tag, value in tags.items()])


class CapturedVolume(Volume):
    """A volume of whatever state."""

    __module__ = Volume.__module__
    status = None


def make_instance(region, instance_id, instance, volumes):
    """An instance with its volumes attached."""
    backend = get_backend("ec2")[instance["account"]][region]
    reservation = backend.run_instances(
        IMAGE, 1, None, [], region_name=region, instance_type="t3.micro", is_instance_type_default=False
    )
    reservation.owner_id = instance["account"]
    made = reservation.instances[0]
    made.teardown_defaults()
    made.id = instance_id
    made.add_tags(instance["tags"])
    made._state = InstanceState(instance["state"], STATES[instance["state"]])
    made._reason = instance.get("stateTransitionReason", "")
    reason = instance.get("stateReason")
    made.state_reason = StateReason(reason["message"], reason["code"]) if reason else None
    made.root_device_type = instance["rootDeviceType"]
    made.root_device_name = instance.get("rootDeviceName", "/dev/xvda")
    if "operator" in instance:
        made.operator = {"Managed": True, "Principal": instance["operator"]}
    licenses = instance.get("licenseConfigurations", [])
    made.licenses = [{"LicenseConfigurationArn": arn} for arn in licenses]
    for attachment in instance["attachments"]:
        attach(backend, made, attachment, known(volumes[attachment["volumeId"]]) or {"key": "absent"})


def attach(backend, instance, attachment, volume):
    """A volume in its place in the block device mapping."""
    key, status = known(volume["key"]), attachment.get("status") or "attached"
    made = CapturedVolume(
        backend,
        attachment["volumeId"],
        8,
        backend.get_zone_by_name(instance.availability_zone),
        snapshot_id=volume.get("snapshot"),
        encrypted=key is not None,
        kms_key_id=key,
        volume_type="gp3",
    )
    made.status = volume.get("state") or "in-use"
    made.attachment = VolumeAttachment(made, instance, attachment["device"], status)
    backend.volumes[made.id] = made
    mapped = BlockDeviceType(volume_id=made.id, status=status, attach_time=made.create_time)
    instance.block_device_mapping[attachment["device"]] = mapped


def arn_parts(arn):
    """Account, path and name of a role, user, group or managed policy."""
    account, resource = arn.split(":")[4:]
    _, *path, name = resource.split("/")
    return account, "/".join(["", *path, ""]), name


def put_identity(region, arn, unique_id, tags=(), trust_policy=TRUST):
    """A role or user without policies."""
    account, path, name = arn_parts(arn)
    partition = get_partition(region)
    backend = get_backend("iam")[account][partition]
    if ":user/" in arn:
        user = backend.users[name] = User(account, region, name, path)
        user.id = unique_id
        backend.tagger.tag_resource(user.arn, list(tags))
        return user
    role = Role(account, partition, unique_id, name, trust_policy, path, None, "", list(tags), "3600")
    backend.roles[unique_id] = role
    return role


def make_identity(region, reading, namesake):
    """A role or user with its policies; where there is none of the ARN that was asked for, that of the same name."""
    if namesake:
        put_identity(region, namesake, "AROANAMESAKEEXAMPLE01")
    identity = known(reading)
    if not identity:
        return
    tags = [{"Key": tag, "Value": value} for tag, value in (known(identity["tags"]) or {}).items()]
    trust_policy = known(identity.get("trustPolicy")) or TRUST
    made = put_identity(region, identity["arn"], known(identity["uniqueId"]), tags, trust_policy)
    give_policies(region, made, identity)
    if boundary := known(identity["boundary"]):
        arn = put_managed_policy(region, made.account_id, boundary).arn
        if isinstance(made, User):
            made.permissions_boundary = {"PermissionsBoundaryArn": arn}
        else:
            made.permissions_boundary_arn = arn
    for group in known(identity.get("groups")) or []:
        make_group(region, made, group)


def make_group(region, user, group):
    """A group with its policies and this user in it."""
    account, path, name = arn_parts(group["arn"])
    made = Group(account, region, name, path)
    made.users.append(user)
    get_backend("iam")[account][made.partition].groups[name] = made
    give_policies(region, made, group)


def give_policies(region, holder, record):
    """The inline and attached policies of a role, user or group."""
    for policy in known(record["inline"]) or []:
        holder.policies[policy["name"]] = known(policy["document"])
    for policy in known(record["attached"]) or []:
        put_managed_policy(region, holder.account_id, policy).attach_to(holder)


def put_managed_policy(region, account, policy):
    """A managed policy, of the account or of AWS."""
    owner, path, name = arn_parts(policy["arn"])
    kind = AWSManagedPolicy if owner == "aws" else ManagedPolicy
    made = kind(name, account, region, document=known(policy["document"]) or NO_POLICY, path=path)
    get_backend("iam")[account][get_partition(region)].managed_policies[made.arn] = made
    return made


def make_organization(region, account, organization):
    """The organization of an account: root, OUs and that account, with the policies attached to each."""
    backends, partition = get_backend("organizations"), get_partition(region)
    management = organization["managementAccount"]
    backend = backends[management][partition]
    backend.create_organization(region, FeatureSet="ALL")
    backend.org.id = organization["id"]
    root = backend.ou[0]
    levels = {root.id: root}
    path = known(organization["path"])
    if path:
        root.id = path[0]
        levels = {root.id: root}
        for target in path[1:-1]:
            levels[target] = FakeOrganizationalUnit(backend.org, Name=target, ParentId=list(levels)[-1])
            levels[target].id = target
            backend.ou.append(levels[target])
    member = backend.accounts[0]
    if account != management:
        member = FakeAccount(backend.org, AccountName="workload", Email="workload@example.com")
        member.id = account
        backend.accounts.append(member)
        backends.master_accounts[account] = (management, partition)
    member.parent_id = list(levels)[-1]
    levels[account] = member
    attach_organization_policies(backend, root, levels, organization)


def attach_organization_policies(backend, root, levels, organization):
    """The policies of each level, in place of those that the emulator attached by itself."""
    for level in levels.values():
        level.attached_policies = []
    backend.policies = []
    for field, kind in KINDS.items():
        if organization[field] != "absent":
            root.add_policy_type(kind)
        for level in known(organization[field]) or []:
            for policy in level["policies"]:
                made = FakePolicy(backend.org, Name=policy["name"], Type=kind, Content=known(policy["document"]))
                made.id = policy["id"]
                backend.policies.append(made)
                levels[level["target"]].attached_policies.append(made)
