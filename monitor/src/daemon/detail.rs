//! One connection with all that the daemon knows of it: from a sweep, the judge, what is remembered, and the history.

use super::core::Core;
use super::lister::{between, rounded};
use super::lock::lock;
use super::{history, next_commands};
use crate::surfaces::api::DetailQuery;
use monitor_common::{Fact, Socket};
use monitor_judge::{JudgedPath, Known};
use monitor_kernel::{Reading, jiffy_ns};
use monitor_model::detail::{ConnectionDetail, Followed, FollowedGap, PathContrast, SocketNumbers};
use monitor_model::finding::Finding;
use monitor_model::listing::ConnectionRow;
use monitor_model::time::Timestamp;
use std::path::Path;
use std::sync::Mutex;

/// What is asked for: a connection's whole id, or the socket cookie that it begins with.
struct Wanted<'a> {
    text: &'a str,
    cookie: u64,
    /// Not just any connection of this socket.
    whole: bool,
}

impl<'a> Wanted<'a> {
    /// `None` for what is no id.
    fn of(text: &'a str) -> Option<Self> {
        let (cookie, flow) = match text.split_once('-') {
            Some((cookie, flow)) => (cookie, Some(flow)),
            None => (text, None),
        };
        Some(Self {
            text,
            cookie: u64::from_str_radix(cookie, 16).ok()?,
            whole: flow.is_some(),
        })
    }
}

/// The connection with this id, whether it is there or gone; `None` where nothing is known of it. `look` finds the socket
/// with a cookie.
pub(super) fn detail(
    core: &Mutex<Core>,
    look: impl FnOnce(u64) -> Result<Option<Fact>, String>,
    history: Option<&Path>,
    id: &str,
    asked: &DetailQuery,
) -> Result<Option<ConnectionDetail>, String> {
    let Some(wanted) = Wanted::of(id) else {
        return Ok(None);
    };
    let fact = look(wanted.cookie)?;
    let mut lister = {
        let core = lock(core);
        core.lister().with_alerts(core.alerts().membership())
    };
    let row = fact.map(|fact| (lister.row(&fact), fact));
    let row = row.filter(|(row, _)| !wanted.whole || row.connection.id == wanted.text);
    let now = Reading::now().map_err(|error| format!("the clocks cannot be read: {error}"))?;
    let (remembered, live) = {
        let core = lock(core);
        let live = row.map(|(row, fact)| {
            let known = core.known(&fact);
            let path = core.paths().iter().find(|path| path.id == fact.path_id);
            (row, fact, known, path.cloned())
        });
        (core.remembered().clone(), live)
    };
    let id = match &live {
        Some((row, ..)) => Some(row.connection.id.clone()),
        None if wanted.whole => Some(wanted.text.to_owned()),
        None => remembered.id_of(wanted.text),
    };
    let Some(id) = id else { return Ok(None) };
    let mut findings = remembered.findings(&id);
    let mut left_out = 0;
    if let Some(dir) = history.filter(|_| asked.history) {
        let most = ConnectionDetail::MOST_FINDINGS;
        let (earlier, more) = history::findings(dir, &id, most)?;
        left_out = more;
        add_earlier(&mut findings, earlier);
    }
    let (notes, timeline_left_out) = remembered.notes(wanted.cookie, now);
    let Some(mut told) = begun(live, findings, now) else {
        return Ok(None);
    };
    told.findings_left_out += left_out;
    told.timeline_left_out = timeline_left_out;
    told.timeline = monitor_sheet::events(&told, &notes);
    told.commands = next_commands::of(&told);
    Ok(Some(told))
}

/// Puts what the history has before what it has not yet.
fn add_earlier(findings: &mut Vec<Finding>, mut earlier: Vec<Finding>) {
    let is_told = |finding: &Finding| {
        earlier.iter().any(|known| {
            (known.time, known.kind, &known.summary)
                == (finding.time, finding.kind, &finding.summary)
        })
    };
    let late: Vec<Finding> = findings.drain(..).filter(|one| !is_told(one)).collect();
    earlier.extend(late);
    earlier.sort_by_key(|finding| finding.time.unix_ns());
    *findings = earlier;
}

/// All but the timeline and what to run next; `None` where nothing tells which connection it is.
fn begun(
    live: Option<(ConnectionRow, Fact, Known, Option<JudgedPath>)>,
    findings: Vec<Finding>,
    now: Reading,
) -> Option<ConnectionDetail> {
    let row = live.as_ref().map(|(row, ..)| row.clone());
    let mut told = ConnectionDetail::found(Timestamp::of(now.wall_unix_ns), row, findings)?;
    if let Some((_, fact, known, path)) = live {
        told.time = Timestamp::of(now.wall_of(fact.time_ns));
        told.numbers = jiffy_ns()
            .ok()
            .map(|jiffy_ns| numbers(&fact, u64::from(jiffy_ns)));
        told.followed = Some(followed(&known, now));
        told.siblings = Some(known.siblings);
        told.contrast = path.map(|path| contrast(&path, &known));
        if told.owner.pid.is_none()
            && let Some(last) = told.findings.last()
        {
            told.owner = last.owner.clone();
        }
    }
    Some(told)
}

