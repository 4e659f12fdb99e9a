"""Fills one account of the emulator with one situation.

A situation (`situations/*.json`) says what exists before the program is run:

    story         what it shows
    region        of the instance and its keys
    role          name, path; inline: {NAME: POLICY}; managed: {NAME: POLICY or {"versions": [POLICY, …],
                  "default": N}}; boundary: POLICY; tags
    keys          by a short name: policy: POLICY; alias; tags; state: "Disabled" or "PendingDeletion";
                  grants: what `CreateGrant` takes
    volumes       per device the short name of a key, or null: not encrypted. The first is the root volume
    organization  levels from the root down to the account, each {"scps": {NAME: POLICY}, "rcps": {…}}.
                  FullAWSAccess stays attached everywhere
    ask, flags, expect   for the test that plays it

A POLICY is a list of statements; a text in it names one of `statements.json`. `<account>`, `<region>`, `<role>`,
`<role name>`, `<role id>`, `<instance>`, `<volume N>` (from 0), `<key NAME>` (the ARN) and `<key id NAME>` stand for
what AWS would have chosen.
"""

import json
import pathlib
import re

import boto3
from botocore.config import Config

STATEMENTS = json.loads((pathlib.Path(__file__).parent / "statements.json").read_text())
IMAGE = "ami-12c6146b"  # the emulator does not ask whether it exists
DEVICES = ("/dev/sda1", "/dev/sdf", "/dev/sdg", "/dev/sdh")
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
    }
)


class Emulator:
    """Clients for any account of the server: whoever assumes a role in an account acts in it."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.known = {}

    def assume(self, account, role):
        """Credentials of a session of `role`, which need not exist before the policies are enforced."""
        anybody = ("AKIAEMULATORBOOTSTRAP", "bootstrap", None)
        sts = self._client("sts", "us-east-1", anybody)
        arn = f"arn:aws:iam::{account}:role/{role}"
        made = sts.assume_role(RoleArn=arn, RoleSessionName="preflight")["Credentials"]
        return [made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]]

    def client(self, service, account, region="us-east-1"):
        """A client that acts in `account`."""
        if account not in self.known:
            self.known[account] = self.assume(account, "seed")
        return self._client(service, region, self.known[account])

    def _client(self, service, region, credentials):
        key, secret, token = credentials
        return boto3.client(
            service,
            region,
            endpoint_url=self.endpoint,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"max_attempts": 1}, read_timeout=60),
        )


class Names:
    """What the placeholders stand for, as far as it exists by now."""

    def __init__(self, account, region):
        self.values = {"account": account, "region": region}

    def fill(self, value):
        """`value` as text, its placeholders replaced."""
        text = value if isinstance(value, str) else json.dumps(value)
        return re.sub(r"<([a-z][\w -]*)>", lambda found: self.values[found[1]], text)

    def policy(self, statements):
        """A policy document of `statements`."""
        written = [STATEMENTS[item] if isinstance(item, str) else item for item in statements]
        return self.fill({"Version": "2012-10-17", "Statement": written})


def seed(emulator, request):
    """Makes everything of a situation and tells what came to be."""
    situation = request["seed"]
    region, account, credentials = situation["region"], request["account"], {}
    levels = None
    if "organization" in situation:
        # The emulator chooses the number of an account that an organization makes.
        levels = make_organization(emulator, request["management"], situation["organization"])
        account = levels[-1]
        credentials["management"] = emulator.assume(request["management"], "seed")
    names = Names(account, region)

    def of(service):
        return emulator.client(service, account, region)

    role, keys = situation["role"], situation.get("keys", {})
    make_role(of("iam"), role, names)
    for name, key in keys.items():
        make_key(of("kms"), name, key, names)
    make_instance(of("ec2"), situation["volumes"], names)
    attach_policies(of("iam"), role, names)
    for name, key in keys.items():
        finish_key(of("kms"), name, key, names)
    if levels:
        attach_organization_policies(emulator, request["management"], levels, situation["organization"], names)
    for name, actions in request.get("readers", {}).items():
        make_reader(of("iam"), name, actions, names)
        credentials[name] = emulator.assume(account, name)
    credentials.setdefault("reader", emulator.assume(account, "seed"))
    values = names.values
    return {
        "region": region,
        "instance": values["instance"],
        "role": values["role"],
        "names": values,
        "credentials": credentials,
    }


def make_organization(emulator, management, wanted):
    """Root, OUs and a new account: their IDs from the root down."""
    organizations = emulator.client("organizations", management)
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    for kind in ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"):
        organizations.enable_policy_type(RootId=root, PolicyType=kind)
    levels = [root]
    for number, _ in enumerate(wanted[1:-1]):
        unit = organizations.create_organizational_unit(ParentId=levels[-1], Name=f"unit-{number}")
        levels.append(unit["OrganizationalUnit"]["Id"])
    made = organizations.create_account(AccountName="workload", Email="workload@example.com")
    account = made["CreateAccountStatus"]["AccountId"]
    if levels[-1] != root:
        organizations.move_account(AccountId=account, SourceParentId=root, DestinationParentId=levels[-1])
    return [*levels, account]


def attach_organization_policies(emulator, management, levels, wanted, names):
    """Adds each level's policies to those that AWS attaches by itself."""
    organizations = emulator.client("organizations", management)
    kinds = {"scps": "SERVICE_CONTROL_POLICY", "rcps": "RESOURCE_CONTROL_POLICY"}
    for target, level in zip(levels, wanted, strict=True):
        for field, kind in kinds.items():
            for name, policy in level.get(field, {}).items():
                made = organizations.create_policy(
                    Name=name, Description=name, Type=kind, Content=names.policy(policy)
                )
                policy_id = made["Policy"]["PolicySummary"]["Id"]
                organizations.attach_policy(PolicyId=policy_id, TargetId=target)


