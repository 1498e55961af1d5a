//! Facts that wait to be read, packed: a listing of a host with a million connections is swept at once and read at the
//! reader's pace. In the columns of their bytes most of them are the same, which LZ4 makes next to nothing of.

use super::row_room::Taken;
use lz4_flex::block::{compress_prepend_size, decompress_size_prepended};
use monitor_common::Fact;
use monitor_kernel::{bytes_of, read_records};
use std::collections::VecDeque;

/// Facts that are packed together. These are all that a reader holds unpacked: 90 KB. Four times as many would be packed
/// a little closer.
const TOGETHER: usize = 256;

/// Facts in the order in which they were put, within their room.
pub(super) struct Packed {
    filling: Vec<Fact>,
    packs: VecDeque<Vec<u8>>,
    /// Of the pack that is read, from its end.
    reading: Vec<Fact>,
    room: Taken,
    bytes: usize,
    count: u64,
    left_out: u64,
}

impl Packed {
    pub(super) fn new(room: Taken) -> Self {
        Self {
            filling: Vec::new(),
            packs: VecDeque::new(),
            reading: Vec::new(),
            room,
            bytes: 0,
            count: 0,
            left_out: 0,
        }
    }

    /// Puts one in; where there is no room it is left out, and counted.
    pub(super) fn put(&mut self, fact: &Fact) {
        if self.bytes >= self.room.bytes() {
            self.left_out += 1;
            return;
        }
        self.count += 1;
        self.filling.push(*fact);
        if self.filling.len() == TOGETHER {
            self.pack();
        }
    }

    /// All are in: room that they do not need is free.
    pub(super) fn whole(&mut self) {
        self.pack();
        self.filling = Vec::new();
        self.room.keep(self.bytes);
    }

    /// How many are in, and how many had no room.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.count, self.left_out)
    }

    /// What they take, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn pack(&mut self) {
        if self.filling.is_empty() {
            return;
        }
        let pack = compress_prepend_size(&columns(bytes_of(&self.filling), size_of::<Fact>()));
        self.filling.clear();
        self.bytes += pack.len();
        self.packs.push_back(pack);
    }
}

impl Iterator for Packed {
    type Item = Fact;

    fn next(&mut self) -> Option<Fact> {
        if self.reading.is_empty() {
            let pack = self.packs.pop_front()?;
            self.bytes -= pack.len();
            self.room.keep(self.bytes);
            // This process has packed it.
            let bytes = decompress_size_prepended(&pack).unwrap_or_default();
            let rows = bytes.len() / size_of::<Fact>();
            self.reading = read_records(&columns(&bytes, rows)).collect();
            self.reading.reverse();
        }
        self.reading.pop()
    }
}

/// What stands there in rows of `width` bytes, column by column; of that, with the number of the rows as width, the rows
/// again.
fn columns(bytes: &[u8], width: usize) -> Vec<u8> {
    let mut all = Vec::with_capacity(bytes.len());
    for column in 0..width {
        all.extend(bytes.iter().skip(column).step_by(width));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::row_room::RowRoom;
    use proptest::prelude::*;
    use std::sync::Arc;

    /// A connection among many that is as others are, and has its own addresses, ports, numbers and times.
    fn fact(number: u64) -> Fact {
        let zeros = [0; size_of::<Fact>()];
        let mut fact: Fact = read_records(&zeros).next().unwrap();
        let own = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        fact.socket.cookie = number;
        fact.path_id = 7;
        fact.packet_idle_ns = own >> 24;
        fact.payload_idle_ns = own >> 23;
        fact.socket.keepalive_time = 1_800_000;
        fact
    }

    fn room() -> RowRoom {
        RowRoom::new(Arc::default())
    }

    #[test]
    fn a_million_fit_and_come_out_as_they_went_in() {
        // A twentieth of them, in a twentieth of the room.
        let all = 1_000_000 / 20;
        let mut packed = Packed::new(room().for_a_list().unwrap());
        for number in 0..all {
            packed.put(&fact(number));
        }
        packed.whole();
        assert_eq!(packed.counts(), (all, 0));
        let room = packed.room.bytes();
        assert_eq!(room, packed.bytes(), "what it does not need is free");
        assert!(room < (96 << 20) / 20, "{room}");
        let mut count = 0;
        for found in packed.by_ref() {
            assert_eq!(bytes_of(&[found]), bytes_of(&[fact(count)]));
            count += 1;
        }
        assert_eq!((count, packed.bytes()), (all, 0));
    }

    #[test]
    fn what_has_no_room_is_counted() {
        let room = room();
        let mut taken = room.for_a_list().unwrap();
        taken.keep(1_000);
        let mut packed = Packed::new(taken);
        let all = 5 * TOGETHER as u64;
        for number in 0..all {
            packed.put(&fact(number));
        }
        packed.whole();
        let (count, left_out) = packed.counts();
        assert_eq!((count, left_out), (TOGETHER as u64, all - count));
        assert_eq!(packed.count() as u64, count);
    }

    proptest! {
        #[test]
        fn whatever_goes_in_comes_out(
            rows in proptest::collection::vec(proptest::array::uniform32(any::<u8>()), 0..3),
            count in 0..3 * TOGETHER,
        ) {
            let mut facts = Vec::new();
            for number in 0..count {
                let mut bytes = [0; size_of::<Fact>()];
                if let Some(row) = rows.get(number % rows.len().max(1)) {
                    bytes[..32].copy_from_slice(row);
                    bytes[60..92].copy_from_slice(row);
                }
                facts.push(read_records::<Fact>(&bytes).next().unwrap());
            }
            let mut packed = Packed::new(room().for_a_list().unwrap());
            facts.iter().for_each(|fact| packed.put(fact));
            packed.whole();
            let found: Vec<Fact> = packed.collect();
            prop_assert_eq!(bytes_of(&found), bytes_of(&facts));
        }
    }
}
