//! Offsets of structure members, from the running kernel's BTF.

use crate::btf::{Btf, Kind, TypeId};
use crate::error::KernelError;
use monitor_common::{MemberPart, Offsets};
use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The longest BTF that is read, in bytes: that of a kernel with all its modules built in has some 30 MB.
const MOST_BYTES: u64 = 256 << 20;

/// What the file holds. It waits for nobody: a pipe is refused.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(io::Error::other(format!(
            "it is longer than {MOST_BYTES} bytes"
        )));
    }
    Ok(bytes)
}

/// The running kernel's types.
pub struct KernelTypes {
    btf: Btf,
}

impl KernelTypes {
    /// Reads BTF from a file such as `/sys/kernel/btf/vmlinux`.
    ///
    /// # Errors
    ///
    /// [`KernelError::NoBtf`] where the file cannot be read or is no BTF.
    pub fn read(path: &Path) -> Result<Self, KernelError> {
        let no_btf = |reason: String| KernelError::NoBtf {
            path: path.to_owned(),
            reason,
        };
        let bytes = bytes(path).map_err(|error| no_btf(error.to_string()))?;
        let btf = Btf::parse(bytes).map_err(|error| no_btf(error.to_string()))?;
        Ok(Self { btf })
    }

    /// All that the kernel side needs.
    ///
    /// # Errors
    ///
    /// [`KernelError::MissingMember`] for a member without which no fact would be
    /// true. What a single feature needs is [`monitor_common::MISSING`] instead.
    pub fn offsets(&self) -> Result<Offsets, KernelError> {
        let mut offsets = Offsets::NONE;
        let mut members = Members::of(&self.btf);
        for member in Offsets::MEMBERS {
            let found = match member.part {
                MemberPart::Offset => members.offset(member.path),
                MemberPart::Byte(width) => {
                    let bits = members.in_one_byte(member.path, width);
                    bits.map(|bits| bits / 8)
                }
                MemberPart::Shift(width) => {
                    let bits = members.in_one_byte(member.path, width);
                    Some(bits.map_or(0, |bits| bits % 8))
                }
            };
            match found {
                Some(found) => *(member.slot)(&mut offsets) = found,
                None if member.optional => {}
                None => {
                    return Err(KernelError::MissingMember {
                        member: member.path.to_owned(),
                    });
                }
            }
        }
        Ok(offsets)
    }

    /// How many arguments a tracepoint hands to its programs; `None` where the
    /// kernel does not have it.
    pub fn tracepoint_arguments(&self, tracepoint: &str) -> Option<usize> {
        let name = format!("btf_trace_{tracepoint}");
        let pointer = self.btf.referred(self.btf.find(Kind::Typedef, &name)?)?;
        let prototype = self.btf.referred(pointer)?;
        // The first parameter is the tracepoint's own data.
        self.btf.arguments(prototype)?.checked_sub(1)
    }
}

/// Where members lie. Finding a structure means a look at every type there is, so it is kept.
struct Members<'a> {
    btf: &'a Btf,
    structures: HashMap<&'static str, Option<TypeId>>,
}

impl<'a> Members<'a> {
    fn of(btf: &'a Btf) -> Self {
        Self {
            btf,
            structures: HashMap::new(),
        }
    }

    /// Byte offset of a [`monitor_common::Member::path`].
    fn offset(&mut self, path: &'static str) -> Option<u32> {
        // A bit field has no byte to read.
        self.bits(path)
            .filter(|bits| bits.is_multiple_of(8))
            .map(|bits| bits / 8)
    }

    /// Offset in bits of a field that is `width` bits wide and lies in one byte.
    fn in_one_byte(&mut self, path: &'static str, width: u32) -> Option<u32> {
        self.bits(path).filter(|bits| bits % 8 + width <= 8)
    }

    /// Offset in bits, likewise.
    fn bits(&mut self, path: &'static str) -> Option<u32> {
        let (structure, members) = path.split_once('.')?;
        let btf = self.btf;
        let found = self.structures.entry(structure);
        let mut current = (*found.or_insert_with(|| btf.find(Kind::Struct, structure)))?;
        let mut bits: u32 = 0;
        for member in members.split('.') {
            let (at, found) = btf.member(current, member)?;
            bits = bits.checked_add(at)?;
            current = btf.stripped(found)?;
        }
        Some(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_without_btf_is_told_with_the_file_and_the_remedy() {
        let error = KernelTypes::read(Path::new("/nonexistent/vmlinux"))
            .err()
            .unwrap();
        let message = error.to_string();
        assert!(message.contains("/nonexistent/vmlinux"), "{message}");
        assert!(message.contains("CONFIG_DEBUG_INFO_BTF"), "{message}");
    }
}
