//! A socket and the facts that its life gives rise to.

mod peer;

pub(super) use super::socket::{JIFFY_NS, MS, SECOND, azure, owner, socket};
use crate::{Input, Judge, JudgedPath, Limits, Observation, Verdict};
use monitor_common::{CLOSE_WAIT_NS, Fact, FactKind, NO_PATH, Segment, Socket, TcpState, flags};
use monitor_model::finding::{Clock, Finding};
use monitor_model::owner::Owner;
use peer::Peer;
use std::sync::Arc;

/// One connection and the judge that hears of it.
pub(super) struct Story {
    pub(super) judge: Judge,
    pub(super) socket: Socket,
    pub(super) flags: u32,
    pub(super) path_id: u32,
    /// Facts of the ring are lost from now on (sweeps are not).
    pub(super) ring_is_full: bool,
    /// Time that the host slept in the present silence.
    pub(super) slept_ns: u64,
    pub(super) now: u64,
    pub(super) verdicts: Vec<Verdict>,
    /// Who holds the connection, as the facts from now on say.
    pub(super) owner: Owner,
    /// What the peer's segments look like.
    pub(super) peer: Peer,
    /// When a segment last passed, and when payload last did.
    pub(super) wire: u64,
    pub(super) data: u64,
    /// When a local timer or a read last moved the kernel's packet clock.
    touched: u64,
    warn_ns: u64,
    clock: Clock,
    /// The kernel side follows it.
    pub(super) suspect: bool,
    /// Since the gap ended payload came, and something sent was acknowledged.
    pub(super) answered: bool,
    pub(super) acked: bool,
    /// The fact that was told last, sweeps aside.
    pub(super) last: Option<Fact>,
}

impl Story {
    pub(super) fn on(path: JudgedPath) -> Self {
        let now = 1_000 * SECOND;
        Self {
            socket: socket(),
            flags: flags::TASK_KNOWN,
            path_id: path.id,
            ring_is_full: false,
            slept_ns: 0,
            now,
            verdicts: Vec::new(),
            owner: owner(),
            peer: Peer::honest(),
            wire: now,
            data: now,
            touched: now,
            warn_ns: path.warn_ns,
            clock: path.clock,
            suspect: false,
            answered: false,
            acked: false,
            last: None,
            judge: Judge::new(vec![path], Limits::new(JIFFY_NS)),
        }
    }

    /// A peer for which no path is configured.
    pub(super) fn without_path() -> Self {
        let mut story = Self::on(azure());
        story.path_id = NO_PATH;
        story.warn_ns = 60 * SECOND;
        story
    }

    /// Time passes, and the daemon ticks once a second.
    pub(super) fn wait(&mut self, seconds: f64) -> &mut Self {
        let until = self.now + (seconds * 1e9) as u64;
        while self.now < until {
            let step = SECOND.min(until - self.now);
            self.now += step;
            self.judge
                .tick(self.now, wall(self.now), &mut self.verdicts);
        }
        self.socket.jiffies = jiffies(self.now);
        self
    }

    /// Time passes, and nobody tells the judge so.
    pub(super) fn unlooked(&mut self, seconds: f64) -> &mut Self {
        self.now += (seconds * 1e9) as u64;
        self.socket.jiffies = jiffies(self.now);
        self
    }

    /// The sweep shows the socket, and is over.
    pub(super) fn sweep(&mut self) -> &mut Self {
        let fact = self.fact(FactKind::Swept);
        self.deliver(fact);
        let unanswered = self.suspect && self.answered && !self.acked;
        if unanswered && self.now - self.data > 10 * SECOND {
            self.probation_over();
        }
        self.sweep_without()
    }

    /// A sweep that began at `started_ns` is over now.
    pub(super) fn sweep_is_over(&mut self, started_ns: u64) {
        let done = Input::SweepDone {
            started_ns,
            now_ns: self.now,
            wall_unix_ns: wall(self.now),
            complete: true,
        };
        self.judge.take(&done, &mut self.verdicts);
    }

    /// The sweep does not show the socket.
    pub(super) fn sweep_without(&mut self) -> &mut Self {
        self.sweep_is_over(self.now);
        self
    }

    /// The application sends.
    pub(super) fn sends(&mut self, bytes: u32) -> &mut Self {
        self.act(
            FactKind::GapEndedBySend,
            Some(FactKind::Sent),
            Segment::default(),
        );
        let socket = &mut self.socket;
        socket.write_seq = socket.write_seq.wrapping_add(bytes);
        socket.snd_nxt = socket.write_seq;
        socket.bytes_sent += u64::from(bytes);
        socket.segs_out += 1;
        socket.data_segs_out += 1;
        socket.packets_out += 1;
        socket.lsndtime = socket.jiffies;
        self.data = self.now;
        self.wire = self.now;
        self
    }

