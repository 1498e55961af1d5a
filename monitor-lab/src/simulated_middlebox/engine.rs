//! What a middlebox does with each packet, and when nothing comes.
//!
//! It knows no time and no device: both come with the call, and what is to be
//! sent goes into the caller's list.

use super::flow::{Flow, is_after};
use super::packet::{self, Segment, Timestamps};
use super::{Behaviour, Expiry, Forged, Orders};
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Connections remembered at most. Those beyond pass unwatched.
const FLOWS: usize = 65_536;

/// Packets held back at most. Those beyond pass in order.
const HELD: usize = 4096;

/// Packets to be sent.
pub type Sends = Vec<Vec<u8>>;

/// A middlebox's memory and rules.
#[derive(Debug)]
pub struct Engine {
    orders: Orders,
    flows: HashMap<(SocketAddr, SocketAddr), Flow>,
    held: VecDeque<(Instant, Vec<u8>)>,
    dice: RandomState,
    thrown: u64,
    unwatched: u64,
}

impl Engine {
    /// A middlebox that has seen nothing yet.
    pub fn new(orders: Orders) -> Self {
        Self {
            orders,
            flows: HashMap::new(),
            held: VecDeque::new(),
            dice: RandomState::new(),
            thrown: 0,
            unwatched: 0,
        }
    }

    /// Connections that passed unwatched because the memory was full.
    pub fn unwatched(&self) -> u64 {
        self.unwatched
    }

    /// When [`Self::tick`] has something to do at the latest; `None` if no packet is held back.
    pub fn releases_at(&self) -> Option<Instant> {
        self.held.front().map(|(at, _)| *at)
    }

    /// A packet has come by.
    pub fn packet(&mut self, packet: &[u8], now: Instant, sends: &mut Sends) {
        let segment = Segment::read(packet);
        let (Some(segment), Some(behaviour)) = (segment, self.orders.behaviour) else {
            return self.pass(packet.to_vec(), now, sends);
        };
        let key = (segment.from.min(segment.to), segment.from.max(segment.to));
        if segment.syn && !segment.acks {
            if self.flows.len() < FLOWS || self.flows.contains_key(&key) {
                self.flows.insert(key, Flow::opened_by(&segment, now));
            } else {
                self.unwatched += 1;
            }
        }
        let Some(flow) = self.flows.get_mut(&key) else {
            return self.pass(packet.to_vec(), now, sends);
        };
        expire(flow, &behaviour, now, sends);
        let passes = if flow.expired {
            meet(flow, behaviour.expiry, &segment, packet, now, sends)
        } else {
            flow.note(&segment, now);
            Some(packet.to_vec())
        };
        let Some(passes) = passes else {
            return;
        };
        let passes = shown(flow, &segment, passes);
        if segment.rst || flow.is_over() {
            self.flows.remove(&key);
        }
        self.pass(passes, now, sends);
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Instant, sends: &mut Sends) {
        while let Some((at, _)) = self.held.front()
            && *at <= now
            && let Some((_, packet)) = self.held.pop_front()
        {
            sends.push(packet);
        }
        let Some(behaviour) = self.orders.behaviour else {
            return;
        };
        for flow in self.flows.values_mut() {
            expire(flow, &behaviour, now, sends);
            if let Expiry::Forges {
                timestamps,
                fin_after: Some(seconds),
            } = behaviour.expiry
                && !flow.fin_sent
                && flow.met.is_some_and(|met| is_due(met, seconds, now))
            {
                let fin = Segment {
                    fin: true,
                    ..flow.for_client()
                };
                flow.fin_sent = true;
                send(&stamped(fin, timestamps), sends);
            }
        }
    }

    fn pass(&mut self, packet: Vec<u8>, now: Instant, sends: &mut Sends) {
        self.thrown = self.thrown.wrapping_add(1);
        let dice = self.dice.hash_one(self.thrown) % 100;
        let holds = self.orders.holds;
        match holds.filter(|holds| dice < u64::from(holds.percent)) {
            Some(holds) if self.held.len() < HELD => {
                self.held.push_back((now + holds.back, packet));
            }
            _ => sends.push(packet),
        }
    }
}

/// Lets `flow` expire if it has been silent for long enough.
fn expire(flow: &mut Flow, behaviour: &Behaviour, now: Instant, sends: &mut Sends) {
    if flow.expired || flow.silent(behaviour.clock, now) < behaviour.expires_after {
        return;
    }
    flow.expired = true;
    let (mut client, mut server) = (flow.for_client(), flow.for_server());
    match behaviour.expiry {
        Expiry::ResetsBoth => {
            for end in [&mut client, &mut server] {
                end.rst = true;
                end.timestamps = None;
                send(end, sends);
            }
        }
        Expiry::FinishesBoth => {
            // Clocks of living hosts have gone on: Linux counts milliseconds.
            let passed = flow.packet_silence(now).as_millis();
            let passed = u32::try_from(passed).unwrap_or(u32::MAX);
            for end in [&mut client, &mut server] {
                end.fin = true;
                if let Some(timestamps) = &mut end.timestamps {
                    timestamps.value = timestamps.value.wrapping_add(passed);
                }
                send(end, sends);
            }
        }
        Expiry::Drops
        | Expiry::Resets
        | Expiry::DropsFor(_)
        | Expiry::Forges { .. }
        | Expiry::HoldsClock => {}
    }
}

