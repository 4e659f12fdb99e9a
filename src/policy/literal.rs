//! Values that condition operators compare as something else than text.

use std::cmp::Ordering;
use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv6Net};
use jiff::civil::DateTime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;

use super::Version;
use super::pattern::Pattern;
use super::piece::Piece;
use super::variable::{Wildcards, pieces};
use crate::document::Span;

/// A decimal number of any size, compared exactly. Forms: `1`, `+1`, `01`, `1.`, `1.0`, `1e0`.
#[derive(Debug, Clone, Copy)]
pub struct Decimal<'a> {
    negative: bool,
    integer: &'a str,
    fraction: &'a str,
    exponent: i64,
}

impl<'a> Decimal<'a> {
    /// Reads a number; `None` where `text` is none.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(text) => (true, text),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?.into()),
            None => (text, 0),
        };
        let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let any = !integer.is_empty() || !fraction.is_empty();
        (any && digits(integer) && digits(fraction)).then_some(Self { negative, integer, fraction, exponent })
    }

    /// The digits without leading zeros, and the power of ten of the first one (of 0.1 it is 0).
    fn normal(&self) -> (impl Iterator<Item = u8> + Clone + 'a, i64) {
        let zeros = self.integer.bytes().chain(self.fraction.bytes()).take_while(|byte| *byte == b'0').count();
        let digits = self.integer.bytes().chain(self.fraction.bytes()).skip(zeros);
        let power = i64::try_from(self.integer.len()).unwrap_or(i64::MAX / 2)
            - i64::try_from(zeros).unwrap_or(i64::MAX / 2)
            + self.exponent;
        (digits, power)
    }

    fn is_zero(&self) -> bool {
        self.integer.bytes().chain(self.fraction.bytes()).all(|byte| byte == b'0')
    }

    /// How it compares with `other`.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return if other.negative { Ordering::Greater } else { Ordering::Less },
            (false, true) => return if self.negative { Ordering::Less } else { Ordering::Greater },
            (false, false) => {}
        }
        if self.negative != other.negative {
            return if self.negative { Ordering::Less } else { Ordering::Greater };
        }
        let ((mine, my_power), (theirs, their_power)) = (self.normal(), other.normal());
        let length = (self.integer.len() + self.fraction.len()).max(other.integer.len() + other.fraction.len());
        let padded = |digits| std::iter::Iterator::chain(digits, std::iter::repeat(b'0')).take(length);
        let theirs = theirs.chain(std::iter::repeat(b'0')).take(length);
        let larger = my_power.cmp(&their_power).then_with(|| padded(mine).cmp(theirs));
        if self.negative { larger.reverse() } else { larger }
    }
}

/// A point in time, in milliseconds since 1970: `2030-01-01T00:00:00Z`, other forms of ISO 8601, seconds as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(i64);

impl Moment {
    /// Milliseconds since 1970.
    pub fn milliseconds(self) -> i64 {
        self.0
    }

    /// Reads a date; without an offset it is UTC. `None` where `text` is no date.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(seconds) = text.parse::<i64>() {
            return seconds.checked_mul(1000).map(Self);
        }
        if !text.starts_with(|c: char| c.is_ascii_digit()) || text.contains(['[', ' ']) {
            return None;
        }
        let (civil, offset) = match Pieces::parse(text) {
            Ok(pieces) => {
                let civil = pieces.date().to_datetime(pieces.time().unwrap_or_default());
                (civil, pieces.to_numeric_offset().unwrap_or(Offset::UTC))
            }
            Err(_) => (format!("{text}-01").parse::<DateTime>().ok()?, Offset::UTC),
        };
        // Not by way of a timestamp, whose range ends a day before that of dates: 9999-12-31 stands for "never".
        let since_epoch = civil.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0)).as_millis();
        let milliseconds = since_epoch - i128::from(offset.seconds()) * 1000;
        milliseconds.try_into().ok().map(Self)
    }
}

/// An address range of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Addresses of this network.
    Net(IpNet),
    /// An IPv6 network with host bits set, or with a part in dotted form: IAM refuses to save it, and where a session
    /// policy has it no address is ever in it. So did AWS answer in 2026.
    Empty,
}

