//! The kernel's types as it describes them (BTF): the structures, their members, and what functions take. Only what is
//! looked for is read; the rest is passed over. The format is that of include/uapi/linux/btf.h, in this machine's byte
//! order. Whatever the bytes say, it neither panics nor runs on: types may refer to each other in a circle.

use std::ops::Range;

/// A type's number. 0 is `void`, which stands in no file.
pub(crate) type TypeId = u32;

/// `BTF_MAGIC`.
const MAGIC: u16 = 0xeb9f;

/// `struct btf_header`, in bytes. Later kernels may make it longer.
const HEADER: usize = 24;

/// `struct btf_type`, in bytes.
const TYPE: usize = 12;

/// `struct btf_member`, in bytes.
const MEMBER: usize = 12;

/// A chain of typedefs, qualifiers and arrays is followed so far. In kernels some five are the most.
const LONGEST_CHAIN: u32 = 64;

/// Members that are looked at for one name. The largest structures have some 300, with all that is in them.
const MOST_MEMBERS: u32 = 65_536;

/// Anonymous structures and unions within each other are looked through so deep.
const DEEPEST: u32 = 16;

/// Why bytes are no BTF that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BtfError {
    /// It begins otherwise.
    #[error("it does not begin as BTF does")]
    Magic,
    /// It is that of another kind of machine.
    #[error("it is of a machine with another byte order")]
    ByteOrder,
    /// A version of the format that is not known.
    #[error("its format has version {0}, and 1 is known")]
    Version(u8),
    /// What it says of its own length is not so.
    #[error("it is cut")]
    Cut,
    /// How long a type of this kind is cannot be known.
    #[error("it holds a kind of type that is not known ({0})")]
    Kind(u32),
}

/// What types are (`BTF_KIND_*`), as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Pointer,
    Array,
    Struct,
    Union,
    Typedef,
    /// `const`, `volatile`, `restrict` and tags: they change nothing of what is in it.
    Qualifier,
    Prototype,
    Other,
}

impl Kind {
    /// With the bytes that follow the type: so many, and so many for each of its parts.
    fn of(number: u32) -> Option<(Self, usize, usize)> {
        Some(match number {
            1 | 14 | 17 => (Self::Other, 4, 0),
            2 => (Self::Pointer, 0, 0),
            3 => (Self::Array, 12, 0),
            4 => (Self::Struct, 0, MEMBER),
            5 => (Self::Union, 0, MEMBER),
            6 => (Self::Other, 0, 8),
            7 | 12 | 16 => (Self::Other, 0, 0),
            8 => (Self::Typedef, 0, 0),
            9..=11 | 18 => (Self::Qualifier, 0, 0),
            13 => (Self::Prototype, 0, 8),
            15 | 19 => (Self::Other, 0, 12),
            _ => return None,
        })
    }
}

/// The types of one kernel.
#[derive(Debug)]
pub(crate) struct Btf {
    bytes: Vec<u8>,
    /// Where each type begins, from number 1 on.
    types: Vec<u32>,
    strings: Range<usize>,
}

/// One type.
#[derive(Clone, Copy, Debug)]
struct Type {
    kind: Kind,
    name: u32,
    parts: u16,
    /// Of members, that their offsets share a word with the widths of bit fields.
    flag: bool,
    /// Its size, or the type that it refers to.
    refers_to: u32,
    /// Where what follows it begins.
    rest: usize,
}

impl Btf {
    /// Takes what a file such as `/sys/kernel/btf/vmlinux` holds.
    ///
    /// # Errors
    ///
    /// Where that is no BTF, or cut, or of a kind that is not known.
    pub(crate) fn parse(bytes: Vec<u8>) -> Result<Self, BtfError> {
        let magic = u16_at(&bytes, 0).ok_or(BtfError::Magic)?;
        if magic == MAGIC.swap_bytes() {
            return Err(BtfError::ByteOrder);
        }
        if magic != MAGIC {
            return Err(BtfError::Magic);
        }
        let version = *bytes.get(2).ok_or(BtfError::Cut)?;
        if version != 1 {
            return Err(BtfError::Version(version));
        }
        let header = size_at(&bytes, 4).ok_or(BtfError::Cut)?;
        let section = |offset: usize| {
            let begin = header.checked_add(size_at(&bytes, offset)?)?;
            let end = begin.checked_add(size_at(&bytes, offset + 4)?)?;
            (header >= HEADER && end <= bytes.len()).then_some(begin..end)
        };
        let (mut at, end) = section(8)
            .map(|types| (types.start, types.end))
            .ok_or(BtfError::Cut)?;
        let strings = section(16).ok_or(BtfError::Cut)?;
        let mut types = Vec::new();
        while at < end {
            let info = u32_at(&bytes, at + 4).ok_or(BtfError::Cut)?;
            let number = (info >> 24) & 0x1f;
            let (_, once, each) = Kind::of(number).ok_or(BtfError::Kind(number))?;
            // The file's length is a u32 at most: so its header counts.
            types.push(u32::try_from(at).map_err(|_| BtfError::Cut)?);
            at += TYPE + once + each * (info & 0xffff) as usize;
        }
        if at > end {
            return Err(BtfError::Cut);
        }
        Ok(Self {
            bytes,
            types,
            strings,
        })
    }

