//! One record, as it lies in a segment. All numbers are little-endian.
//!
//! ```text
//!  0  u32  length of the packed text
//!  4  u32  CRC-32 of all but itself, the last four bytes included
//!  8  u8   kind
//!  9  u8   packing
//! 10  u16  0
//! 12  u32  length of the text
//! 16  i64  wall clock, ns since 1970
//! 24  u64  clock of this boot, ns
//! 32  16   the boot's id
//! 48       the packed text
//!     u32  length of the packed text, once more: so the way back is known too
//! ```

use crate::moment::{BootId, Moment};
use crate::pack::{pack, unpack};

/// The longest text of a record, in bytes. A finding has some 2 KB; one whose names were made to be long, 30.
pub const MOST_PAYLOAD: usize = 64 << 10;

/// What stands before the packed text.
pub(crate) const HEAD: usize = 48;

/// What stands behind it.
pub(crate) const TAIL: usize = 4;

/// The longest record, in bytes: what does not get shorter is not packed.
pub(crate) const MOST_RECORD: usize = HEAD + MOST_PAYLOAD + TAIL;

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A finding.
    Finding,
    /// A change of an alert.
    Alert,
    /// How long the gaps of a path were, in some time.
    Gaps,
    /// Something about the daemon itself.
    Agent,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Finding, Self::Alert, Self::Gaps, Self::Agent];

    /// Its number in a record, which it keeps.
    const fn number(self) -> u8 {
        match self {
            Self::Finding => 1,
            Self::Alert => 2,
            Self::Gaps => 3,
            Self::Agent => 4,
        }
    }

    fn of(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    pub(crate) const fn bit(self) -> u8 {
        1 << self.number()
    }
}

/// One record, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it is about.
    pub kind: Kind,
    /// When it was written.
    pub at: Moment,
    /// One line of JSON without its end. Whoever wrote the file wrote it: show it through `monitor_model::format` alone.
    pub text: String,
}

/// What stands before a record's text, as far as it is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    packed: usize,
    kind: u8,
    packing: u8,
    length: usize,
    pub(crate) at: Moment,
}

impl Head {
    /// How long the record is that begins with `bytes`, of which there must be [`HEAD`]; `None` for none.
    pub(crate) fn whole_length(bytes: &[u8]) -> Option<usize> {
        let packed = u32_at(bytes, 0)? as usize;
        (packed <= MOST_PAYLOAD).then_some(HEAD + packed + TAIL)
    }

    /// The head of `bytes`, which are a record as [`Self::whole_length`] says; `None` where they are not whole.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let packed = Self::whole_length(bytes)? - HEAD - TAIL;
        let whole = bytes.len() == HEAD + packed + TAIL;
        let tail = u32_at(bytes, HEAD + packed)? as usize;
        let length = u32_at(bytes, 12)? as usize;
        let sound =
            whole && tail == packed && length <= MOST_PAYLOAD && sum(bytes)? == u32_at(bytes, 4)?;
        sound.then_some(Self {
            packed,
            kind: *bytes.get(8)?,
            packing: *bytes.get(9)?,
            length,
            at: Moment {
                wall_unix_ns: i64::from_le_bytes(array(bytes, 16)?),
                boot_ns: u64::from_le_bytes(array(bytes, 24)?),
                boot_id: BootId(array(bytes, 32)?),
            },
        })
    }

    /// What it is about; `None` for a kind that only later versions know.
    pub(crate) fn kind(&self) -> Option<Kind> {
        Kind::of(self.kind)
    }

    /// The record of `bytes`, which this is the head of; `None` where its text is none.
    pub(crate) fn record(&self, bytes: &[u8]) -> Option<Record> {
        let packed = bytes.get(HEAD..HEAD + self.packed)?;
        let text = unpack(self.packing, packed, self.length)?;
        Some(Record {
            kind: self.kind()?,
            at: self.at,
            text: String::from_utf8(text).ok()?,
        })
    }
}

/// A record as it lies in a segment; `None` for a text that is too long.
pub fn record_bytes(kind: Kind, at: &Moment, text: &str) -> Option<Vec<u8>> {
    if text.len() > MOST_PAYLOAD {
        return None;
    }
    let (packing, packed) = pack(text.as_bytes());
    // Both fit: neither is longer than the text.
    let [length, unpacked] = [packed.len(), text.len()].map(|bytes| bytes as u32);
    let mut bytes = Vec::with_capacity(HEAD + packed.len() + TAIL);
    bytes.extend(length.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend([kind.number(), packing, 0, 0]);
    bytes.extend(unpacked.to_le_bytes());
    bytes.extend(at.wall_unix_ns.to_le_bytes());
    bytes.extend(at.boot_ns.to_le_bytes());
    bytes.extend(at.boot_id.0);
    bytes.extend(packed);
    bytes.extend(length.to_le_bytes());
    let sum = sum(&bytes)?;
    bytes[4..8].copy_from_slice(&sum.to_le_bytes());
    Some(bytes)
}

/// The CRC of a record, whatever stands in its own place.
fn sum(bytes: &[u8]) -> Option<u32> {
    let mut sum = crc32fast::Hasher::new();
    sum.update(bytes.get(..4)?);
    sum.update(bytes.get(8..)?);
    Some(sum.finalize())
}

/// The number at `place`, if it is there.
pub(crate) fn u32_at(bytes: &[u8], place: usize) -> Option<u32> {
    array(bytes, place).map(u32::from_le_bytes)
}

/// The bytes at `place`, if they are there.
pub(crate) fn array<const BYTES: usize>(bytes: &[u8], place: usize) -> Option<[u8; BYTES]> {
    let end = place.checked_add(BYTES)?;
    bytes.get(place..end)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> Moment {
        Moment {
            wall_unix_ns: -5,
            boot_ns: 7,
            boot_id: BootId([9; 16]),
        }
    }

    #[test]
    fn a_record_comes_back_as_it_was() {
        for kind in Kind::ALL {
            for text in ["", "{\"a\":1}", &"x".repeat(MOST_PAYLOAD)] {
                let bytes = record_bytes(kind, &at(), text).unwrap();
                assert_eq!(Head::whole_length(&bytes), Some(bytes.len()));
                let record = Head::of(&bytes).unwrap().record(&bytes).unwrap();
                assert_eq!(
                    (record.kind, record.at, record.text.as_str()),
                    (kind, at(), text)
                );
            }
        }
        assert_eq!(
            record_bytes(Kind::Agent, &at(), &"x".repeat(MOST_PAYLOAD + 1)),
            None
        );
    }

    #[test]
    fn a_record_of_which_one_bit_is_another_is_none() {
        let whole = record_bytes(Kind::Alert, &at(), "{\"change\":\"firing\"}").unwrap();
        for byte in 0..whole.len() {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[byte] ^= 1 << bit;
                assert_eq!(Head::of(&bytes), None, "bit {bit} of byte {byte}");
            }
            assert_eq!(Head::of(&whole[..byte]), None);
        }
    }

    #[test]
    fn what_is_empty_or_claims_to_be_endless_is_none() {
        for bytes in [[0; HEAD + TAIL], [0xff; HEAD + TAIL]] {
            assert_eq!(Head::of(&bytes), None);
        }
        assert_eq!(Head::whole_length(&[0xff; HEAD]), None);
        assert_eq!(Head::whole_length(&[]), None);
    }
}