/// A segment of an expired connection comes by. Returns the packet if it passes.
fn meet(
    flow: &mut Flow,
    expiry: Expiry,
    segment: &Segment,
    packet: &[u8],
    now: Instant,
    sends: &mut Sends,
) -> Option<Vec<u8>> {
    match expiry {
        Expiry::Drops | Expiry::ResetsBoth => None,
        Expiry::Resets => {
            if !segment.rst {
                send(&reset_to(segment, flow), sends);
            }
            None
        }
        Expiry::DropsFor(seconds) => {
            let met = *flow.met.get_or_insert(now);
            if !is_due(met, seconds, now) {
                return None;
            }
            flow.expired = false;
            flow.met = None;
            flow.note(segment, now);
            Some(packet.to_vec())
        }
        Expiry::FinishesBoth => {
            if segment.rst {
                return None;
            }
            let mut answer = answer_to(segment, flow);
            if segment.payload > 0 {
                answer = reset_to(segment, flow);
            } else if !wants_ack(segment, flow) {
                flow.note(segment, now);
                return None;
            }
            flow.note(segment, now);
            answer.ack = sender_next(segment, flow);
            send(&answer, sends);
            None
        }
        Expiry::Forges { timestamps, .. } => {
            if segment.from != flow.client || segment.rst {
                return None;
            }
            let wanted = wants_ack(segment, flow);
            flow.note(segment, now);
            if wanted {
                if segment.payload > 0 {
                    flow.met.get_or_insert(now);
                }
                send(&stamped(answer_to(segment, flow), timestamps), sends);
            }
            None
        }
        Expiry::HoldsClock => {
            if segment.from == flow.server
                && let (Some(seen), Some(shown)) = (segment.timestamps, flow.downward.clock)
            {
                flow.behind = seen.value.wrapping_sub(shown);
                flow.expired = false;
            }
            flow.note(segment, now);
            Some(packet.to_vec())
        }
    }
}

/// Whether a TCP answers such a segment: it carries something, or it is a
/// keepalive probe, which lies before what comes next.
fn wants_ack(segment: &Segment, flow: &Flow) -> bool {
    segment.payload > 0 || segment.fin || is_after(sender_next(segment, flow), segment.seq)
}

fn sender_next(segment: &Segment, flow: &Flow) -> u32 {
    if segment.from == flow.client {
        flow.upward.next
    } else {
        flow.downward.next
    }
}

/// A pure ACK to the sender of `segment`, in its peer's name.
fn answer_to(segment: &Segment, flow: &Flow) -> Segment {
    let answer = if segment.from == flow.client {
        flow.for_client()
    } else {
        flow.for_server()
    };
    Segment {
        // What the sender itself says that it expects next.
        seq: segment.ack,
        timestamps: answer
            .timestamps
            .zip(segment.timestamps)
            .map(|(own, sender)| Timestamps {
                value: own.value,
                echo: sender.value,
            }),
        ..answer
    }
}

/// A RST to the sender of `segment`, likewise.
fn reset_to(segment: &Segment, flow: &Flow) -> Segment {
    Segment {
        rst: true,
        acks: false,
        timestamps: None,
        ..answer_to(segment, flow)
    }
}

fn stamped(segment: Segment, forged: Forged) -> Segment {
    match forged {
        Forged::Missing => Segment {
            timestamps: None,
            ..segment
        },
        Forged::Frozen => segment,
    }
}

/// The packet as the other end is to see it while the server's clock is shown behind.
fn shown(flow: &mut Flow, segment: &Segment, packet: Vec<u8>) -> Vec<u8> {
    let Some(seen) = segment.timestamps.filter(|_| flow.behind != 0) else {
        return packet;
    };
    let changed = if segment.from == flow.server {
        let value = seen.value.wrapping_sub(flow.behind);
        flow.downward.clock = Some(value);
        Timestamps { value, ..seen }
    } else {
        // The client echoes what it was shown; the server is to know its own clock again.
        let echo = seen.echo.wrapping_add(flow.behind);
        Timestamps { echo, ..seen }
    };
    packet::with_timestamps(&packet, changed).unwrap_or(packet)
}

fn is_due(since: Instant, seconds: u32, now: Instant) -> bool {
    now.saturating_duration_since(since) >= Duration::from_secs(seconds.into())
}

fn send(segment: &Segment, sends: &mut Sends) {
    sends.extend(segment.write());
}
