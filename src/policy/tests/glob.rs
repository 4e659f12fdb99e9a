//! All small patterns against all small values, compared with a matcher that just tries.

use crate::policy::glob::{Unit, reach};

const UNITS: [Unit; 6] = [
    Unit::Exactly(b'a' as u16),
    Unit::Exactly(b':' as u16),
    Unit::Star,
    Unit::Question,
    Unit::InnerStar,
    Unit::InnerQuestion,
];

fn matches(units: &[Unit], value: &[u8]) -> bool {
    let Some((unit, behind)) = units.split_first() else { return value.is_empty() };
    let one = |fits: fn(u8) -> bool| value.first().is_some_and(|byte| fits(*byte)) && matches(behind, &value[1..]);
    let many = |fits: fn(u8) -> bool| {
        let longest = value.iter().take_while(|byte| fits(**byte)).count();
        (0..=longest).any(|taken| matches(behind, &value[taken..]))
    };
    match unit {
        Unit::Exactly(wanted) => {
            value.first().is_some_and(|byte| u16::from(*byte) == *wanted) && matches(behind, &value[1..])
        }
        Unit::Question => one(|_| true),
        Unit::InnerQuestion => one(|byte| byte != b':'),
        Unit::Star => many(|_| true),
        Unit::InnerStar => many(|byte| byte != b':'),
    }
}

/// All lists of up to `length` items of `alphabet`.
fn all<T: Copy>(alphabet: &[T], length: usize) -> Vec<Vec<T>> {
    let mut lists = vec![Vec::new()];
    let mut from = 0;
    for _ in 0..length {
        let to = lists.len();
        for shorter in from..to {
            for item in alphabet {
                lists.push(lists[shorter].iter().copied().chain([*item]).collect());
            }
        }
        from = to;
    }
    lists
}

#[test]
fn all_small_patterns_match_as_trying_does() {
    let values = all(b"a:", 5);
    let padding = vec![Unit::Exactly(u16::from(b'a')); 130];
    for units in all(&UNITS, 4) {
        let mut long = padding.clone();
        long.extend(&units);
        for value in &values {
            let text = std::str::from_utf8(value).unwrap();
            let expected = matches(&units, value);
            assert_eq!(reach(&units, text).whole, expected, "{units:?} {text}");
            // A pattern too long for two words.
            let text = format!("{}{text}", "a".repeat(130));
            assert_eq!(reach(&long, &text).whole, expected, "long {units:?} {text}");
        }
    }
}

#[test]
fn a_beginning_that_leads_on_is_told_from_one_that_does_not() {
    let units = [Unit::Exactly(u16::from(b'a')), Unit::InnerStar, Unit::Exactly(u16::from(b'b'))];
    assert!(reach(&units, "ax").part);
    assert!(!reach(&units, "ax").whole);
    assert!(!reach(&units, "a:").part);
    assert!(reach(&units, "axb").whole);
}
