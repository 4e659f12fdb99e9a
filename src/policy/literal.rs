//! Values that condition operators compare as something else than text.

use std::cmp::Ordering;
use std::net::IpAddr;

use ipnet::IpNet;
use jiff::civil::DateTime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;

use super::Version;
use super::pattern::Pattern;
use super::piece::Piece;
use super::variable::{Wildcards, pieces};
use crate::source::Span;

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
    /// An IPv6 network with host bits set: AWS accepts it, and no address is ever in it.
    Empty,
}

impl Network {
    /// Reads `192.0.2.0/24`, `2001:db8::/32` or a single address; IPv4 networks may have host bits set and leading
    /// zeros. `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let Some((address, prefix)) = text.split_once('/') else {
            return Some(Self::Net(IpNet::from(parse_address(text)?)));
        };
        let address = parse_address(address)?;
        let prefix: u8 = prefix.strip_prefix('+').unwrap_or(prefix).parse().ok()?;
        let net = IpNet::new(address, prefix).ok()?;
        match net {
            IpNet::V6(v6) if v6.addr() != v6.network() => Some(Self::Empty),
            IpNet::V4(_) | IpNet::V6(_) => Some(Self::Net(net.trunc())),
        }
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

/// Reads one address; IPv4 octets may have leading zeros.
pub fn parse_address(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
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