fn followed(known: &Known, now: Reading) -> Followed {
    let at = |ns: u64| Timestamp::of(now.wall_of(ns));
    Followed {
        silent_since: known.silent_since_ns.map(at),
        gap: known.gap.as_ref().map(|gap| FollowedGap {
            ended: at(gap.ended_ns),
            length_seconds: rounded(gap.length_ns),
            ended_by: gap.ended_by.to_owned(),
            outcome: gap.outcome,
            open: gap.open,
        }),
        stalled_since: known.stalled_since_ns.map(at),
        cause: known.cause,
        waits_since: known.waits_since_ns.map(at),
    }
}

fn contrast(path: &JudgedPath, known: &Known) -> PathContrast {
    PathContrast {
        path: path.name.clone(),
        timeout_seconds: rounded(path.timeout_ns),
        stated: path.stated,
        longest_survived_gap_seconds: known.longest_survived_ns.map(rounded),
        shortest_failed_gap_seconds: known.shortest_failed_ns.map(rounded),
    }
}

/// What the kernel counts.
fn numbers(fact: &Fact, jiffy_ns: u64) -> SocketNumbers {
    let socket = &fact.socket;
    let since = |jiffies: u32| {
        let passed = socket.jiffies.wrapping_sub(jiffies);
        rounded(u64::from(passed).saturating_mul(jiffy_ns))
    };
    let ms = |us: u32| f64::from(us) / 1e3;
    SocketNumbers {
        rtt_ms: (socket.srtt_us > 0).then(|| ms(socket.srtt_us)),
        rtt_min_ms: (socket.rtt_min_us < u32::MAX).then(|| ms(socket.rtt_min_us)),
        rto_ms: rounded(u64::from(socket.rto_jiffies).saturating_mul(jiffy_ns)) * 1e3,
        mss: socket.mss_cache,
        rcv_mss: socket.rcv_mss,
        snd_wnd: socket.snd_wnd,
        rcv_wnd: socket.rcv_wnd,
        packets_out: socket.packets_out,
        sacked_out: socket.sacked_out,
        retrans_out: socket.retrans_out,
        total_retrans: socket.total_retrans,
        timeouts: socket.retransmits,
        probes_out: socket.probes_out,
        notsent_bytes: between(socket.snd_nxt, socket.write_seq),
        bytes_sent: socket.bytes_sent,
        bytes_retrans: socket.bytes_retrans,
        bytes_acked: socket.bytes_acked,
        bytes_received: socket.bytes_received,
        segs_out: socket.segs_out,
        segs_in: socket.segs_in,
        data_segs_out: socket.data_segs_out,
        data_segs_in: socket.data_segs_in,
        rcv_ooopack: socket.rcv_ooopack,
        lastsnd_seconds: since(socket.lsndtime),
        lastrcv_seconds: since(socket.lrcvtime),
        lastack_seconds: since(socket.rcv_tstamp),
        recovering_seconds: recovering_seconds(fact, since(socket.rcv_tstamp)),
        pacing_bytes_per_second: Some(socket.pacing_rate).filter(|rate| *rate < u64::MAX),
        user_timeout_ms: socket.user_timeout_ms,
        error: socket.sk_err,
        orphan: socket.orphan != 0,
    }
}

/// Since when something is sent again, in seconds. Where the route asks for stamps in us it is not known: as ms they would lie
/// before the last ACK, which ended the recovery before.
fn recovering_seconds(fact: &Fact, lastack_seconds: f64) -> Option<f64> {
    let Socket {
        retrans_stamp,
        retransmits,
        retrans_out,
        ..
    } = fact.socket;
    if retrans_stamp == 0 || retransmits == 0 && retrans_out == 0 {
        return None;
    }
    // The stamp has the low 32 bits.
    let now_ms = (fact.time_ns / 1_000_000) as u32;
    let seconds = f64::from(now_ms.wrapping_sub(retrans_stamp)) / 1e3;
    (seconds <= lastack_seconds + 1.0).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_cookie_and_perhaps_a_flow() {
        for (text, cookie, whole) in [
            ("124e07-9fa15591-ae9c2fbd", 0x12_4e07, true),
            ("124e07", 0x12_4e07, false),
        ] {
            let wanted = Wanted::of(text).unwrap();
            assert_eq!((wanted.cookie, wanted.whole), (cookie, whole));
        }
        for text in ["", "-", "x", "1g-1-2", "ffffffffffffffff0"] {
            assert!(Wanted::of(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_stamp_of_another_recovery_or_of_another_unit_says_nothing() {
        // SAFETY: a `Fact` is a `Record`: every bit pattern is valid.
        let mut fact: Fact = unsafe { std::mem::zeroed() };
        fact.time_ns = 10_000_000_000;
        assert_eq!(recovering_seconds(&fact, 5.0), None);
        fact.socket.retransmits = 2;
        fact.socket.retrans_stamp = 7_000;
        assert_eq!(recovering_seconds(&fact, 5.0), Some(3.0));
        assert_eq!(recovering_seconds(&fact, 1.0), None);
        fact.socket.retrans_stamp = 9_000_000;
        assert_eq!(recovering_seconds(&fact, 5.0), None);
    }
}