    /// The retransmission timer expires.
    pub(super) fn times_out(&mut self) -> &mut Self {
        let socket = &mut self.socket;
        let bytes = u64::from(socket.snd_nxt.wrapping_sub(socket.snd_una));
        socket.retransmits += 1;
        if socket.retransmits == 1 {
            socket.retrans_stamp = (self.now / MS) as u32;
        }
        socket.bytes_sent += bytes;
        socket.bytes_retrans += bytes;
        socket.segs_out += 1;
        socket.lsndtime = socket.jiffies;
        self.data = self.now;
        self.wire = self.now;
        // Of any connection the kernel side tells the second timeout and those that follow.
        if self.suspect || self.socket.retransmits >= 2 {
            let fact = self.fact(FactKind::Retransmitted);
            self.report(fact);
        }
        self.socket.rto_jiffies *= 2;
        self
    }

    /// Two timeouts at 0.4 and 0.8 s after the send, and half the way to the third: when the host is looked at.
    pub(super) fn times_out_twice(&mut self) -> &mut Self {
        self.wait(0.42).times_out().wait(0.42).times_out().wait(0.5)
    }

    /// The same client opens another connection: nothing was said on it.
    pub(super) fn connects(&mut self, cookie: u64) -> &mut Self {
        let now = self.socket.jiffies;
        (self.wire, self.data, self.suspect) = (self.now, self.now, false);
        self.socket = Socket {
            cookie,
            bytes_sent: 0,
            bytes_acked: 1,
            bytes_received: 0,
            data_segs_in: 0,
            data_segs_out: 0,
            jiffies: now,
            lsndtime: now,
            lrcvtime: now,
            rcv_tstamp: now,
            ..socket()
        };
        self
    }

    /// Three timeouts at 0.4, 0.8 and 1.7 s after the send.
    pub(super) fn times_out_thrice(&mut self) -> &mut Self {
        self.wait(0.42)
            .times_out()
            .wait(0.42)
            .times_out()
            .wait(0.84)
            .times_out()
    }

    /// The connection goes to `state`, with `error` pending.
    pub(super) fn becomes(&mut self, state: TcpState, error: u32) -> &mut Self {
        self.socket.sk_err = error;
        let mut fact = self.fact(FactKind::StateChanged);
        fact.old_state = self.socket.state;
        fact.new_state = state as u32;
        self.report(fact);
        self.socket.state = state as u32;
        self
    }

    /// This host's stack sends a reset.
    pub(super) fn resets(&mut self) -> &mut Self {
        let fact = self.fact(FactKind::ResetSent);
        self.report(fact);
        self
    }

    /// The kernel side lets an untroubled suspect go.
    pub(super) fn probation_over(&mut self) -> &mut Self {
        self.suspect = false;
        let fact = self.fact(FactKind::ProbationOver);
        self.report(fact);
        self
    }

    /// A keepalive probe leaves and stays unanswered.
    pub(super) fn probes_in_vain(&mut self) -> &mut Self {
        self.socket.probes_out += 1;
        self.socket.segs_out += 1;
        // It moves the packet clock, and no other.
        self.touched = self.now;
        self
    }

    /// A local timer or a read moves the kernel's packet clock; no segment passes.
    pub(super) fn touches_the_clock(&mut self) -> &mut Self {
        self.touched = self.now;
        self
    }

    /// The last fact comes once more.
    pub(super) fn again(&mut self) -> &mut Self {
        if let Some(fact) = self.last {
            self.deliver(fact);
        }
        self
    }

    /// The socket as a fact of this kind shows it now.
    pub(super) fn fact(&self, kind: FactKind) -> Fact {
        let socket = &self.socket;
        let stands = self.now - self.wire.max(self.touched) >= CLOSE_WAIT_NS;
        let closed =
            socket.state == TcpState::CloseWait as u32 && socket.snd_una == socket.write_seq;
        let close_wait = match kind {
            FactKind::Swept if closed && stands && self.suspect => flags::CLOSE_WAIT,
            FactKind::Swept if closed && stands => flags::CLOSE_WAIT | flags::SAMPLED,
            _ => 0,
        };
        Fact {
            kind: kind as u32,
            flags: self.flags | close_wait,
            time_ns: self.now,
            payload_idle_ns: self.now - self.data,
            packet_idle_ns: self.now - self.wire.max(self.touched),
            packet_idle_max_ns: self.now - self.wire,
            path_id: self.path_id,
            pid: 1234,
            comm: [0; 16],
            old_state: 0,
            new_state: 0,
            segment: Segment::default(),
            socket: self.socket,
        }
    }

