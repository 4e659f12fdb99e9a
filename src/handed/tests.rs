use proptest::prelude::*;

use super::{Damage, HandedError, key_policy};
use crate::engine::NamedPolicy;
use crate::policy::PolicyType;

const POLICY: &str = r#"{
  "Version" : "2012-10-17",
  "Statement" : [ {
    "Sid" : "Allow use of the key, but only through EC2",
    "Effect" : "Allow",
    "Principal" : { "AWS" : "arn:aws:iam::111122223333:role/night shift/Starter" },
    "Action" : [ "kms:CreateGrant", "kms:Decrypt" ],
    "Resource" : "*",
    "Condition" : { "StringEquals" : { "aws:PrincipalTag/team" : "night shift" } }
  } ]
}"#;

/// What mail, chat and word processors do to a text, one after the other.
#[derive(Debug, Clone)]
enum Mangling {
    Bom,
    Quoted,
    Crlf,
    CliOutput,
    Curly(usize),
    NoBreak(usize),
    Invisible(usize),
    Wrap(usize),
}

fn replace_one(text: &str, plain: char, by: &str, which: usize) -> String {
    let places: Vec<usize> = text.match_indices(plain).map(|(at, _)| at).collect();
    let Some(&at) = places.get(which % places.len().max(1)) else { return text.to_owned() };
    let mut changed = text.to_owned();
    changed.replace_range(at..at + plain.len_utf8(), by);
    changed
}

fn mangle(text: &str, mangling: &Mangling) -> String {
    match mangling {
        Mangling::Bom => format!("\u{feff}{text}"),
        Mangling::Quoted => text.lines().map(|line| ["> ", line, "\n"].concat()).collect(),
        Mangling::Crlf => text.replace('\n', "\r\n"),
        Mangling::CliOutput => serde_json::json!({ "Policy": text, "PolicyName": "default" }).to_string(),
        Mangling::Curly(which) => replace_one(text, '"', "\u{201d}", *which),
        Mangling::NoBreak(which) => replace_one(text, ' ', "\u{a0}", *which),
        Mangling::Invisible(which) => replace_one(text, 'e', "e\u{200b}", *which),
        Mangling::Wrap(which) => replace_one(text, ' ', "\n", *which),
    }
}

fn mangling() -> impl Strategy<Value = Mangling> {
    prop_oneof![
        Just(Mangling::Bom),
        Just(Mangling::Quoted),
        Just(Mangling::Crlf),
        Just(Mangling::CliOutput),
        any::<usize>().prop_map(Mangling::Curly),
        any::<usize>().prop_map(Mangling::NoBreak),
        any::<usize>().prop_map(Mangling::Invisible),
        any::<usize>().prop_map(Mangling::Wrap),
    ]
}

/// The policy as its meaning: what serde reads of it.
fn meaning(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

proptest! {
    /// No mangling of a policy changes what it says: it is read right, or refused.
    #[test]
    fn a_mangled_policy_is_read_right_or_refused(manglings in prop::collection::vec(mangling(), 0..5)) {
        let mangled = manglings.iter().fold(POLICY.to_owned(), |text, one| mangle(&text, one));
        if let Ok(handing) = key_policy(&mangled)
            && NamedPolicy::parse("key policy", handing.value.text(), PolicyType::KeyPolicy).is_ok()
        {
            prop_assert_eq!(meaning(handing.value.text()), meaning(POLICY));
        }
    }

    /// What is only wrapping never stops a policy.
    #[test]
    fn a_wrapped_policy_is_read(times in 0..4_usize, crlf: bool, cli: bool, bom: bool) {
        let mut text = POLICY.to_owned();
        let mut wrap = |mangling: &Mangling| text = mangle(&text, mangling);
        if cli { wrap(&Mangling::CliOutput) }
        (0..times).for_each(|_| wrap(&Mangling::Quoted));
        if crlf { wrap(&Mangling::Crlf) }
        if bom { wrap(&Mangling::Bom) }
        prop_assert_eq!(meaning(key_policy(&text).unwrap().value.text()), meaning(POLICY));
    }
}

#[test]
fn damage_is_named_with_its_place_and_a_repaired_text() {
    let cases = [
        (POLICY.replacen('"', "\u{201c}", 1), Damage::Typography('\u{201c}'), "2:3"),
        (POLICY.replacen("of the", "of\u{a0}the", 1), Damage::Blank('\u{a0}'), "4:26"),
        (POLICY.replacen("but only", "but\n     only", 1), Damage::LineEnd, "4:39"),
        (POLICY.replacen("  \"Version", "> \"Version", 1), Damage::Foreign('>'), "2:1"),
    ];
    for (text, damage, position) in cases {
        let Err(HandedError::Mangled(mangled)) = key_policy(&text) else { panic!("{text}") };
        assert_eq!((mangled.damage, mangled.position.to_string().as_str()), (damage, position));
        assert_eq!(meaning(&mangled.repaired), meaning(POLICY));
    }
}
