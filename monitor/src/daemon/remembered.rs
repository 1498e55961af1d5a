//! What the daemon keeps in memory of connections that something was told of, for whoever looks at one of them: what the
//! kernel side told, and what was found. Of a healthy connection nothing is told, and so nothing is kept. Bounded: the
//! oldest goes first, and of each connection it is counted.

use super::lock::lock;
use crate::surfaces::sink::Sink;
use monitor_common::{Fact, FactKind, TcpState};
use monitor_kernel::Reading;
use monitor_model::finding::Finding;
use monitor_model::time::Timestamp;
use monitor_sheet::Note;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex};

/// Connections of which notes are kept, at most: together they take 1.5 MiB.
const MOST_CONNECTIONS: usize = 1_024;

/// Notes of one connection, at most: a silence, and all attempts until the kernel gives up (`tcp_retries2`, 15).
const MOST_NOTES: usize = 32;

/// Findings, at most, of about 2 KiB each. Where a history is kept it has more.
const MOST_FINDINGS: usize = 512;

/// All that is kept. All clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Remembered(Arc<Mutex<Room>>);

#[derive(Debug, Default)]
struct Room {
    /// By socket cookie.
    lives: HashMap<u64, Life>,
    findings: VecDeque<Arc<Finding>>,
}

/// What was told of one connection.
#[derive(Clone, Debug, Default)]
struct Life {
    notes: VecDeque<Noted>,
    left_out: u64,
}

/// What was told, as small as it can be. The time is CLOCK_MONOTONIC.
#[derive(Clone, Copy, Debug)]
struct Noted {
    time_ns: u64,
    silence_ns: u64,
    payload: u32,
    kind: FactKind,
    timeouts: u8,
    state: Option<TcpState>,
}

impl Remembered {
    /// Takes up what the kernel side tells.
    pub(super) fn note(&self, fact: &Fact) {
        let Some(noted) = Noted::of(fact) else {
            return;
        };
        let mut room = lock(&self.0);
        if room.lives.len() >= MOST_CONNECTIONS && !room.lives.contains_key(&fact.socket.cookie) {
            room.make_place();
        }
        let life = room.lives.entry(fact.socket.cookie).or_default();
        if life.notes.len() >= MOST_NOTES {
            life.notes.pop_front();
            life.left_out += 1;
        }
        life.notes.push_back(noted);
    }

    /// What was told of the connection of this socket, in order, and how much of it is not kept any more.
    pub(super) fn notes(&self, cookie: u64, now: Reading) -> (Vec<Note>, u64) {
        let life = lock(&self.0).lives.get(&cookie).cloned();
        let life = life.unwrap_or_default();
        let notes = life.notes.iter().map(|noted| noted.at(now));
        (notes.collect(), life.left_out)
    }

    /// What was found of the connection with this id, in order.
    pub(super) fn findings(&self, id: &str) -> Vec<Finding> {
        let room = lock(&self.0);
        let all = room.findings.iter();
        let of_it = all.filter(|finding| finding.connection.id == id);
        of_it.map(|finding| Finding::clone(finding)).collect()
    }

    /// The id of the connection that this socket had when something was found of it last.
    pub(super) fn id_of(&self, cookie: &str) -> Option<String> {
        let room = lock(&self.0);
        let mut latest = room.findings.iter().rev();
        let of_it = latest.find(|finding| {
            let id = finding.connection.id.split('-').next();
            id == Some(cookie)
        });
        of_it.map(|finding| finding.connection.id.clone())
    }
}

impl Room {
    /// Lets those go of which nothing was told for longest: many at once, so that it is seldom done.
    fn make_place(&mut self) {
        let last = |life: &Life| life.notes.back().map_or(0, |noted| noted.time_ns);
        let mut times: Vec<u64> = self.lives.values().map(last).collect();
        let place = times.len() / 4;
        let (_, oldest_kept, _) = times.select_nth_unstable(place);
        let oldest_kept = *oldest_kept;
        self.lives.retain(|_, life| last(life) > oldest_kept);
    }
}

impl Sink for Remembered {
    fn on_shared(&mut self, finding: &Arc<Finding>) -> io::Result<()> {
        let findings = &mut lock(&self.0).findings;
        if findings.len() >= MOST_FINDINGS {
            findings.pop_front();
        }
        findings.push_back(Arc::clone(finding));
        Ok(())
    }
}

impl Noted {
    /// `None` for what is no moment of a connection's.
    fn of(fact: &Fact) -> Option<Self> {
        let kind = fact.kind()?;
        let silence_ns = match kind {
            FactKind::Swept | FactKind::ProbationOver => return None,
            FactKind::GapEndedBySend | FactKind::GapEndedByReceive => fact.packet_idle_ns,
            _ => 0,
        };
        let state = TcpState::from_number(fact.new_state);
        Some(Self {
            time_ns: fact.time_ns,
            silence_ns,
            payload: fact.segment.payload_len,
            kind,
            timeouts: fact.socket.retransmits,
            state: state.filter(|_| kind == FactKind::StateChanged),
        })
    }

    fn at(&self, now: Reading) -> Note {
        Note {
            time: Timestamp::of(now.wall_of(self.time_ns)),
            kind: self.kind,
            payload: self.payload,
            timeouts: self.timeouts,
            silence_ns: self.silence_ns,
            state: self.state.map(TcpState::name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(cookie: u64, time_ns: u64) -> Fact {
        // SAFETY: a `Fact` is a `Record`: every bit pattern is valid.
        let mut fact: Fact = unsafe { std::mem::zeroed() };
        fact.kind = FactKind::Retransmitted as u32;
        fact.time_ns = time_ns;
        fact.socket.cookie = cookie;
        fact
    }

    fn now() -> Reading {
        Reading {
            monotonic_ns: 1_000_000_000,
            boot_ns: 1_000_000_000,
            wall_unix_ns: 1_000_000_000,
        }
    }

    #[test]
    fn of_one_connection_the_latest_stay_and_the_others_are_counted() {
        let kept = Remembered::default();
        for ms in 0..MOST_NOTES as u64 + 3 {
            kept.note(&sent(7, ms * 1_000_000));
        }
        let (notes, left_out) = kept.notes(7, now());
        assert_eq!((notes.len(), left_out), (MOST_NOTES, 3));
        assert_eq!(notes[0].time.unix_ns(), 3_000_000);
        assert_eq!(kept.notes(8, now()), (Vec::new(), 0));
    }

    #[test]
    fn however_many_there_are_the_latest_stay() {
        let kept = Remembered::default();
        let all = MOST_CONNECTIONS as u64 * 3;
        for cookie in 1..=all {
            kept.note(&sent(cookie, cookie));
        }
        let room = lock(&kept.0);
        assert!(room.lives.len() <= MOST_CONNECTIONS);
        assert!(room.lives.len() > MOST_CONNECTIONS / 2);
        assert!(room.lives.contains_key(&all) && !room.lives.contains_key(&1));
    }

    #[test]
    fn sweeps_leave_no_note() {
        let kept = Remembered::default();
        let mut swept = sent(1, 1);
        swept.kind = FactKind::Swept as u32;
        kept.note(&swept);
        assert!(kept.notes(1, now()).0.is_empty());
    }
}
