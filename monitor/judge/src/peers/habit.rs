//! What connections are used to: whether what they send is answered, and how
//! soon. Learned from the snapshots of the sweep, samples included, and from the ends of long waits.

use crate::connection;
use crate::fact_view::FactView;
use crate::peers::last_sender::{LastSender, last_sender};
use crate::peers::longest::Longest;
use crate::resent::{Received, hears_no_ack, held_back, soon_after};
use crate::serial::jiffies_since;
use crate::thresholds::{
    ANOTHER_WORD_NS, FAREWELL_BYTES, FAREWELL_WITHIN_NS, HABIT_ANSWERS, HABIT_EXPIRY_NS,
    HABIT_MULTIPLE, HABIT_WALK_NS, MAX_UNSURE, REQUESTER_ANSWERS, RESERVED_SHARE, WORKLOAD_ANSWERS,
    WORKLOAD_CONNECTIONS, WORKLOAD_EXPIRY_NS,
};
use monitor_common::{FactKind, Socket, TcpState, flags};
use monitor_model::owner::Owner;
use std::collections::HashMap;
use std::net::SocketAddr;

/// Whose habit it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HabitOf {
    /// This connection's own.
    Connection,
    /// That of other connections of the same path, remote and owner.
    Workload,
    /// Nobody looked: the kernel's counters of what went both ways have room for it.
    Counters,
    /// Too few answers were seen to speak of one.
    None,
}

impl HabitOf {
    /// As evidence shows it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Workload => "workload",
            Self::Counters => "counters",
            Self::None => "none",
        }
    }
}

/// How a connection that asks is used to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Usual {
    pub(crate) of: HabitOf,
    /// Answers seen; of [`HabitOf::Counters`], and where none was seen, how many there can have been.
    pub(crate) answered: u32,
    /// Mean time to an answer, in ns; 0 where none was seen.
    pub(crate) mean_ns: u64,
    /// Longest time to an answer, its workload's included, in ns.
    pub(crate) longest_ns: u64,
}

/// Exchanges seen, and how they went.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    answered: u32,
    unanswered: u32,
    total_ns: u64,
    longest_ns: u64,
}

impl Tally {
    fn note(&mut self, news: &News) {
        match news {
            News::Answered(ns) => {
                self.answered = self.answered.saturating_add(1);
                self.total_ns = self.total_ns.saturating_add(*ns);
                self.longest_ns = self.longest_ns.max(*ns);
            }
            News::Unanswered => self.unanswered = self.unanswered.saturating_add(1),
        }
    }

    fn mean_ns(&self) -> u64 {
        self.total_ns / u64::from(self.answered.max(1))
    }
}

/// One connection, as it was last looked at.
#[derive(Clone, Copy, Debug)]
struct Habit {
    seen_ns: u64,
    remote: SocketAddr,
    write_seq: u32,
    received: Received,
    /// Segments that came since payload last did, and were no news.
    resent: u32,
    /// There were so many of them so soon that they are the peer's data, sent again.
    hears_no_ack: bool,
    last_sender: LastSender,
    /// Everything that this host sent was acknowledged.
    acknowledged: bool,
    /// How long this host had waited, in ns, where it spoke last.
    waited_ns: u64,
    /// What was sent when an answer was last counted.
    counted: Option<u32>,
    /// This host spoke twice, with a rest between, and the peer has said nothing since.
    spoke_twice: bool,
    /// Counted among its workload's connections.
    in_workload: bool,
    /// This host opened the connection.
    client: bool,
    tally: Tally,
}

/// Connections that do the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Workload {
    path: String,
    remote: SocketAddr,
    owner: String,
}

#[derive(Clone, Copy, Debug, Default)]
struct Work {
    seen_ns: u64,
    connections: u32,
    tally: Tally,
}

/// What one snapshot adds to a habit.
enum News {
    /// What was sent was answered within so many ns.
    Answered(u64),
    /// This host spoke twice, and no payload came in between.
    Unanswered,
}

/// A long wait that ended with a few bytes: an answer, unless the peer's FIN comes with them.
#[derive(Debug)]
struct Unsure {
    cookie: u64,
    at_ns: u64,
    ended: Ended,
}

/// A long wait that ended.
#[derive(Clone, Debug)]
struct Ended {
    remote: SocketAddr,
    work: Option<Workload>,
    write_seq: u32,
    took_ns: u64,
}

/// The habits of connections and workloads. All tables are bounded; what does
/// not fit is counted.
#[derive(Debug)]
pub(crate) struct Habits {
    connections: HashMap<u64, Habit>,
    workloads: HashMap<Workload, Work>,
    longest: Longest,
    unsure: Vec<Unsure>,
    max_connections: usize,
    max_workloads: usize,
    walked_ns: u64,
    /// Looks and exchanges that were not noted because a table was full.
    pub(crate) dropped: u64,
}

