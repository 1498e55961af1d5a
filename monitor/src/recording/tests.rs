//! What is written is read again to the last bit; what is not a recording is
//! refused by its line; nothing that is read can make a replay panic.

use super::entry::Entry;
use super::header::Header;
use super::recorder::Shared;
use super::sink::Sink;
use super::{Ending, Recorder, Recording, RecordingError, Replayed, Target, replay};
use crate::judge::finding::{Clock, Finding};
use crate::judge::{Input, JudgedPath, Limits, Observation};
use crate::owner::Owner;
use monitor_common::{Fact, FactKind, Record, flags};
use proptest::collection::vec;
use proptest::prelude::*;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};

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

fn observation(fact: &Fact) -> Input<'_> {
    Input::Observation(Observation {
        fact,
        wall_unix_ns: 1_800_000_000_000_000_000,
        suspended_ns: 7,
        owner: Owner {
            pid: Some(7),
            comm: Some("api".to_owned()),
            ..Owner::default()
        },
    })
}

fn nat() -> Vec<JudgedPath> {
    vec![JudgedPath {
        id: 0,
        name: "nat".to_owned(),
        timeout_ns: 4 * SECOND,
        warn_ns: 3 * SECOND,
        clock: Clock::Packets,
        stated: true,
    }]
}

fn header() -> Header {
    Header::new(Limits::new(4_000_000), &nat())
}

