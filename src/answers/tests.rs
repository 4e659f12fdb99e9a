use proptest::prelude::*;

use super::{Damage, HandedError, Mangled, grants, key_policy};
use crate::engine::NamedPolicy;
use crate::names::KeyArn;
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

/// Other shapes: compact, with words and tags beside each other, with escapes.
const POLICIES: [&str; 3] = [
    POLICY,
    r#"{"Statement":[{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalTag/unit":"Data Platform"}}}]}"#,
    r#"{"Id":"key \u00fcber \"all\"","Statement":{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:root"]},
    "Action":"kms:*","Resource":"*"}}"#,
];

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1f2e3d4c-5b6a-4798-8071-625344352617";

fn grants_text() -> String {
    let grant = |id: &str, operations: &[&str]| {
        serde_json::json!({
            "KeyId": KEY, "GrantId": id, "Name": "for the night shift", "Operations": operations,
            "GranteePrincipal": "arn:aws:iam::111122223333:role/night shift/Starter",
            "Constraints": { "EncryptionContextSubset": { "aws:ebs:id": "vol-0f3c2a9d8b7e61254" } },
        })
    };
    let list = serde_json::json!({ "Grants": [grant("a1", &["CreateGrant", "Decrypt"]), grant("b2", &["Decrypt"])] });
    serde_json::to_string_pretty(&list).unwrap()
}

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
    /// A line end anywhere, within a word, too.
    HardWrap(usize),
    All(char, &'static str),
    Fence,
    Header,
    JsonString,
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
        Mangling::HardWrap(which) => {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let (left, right) = text.split_at(places.get(which % places.len().max(1)).copied().unwrap_or_default());
            format!("{left}\n{right}")
        }
        Mangling::All(plain, by) => text.replace(*plain, by),
        Mangling::Fence => format!("```json\n{text}\n```\n"),
        Mangling::Header => format!("On Tue, 24 Nov 2026 at 09:12, Mika wrote:\n\n{text}\n$ "),
        Mangling::JsonString => serde_json::Value::from(text).to_string(),
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
        any::<usize>().prop_map(Mangling::HardWrap),
        prop::sample::select(vec![
            ('"', "\u{201d}"),
            ('"', "&quot;"),
            (' ', "\u{a0}"),
            ('\n', "=20\n"),
            ('-', "\u{2013}")
        ])
        .prop_map(|(plain, by)| Mangling::All(plain, by)),
        Just(Mangling::Fence),
        Just(Mangling::Header),
        Just(Mangling::JsonString),
    ]
}

/// The policy as its meaning: what serde reads of it.
fn meaning(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

proptest! {
    /// No mangling of a policy changes what it says: it is read right, or refused; a repair is offered only if it can
    /// be read, and one that is no guess says the same.
    #[test]
    fn a_mangled_policy_is_read_right_or_refused(
        policy in prop::sample::select(POLICIES.to_vec()),
        manglings in prop::collection::vec(mangling(), 0..5),
    ) {
        let mangled = manglings.iter().fold(policy.to_owned(), |text, one| mangle(&text, one));
        match key_policy(&mangled) {
            Ok(handing) => {
                let is_accepted = NamedPolicy::parse("p", handing.value.text(), PolicyType::KeyPolicy).is_ok();
                if is_accepted {
                    prop_assert_eq!(meaning(handing.value.text()), meaning(policy));
                }
            }
            Err(HandedError::Mangled(Mangled { repair: Some(repair), .. })) => {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&repair.text).is_ok());
            }
            Err(HandedError::Mangled(_) | HandedError::Other(_)) => {}
        }
    }

    #[test]
    fn a_mangled_list_of_grants_is_read_right_or_refused(manglings in prop::collection::vec(mangling(), 0..5)) {
        let (text, key) = (grants_text(), KeyArn::parse(KEY).unwrap());
        let mangled = manglings.iter().fold(text.clone(), |text, one| mangle(&text, one));
        if let Ok(handing) = grants(&mangled, &key) {
            prop_assert_eq!(handing.value, grants(&text, &key).unwrap().value);
        }
    }

    /// What is only wrapping never stops a policy.
    #[test]
    fn a_wrapped_policy_is_read(
        policy in prop::sample::select(POLICIES.to_vec()),
        wraps in prop::collection::vec(0..4_usize, 0..6),
        cli: bool,
    ) {
        let mut text = policy.to_owned();
        if cli { text = mangle(&text, &Mangling::CliOutput) }
        let of = [Mangling::Quoted, Mangling::Fence, Mangling::Header, Mangling::Crlf];
        for wrap in wraps { text = mangle(&text, &of[wrap]) }
        let handing = key_policy(&mangle(&text, &Mangling::Bom)).unwrap();
        prop_assert_eq!(meaning(handing.value.text()), meaning(policy));
    }
}