impl Habits {
    pub(crate) fn new(max_connections: usize, max_workloads: usize) -> Self {
        Self {
            connections: HashMap::new(),
            workloads: HashMap::new(),
            longest: Longest::of(max_connections),
            unsure: Vec::new(),
            max_connections,
            max_workloads,
            walked_ns: 0,
            dropped: 0,
        }
    }

    /// Connections and workloads whose habit is known now.
    pub(crate) fn len(&self) -> usize {
        self.connections.len() + self.workloads.len() + self.longest.len()
    }

    /// Takes up a snapshot of the sweep, and the end of a long wait; any other fact is left alone.
    pub(crate) fn on_fact(&mut self, view: &FactView<'_>) {
        match view.kind {
            FactKind::GapEndedByReceive => self.on_ended(view),
            FactKind::StateChanged if view.new_state() == Some(TcpState::CloseWait) => {
                self.unsure
                    .retain(|word| word.cookie != view.fact.socket.cookie);
            }
            _ => {}
        }
        // Elsewhere a FIN counts among the bytes, and nothing is asked any more.
        if view.kind != FactKind::Swept || view.state() != Some(TcpState::Established) {
            return;
        }
        let cookie = view.fact.socket.cookie;
        let fresh = Habit::begin(view);
        let known = self.connections.get(&cookie).copied();
        let (next, news) = match known {
            Some(last) if last.seen_ns > view.at.ns => return,
            Some(last) if last.remote == fresh.remote => last.advance(fresh, view),
            Some(_) => fresh.first(view),
            None if self.connections.len() >= self.places(view) => {
                self.dropped += 1;
                return;
            }
            None => fresh.first(view),
        };
        let mut next = next;
        if let Some(news) = news {
            next.tally.note(&news);
            self.note_workload(&mut next, &news, view);
        }
        // What is known is not inserted again: a full table would make room for one more, and become twice as large.
        match self.connections.get_mut(&cookie) {
            Some(known) => *known = next,
            None => {
                self.connections.insert(cookie, next);
            }
        }
    }

    /// Places for the connection that `view` shows: some are kept for those that are no mere samples.
    fn places(&self, view: &FactView<'_>) -> usize {
        let all = self.max_connections;
        if view.fact.has(flags::SAMPLED) {
            all - all / RESERVED_SHARE
        } else {
            all
        }
    }

    /// A silence past its threshold ended: with the peer's payload it was a wait for that, where this host had spoken
    /// last. It counts whatever follows, and whether or not anybody looked.
    fn on_ended(&mut self, view: &FactView<'_>) {
        let socket = &view.fact.socket;
        let asked = last_sender(socket) == LastSender::Us || self.spoke_last(view);
        let client = connection::is_client(socket);
        if !client || !asked || !view.brings_payload() {
            return;
        }
        let remote = connection::remote(socket);
        let ended = Ended {
            remote,
            work: view
                .path
                .map(|path| workload(&path.name, remote, view.owner)),
            write_seq: socket.write_seq,
            took_ns: view.fact.payload_idle_ns.saturating_add(view.suspended_ns),
        };
        if u64::from(view.fact.segment.payload_len) > FAREWELL_BYTES {
            self.learn(socket.cookie, ended, view.at.ns);
        } else if self.unsure.len() < MAX_UNSURE {
            self.unsure.push(Unsure {
                cookie: socket.cookie,
                at_ns: view.at.ns,
                ended,
            });
        } else {
            self.dropped += 1;
        }
    }

    /// An answer came after a long wait.
    fn learn(&mut self, cookie: u64, ended: Ended, at_ns: u64) {
        let news = News::Answered(ended.took_ns);
        if let Some(habit) = self
            .connections
            .get_mut(&cookie)
            .filter(|habit| habit.remote == ended.remote)
        {
            habit.tally.note(&news);
            habit.counted = Some(ended.write_seq);
            if habit.write_seq == ended.write_seq {
                habit.last_sender = LastSender::Peer;
            }
        }
        self.dropped += self.longest.note(cookie, ended.remote, ended.took_ns);
        if let Some(key) = ended.work {
            self.teach(key, &news, at_ns, false);
        }
    }

    fn note_workload(&mut self, habit: &mut Habit, news: &News, view: &FactView<'_>) {
        let Some(path) = view.path else { return };
        if !habit.client {
            return;
        }
        let key = workload(&path.name, habit.remote, view.owner);
        let first = !habit.in_workload;
        habit.in_workload |= self.teach(key, news, view.at.ns, first);
    }

