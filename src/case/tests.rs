use super::answer;

const KEY: &str = "arn:aws:kms:ap-northeast-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// The line for a case about a role of the key's account, with these fields besides.
fn judged(context: &str, fields: &str) -> String {
    let request = format!(
        r#"{{"action": "kms:CreateGrant", "resource": "{KEY}", "principal": "arn:aws:iam::111122223333:role/StartJob"{context}}}"#
    );
    answer(&format!(r#"{{"id": 1, "request": {request}, {fields}}}"#), 1).unwrap()
}

const DELEGATES: &str = r#""keyPolicy": {"Statement": [
    {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}]}"#;

#[test]
fn an_allow_names_every_statement_that_it_rests_on() {
    let own = r#""identityPolicies": [{"Statement": [{"Sid": "Own", "Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}]"#;
    assert_eq!(
        judged("", &format!("{own}, {DELEGATES}")),
        concat!(
            r#"{"id":1,"decision":"allowed","decidedBy":["identityPolicies/0/Statement/0","keyPolicy/Statement/0"],"#,
            r#""reasons":["identityPolicies/0/Statement/0 (Own) allows kms:CreateGrant.","#,
            r#""keyPolicy/Statement/0 leaves kms:CreateGrant to the policies of account 111122223333."],"missing":[]}"#
        )
    );
}

#[test]
fn an_implicit_deny_tells_the_nearest_miss() {
    let own = r#""identityPolicies": [{"Statement": {"Effect": "Allow", "Action": "kms:CreateGrant", "Resource": "*",
        "Condition": {"StringEquals": {"kms:ViaService": "rds.ap-northeast-1.amazonaws.com"}}}}]"#;
    let line = judged(
        r#", "context": {"kms:ViaService": "ec2.ap-northeast-1.amazonaws.com"}"#,
        &format!("{own}, {DELEGATES}"),
    );
    let reason = "identityPolicies: nothing allows kms:CreateGrant; identityPolicies/0/Statement/0 comes nearest and fails \
                  in Condition StringEquals kms:ViaService: rds.ap-northeast-1.amazonaws.com (the request: \
                  ec2.ap-northeast-1.amazonaws.com).";
    assert!(line.contains(reason), "{line}");
}

#[test]
fn an_unknown_tells_what_it_hangs_on() {
    let own = r#""identityPolicies": [{"Statement": {"Effect": "Allow", "Action": "kms:CreateGrant", "Resource": "*",
        "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}}]"#;
    let line = judged(r#", "unknownContext": ["aws:SourceIp"]"#, &format!("{own}, {DELEGATES}"));
    let hangs_on = concat!(
        r#""reasons":["Allowed only if aws:SourceIp is in 203.0.113.0/24."],"#,
        r#""missing":[{"contextKey":"aws:SourceIp","condition":"aws:SourceIp is in 203.0.113.0/24"}]"#
    );
    assert!(line.contains(hangs_on), "{line}");
}

#[test]
fn what_is_no_case_is_refused_in_its_place() {
    for (line, refused) in [
        ("{", r#"{"id":null,"error":"line 7: not JSON: "#),
        (r#"{"request": {}}"#, r#"{"id":null,"error":"line 7: the case has no `id`"}"#),
        (r#"{"id": "a"}"#, r#"{"id":"a","error":"line 7: the case has no `request`"}"#),
        (r#"{"id": "a", "scp": []}"#, r#"{"id":"a","error":"#),
    ] {
        let answer = answer(line, 7).unwrap_err();
        assert!(answer.starts_with(refused), "{answer}");
    }
}
