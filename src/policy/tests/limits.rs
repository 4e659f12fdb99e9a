use crate::policy::{PolicyType, Size};

#[test]
fn blanks_count_where_aws_counts_them() {
    assert_eq!(Size::of(PolicyType::KeyPolicy, "é \n").holds, 4);
    assert_eq!(Size::of(PolicyType::Scp, "é \n").holds, 3);
    assert_eq!(Size::of(PolicyType::Identity, "é \n").holds, 1);
    assert_eq!(Size::of_inline("arn:aws:iam::111122223333:user/ops/mara", ["a b", " c"]).holds, 3);
    assert_eq!(Size::of_inline("arn:aws:iam::111122223333:user/ops/mara", []).limit, 2_048);
    assert!(Size::of(PolicyType::Session, &"x".repeat(2_048)).fits());
    assert!(!Size::of(PolicyType::Session, &"x".repeat(2_049)).fits());
}
