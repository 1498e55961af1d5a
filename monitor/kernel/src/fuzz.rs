//! What comes from the kernel and from files about it, in every wrong form: records and BTF. Inputs that were worth
//! keeping lie beside this in `__fuzz__`, and each run begins with them. `cargo xtask fuzz` looks for more.

use crate::btf::{Btf, Kind};
use crate::iterator::read;
use crate::pod::read_records;
use monitor_common::{Offsets, SweptSocket};
use std::io::{self, Read};

/// What is looked for in BTF: members of the kernel, and whatever a file may hold.
const KINDS: [Kind; 4] = [Kind::Struct, Kind::Union, Kind::Typedef, Kind::Pointer];

#[test]
fn btf() {
    bolero::check!().for_each(|bytes| {
        let Ok(btf) = Btf::parse(bytes.to_vec()) else {
            return;
        };
        for (kind, name) in KINDS.into_iter().zip(["sock", "u", "t", ""]) {
            let Some(found) = btf.find(kind, name) else {
                continue;
            };
            let _ = btf.referred(found).and_then(|inner| btf.arguments(inner));
            if let Some((_, inner)) = btf.member(found, "deep") {
                let _ = btf.stripped(inner);
            }
        }
        for member in &Offsets::MEMBERS[..2] {
            if let Some((structure, name)) = member.path.split_once('.')
                && let Some(found) = btf.find(Kind::Struct, structure)
            {
                let _ = btf.member(found, name);
            }
        }
    });
}

/// Hands out so many bytes at a time.
struct Portions<'a> {
    portion: usize,
    bytes: &'a [u8],
}

impl Read for Portions<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let portion = self.portion.min(to.len()).min(self.bytes.len());
        let (now, rest) = self.bytes.split_at(portion);
        to[..portion].copy_from_slice(now);
        self.bytes = rest;
        Ok(portion)
    }
}

/// However the kernel cuts what an iterator writes out, the same records come of it as from a ring that holds them whole.
#[test]
fn records() {
    bolero::check!().for_each(|bytes| {
        let Some((portion, bytes)) = bytes.split_first() else {
            return;
        };
        // Inputs are short, and a record is not.
        let bytes = bytes.repeat(1 + 3 * size_of::<SweptSocket>() / bytes.len().max(1));
        let whole: Vec<SweptSocket> = read_records(&bytes).collect();
        let mut cut = Vec::new();
        let mut from = Portions {
            portion: usize::from(*portion) + 1,
            bytes: &bytes,
        };
        read(&mut from, |row| cut.push(*row)).expect("it does not fail");
        assert_eq!(cut, whole);
        for row in whole {
            let _ = (row.fact.kind(), row.of_new_process());
        }
    });
}
