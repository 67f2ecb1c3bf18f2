//! One way to write a value as bytes, for comparing bodies of commands and whole states by their hash.

use core::fmt;

use twox_hash::XxHash3_128;

/// What can be written as bytes in one way only: equal values give equal bytes on every platform and in every version,
/// and different values of one type different bytes.
///
/// `std::hash::Hash` promises neither of them, so it is not used for what is stored.
///
/// ```
/// use catchment::ledger::{Canonical, Encoder};
///
/// struct Move { order: u64, to: Option<u64> }
///
/// impl Canonical for Move {
///     fn encode(&self, to: &mut Encoder) {
///         to.u64(self.order);
///         to.option(self.to, |to, site| to.u64(site));
///     }
/// }
///
/// let hash = |order, site| Encoder::hash_of(&Move { order, to: site });
/// assert_eq!(hash(1, Some(7)), hash(1, Some(7)));
/// assert_ne!(hash(1, Some(7)), hash(1, None));
/// ```
pub trait Canonical {
    /// Writes the value. Lengths come before what is counted, a number for its variant before an enum's fields.
    fn encode(&self, to: &mut Encoder);
}

/// Takes a value's bytes in and gives their hash: `XXH3`, 128 bits, over blocks of 64 KiB that are chained.
///
/// The hash finds accidents, not attacks: who can choose all bytes can make two values with one hash.
///
/// Y. Collet, *xxHash fast digest algorithm*, specification 0.2.0 (2023).
///
/// ```
/// use catchment::ledger::Encoder;
/// let mut encoder = Encoder::new();
/// encoder.u64(7);
/// let seven = encoder.finish();
/// encoder.u64(7); // begun anew
/// assert_eq!(encoder.finish(), seven);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Encoder {
    /// What has come since the last full block.
    block: Vec<u8>,
    /// The hash of all full blocks, each with the hash before it.
    chained: Option<u128>,
}

impl Encoder {
    /// Small enough for the second-level cache, large enough for the hash to run at full speed.
    const BLOCK: usize = 1 << 16;

    /// An encoder that has taken nothing in.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The hash of one value.
    #[must_use]
    pub fn hash_of(value: &impl Canonical) -> StateHash {
        /// Most commands fit, so that the block does not grow step by step.
        const COMMAND: usize = 256;
        let mut encoder = Self {
            block: Vec::with_capacity(COMMAND),
            chained: None,
        };
        value.encode(&mut encoder);
        encoder.finish()
    }

    /// One byte: a small number, or the variant of an enum.
    pub fn u8(&mut self, number: u8) {
        self.bytes(&[number]);
    }

    /// Four bytes, the lowest first.
    pub fn u32(&mut self, number: u32) {
        self.bytes(&number.to_le_bytes());
    }

    /// Eight bytes, the lowest first.
    pub fn u64(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    /// Eight bytes, the lowest first, negative numbers as two's complement.
    pub fn i64(&mut self, number: i64) {
        self.bytes(&number.to_le_bytes());
    }

    /// The number of elements that follow.
    pub fn len(&mut self, length: usize) {
        self.u64(length as u64);
    }

    /// Whether there is a value, then the value.
    pub fn option<T>(&mut self, value: Option<T>, encode: impl FnOnce(&mut Self, T)) {
        self.u8(u8::from(value.is_some()));
        if let Some(value) = value {
            encode(self, value);
        }
    }

    /// The number of values, then each.
    pub fn all<'a, T: Canonical + 'a>(&mut self, values: impl ExactSizeIterator<Item = &'a T>) {
        self.len(values.len());
        for value in values {
            value.encode(self);
        }
    }

    /// The hash of all that came in; the encoder then begins anew.
    pub fn finish(&mut self) -> StateHash {
        let hash = self.chain();
        self.block.clear();
        self.chained = None;
        StateHash(hash)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if self.block.len() + bytes.len() > Self::BLOCK {
            let chained = self.chain();
            self.block.clear();
            self.chained = Some(chained);
        }
        self.block.extend_from_slice(bytes);
    }

    fn chain(&mut self) -> u128 {
        if let Some(before) = self.chained {
            self.block.extend_from_slice(&before.to_le_bytes());
        }
        XxHash3_128::oneshot(&self.block)
    }
}

/// 128 bits that stand for a state: equal states have equal hashes, and two different ones have, by accident, the same
/// with a probability of 2⁻¹²⁸.
///
/// Serde form and `Display` are 32 hexadecimal digits.
///
/// ```
/// use catchment::ledger::{Encoder, StateHash};
/// let hash: StateHash = Encoder::new().finish();
/// assert_eq!(hash.to_string().len(), 32);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct StateHash(u128);

impl StateHash {
    /// The lower half, enough to tell the bodies of two commands with one id apart.
    pub(crate) const fn low(self) -> u64 {
        self.0 as u64
    }
}

impl Canonical for StateHash {
    fn encode(&self, to: &mut Encoder) {
        to.bytes(&self.0.to_le_bytes());
    }
}

impl fmt::Display for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<StateHash> for String {
    fn from(hash: StateHash) -> Self {
        hash.to_string()
    }
}

impl TryFrom<String> for StateHash {
    type Error = NotAHash;

    fn try_from(text: String) -> Result<Self, NotAHash> {
        // One form only: 32 lower-case digits. `from_str_radix` alone would take a sign and capitals as well.
        let is_plain = text.len() == 32
            && text
                .bytes()
                .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        match u128::from_str_radix(&text, 16) {
            Ok(hash) if is_plain => Ok(Self(hash)),
            _ => Err(NotAHash),
        }
    }
}

/// A text that is not 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a state hash is 32 lower-case hexadecimal digits")]
pub struct NotAHash;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_chained_and_nothing_is_lost_between_them() {
        let hash = |count: u64, changed: u64| {
            let mut encoder = Encoder::new();
            for number in 0..count {
                encoder.u64(number + u64::from(number == changed));
            }
            encoder.finish()
        };
        // 40,000 numbers are five blocks.
        let plain = hash(40_000, u64::MAX);
        assert_eq!(plain, hash(40_000, 40_000));
        for changed in [0, 1, 8_191, 8_192, 39_999] {
            assert_ne!(plain, hash(40_000, changed), "{changed}");
        }
        assert_ne!(plain, hash(39_999, u64::MAX));
    }

    #[test]
    fn hashes_have_one_text() {
        let hash = Encoder::new().finish();
        let text = String::from(hash);
        assert_eq!(StateHash::try_from(text.clone()), Ok(hash));
        for bad in [
            "",
            "0",
            &text[1..],
            &text.to_uppercase(),
            &format!("+{}", &text[1..]),
        ] {
            assert_eq!(StateHash::try_from(bad.to_owned()), Err(NotAHash), "{bad}");
        }
    }
}
