//! What the SDK's types become is what the AWS CLI prints of the same answer.

use aws_sdk_ec2::types as ec2;
use aws_sdk_iam::types as iam;

use crate::answers::api::ec2::{DescribeInstances, DescribeVolumes, Reservation};
use crate::answers::api::iam::GetIdentity;
use crate::collect::ec2::{described, volume};
use crate::collect::iam::{role, user};
use crate::names::{InstanceId, PrincipalArn, Region};

const KEY: &str = "arn:aws:kms:eu-west-1:444455556666:key/0f1e2d3c-4b5a-4697-8801-f2e3d4c5b6a7";

#[test]
fn a_role_and_a_user() {
    let (boundary, trust) = ("arn:aws:iam::444455556666:policy/limits", r#"{"Statement":[{"Sid":"a b+c"}]}"#);
    let date = aws_smithy_types::DateTime::from_secs(0);
    let limit = iam::AttachedPermissionsBoundary::builder().permissions_boundary_arn(boundary).build();
    let tag = iam::Tag::builder().key("team").value("night").build().unwrap();
    let arn = PrincipalArn::parse("arn:aws:iam::444455556666:role/ops/starter").unwrap();
    let typed = iam::Role::builder()
        .path("/ops/")
        .role_name("starter")
        .role_id("AROAEXAMPLE")
        .arn(arn.as_str())
        .create_date(date)
        .assume_role_policy_document("%7B%22Statement%22%3A%5B%7B%22Sid%22%3A%22a%20b+c%22%7D%5D%7D")
        .permissions_boundary(limit.clone())
        .tags(tag.clone())
        .build()
        .unwrap();
    let json = format!(
        r#"{{"Role":{{"Path":"/ops/","RoleName":"starter","RoleId":"AROAEXAMPLE","Arn":"{arn}","AssumeRolePolicyDocument":{trust},
        "PermissionsBoundary":{{"PermissionsBoundaryType":"Policy","PermissionsBoundaryArn":"{boundary}"}},
        "Tags":[{{"Key":"team","Value":"night"}}]}}}}"#
    );
    let live = GetIdentity { identity: Some(role(typed)) }.identity(&arn);
    assert_eq!(live, serde_json::from_str::<GetIdentity>(&json).unwrap().identity(&arn));
    let live = live.unwrap();
    assert_eq!(live.trust_policy.known().unwrap().text(), trust);
    assert!(live.boundary.known().is_some() && live.tags.known().unwrap().len() == 1);

    let arn = PrincipalArn::parse("arn:aws:iam::444455556666:user/mara").unwrap();
    let typed = iam::User::builder()
        .path("/")
        .user_name("mara")
        .user_id("AIDAEXAMPLE")
        .arn(arn.as_str())
        .create_date(date)
        .permissions_boundary(limit)
        .tags(tag)
        .build()
        .unwrap();
    let json = json.replace("Role", "User").replace("starter", "mara").replace("AROA", "AIDA");
    let json = json.replace("arn:aws:iam::444455556666:role/ops/mara", arn.as_str());
    let live = GetIdentity { identity: Some(user(typed)) }.identity(&arn);
    assert_eq!(live, serde_json::from_str::<GetIdentity>(&json).unwrap().identity(&arn));
    assert!(live.is_ok_and(|user| user.is_user()));
}

