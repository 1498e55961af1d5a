//! What is written is read again to the last bit; what is not a recording is
//! refused by its line; nothing that is read can make a replay panic.

mod format;
mod refused;
mod rules;

use super::entry::Entry;
use super::header::Header;
use super::{Recording, RecordingError, Replayed, replay};
use crate::PathRules;
use crate::alerts;
use crate::{Input, JudgedPath, Limits, Observation, PeerRole};
use monitor_common::{Fact, FactKind, Record, flags};
use monitor_model::finding::{Clock, Finding};
use monitor_model::owner::Owner;
use std::sync::Arc;

const SECOND: u64 = 1_000_000_000;

fn bytes_of(fact: &Fact) -> &[u8] {
    // SAFETY: a `Record` is plain bytes without padding, and they live as long as it.
    unsafe { std::slice::from_raw_parts((&raw const *fact).cast(), size_of::<Fact>()) }
}

fn fact_of(bytes: &[u8]) -> Fact {
    fn read<T: Record>(bytes: &[u8]) -> T {
        assert_eq!(bytes.len(), size_of::<T>());
        // SAFETY: as many bytes as a `T` has, of which every pattern is valid.
        unsafe { bytes.as_ptr().cast::<T>().read_unaligned() }
    }
    read(bytes)
}

fn observation(fact: &Fact) -> Observation<'_> {
    Observation {
        fact,
        wall_unix_ns: 1_800_000_000_000_000_000,
        suspended_ns: 7,
        owner: Arc::new(Owner {
            pid: Some(7),
            comm: Some("api".to_owned()),
            ..Owner::default()
        }),
    }
}

fn nat() -> Vec<JudgedPath> {
    vec![JudgedPath {
        id: 0,
        name: "nat".to_owned(),
        timeout_ns: 4 * SECOND,
        warn_ns: 3 * SECOND,
        clock: Clock::Packets,
        stated: true,
        dialogue: None,
        role: PeerRole::default(),
        rules: PathRules::default(),
    }]
}

fn header() -> Header {
    Header::new(Limits::new(4_000_000), &nat())
}

/// A connection that falls silent at second 100 and is swept each second from there
/// on: at risk, then crossed.
fn silence(seconds: u64) -> Vec<Entry> {
    let mut entries = Vec::new();
    for second in 0..seconds {
        let mut fact = fact_of(&[0; size_of::<Fact>()]);
        fact.kind = FactKind::Swept as u32;
        fact.flags = flags::TASK_KNOWN;
        fact.time_ns = (100 + second) * SECOND;
        fact.payload_idle_ns = second * SECOND;
        fact.packet_idle_ns = second * SECOND;
        fact.packet_idle_max_ns = second * SECOND;
        fact.socket.cookie = 5;
        fact.socket.state = 1;
        fact.socket.family = 4;
        fact.socket.local[..4].copy_from_slice(&[10, 0, 0, 4]);
        fact.socket.remote[..4].copy_from_slice(&[20, 1, 2, 3]);
        fact.socket.remote_port = 443;
        entries.push(Entry::of(&Input::Row {
            number: 0,
            row: observation(&fact),
        }));
        let (now_ns, wall_unix_ns) = (fact.time_ns, 1_800_000_000_000_000_000);
        entries.push(Entry::SweepDone {
            started_ns: now_ns,
            now_ns,
            wall_unix_ns,
            cut: false,
        });
        entries.push(Entry::Tick {
            now_ns,
            wall_unix_ns,
        });
    }
    entries
}

fn text(entries: &[Entry]) -> String {
    let mut text = serde_json::to_string(&header()).unwrap() + "\n";
    for entry in entries {
        text += &serde_json::to_string(entry).unwrap();
        text.push('\n');
    }
    text
}

fn replayed(bytes: &[u8]) -> Result<(Vec<Finding>, Replayed), RecordingError> {
    let mut findings = Vec::new();
    let mut recording = Recording::read("facts".to_owned(), bytes)?;
    let replayed = replay(&mut recording, alerts::Limits::default(), |finding| {
        findings.push(finding.clone());
        Ok::<_, RecordingError>(true)
    })?;
    Ok((findings, replayed))
}
