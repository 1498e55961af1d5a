//! Facts that wait to be read: a listing of a host with a million connections is swept at once and read at the reader's
//! pace. Where the reader is close behind they wait as they are; what waits beyond that is packed. In the columns of their
//! bytes most of them are the same, which LZ4 makes next to nothing of.

use super::columns::columns;
use super::lock::lock;
use super::row_room::Taken;
use lz4_flex::block::{compress_prepend_size, decompress_size_prepended};
use monitor_common::Fact;
use monitor_kernel::{bytes_of, read_records};
use monitor_model::api::ApiError;
use std::collections::VecDeque;
use std::mem::replace;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::vec;

/// Facts that are packed together, 90 KB of them. Four times as many would be packed a little closer.
const TOGETHER: usize = 256;

/// So many of these wait unpacked, in 6 MB: packing and unpacking take a tenth of the time of a whole listing.
const CLOSE: usize = 64;

/// Where one puts facts in, and another takes them out in the same order, also while more are put in. There is never more
/// than the room has. Neither waits for the other to work: who takes waits only for what is not there yet.
pub(super) fn packed(room: Taken) -> (Packing, Packed) {
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            packs: VecDeque::new(),
            bytes: 0,
            room,
            end: None,
            wanted: true,
        }),
        more: Condvar::new(),
    });
    let packing = Packing {
        filling: Vec::with_capacity(TOGETHER),
        close: CLOSE,
        count: 0,
        left_out: 0,
        shared: Arc::clone(&shared),
    };
    let packed = Packed {
        reading: Vec::new().into_iter(),
        shared,
    };
    (packing, packed)
}

struct Shared {
    state: Mutex<State>,
    more: Condvar,
}

/// Facts that wait together.
enum Pack {
    Whole(Vec<Fact>),
    Packed(Vec<u8>),
}

impl Pack {
    fn bytes(&self) -> usize {
        match self {
            Self::Whole(facts) => size_of_val(facts.as_slice()),
            Self::Packed(bytes) => bytes.len(),
        }
    }

    fn into_facts(self) -> Vec<Fact> {
        match self {
            Self::Whole(facts) => facts,
            Self::Packed(bytes) => {
                // This process has packed it.
                let bytes = decompress_size_prepended(&bytes).unwrap_or_default();
                let rows = bytes.len() / size_of::<Fact>();
                read_records(&columns(&bytes, rows)).collect()
            }
        }
    }
}

struct State {
    packs: VecDeque<Pack>,
    bytes: usize,
    room: Taken,
    /// No more come, and why, if these are not all.
    end: Option<Option<ApiError>>,
    /// Somebody takes them.
    wanted: bool,
}

impl State {
    /// Why they are not all, said once.
    fn why(&mut self) -> Option<ApiError> {
        self.end.as_mut()?.take()
    }
}

/// Where facts are put in.
pub(super) struct Packing {
    filling: Vec<Fact>,
    /// How many wait whole.
    close: usize,
    count: u64,
    left_out: u64,
    shared: Arc<Shared>,
}

impl Packing {
    /// Puts one in; where there is no room it is left out, and counted.
    pub(super) fn put(&mut self, fact: &Fact) {
        self.filling.push(*fact);
        if self.filling.len() == TOGETHER {
            self.pack();
        }
    }

    /// No more come. Room that is not needed is free.
    pub(super) fn end(mut self, failed: Option<String>) {
        self.pack();
        let (shown, left_out) = (self.count, self.left_out);
        let failed = failed.map(ApiError::from);
        self.ended(failed.or_else(|| ApiError::left_out(shown, left_out)));
    }

    fn ended(&self, why: Option<ApiError>) {
        let mut state = lock(&self.shared.state);
        if state.end.is_none() {
            state.end = Some(why);
            let bytes = state.bytes;
            state.room.keep(bytes);
        }
        self.shared.more.notify_all();
    }

    fn pack(&mut self) {
        if self.filling.is_empty() {
            return;
        }
        let facts = replace(&mut self.filling, Vec::with_capacity(TOGETHER));
        let count = facts.len() as u64;
        match self.keep(facts) {
            true => self.count += count,
            false => self.left_out += count,
        }
    }

    /// Keeps these for the reader, if there is room and a reader.
    fn keep(&self, facts: Vec<Fact>) -> bool {
        let is_close = {
            let state = lock(&self.shared.state);
            if !state.wanted || state.bytes >= state.room.bytes() {
                return false;
            }
            state.packs.len() < self.close
        };
        let pack = match is_close {
            true => Pack::Whole(facts),
            false => {
                let columns = columns(bytes_of(&facts), size_of::<Fact>());
                Pack::Packed(compress_prepend_size(&columns))
            }
        };
        let mut state = lock(&self.shared.state);
        // Whoever took them may have gone meanwhile.
        if state.wanted {
            state.bytes += pack.bytes();
            state.packs.push_back(pack);
            self.shared.more.notify_all();
        }
        state.wanted
    }
}

impl Drop for Packing {
    fn drop(&mut self) {
        // Unless it has ended, which leaves what it says.
        self.ended(Some("the sweep broke off".to_owned().into()));
    }
}

/// Where they are taken out: each, and behind them why these are not all, if they are not.
pub(super) struct Packed {
    /// Of the pack that is read.
    reading: vec::IntoIter<Fact>,
    shared: Arc<Shared>,
}

impl Packed {
    /// Waits for the first of them.
    ///
    /// # Errors
    /// Why there are none, where something went wrong before there was one.
    pub(super) fn begun(&self) -> Result<(), String> {
        let mut state = self.more();
        match state.packs.is_empty() {
            true => state.why().map_or(Ok(()), |why| Err(why.error)),
            false => Ok(()),
        }
    }