impl Network {
    /// Reads `192.0.2.0/24`, `2001:db8::/32` or a single address; IPv4 networks may have host bits set and leading
    /// zeros. `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.strip_prefix('+').unwrap_or(prefix).parse().ok()?)),
            None => (text, None),
        };
        if !address.contains(':') {
            return Some(Self::Net(IpNet::new(parse_address(address)?, prefix.unwrap_or(32)).ok()?.trunc()));
        }
        // An IPv4-mapped network stays what it is: requests from such addresses count as IPv4, so none is in it.
        let net = Ipv6Net::new(address.parse().ok()?, prefix.unwrap_or(128)).ok()?;
        let is_empty = address.contains('.') || net.addr() != net.network();
        Some(if is_empty { Self::Empty } else { Self::Net(net.into()) })
    }

    /// Whether `address` is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match self {
            Self::Net(net) => net.contains(&address),
            Self::Empty => false,
        }
    }

    /// Whether it holds every address of its family.
    pub fn is_everything(&self) -> bool {
        match self {
            Self::Net(net) => net.prefix_len() == 0,
            Self::Empty => false,
        }
    }
}

/// Reads the address of a request; IPv4 octets may have leading zeros.
///
/// IPv6 is read as AWS answered in 2026: an IPv4-mapped address is the IPv4 one, no other has a dotted part, an empty
/// group is zero, and colons at an end are dropped.
pub fn parse_address(text: &str) -> Option<IpAddr> {
    if text.contains(':') {
        let address = if text.contains('.') { text.parse().ok()? } else { loose_v6(text)? };
        return match address.to_ipv4_mapped() {
            Some(v4) => Some(IpAddr::V4(v4)),
            None => (!text.contains('.')).then_some(IpAddr::V6(address)),
        };
    }
    let mut octets = [0_u8; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next()?;
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *octet = part.parse().ok()?;
    }
    parts.next().is_none().then(|| IpAddr::from(octets))
}

fn loose_v6(text: &str) -> Option<Ipv6Addr> {
    let mut halves = text.split("::");
    let (mut all, head) = groups(halves.next()?)?;
    match halves.next() {
        None if head != all.len() => return None,
        None => {}
        Some(half) => {
            let (tail, length) = groups(half)?;
            // `::` stands for one group at least.
            if head + length >= all.len() {
                return None;
            }
            for (group, value) in all.iter_mut().rev().zip(tail.iter().take(length).rev()) {
                *group = *value;
            }
        }
    }
    halves.next().is_none().then(|| Ipv6Addr::from(all))
}

/// The groups of one side of `::`, from the left, and how many they are.
fn groups(half: &str) -> Option<([u16; 8], usize)> {
    let (mut groups, mut length) = ([0; 8], 0);
    let half = half.trim_end_matches(':');
    for group in half.split(':').filter(|_| !half.is_empty()) {
        if group.len() > 4 || !group.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        *groups.get_mut(length)? = if group.is_empty() { 0 } else { u16::from_str_radix(group, 16).ok()? };
        length += 1;
    }
    Some((groups, length))
}

/// A value of an ARN operator: six parts, each a pattern of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArnPattern {
    /// The six parts, where no variable stands among them.
    Parts(Box<[Pattern; 6]>),
    /// Holds policy variables: cut into parts only when their values are known.
    Open(Pattern),
    /// `*` alone: AWS does not say what it means here.
    Bare,
    /// No ARN: it matches nothing, and fails closed.
    NotAnArn,
}

impl ArnPattern {
    pub(super) fn compile(text: &str, version: Version, span: Span) -> Self {
        if text == "*" {
            return Self::Bare;
        }
        let all = pieces(text, Wildcards::Free, version);
        if all.iter().any(|piece| matches!(piece, Piece::Variable(_))) {
            return Self::Open(Pattern::new(text, all, span));
        }
        let mut parts =
            text.splitn(6, ':').map(|part| Pattern::new(part, pieces(part, Wildcards::Free, version), span));
        let first_six = [parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next()];
        match first_six {
            [Some(arn), Some(partition), Some(service), Some(region), Some(account), Some(resource)]
                if arn.as_str() == "arn" =>
            {
                Self::Parts(Box::new([arn, partition, service, region, account, resource]))
            }
            _ => Self::NotAnArn,
        }
    }
}

/// Whether `text` is canonical base64: what `BinaryEquals` compares.
pub(super) fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}