    /// Brings a fact before the judge.
    pub(super) fn deliver(&mut self, fact: Fact) {
        let observation = Observation {
            fact: &fact,
            wall_unix_ns: wall(fact.time_ns),
            suspended_ns: self.slept_ns,
            owner: Arc::new(self.owner.clone()),
        };
        self.judge.observe(&observation, &mut self.verdicts);
    }

    pub(super) fn report(&mut self, fact: Fact) {
        self.last = Some(fact);
        if !self.ring_is_full {
            self.deliver(fact);
        }
    }

    /// A fact of kind `first` if the silence was long and the socket no suspect,
    /// else one of kind `then` if it is a suspect.
    fn act(&mut self, first: FactKind, then: Option<FactKind>, segment: Segment) {
        let counted = match self.clock {
            Clock::Packets => self.now - self.wire,
            Clock::Payload => self.now - self.data,
        };
        let long = !self.suspect && counted + self.slept_ns >= self.warn_ns;
        let kind = if long {
            Some(first)
        } else {
            then.filter(|_| self.suspect)
        };
        if long {
            self.suspect = true;
            (self.answered, self.acked) = (false, false);
        }
        if let Some(kind) = kind {
            let fact = Fact {
                segment,
                ..self.fact(kind)
            };
            self.report(fact);
        }
        self.wire = self.now;
    }

    fn acknowledge(&mut self) {
        self.keep_tsval();
        let socket = &mut self.socket;
        let bytes = socket.snd_nxt.wrapping_sub(socket.snd_una);
        socket.bytes_acked += u64::from(bytes);
        socket.snd_una = socket.snd_nxt;
        socket.snd_wl1 = socket.rcv_nxt;
        socket.packets_out = 0;
        socket.retransmits = 0;
        socket.rto_jiffies = 50;
        socket.probes_out = 0;
        socket.rcv_tstamp = socket.jiffies;
    }

    /// What was said, each as "name severity", or "ended".
    pub(super) fn said(&self) -> Vec<String> {
        Self::words(&self.verdicts)
    }

    /// Verdicts, each as "name severity", or "ended".
    pub(super) fn words(verdicts: &[Verdict]) -> Vec<String> {
        verdicts
            .iter()
            .map(|verdict| match verdict {
                Verdict::Finding(finding) => {
                    format!("{} {:?}", finding.kind.name(), finding.severity).to_lowercase()
                }
                Verdict::Rules(_) => "rules".into(),
                Verdict::SilenceEnded { .. } => "ended".into(),
                Verdict::StallEnded { .. } => "moves".into(),
                Verdict::PileEnded { .. } => "pile ended".into(),
                Verdict::Over { end, .. } => format!("over {end:?}"),
                Verdict::Unanswered { .. } => "unanswered".into(),
                Verdict::Answered { .. } => "answered".into(),
                Verdict::Reconnected { .. } => "reconnected".into(),
            })
            .collect()
    }

    pub(super) fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.verdicts.iter().filter_map(|verdict| match verdict {
            Verdict::Finding(finding) => Some(&**finding),
            _ => None,
        })
    }

    /// The finding of this name; the test fails without it.
    pub(super) fn finding(&self, name: &str) -> &Finding {
        self.findings()
            .find(|finding| finding.kind.name() == name)
            .unwrap_or_else(|| panic!("no {name} in {:?}", self.said()))
    }
}

/// The value of one fact of a finding's evidence.
pub(super) fn evidence(finding: &Finding, fact: &str) -> serde_json::Value {
    finding
        .evidence
        .iter()
        .find(|evidence| evidence.fact == fact)
        .map(|evidence| evidence.value.clone())
        .unwrap_or_else(|| panic!("no {fact} in {:?}", finding.evidence))
}

/// Wall-clock time: the host was started at 2026-01-31T12:00:00Z less 1,000 s.
pub(super) fn wall(ns: u64) -> i64 {
    1_769_860_800 * SECOND as i64 - 1_000 * SECOND as i64 + ns as i64
}

fn jiffies(ns: u64) -> u32 {
    socket()
        .jiffies
        .wrapping_add(((ns - 1_000 * SECOND) / JIFFY_NS) as u32)
}
