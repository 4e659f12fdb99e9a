use super::Decision;
use crate::policy::Truth;

#[test]
fn denies_and_allows_come_to_a_decision() {
    let (no, maybe, yes) = (Truth::False, Truth::Unknown, Truth::True);
    for (denied, allowed, decision) in [
        (no, no, Decision::ImplicitDeny),
        (no, maybe, Decision::Unknown),
        (no, yes, Decision::Allowed),
        (maybe, no, Decision::ImplicitDeny),
        (maybe, maybe, Decision::Unknown),
        (maybe, yes, Decision::Unknown),
        (yes, no, Decision::ExplicitDeny),
        (yes, maybe, Decision::ExplicitDeny),
        (yes, yes, Decision::ExplicitDeny),
    ] {
        assert_eq!(Decision::of(denied, allowed), decision, "{denied} {allowed}");
    }
}