    /// The first type of this kind and name.
    pub(crate) fn find(&self, kind: Kind, name: &str) -> Option<TypeId> {
        let number = (1..).zip(&self.types).find(|(_, at)| {
            self.type_at(**at)
                .is_some_and(|found| found.kind == kind && self.is_named(found.name, name))
        });
        number.map(|(number, _)| number)
    }

    /// Where in a structure or union the member `name` lies, in bits, and its type. Members of anonymous structures and
    /// unions in it count as its own.
    pub(crate) fn member(&self, of: TypeId, name: &str) -> Option<(u32, TypeId)> {
        let mut left = MOST_MEMBERS;
        self.member_within(of, name, DEEPEST, &mut left)
    }

    fn member_within(
        &self,
        of: TypeId,
        name: &str,
        depth: u32,
        left: &mut u32,
    ) -> Option<(u32, TypeId)> {
        let of = self.get(of)?;
        if !matches!(of.kind, Kind::Struct | Kind::Union) {
            return None;
        }
        for part in 0..usize::from(of.parts) {
            *left = left.checked_sub(1)?;
            let at = of.rest + part * MEMBER;
            let [its_name, its_type, offset] = [0, 4, 8].map(|word| u32_at(&self.bytes, at + word));
            let (its_name, its_type, offset) = (its_name?, its_type?, offset?);
            let bits = if of.flag { offset & 0xff_ffff } else { offset };
            if its_name != 0 && self.is_named(its_name, name) {
                return Some((bits, its_type));
            }
            if self.is_named(its_name, "")
                && let Some(depth) = depth.checked_sub(1)
                && let Some(inner) = self.stripped(its_type)
                && let Some((more, found)) = self.member_within(inner, name, depth, left)
            {
                return Some((bits.checked_add(more)?, found));
            }
        }
        None
    }

    /// The type with its names and qualifiers stripped; of an array, that of its elements.
    pub(crate) fn stripped(&self, of: TypeId) -> Option<TypeId> {
        let mut id = of;
        for _ in 0..LONGEST_CHAIN {
            let found = self.get(id)?;
            id = match found.kind {
                Kind::Typedef | Kind::Qualifier => found.refers_to,
                // `struct btf_array` begins with the type of its elements.
                Kind::Array => u32_at(&self.bytes, found.rest)?,
                _ => return Some(id),
            };
        }
        None
    }

    /// The type that a pointer or a typedef refers to.
    pub(crate) fn referred(&self, of: TypeId) -> Option<TypeId> {
        let found = self.get(of)?;
        matches!(found.kind, Kind::Pointer | Kind::Typedef | Kind::Qualifier)
            .then_some(found.refers_to)
    }

    /// How many arguments a function of this type takes.
    pub(crate) fn arguments(&self, of: TypeId) -> Option<usize> {
        let found = self.get(of)?;
        (found.kind == Kind::Prototype).then_some(found.parts.into())
    }

    fn get(&self, id: TypeId) -> Option<Type> {
        let place = usize::try_from(id).ok()?.checked_sub(1)?;
        self.type_at(*self.types.get(place)?)
    }

    fn type_at(&self, at: u32) -> Option<Type> {
        let at = usize::try_from(at).ok()?;
        let info = u32_at(&self.bytes, at + 4)?;
        let (kind, ..) = Kind::of((info >> 24) & 0x1f)?;
        Some(Type {
            kind,
            name: u32_at(&self.bytes, at)?,
            parts: (info & 0xffff) as u16,
            flag: info >> 31 == 1,
            refers_to: u32_at(&self.bytes, at + 8)?,
            rest: at + TYPE,
        })
    }

    /// Whether the string at this place is `name`.
    fn is_named(&self, string: u32, name: &str) -> bool {
        let strings = self.bytes.get(self.strings.clone()).unwrap_or_default();
        let string = usize::try_from(string)
            .ok()
            .and_then(|at| strings.get(at..));
        let rest = string.and_then(|string| string.strip_prefix(name.as_bytes()));
        rest.is_some_and(|rest| rest.first() == Some(&0))
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u16::from_ne_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_ne_bytes(*bytes))
}

fn size_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32_at(bytes, at)?).ok()
}

#[cfg(test)]
mod tests;