    /// One of a workload's connections, its `first` time or not, has news. Returns whether there was room for it.
    fn teach(&mut self, key: Workload, news: &News, at_ns: u64, first: bool) -> bool {
        if !self.workloads.contains_key(&key) && self.workloads.len() >= self.max_workloads {
            self.dropped += 1;
            return false;
        }
        let work = self.workloads.entry(key).or_default();
        work.seen_ns = work.seen_ns.max(at_ns);
        work.connections = work.connections.saturating_add(u32::from(first));
        work.tally.note(news);
        true
    }

    /// The longest answer to this connection, or to its workload, in ns, as far as it is known.
    pub(crate) fn longest_ns(&self, view: &FactView<'_>) -> u64 {
        let socket = &view.fact.socket;
        let remote = connection::remote(socket);
        let habit = self.connections.get(&socket.cookie);
        let seen_ns = habit
            .filter(|habit| habit.remote == remote)
            .map_or(0, |habit| habit.tally.longest_ns);
        let of_kind_ns = self.work(view).map_or(0, |work| work.tally.longest_ns);
        seen_ns
            .max(of_kind_ns)
            .max(self.longest.ns(socket.cookie, remote))
    }

    /// What is known of others of its kind.
    fn work(&self, view: &FactView<'_>) -> Option<&Work> {
        let path = view.path?;
        let remote = connection::remote(&view.fact.socket);
        self.workloads
            .get(&workload(&path.name, remote, view.owner))
    }

    /// Whether looks have shown that this host spoke again after a rest, and that the peer has said nothing since.
    pub(crate) fn spoke_twice(&self, cookie: u64) -> bool {
        self.connections
            .get(&cookie)
            .is_some_and(|habit| habit.spoke_twice)
    }

    /// Whether looks have ever shown that this host spoke twice, and no payload came in between.
    pub(crate) fn spoke_in_vain(&self, cookie: u64) -> bool {
        self.connections
            .get(&cookie)
            .is_some_and(|habit| habit.tally.unanswered > 0)
    }

    /// Whether an earlier look has shown that this host spoke last, and nobody has said anything since.
    pub(crate) fn spoke_last(&self, view: &FactView<'_>) -> bool {
        let socket = &view.fact.socket;
        let fin = u64::from(view.new_state() == Some(TcpState::CloseWait));
        self.connections.get(&socket.cookie).is_some_and(|habit| {
            habit.last_sender == LastSender::Us
                && habit.write_seq == socket.write_seq
                && habit.received.bytes == socket.bytes_received.saturating_sub(fin)
        })
    }

    /// How long an answer to this connection may take before it is out of the
    /// ordinary, in ns; `None` where its sends did not use to be answered.
    pub(crate) fn patience_ns(&self, cookie: u64) -> Option<u64> {
        self.connections
            .get(&cookie)
            .filter(|habit| habit.asks())
            .map(|habit| habit.tally.longest_ns.saturating_mul(HABIT_MULTIPLE))
    }

    /// Segments of the peer's that came since payload last did, and brought nothing new, as far as looks
    /// at the connection show; 0 where our window is what holds the peer back, and where they came too far apart.
    pub(crate) fn resent(&self, view: &FactView<'_>) -> u32 {
        let socket = &view.fact.socket;
        self.connections
            .get(&socket.cookie)
            .filter(|habit| !held_back(view) && habit.received.bytes == socket.bytes_received)
            .filter(|habit| habit.hears_no_ack || soon_after(view, habit.resent))
            .map_or(0, |habit| habit.resent)
    }

    /// How the connection that `view` shows is used to be answered; `None` for
    /// one that does not ask, or of which that is not known.
    pub(crate) fn usual(&self, view: &FactView<'_>) -> Option<Usual> {
        let cookie = view.fact.socket.cookie;
        let habit = self.connections.get(&cookie)?;
        let own = &habit.tally;
        if !habit.client || own.unanswered > 0 {
            return None;
        }
        let work = self.work(view);
        let common = work.filter(|work| work.asks()).map(|work| work.tally);
        let (of, tally) = if own.answered >= HABIT_ANSWERS {
            (HabitOf::Connection, *own)
        } else if let Some(common) = common {
            (HabitOf::Workload, common)
        } else if habit.asks() {
            (HabitOf::None, *own)
        } else {
            return None;
        };
        Some(Usual {
            of,
            answered: tally.answered,
            mean_ns: tally.mean_ns(),
            longest_ns: self.longest_ns(view),
        })
    }