#[test]
fn damage_is_named_with_its_place_and_a_repaired_text() {
    let quoted = |text: &str| format!("\u{feff}{}", mangle(&mangle(text, &Mangling::Quoted), &Mangling::Quoted));
    let cases = [
        (POLICY.replacen('"', "\u{201c}", 1), Damage::Typography('\u{201c}'), "2:3", ""),
        (POLICY.replacen("of the", "of\u{a0}the", 1), Damage::Blank('\u{a0}'), "4:26", ""),
        (POLICY.replacen("but only", "but\n     only", 1), Damage::LineEnd, "4:39", "4:39"),
        (POLICY.replacen("  \"Version", "> \"Version", 1), Damage::Foreign('>'), "2:1", ""),
        (quoted(&POLICY.replacen("of the", "of\u{a0}the", 1)), Damage::Blank('\u{a0}'), "4:30", ""),
        (
            mangle(&POLICY.replacen("of the", "of\u{a0}the", 1), &Mangling::JsonString),
            Damage::Blank('\u{a0}'),
            "1:89",
            "",
        ),
        (format!("Here it is:\n\n{POLICY}"), Damage::Besides, "1:1", ""),
        (format!("{POLICY}\n\nRegards\n"), Damage::Besides, "13:1", ""),
        (POLICY.replace("but", "b\u{ad}ut"), Damage::Blank('\u{ad}'), "4:37", "4:37"),
    ];
    for (text, damage, position, guess) in cases {
        let Err(HandedError::Mangled(mangled)) = key_policy(&text) else { panic!("{text}") };
        assert_eq!((mangled.damage, mangled.position.to_string().as_str()), (damage, position), "{text}");
        let repair = mangled.repair.unwrap();
        assert_eq!(meaning(key_policy(&repair.text).unwrap().value.text()), meaning(POLICY));
        let guesses: Vec<String> = repair.guesses.iter().map(ToString::to_string).collect();
        assert_eq!(guesses.join(" "), guess);
    }
}

/// What cannot be mended by its characters is told by its form, and nothing is offered in its place.
#[test]
fn another_form_is_named_and_not_repaired() {
    for (text, seems) in [
        (POLICY.replace('"', "&quot;"), "HTML, not JSON"),
        (POLICY.replace('\n', "<br>\n"), "HTML, not JSON"),
        (POLICY.replace('"', "'").replace("{\n  '", "{'"), "a dictionary as Python prints it, not JSON"),
        (
            POLICY.replacen("the key", "the=\n key", 1).replace('[', "=5B"),
            "the source of a mail (quoted-printable), not JSON",
        ),
        (format!("Policy: |-\n{}", POLICY.replace(['"', '{'], "")), "YAML, not JSON"),
        ("%7B%22Version%22%3A%20%222012-10-17%22%7D".to_owned(), "URL-encoded, not JSON"),
        ("-----\n|  GetKeyPolicy  |\n+---+\n".to_owned(), "a table, not JSON"),
        (
            "An error occurred (AccessDeniedException) when calling it".to_owned(),
            "an error message, not what was asked for",
        ),
    ] {
        let Err(HandedError::Mangled(mangled)) = key_policy(&text) else { panic!("{text}") };
        assert_eq!((mangled.seems, mangled.repair), (Some(seems), None), "{text}");
    }
}

/// A place in what was taken out is told as the place in the file.
#[test]
fn places_are_those_of_the_file() {
    for wrapping in [Mangling::Quoted, Mangling::JsonString, Mangling::CliOutput, Mangling::Fence, Mangling::Crlf] {
        for policy in POLICIES {
            let file = mangle(policy, &wrapping);
            let handing = key_policy(&file).unwrap();
            for word in ["Statement", "Resource"] {
                let inner = handing.value.text().find(word).unwrap();
                assert_eq!(Some(handing.origin.offset(inner)), file.find(word), "{file}");
            }
        }
    }
}

/// Each instance is told alone, so that what is read of many grows with them.
#[test]
fn an_output_of_many_instances_is_taken_apart_once() {
    let told = |count: usize| {
        let instances: Vec<_> =
            (0..count).map(|number| serde_json::json!({ "InstanceId": format!("i-{number:017x}") })).collect();
        let output = serde_json::json!({ "Reservations": [{ "OwnerId": "111122223333", "Instances": instances }] });
        super::output::instances(&output).map(|(id, text)| (id.to_owned(), text)).collect::<Vec<_>>()
    };
    let read = |count| told(count).iter().map(|(_, text)| text.len()).sum::<usize>();
    assert_eq!(read(200), 2 * read(100));
    let (id, text) = told(3).remove(2);
    assert_eq!(id, "i-00000000000000002");
    assert_eq!(
        text,
        r#"{"Reservations":[{"Instances":[{"InstanceId":"i-00000000000000002"}],"OwnerId":"111122223333"}]}"#
    );
}