def make_role(iam, role, names):
    """The role alone: its policies may name keys that do not exist yet."""
    tags = [{"Key": key, "Value": value} for key, value in role.get("tags", {}).items()]
    made = iam.create_role(
        RoleName=role["name"], Path=role.get("path", "/"), AssumeRolePolicyDocument=TRUST, Tags=tags
    )["Role"]
    names.values.update({"role": made["Arn"], "role name": made["RoleName"], "role id": made["RoleId"]})


def attach_policies(iam, role, names):
    """The role's inline and managed policies and its permissions boundary."""
    for name, policy in role.get("inline", {}).items():
        iam.put_role_policy(RoleName=role["name"], PolicyName=name, PolicyDocument=names.policy(policy))
    for name, policy in role.get("managed", {}).items():
        iam.attach_role_policy(RoleName=role["name"], PolicyArn=make_managed_policy(iam, name, policy, names))
    if "boundary" in role:
        arn = make_managed_policy(iam, f"{role['name']}-boundary", role["boundary"], names)
        iam.put_role_permissions_boundary(RoleName=role["name"], PermissionsBoundary=arn)


def make_managed_policy(iam, name, policy, names):
    """A customer managed policy with all its versions: its ARN."""
    versions = policy["versions"] if isinstance(policy, dict) else [policy]
    arn = iam.create_policy(PolicyName=name, PolicyDocument=names.policy(versions[0]))["Policy"]["Arn"]
    for version in versions[1:]:
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=names.policy(version), SetAsDefault=False)
    # Told to make the default version the default once more, the emulator has none.
    if isinstance(policy, dict) and policy["default"] != 1:
        iam.set_default_policy_version(PolicyArn=arn, VersionId=f"v{policy['default']}")
    return arn


def make_reader(iam, name, actions, names):
    """A role that may do `actions` and nothing else."""
    allow = [{"Effect": "Allow", "Action": actions, "Resource": "*"}]
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName=name, PolicyName="read", PolicyDocument=names.policy(allow))


def make_key(kms, name, key, names):
    """A key with its aliases and tags, enabled and under the default policy."""
    tags = [{"TagKey": tag, "TagValue": value} for tag, value in key.get("tags", {}).items()]
    # The emulator tells of a key what it was told, and no defaults.
    made = kms.create_key(Tags=tags, KeyUsage="ENCRYPT_DECRYPT", KeySpec="SYMMETRIC_DEFAULT", MultiRegion=False)
    arn, key_id = made["KeyMetadata"]["Arn"], made["KeyMetadata"]["KeyId"]
    names.values.update({f"key {name}": arn, f"key id {name}": key_id})
    if "alias" in key:
        kms.create_alias(AliasName=key["alias"], TargetKeyId=key_id)


def finish_key(kms, name, key, names):
    """The key's policy and grants, which may name the role and the volumes; last its state."""
    key_id = names.values[f"key id {name}"]
    kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy=names.policy(key["policy"]))
    for grant in key.get("grants", []):
        kms.create_grant(KeyId=key_id, **json.loads(names.fill(grant)))
    if key.get("state") == "Disabled":
        kms.disable_key(KeyId=key_id)
    if key.get("state") == "PendingDeletion":
        kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)


def make_instance(ec2, volumes, names):
    """A stopped instance with its volumes attached."""
    mappings = []
    for device, key in zip(DEVICES, volumes):
        encryption = {"Encrypted": True, "KmsKeyId": names.values[f"key {key}"]} if key else {}
        ebs = {"VolumeSize": 8, "VolumeType": "gp3", "DeleteOnTermination": True, **encryption}
        mappings.append({"DeviceName": device, "Ebs": ebs})
    started = ec2.run_instances(
        ImageId=IMAGE, MinCount=1, MaxCount=1, InstanceType="t3.micro", BlockDeviceMappings=mappings
    )
    instance = started["Instances"][0]["InstanceId"]
    ec2.stop_instances(InstanceIds=[instance])
    described = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    attached = {item["DeviceName"]: item["Ebs"]["VolumeId"] for item in described["BlockDeviceMappings"]}
    names.values["instance"] = instance
    for number, device in enumerate(DEVICES[: len(volumes)]):
        names.values[f"volume {number}"] = attached[device]
