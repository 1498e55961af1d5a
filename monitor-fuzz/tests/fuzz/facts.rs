//! Facts, as the judge is told them.

use monitor_common::Fact;
use monitor_judge::alerts::{self, Alerts};
use monitor_judge::{
    Input, Judge, JudgedPath, Limits, LocalTable, Observation, PathRules, PeerRole, Verdict,
};
use monitor_model::finding::Clock;
use monitor_model::owner::Owner;
use std::sync::Arc;

const SECOND: u64 = 1_000_000_000;

fn nat() -> JudgedPath {
    JudgedPath {
        id: 0,
        name: "nat".to_owned(),
        timeout_ns: 4 * SECOND,
        warn_ns: 3 * SECOND,
        clock: Clock::Packets,
        stated: true,
        dialogue: None,
        role: PeerRole::Clients,
        rules: PathRules::default(),
    }
}

/// Bytes as they are used up; 0 when there are none left.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn one(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    fn word(&mut self) -> u64 {
        let bytes = [0; 8].map(|_: u8| self.one());
        u64::from_le_bytes(bytes)
    }
}

/// A fact as the kernel side may write it, with any byte of it changed.
fn fact(bytes: &mut Bytes<'_>, now_ns: u64) -> Fact {
    let mut raw = [0; size_of::<Fact>()];
    for _ in 0..bytes.one() % 16 {
        let place = usize::from(bytes.one()) | usize::from(bytes.one()) << 8;
        raw[place % size_of::<Fact>()] = bytes.one();
    }
    // SAFETY: as many bytes as a `Fact` has, which is a `Record`: every pattern is valid.
    let mut fact: Fact = unsafe { raw.as_ptr().cast::<Fact>().read_unaligned() };
    fact.kind = fact.kind.wrapping_add(u32::from(bytes.one() % 14));
    fact.time_ns = fact.time_ns.wrapping_add(now_ns);
    fact.socket.cookie = fact.socket.cookie.wrapping_add(u64::from(bytes.one() % 8));
    if bytes.one().is_multiple_of(2) {
        fact.socket.state = 1;
        fact.socket.family = 4;
        let idle = u64::from(bytes.one()) * SECOND / 8;
        fact.payload_idle_ns = idle;
        fact.packet_idle_ns = idle;
        fact.packet_idle_max_ns = idle;
    }
    fact
}

/// Whatever facts say, in whatever order: the judge goes on, and its tables stay within their bounds.
#[test]
fn judge() {
    let mut few = Limits::new(4_000_000);
    few.max_connections = 4;
    few.max_contrasts = 2;
    few.max_stalls = 3;
    few.max_habits = 3;
    few.max_workloads = 2;
    bolero::check!().for_each(|bytes| {
        let mut bytes = Bytes(bytes);
        let mut judge = Judge::new(vec![nat()], few);
        let mut alerts = Alerts::new(alerts::Limits::default());
        let mut verdicts: Vec<Verdict> = Vec::new();
        let owner = Arc::new(Owner::default());
        let mut now_ns = 100 * SECOND;
        while !bytes.0.is_empty() {
            let chosen = bytes.one();
            let held = fact(&mut bytes, now_ns);
            let told = Observation {
                fact: &held,
                wall_unix_ns: if chosen < 250 {
                    0
                } else {
                    i64::from_le_bytes(bytes.word().to_le_bytes())
                },
                suspended_ns: if chosen < 200 { 0 } else { bytes.word() },
                owner: Arc::clone(&owner),
            };
            if let Some((netns, address)) = judge.asks(&held) {
                let there = chosen < 128;
                let answer = Input::OwnAddress {
                    now_ns,
                    netns,
                    address,
                    there,
                };
                judge.take(&answer, &mut verdicts);
            }
            if let Some(question) = judge.asks_tables(&held) {
                let table = LocalTable {
                    host: chosen < 128,
                    entry: None,
                    passes: chosen % 3 == 0,
                    timeout_s: Some(u32::from(chosen)),
                    entries: Some(u32::from(chosen)),
                    most: Some(128),
                };
                let answer = Input::LocalTables {
                    now_ns,
                    cookie: question.cookie,
                    in_trouble: question.in_trouble,
                    tables: vec![table],
                };
                judge.take(&answer, &mut verdicts);
            }
            let input = match chosen % 8 {
                0 | 1 => Input::Fact(told),
                2 | 3 => Input::Row {
                    number: u32::from(bytes.one()),
                    row: told,
                },
                4 => Input::JudgeRows {
                    below: u32::from(bytes.one()),
                },
                5 => Input::SweepDone {
                    started_ns: now_ns,
                    now_ns,
                    wall_unix_ns: 0,
                    complete: chosen < 128,
                },
                6 if chosen < 64 => Input::Samples {
                    one_in: bytes.word() as u32,
                },
                6 => Input::NextLook {
                    within_ns: if chosen < 200 { SECOND } else { bytes.word() },
                },
                _ => Input::Tick {
                    now_ns: if chosen < 240 { now_ns } else { bytes.word() },
                    wall_unix_ns: 0,
                },
            };
            now_ns += u64::from(bytes.one()) * SECOND / 32;
            judge.take(&input, &mut verdicts);
            let stats = judge.stats();
            assert!(stats.tracked <= few.max_connections, "{stats:?}");
            assert!(stats.contrasts <= few.max_contrasts, "{stats:?}");
            assert!(stats.stalls <= few.max_stalls, "{stats:?}");
            assert!(
                stats.habits <= few.max_habits + few.max_workloads,
                "{stats:?}"
            );
            for verdict in verdicts.drain(..) {
                if let Verdict::Finding(finding) = &verdict {
                    assert!(!finding.evidence.is_empty(), "{finding:?}");
                }
                alerts.apply(&verdict, now_ns);
            }
            alerts.tick(now_ns);
        }
    });
}