/// The fact after its way through a line.
fn read_again(fact: &Fact) -> Fact {
    let line = serde_json::to_string(&Entry::of(&observation(fact))).unwrap();
    let entry: Entry = serde_json::from_str(&line).unwrap();
    match entry.input() {
        Some(Input::Observation(observation)) => *observation.fact,
        other => panic!("{line} became {other:?}"),
    }
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
        entries.push(Entry::of(&observation(&fact)));
        let (now_ns, wall_unix_ns) = (fact.time_ns, 1_800_000_000_000_000_000);
        entries.push(Entry::SweepDone {
            started_ns: now_ns,
            now_ns,
            wall_unix_ns,
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
    let replayed = replay(&mut recording, |finding| {
        findings.push(finding.clone());
        Ok::<_, RecordingError>(true)
    })?;
    Ok((findings, replayed))
}

fn dropped(shared: &Shared) -> u64 {
    shared.dropped.load(Ordering::Relaxed)
}

fn refused(text: &str) -> String {
    let line = replayed(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(line.len() < 400, "{line}");
    line
}

#[test]
fn a_fact_with_every_byte_set_is_read_again_byte_by_byte() {
    for salt in [1, 77, 200] {
        let bytes: Vec<u8> = (0..size_of::<Fact>())
            .map(|index| ((index * 31 + salt) % 255) as u8 + 1)
            .collect();
        let fact = fact_of(&bytes);
        assert_eq!(bytes_of(&read_again(&fact)), bytes);
    }
}

#[test]
fn what_is_zero_is_left_out_and_the_rest_reads_as_text() {
    let Entry::Observation(_) = &silence(1)[0] else {
        panic!("no fact");
    };
    let line = serde_json::to_string(&silence(1)[0]).unwrap();
    assert!(line.len() < 400, "{line}");
    for part in [
        r#""kind":"swept""#,
        r#""local":"10.0.0.4","remote":"20.1.2.3""#,
        r#""comm":"api""#,
    ] {
        assert!(line.contains(part), "{line}");
    }
    assert!(!line.contains("null") && !line.contains(":0"), "{line}");
}

#[test]
fn a_whole_recording_says_at_risk_and_crossed_and_the_alert() {
    let (findings, replayed) = replayed(text(&silence(8)).as_bytes()).unwrap();
    let said: Vec<&str> = findings.iter().map(|finding| finding.kind.name()).collect();
    assert_eq!(said, ["at_risk", "crossed"]);
    let firing: Vec<&str> = replayed.alerts.iter().map(|alert| &*alert.name).collect();
    assert_eq!(firing, ["crossed"]);
    assert_eq!((replayed.inputs, replayed.ending), (24, Ending::Silent));
}

#[test]
fn a_reload_in_a_recording_counts_from_there_on() {
    let mut entries = silence(8);
    // The path forgets later than the silence lasts, from its third second on.
    let mut longer = nat();
    longer[0].timeout_ns = 60 * SECOND;
    longer[0].warn_ns = 50 * SECOND;
    entries.insert(6, Entry::Paths(longer));
    let (findings, _) = replayed(text(&entries).as_bytes()).unwrap();
    assert_eq!(findings, []);
}

#[test]
fn a_last_line_that_is_cut_is_left_out_wherever_it_is_cut() {
    let whole = text(&silence(8));
    let (before, _) = replayed(text(&silence(7)).as_bytes()).unwrap();
    let last = whole.trim_end().rfind('\n').unwrap() + 1;
    for end in last + 1..whole.len() - 1 {
        let (findings, replayed) = replayed(&whole.as_bytes()[..end]).unwrap();
        assert_eq!(replayed.ending, Ending::Cut, "{end}");
        assert_eq!(findings.len(), before.len());
    }
    // Only its end is missing: it is whole.
    let (_, replayed) = replayed(whole.trim_end().as_bytes()).unwrap();
    assert_eq!((replayed.inputs, replayed.ending), (24, Ending::Silent));
}

#[test]
fn what_is_no_recording_is_refused_at_its_first_line() {
    for foreign in [
        "",
        "\n",
        "[[path]]\n",
        "{}\n",
        "\u{0}",
        "null\n",
        "{\"tick\":{}}\n",
    ] {
        let said = refused(foreign);
        assert!(said.starts_with("facts:1: this is no recording;"), "{said}");
    }
    let endless = vec![b'x'; 3 << 20];
    let said = replayed(&endless).unwrap_err().to_string();
    assert!(said.starts_with("facts:1: this is no recording;"), "{said}");
    let newer = text(&[]).replace("\"tcplull_recording\":1", "\"tcplull_recording\":2");
    assert!(refused(&newer).contains("format 2, and this build reads 1"));
    let jiffy = text(&[]).replace("\"jiffy_ns\":4000000", "\"jiffy_ns\":0");
    assert!(refused(&jiffy).contains("facts:1: limits.jiffy_ns is 0"));
    let unknown = text(&[]).replace("\"made_by\"", "\"made_in\"");
    assert!(refused(&unknown).contains("facts:1: unknown field `made_in`"));
}

#[test]
fn a_line_at_fault_is_named_with_what_to_do() {
    let whole = text(&silence(2));
    for (from, to, part) in [
        ("\"cookie\"", "\"cake\"", "facts:2: unknown field `cake`"),
        ("\"tick\"", "\"tock\"", "facts:4: unknown variant `tock`"),
        ("10.0.0.4", "10.0.0", "facts:2: no IP address"),
        ("\"swept\"", "\"slept\"", "facts:2: no kind of fact"),
        ("443", "99443", "facts:2: invalid value: integer `99443`"),
        ("100000000000", "1e300", "facts:2: invalid type"),
        (
            "100000000000",
            "99999999999999999999999",
            "facts:2: invalid type",
        ),
        (
            "\"time_ns\"",
            "\"x\\u001b[2J\\ny\"",
            "facts:2: unknown field",
        ),
        ("{\"tick\"", "garbage{\"tick\"", "facts:4: expected value"),
    ] {
        let broken = whole.replacen(from, to, 1);
        assert_ne!(broken, whole, "{from}");
        let said = refused(&broken);
        assert!(said.contains(part), "{said}");
        assert!(said.contains("take the line away"), "{said}");
        assert!(!said.contains('\u{1b}'), "{said:?}");
    }
    let two = format!("{whole}{whole}");
    assert!(refused(&two).contains("facts:8: another recording begins here"));
}

#[test]
fn a_recorder_writes_what_a_replay_reads_for_its_owner_alone() {
    let place = tempfile::tempdir().unwrap();
    let target = Target {
        path: place.path().join("facts"),
        max_bytes: 1 << 20,
    };
    let start = || Recorder::start(&target, Limits::new(4_000_000), &nat());
    let mut recorder = start().unwrap();
    let entries = silence(8);
    for entry in &entries {
        recorder.take(&entry.input().unwrap());
    }
    // It is not overwritten.
    let said = start().unwrap_err().to_string();
    assert!(
        said.contains("exists; remove it, or name another"),
        "{said}"
    );
    assert_eq!(recorder.dropped(), 0);
    drop(recorder);
    let written = fs::read_to_string(&target.path).unwrap();
    assert_eq!(
        written,
        text(&entries) + "{\"end\":{\"reason\":\"stopped\"}}\n"
    );
    let mode = fs::metadata(&target.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(
        replayed(written.as_bytes()).unwrap().1.ending,
        Ending::Stopped
    );
}

#[test]
fn a_recording_stops_at_its_size_and_says_so() {
    let place = tempfile::tempdir().unwrap();
    let target = Target {
        path: place.path().join("facts"),
        max_bytes: 3_000,
    };
    let mut recorder = Recorder::start(&target, Limits::new(4_000_000), &nat()).unwrap();
    for entry in &silence(50) {
        recorder.take(&entry.input().unwrap());
    }
    let shared = Arc::clone(&recorder.shared);
    drop(recorder);
    let written = fs::read(&target.path).unwrap();
    assert!(written.len() as u64 <= target.max_bytes);
    let (_, replayed) = replayed(&written).unwrap();
    assert_eq!(replayed.ending, Ending::SizeLimit);
    assert!(replayed.inputs > 3);
    assert_eq!(replayed.inputs + dropped(&shared), 150);
}

/// A disk that takes so many bytes.
struct Disk(usize);

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self
            .0
            .checked_sub(bytes.len())
            .ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_ends_the_recording_and_what_it_lacks_is_counted() {
    let sink = Sink::new(Disk(0), u64::MAX);
    let mut recorder = Recorder::over(sink, "facts".to_owned(), 1024).unwrap();
    for entry in &silence(50) {
        recorder.take(&entry.input().unwrap());
    }
    let shared = Arc::clone(&recorder.shared);
    drop(recorder);
    assert_eq!(dropped(&shared), 150);
}

/// A disk that takes nothing until it is let.
struct Stuck(mpsc::Receiver<()>, mpsc::Sender<Vec<u8>>);

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Let once, it is let for ever: the other half is gone.
        let _ = self.0.recv();
        let _ = self.1.send(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_disk_that_is_stuck_holds_up_nobody_and_the_recording_says_what_it_lacks() {
    let (let_go, stuck) = mpsc::channel();
    let (written, reads) = mpsc::channel();
    let mut sink = Sink::new(Stuck(stuck, written), u64::MAX);
    sink.write(&header()).unwrap();
    let mut recorder = Recorder::over(sink, "facts".to_owned(), 4).unwrap();
    for entry in &silence(50) {
        recorder.take(&entry.input().unwrap());
    }
    let shared = Arc::clone(&recorder.shared);
    assert!(dropped(&shared) > 100, "{}", dropped(&shared));
    drop(let_go);
    drop(recorder);
    let bytes: Vec<u8> = reads.iter().flatten().collect();
    let (_, replayed) = replayed(&bytes).unwrap();
    assert_eq!(replayed.lost, dropped(&shared));
    assert_eq!(replayed.inputs + replayed.lost, 150);
    assert_eq!(replayed.ending, Ending::Stopped);
}

proptest! {
    #[test]
    fn any_fact_is_read_again_byte_by_byte(bytes in vec(any::<u8>(), size_of::<Fact>())) {
        let fact = fact_of(&bytes);
        let again = read_again(&fact);
        prop_assert_eq!(bytes_of(&again), &bytes[..]);
    }

    #[test]
    fn no_bytes_make_a_replay_panic(
        changes in vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..12),
    ) {
        let mut bytes = text(&silence(8)).into_bytes();
        for (place, byte, how) in changes {
            let place = place.index(bytes.len());
            match how {
                0 => bytes[place] = byte,
                // A digit for a digit is a number as good as the one before.
                1 => if let Some(digit) = bytes[place..].iter_mut().find(|b| b.is_ascii_digit()) {
                    *digit = b'0' + byte % 10;
                },
                2 => { bytes.remove(place); }
                _ => bytes.insert(place, byte),
            }
        }
        if let Err(error) = replayed(&bytes) {
            prop_assert_eq!(error.to_string().lines().count(), 1);
        }
    }

    #[test]
    fn no_numbers_make_a_replay_panic(
        changes in vec((any::<prop::sample::Index>(), any::<u64>(), 0..64_u32), 1..12),
    ) {
        let mut text = text(&silence(8));
        for (place, number, shift) in changes {
            let at = place.index(text.len());
            let Some(start) = text[at..].find(|c: char| c.is_ascii_digit()).map(|i| at + i) else {
                continue;
            };
            let end = text[start..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |i| start + i);
            text.replace_range(start..end, &(number >> shift).to_string());
        }
        if let Err(error) = replayed(text.as_bytes()) {
            prop_assert_eq!(error.to_string().lines().count(), 1);
        }
    }
}