    /// Waits until there is a pack, or no more come.
    fn more(&self) -> MutexGuard<'_, State> {
        let state = lock(&self.shared.state);
        let is_to_come = |state: &mut State| state.packs.is_empty() && state.end.is_none();
        let waited = self.shared.more.wait_while(state, is_to_come);
        waited.unwrap_or_else(PoisonError::into_inner)
    }

    fn unpack(&mut self) -> Result<(), Option<ApiError>> {
        let pack = {
            let mut state = self.more();
            let Some(pack) = state.packs.pop_front() else {
                return Err(state.why());
            };
            state.bytes -= pack.bytes();
            if state.end.is_some() {
                let bytes = state.bytes;
                state.room.keep(bytes);
            }
            pack
        };
        self.reading = pack.into_facts().into_iter();
        Ok(())
    }
}

impl Iterator for Packed {
    type Item = Result<Fact, ApiError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.reading.as_slice().is_empty()
            && let Err(end) = self.unpack()
        {
            return end.map(Err);
        }
        self.reading.next().map(Ok)
    }
}

impl Drop for Packed {
    fn drop(&mut self) {
        let mut state = lock(&self.shared.state);
        state.wanted = false;
        state.packs.clear();
        state.bytes = 0;
        state.room.keep(0);
    }
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

    /// Those, put in and taken out.
    fn through(room: Taken, facts: impl IntoIterator<Item = Fact>) -> Packed {
        let (mut packing, packed) = packed(room);
        for fact in facts {
            packing.put(&fact);
        }
        packing.end(None);
        packed
    }

    #[test]
    fn a_million_fit_and_come_out_as_they_went_in() {
        // A twentieth of them, in a twentieth of the room.
        let all = 1_000_000 / 20;
        let mut packed = through(room().for_a_list().unwrap(), (0..all).map(fact));
        packed.begun().unwrap();
        let room = lock(&packed.shared.state).room.bytes();
        let held = lock(&packed.shared.state).bytes;
        assert_eq!(room, held, "what it does not need is free");
        let whole = CLOSE * TOGETHER * size_of::<Fact>();
        assert!(room < whole + ((96 << 20) - whole) / 20, "{room}");
        let mut count = 0;
        for found in packed.by_ref() {
            assert_eq!(bytes_of(&[found.unwrap()]), bytes_of(&[fact(count)]));
            count += 1;
        }
        assert_eq!((count, lock(&packed.shared.state).bytes), (all, 0));
    }

    #[test]
    fn the_first_come_out_before_the_last_is_in() {
        let (mut packing, mut packed) = packed(room().for_a_list().unwrap());
        let mut next = move || packed.next().map(Result::unwrap);
        let pack = TOGETHER as u64;
        for number in 0..pack {
            packing.put(&fact(number));
        }
        for number in 0..pack {
            assert_eq!(next().unwrap().socket.cookie, number);
        }
        let waits = std::thread::spawn(move || (next().unwrap().socket.cookie, next()));
        packing.put(&fact(pack));
        packing.end(None);
        let (last, end) = waits.join().unwrap();
        assert_eq!(last, pack);
        assert!(end.is_none());
    }

    #[test]
    fn what_breaks_off_says_so_at_once_or_behind_what_came_before() {
        let (packing, none) = packed(room().for_a_list().unwrap());
        packing.end(Some("refused".to_owned()));
        assert_eq!(none.begun().unwrap_err(), "refused");

        let (mut packing, one) = packed(room().for_a_list().unwrap());
        packing.put(&fact(1));
        packing.end(Some("refused".to_owned()));
        one.begun().unwrap();
        let came: Vec<_> = one
            .map(|came| came.map(|fact| fact.socket.cookie))
            .collect();
        assert_eq!(came, [Ok(1), Err("refused".to_owned().into())]);

        let (packing, none) = packed(room().for_a_list().unwrap());
        drop(packing);
        assert!(none.begun().is_err(), "a panic is no whole list");
    }

    #[test]
    fn who_goes_leaves_all_the_room_to_others() {
        let room = room();
        let (mut packing, first) = packed(room.for_a_list().unwrap());
        let (_other, _second) = packed(room.for_a_list().unwrap());
        drop(first);
        assert!(room.for_a_list().is_ok());
        for number in 0..3 * TOGETHER as u64 {
            packing.put(&fact(number));
        }
        assert_eq!(lock(&packing.shared.state).bytes, 0);
    }

    #[test]
    fn what_has_no_room_is_counted() {
        let room = room();
        let mut taken = room.for_a_list().unwrap();
        taken.keep(1_000);
        let all = 5 * TOGETHER;
        let mut packed = through(taken, (0..all as u64).map(fact));
        assert_eq!(packed.by_ref().take(TOGETHER).flatten().count(), TOGETHER);
        let expected = ApiError::left_out(TOGETHER as u64, (all - TOGETHER) as u64);
        assert_eq!(packed.next().unwrap().err(), expected);
        assert!(packed.next().is_none());
    }

    proptest! {
        #[test]
        fn whatever_goes_in_comes_out(
            rows in proptest::collection::vec(proptest::array::uniform32(any::<u8>()), 0..3),
            (close, count) in (0_usize..4, 0..3 * TOGETHER),
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
            let (mut packing, packed) = packed(room().for_a_list().unwrap());
            packing.close = close;
            facts.iter().for_each(|fact| packing.put(fact));
            packing.end(None);
            let found: Vec<Fact> = packed.map(Result::unwrap).collect();
            prop_assert_eq!(bytes_of(&found), bytes_of(&facts));
        }
    }
}
