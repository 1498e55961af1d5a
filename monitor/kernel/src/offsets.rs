//! Offsets of structure members, from the running kernel's BTF.

use crate::error::KernelError;
use btf_rs::{Btf, BtfType, Type};
use monitor_common::{MemberPart, Offsets};
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
        let btf = Btf::from_bytes(&bytes).map_err(|error| no_btf(error.to_string()))?;
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
        for member in Offsets::MEMBERS {
            let found = match member.part {
                MemberPart::Offset => self.offset(member.path),
                MemberPart::Byte(width) => {
                    self.in_one_byte(member.path, width).map(|bits| bits / 8)
                }
                MemberPart::Shift(width) => Some(
                    self.in_one_byte(member.path, width)
                        .map_or(0, |bits| bits % 8),
                ),
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

    /// Byte offset of a [`monitor_common::Member::path`].
    fn offset(&self, path: &str) -> Option<u32> {
        // A bit field has no byte to read.
        self.bits(path)
            .filter(|bits| bits.is_multiple_of(8))
            .map(|bits| bits / 8)
    }

    /// Offset in bits of a field that is `width` bits wide and lies in one byte.
    fn in_one_byte(&self, path: &str, width: u32) -> Option<u32> {
        self.bits(path).filter(|bits| bits % 8 + width <= 8)
    }

    /// Offset in bits, likewise.
    fn bits(&self, path: &str) -> Option<u32> {
        let (structure, members) = path.split_once('.')?;
        let mut current = self
            .btf
            .resolve_types_by_name(structure)
            .ok()?
            .into_iter()
            .find(|found| matches!(found, Type::Struct(_)))?;
        let mut bits = 0;
        for member in members.split('.') {
            let (at, found) = self.member(&current, member)?;
            bits += at;
            current = found;
        }
        Some(bits)
    }

    /// Bit offset and type of a member, with qualifiers and names stripped; of an array, the
    /// type of its elements.
    fn member(&self, of: &Type, name: &str) -> Option<(u32, Type)> {
        let (Type::Struct(of) | Type::Union(of)) = of else {
            return None;
        };
        for member in &of.members {
            let member_name = self.btf.resolve_name(member).unwrap_or_default();
            if member_name == name {
                return Some((member.bit_offset(), self.plain(member)?));
            }
            if member_name.is_empty()
                && let Some((at, found)) = self.member(&self.plain(member)?, name)
            {
                return Some((member.bit_offset() + at, found));
            }
        }
        None
    }

    fn plain(&self, of: &dyn BtfType) -> Option<Type> {
        let mut found = self.btf.resolve_chained_type(of).ok()?;
        loop {
            found = match &found {
                Type::Typedef(of) => self.btf.resolve_chained_type(of).ok()?,
                Type::Const(of) => self.btf.resolve_chained_type(of).ok()?,
                Type::Volatile(of) => self.btf.resolve_chained_type(of).ok()?,
                Type::TypeTag(of) => self.btf.resolve_chained_type(of).ok()?,
                Type::Array(of) => self.btf.resolve_chained_type(of).ok()?,
                _ => return Some(found),
            };
        }
    }

    /// How many arguments a tracepoint hands to its programs; `None` where the
    /// kernel does not have it.
    pub fn tracepoint_arguments(&self, tracepoint: &str) -> Option<usize> {
        let name = format!("btf_trace_{tracepoint}");
        let typedef = self
            .btf
            .resolve_types_by_name(&name)
            .ok()?
            .into_iter()
            .next()?;
        let pointer = self.btf.resolve_chained_type(typedef.as_btf_type()?).ok()?;
        match self.btf.resolve_chained_type(pointer.as_btf_type()?).ok()? {
            // The first parameter is the tracepoint's own data.
            Type::FuncProto(prototype) => prototype.parameters.len().checked_sub(1),
            _ => None,
        }
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