    /// Forgets what was not seen for long.
    pub(crate) fn tick(&mut self, now_ns: u64) {
        // No FIN came with it.
        let sure = |word: &mut Unsure| now_ns.saturating_sub(word.at_ns) > FAREWELL_WITHIN_NS * 2;
        for word in self.unsure.extract_if(.., sure).collect::<Vec<_>>() {
            self.learn(word.cookie, word.ended, word.at_ns);
        }
        // A time from the future must not put off the next walk for ever.
        self.walked_ns = self.walked_ns.min(now_ns);
        if now_ns - self.walked_ns < HABIT_WALK_NS {
            return;
        }
        self.walked_ns = now_ns;
        self.longest.forget(now_ns);
        self.connections.retain(|_, habit| {
            habit.seen_ns = habit.seen_ns.min(now_ns);
            now_ns - habit.seen_ns < HABIT_EXPIRY_NS
        });
        self.workloads.retain(|_, work| {
            work.seen_ns = work.seen_ns.min(now_ns);
            now_ns - work.seen_ns < WORKLOAD_EXPIRY_NS
        });
    }
}

impl Work {
    fn asks(&self) -> bool {
        self.tally.unanswered == 0
            && self.tally.answered >= WORKLOAD_ANSWERS
            && self.connections >= WORKLOAD_CONNECTIONS
    }
}

impl Habit {
    fn begin(view: &FactView<'_>) -> Self {
        let socket = &view.fact.socket;
        Self {
            seen_ns: view.at.ns,
            remote: connection::remote(socket),
            write_seq: socket.write_seq,
            received: Received::of(socket),
            resent: 0,
            hears_no_ack: false,
            last_sender: last_sender(socket),
            acknowledged: socket.snd_una == socket.write_seq,
            waited_ns: view.ns(jiffies_since(socket.jiffies, socket.lsndtime)),
            counted: None,
            spoke_twice: false,
            in_workload: false,
            client: connection::is_client(socket),
            tally: Tally::default(),
        }
    }

    /// The first look at a connection.
    fn first(self, view: &FactView<'_>) -> (Self, Option<News>) {
        let spoke = view.fact.socket.bytes_sent > 0;
        if self.last_sender != LastSender::Peer || !spoke {
            return (self, None);
        }
        let counted = Some(self.write_seq);
        (Self { counted, ..self }, Some(answer(view)))
    }

    /// The next snapshot, `now`, and what it adds to this one.
    fn advance(self, now: Self, view: &FactView<'_>) -> (Self, Option<News>) {
        let sent = now.write_seq != self.write_seq;
        let again = self.received.resent(&now.received);
        let heard = again.is_none();
        let resent = again.map_or(0, |again| self.resent.saturating_add(again));
        let many = hears_no_ack(view, resent);
        let rested = self.acknowledged && self.waited_ns >= ANOTHER_WORD_NS;
        let again = sent && self.last_sender == LastSender::Us && rested;
        let still = !sent && !heard && now.last_sender == LastSender::Unknown;
        let mut next = Self {
            resent,
            spoke_twice: !heard && (self.spoke_twice || again),
            last_sender: if still {
                self.last_sender
            } else {
                now.last_sender
            },
            hears_no_ack: !heard && (self.hears_no_ack || many),
            counted: self.counted,
            in_workload: self.in_workload,
            client: self.client,
            tally: self.tally,
            ..now
        };
        let spoke = view.fact.socket.bytes_sent > 0;
        let news = if sent && !heard && self.last_sender == LastSender::Us {
            Some(News::Unanswered)
        } else if now.last_sender == LastSender::Peer
            && spoke
            && self.counted != Some(now.write_seq)
        {
            next.counted = Some(now.write_seq);
            Some(answer(view))
        } else if sent && heard && self.last_sender == LastSender::Us && self.acknowledged {
            // It was seen waiting, was answered, and has spoken again since.
            next.counted = Some(self.write_seq);
            Some(News::Answered(self.waited_ns.max(view.jiffy_ns)))
        } else {
            None
        };
        (next, news)
    }

    /// Whether its sends used to be answered: this host opened it, more than one
    /// answer was seen, and no send without one.
    fn asks(&self) -> bool {
        self.client && self.tally.unanswered == 0 && self.tally.answered >= REQUESTER_ANSWERS
    }
}

/// The peer spoke last: its answer took from the last send to there. Within
/// one jiffy it counts as one.
fn answer(view: &FactView<'_>) -> News {
    let socket: &Socket = &view.fact.socket;
    let took = jiffies_since(socket.lrcvtime, socket.lsndtime);
    News::Answered(view.ns(took.max(1)))
}

fn workload(path: &str, remote: SocketAddr, owner: &Owner) -> Workload {
    Workload {
        path: path.into(),
        remote,
        owner: owner
            .unit
            .clone()
            .or_else(|| owner.comm.clone())
            .unwrap_or_default(),
    }
}
