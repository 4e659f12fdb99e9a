//! Numbers, dates, addresses and binary values, read from their text.

use std::cmp::Ordering;
use std::net::Ipv6Addr;

/// A decimal number of any size: `0.DIGITS × 10^point`, without zeros at either end; zero has no digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Number {
    negative: bool,
    digits: String,
    point: i64,
}

/// Reads `1`, `+01`, `1.`, `-1.50`, `1e0`; not `NaN`, `Infinity` or nothing.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
pub(crate) fn number(text: &str) -> Option<Number> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let significant = all.trim_start_matches('0');
    let zeros = i64::try_from(all.len() - significant.len()).ok()?;
    let point = i64::try_from(whole.len()).ok()?.checked_add(exponent)?.checked_sub(zeros)?;
    Some(Number { negative, digits: significant.trim_end_matches('0').to_owned(), point })
}

impl Number {
    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    /// Which is greater, exactly.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let magnitudes = self.point.cmp(&other.point).then_with(|| self.digits.cmp(&other.digits));
        self.sign().cmp(&other.sign()).then(match self.sign() {
            0 => Ordering::Equal,
            1 => magnitudes,
            _ => magnitudes.reverse(),
        })
    }
}

/// Reads a date as milliseconds since 1970: ISO 8601 (`2026-11-24`, `2026-11-24T12:00:00.5+09:00`), in UTC
/// where no offset is given, or seconds since 1970.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
pub(crate) fn date(text: &str) -> Option<i64> {
    let seconds = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits(seconds, seconds.len()).is_some() {
        return text.parse::<i64>().ok()?.checked_mul(1000);
    }
    let (day, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let mut parts = day.split('-');
    let (year, month, day) = (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=days_of(year, month)).contains(&day) {
        return None;
    }
    Some(days_since_1970(year, month, day) * 86_400_000 + time_of_day(time)?)
}

/// Milliseconds since midnight in UTC.
fn time_of_day(text: &str) -> Option<i64> {
    let (clock, offset) = match text.find(['Z', '+', '-']) {
        Some(position) => text.split_at(position),
        None => (text, "Z"),
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = clock.split(':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let second = parts.next().map_or(Some(0), |second| digits(second, 2))?;
    digits(fraction, fraction.len())?;
    let milliseconds = digits(&format!("{fraction}000").chars().take(3).collect::<String>(), 3)?;
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some(((hour * 60 + minute - offset_minutes(offset)?) * 60 + second) * 1000 + milliseconds)
}

/// `Z`, `+09:00`, `-05:30`.
fn offset_minutes(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = rest.split_once(':')?;
    Some(sign * (digits(hours, 2)? * 60 + digits(minutes, 2)?))
}

/// A number of exactly so many decimal digits.
fn digits(text: &str, length: usize) -> Option<i64> {
    (length > 0 && text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let days_before = |year: i64| 365 * year + (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400;
    days_before(year) - days_before(1970) + (1..month).map(|month| days_of(year, month)).sum::<i64>() + day - 1
}

/// An address of one of the two families.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Address {
    V4(u32),
    V6(u128),
}

/// Reads the address of a request. An IPv4 part may have leading zeros, which are decimal.
///
/// An IPv6 address that stands for an IPv4 one is that one; no other has a part in dotted form. The text is cut at the
/// one `::`; on either side colons at the end count for nothing, and an empty group is zero (captures of AWS).
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
pub(crate) fn address(text: &str) -> Option<Address> {
    if text.contains(':') {
        let bits = if text.contains('.') {
            text.parse::<Ipv6Addr>().ok()?.to_bits()
        } else {
            let sides: Vec<Vec<u128>> = text.split("::").map(side).collect::<Option<_>>()?;
            let from_left =
                |groups: &[u128]| groups.iter().zip(0..).fold(0, |all, (group, n)| all | group << (112 - 16 * n));
            match sides.as_slice() {
                [all] if all.len() == 8 => from_left(all),
                [head, tail] if head.len() + tail.len() < 8 => {
                    from_left(head) | tail.iter().rev().zip(0..).fold(0, |all, (group, n)| all | group << (16 * n))
                }
                _ => return None,
            }
        };
        return match u32::try_from(bits ^ (0xffff << 32)) {
            Ok(v4) => Some(Address::V4(v4)),
            Err(_) if text.contains('.') => None,
            Err(_) => Some(Address::V6(bits)),
        };
    }
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() != 4 {
        return None;
    }
    let mut bits = 0;
    for part in parts {
        let part = digits(part, part.len().min(3))?;
        bits = bits * 256 + u32::from(u8::try_from(part).ok()?);
    }
    Some(Address::V4(bits))
}

/// The groups on one side of `::`.
fn side(text: &str) -> Option<Vec<u128>> {
    let text = text.trim_end_matches(':');
    if text.is_empty() {
        return Some(Vec::new());
    }
    let group = |group: &str| match group {
        "" => Some(0),
        _ if group.len() > 4 || group.starts_with('+') => None,
        _ => u128::from_str_radix(group, 16).ok(),
    };
    text.split(':').map(group).collect()
}

/// A range of addresses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Network {
    base: Address,
    length: u32,
    is_dotted_v6: bool,
}

/// Reads `192.0.2.0/24`, `2001:db8::/32`, or a single address.
pub(crate) fn network(text: &str) -> Option<Network> {
    let (base, length) = match text.split_once('/') {
        Some((base, length)) => (base, Some(length.parse::<u32>().ok()?)),
        None => (text, None),
    };
    let is_dotted_v6 = base.contains(':') && base.contains('.');
    let base = match base.parse::<Ipv6Addr>() {
        Ok(v6) => Address::V6(v6.to_bits()),
        Err(_) if base.contains(':') => return None,
        Err(_) => address(base)?,
    };
    let longest = match base {
        Address::V4(_) => 32,
        Address::V6(_) => 128,
    };
    let length = length.unwrap_or(longest);
    (length <= longest).then_some(Network { base, length, is_dotted_v6 })
}

impl Network {
    /// Whether IAM refuses to save it although it reads: IPv6 with host bits set or in dotted form (capture of AWS).
    pub(crate) fn is_refused(self) -> bool {
        let host = u128::MAX.checked_shr(self.length).unwrap_or(0);
        self.is_dotted_v6 || matches!(self.base, Address::V6(base) if base & host != 0)
    }

    /// Whether the address lies within. An IPv4 network may have host bits set; an IPv6 one that has them
    /// holds no address at all (capture of AWS). Addresses of the other family are never within.
    pub(crate) fn holds(self, address: Address) -> bool {
        match (self.base, address) {
            (Address::V4(base), Address::V4(bits)) => {
                let host = u32::MAX.checked_shr(self.length).unwrap_or(0);
                base | host == bits | host
            }
            (Address::V6(base), Address::V6(bits)) => {
                let host = u128::MAX.checked_shr(self.length).unwrap_or(0);
                !self.is_dotted_v6 && base & host == 0 && base == bits & !host
            }
            (Address::V4(_), Address::V6(_)) | (Address::V6(_), Address::V4(_)) => false,
        }
    }
}

/// Whether the text is the one way to write some bytes in base64.
pub(crate) fn is_base64(text: &str) -> bool {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let body = text.trim_end_matches('=');
    let last = body.chars().next_back().and_then(|last| ALPHABET.find(last)).unwrap_or(0);
    let unused = match text.len() - body.len() {
        0 => 1,
        1 => 4,
        2 => 16,
        _ => return false,
    };
    text.len().is_multiple_of(4) && body.chars().all(|c| ALPHABET.contains(c)) && last.is_multiple_of(unused)
}