#[test]
fn an_instance() {
    let typed = ec2::Instance::builder()
        .instance_id("i-0a1b2c3d4e5f60718")
        .state(ec2::InstanceState::builder().name(ec2::InstanceStateName::Stopped).build())
        .state_reason(ec2::StateReason::builder().code("Client.InternalError").message("on launch").build())
        .state_transition_reason("User initiated")
        .tags(ec2::Tag::builder().key("Name").value("night").build())
        .block_device_mappings(
            ec2::InstanceBlockDeviceMapping::builder()
                .device_name("/dev/xvda")
                .ebs(
                    ec2::EbsInstanceBlockDevice::builder()
                        .volume_id("vol-0a1b2c3d4e5f60718")
                        .status(ec2::AttachmentStatus::Attached)
                        .build(),
                )
                .build(),
        )
        .root_device_type(ec2::DeviceType::Ebs)
        .root_device_name("/dev/xvda")
        .operator(ec2::OperatorResponse::builder().managed(true).principal("eks.amazonaws.com").build())
        .licenses(ec2::LicenseConfiguration::builder().license_configuration_arn("arn:license").build())
        .instance_type(ec2::InstanceType::T3Micro)
        .instance_lifecycle(ec2::InstanceLifecycleType::Spot)
        .placement(
            ec2::Placement::builder()
                .availability_zone("eu-west-1a")
                .availability_zone_id("euw1-az1")
                .group_name("near")
                .tenancy(ec2::Tenancy::Dedicated)
                .build(),
        )
        .iam_instance_profile(ec2::IamInstanceProfile::builder().arn("arn:profile").build())
        .ebs_optimized(true)
        .metadata_options(
            ec2::InstanceMetadataOptionsResponse::builder()
                .http_endpoint(ec2::InstanceMetadataEndpointState::Enabled)
                .http_put_response_hop_limit(2)
                .http_tokens(ec2::HttpTokensState::Required)
                .build(),
        )
        .cpu_options(ec2::CpuOptions::builder().amd_sev_snp(ec2::AmdSevSnpSpecification::Enabled).build())
        .network_performance_options(
            ec2::InstanceNetworkPerformanceOptions::builder()
                .bandwidth_weighting(ec2::InstanceBandwidthWeighting::Vpc1)
                .build(),
        )
        .build();
    let json = r#"{"Reservations":[{"OwnerId":"444455556666","Instances":[{"InstanceId":"i-0a1b2c3d4e5f60718",
        "State":{"Code":80,"Name":"stopped"},"StateReason":{"Code":"Client.InternalError","Message":"on launch"},
        "StateTransitionReason":"User initiated","Tags":[{"Key":"Name","Value":"night"}],"BlockDeviceMappings":
        [{"DeviceName":"/dev/xvda","Ebs":{"VolumeId":"vol-0a1b2c3d4e5f60718","Status":"attached"}}],
        "RootDeviceType":"ebs","RootDeviceName":"/dev/xvda","Operator":{"Managed":true,"Principal":"eks.amazonaws.com"},
        "Licenses":[{"LicenseConfigurationArn":"arn:license"}],"InstanceType":"t3.micro","InstanceLifecycle":"spot",
        "Placement":{"AvailabilityZone":"eu-west-1a","AvailabilityZoneId":"euw1-az1","GroupName":"near","Tenancy":"dedicated"},
        "IamInstanceProfile":{"Arn":"arn:profile"},"EbsOptimized":true,
        "MetadataOptions":{"HttpEndpoint":"enabled","HttpPutResponseHopLimit":2,"HttpTokens":"required"},
        "CpuOptions":{"AmdSevSnp":"enabled"},"NetworkPerformanceOptions":{"BandwidthWeighting":"vpc-1"}}]}]}"#;
    let (id, region) = (InstanceId::parse("i-0a1b2c3d4e5f60718").unwrap(), Region::parse("eu-west-1").unwrap());
    let reservation =
        Reservation { owner_id: Some("444455556666".to_owned()), instances: Some(vec![described(typed)]) };
    let live = DescribeInstances { reservations: Some(vec![reservation]) }.instance(&id, &region).unwrap();
    assert_eq!(live, serde_json::from_str::<DescribeInstances>(json).unwrap().instance(&id, &region).unwrap());
    assert_eq!((live.condition_keys.len(), live.operator.as_deref()), (16, Some("eks.amazonaws.com")));
}

#[test]
fn a_volume() {
    let attachment = ec2::VolumeAttachment::builder()
        .instance_id("i-0a1b2c3d4e5f60718")
        .device("/dev/xvda")
        .state(ec2::VolumeAttachmentState::Attached)
        .build();
    let typed = ec2::Volume::builder()
        .volume_id("vol-0a1b2c3d4e5f60718")
        .state(ec2::VolumeState::InUse)
        .encrypted(true)
        .kms_key_id(KEY)
        .snapshot_id("snap-0a1b2c3d4e5f60718")
        .attachments(attachment)
        .build();
    let json = format!(
        r#"{{"Volumes":[{{"VolumeId":"vol-0a1b2c3d4e5f60718","State":"in-use","Encrypted":true,"KmsKeyId":"{KEY}",
        "SnapshotId":"snap-0a1b2c3d4e5f60718","Attachments":[{{"InstanceId":"i-0a1b2c3d4e5f60718","Device":"/dev/xvda",
        "State":"attached"}}]}}]}}"#
    );
    let id = InstanceId::parse("i-0a1b2c3d4e5f60718").unwrap();
    let live = DescribeVolumes { volumes: Some(vec![volume(typed)]) }.volumes(&id);
    assert_eq!(live, serde_json::from_str::<DescribeVolumes>(&json).unwrap().volumes(&id));
    assert!(live.unwrap()[0].1.known().is_some_and(|volume| volume.key.known().is_some()));
}
