use crate::remedy::extend::extension;

const WANTED: &str = r#"{"Sid":"W","Effect":"Allow","Action":"kms:Decrypt","Resource":"b","Condition":{"StringEquals":{"kms:ViaService":"x"}}}"#;

#[test]
fn one_more_value_in_one_element_is_an_extension() {
    let near = WANTED.replace(r#""b""#, r#""a""#);
    let (old, new) = extension(&format!(r#"{{"Statement":[{near}]}}"#), WANTED).unwrap();
    assert_eq!(old, near);
    assert_eq!(new, near.replace(r#""a""#, r#"["a", "b"]"#));
}

#[test]
fn whatever_would_allow_more_than_both_is_none() {
    let two_differ = WANTED.replace(r#""b""#, r#""a""#).replace("Decrypt", "Encrypt");
    let unconditional = r#"{"Effect":"Allow","Action":"kms:Decrypt","Resource":"a"}"#;
    let deny = WANTED.replace("Allow", "Deny");
    for statement in [two_differ.as_str(), unconditional, deny.as_str(), WANTED] {
        assert_eq!(extension(&format!(r#"{{"Statement":[{statement}]}}"#), WANTED), None, "{statement}");
    }
}
