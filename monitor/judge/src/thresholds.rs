//! Every number that the judge decides by, with the reason for its value.

/// Nanoseconds in a second.
pub(crate) const SECOND: u64 = 1_000_000_000;

/// Retransmission timeouts without an ACK until a connection counts as
/// blackholed. One or two happen on a lossy path; a third in a row, each after
/// twice the wait, does not.
pub(crate) const TIMEOUTS: u8 = 3;

/// Unanswered keepalive or window probes until a connection counts as
/// blackholed: the same count, for the same reason.
pub(crate) const PROBES: u8 = 3;

/// The time that [`TIMEOUTS`] doubling timeouts take, in units of the first: a
/// tail-loss probe goes before them, so they come at 2.1, 4.2 and 8.4 (seen on
/// Linux 6.18). What this host itself cannot let out is tried again without a
/// timeout being counted, so time counts too.
pub(crate) const TIMEOUTS_IN_RTO: u64 = 9;

/// Within so long after a timeout the two after it come, in units of the RTO that it had: the kernel doubles that each time
/// that it has sent (`tcp_retransmit_timer`), and half as much again is for a busy host. Two, for of any one fact the kernel
/// may not have run the hook, or the ring had no room: that nothing is told proves nothing once.
pub(crate) const NEXT_TIMEOUTS_IN_RTO: u64 = 9;

/// Three timeouts count only after so long without an answer: where
/// `tcp_rto_min_us` is small they pass within the blink of a rerouted link.
pub(crate) const LEAST_WAIT_NS: u64 = SECOND;

/// A gap whose bounds lie further apart than this shows both.
pub(crate) const DOUBT_NS: u64 = SECOND / 10;

/// The least initial retransmission timeout of Linux (`TCP_RTO_MIN`): 200 ms.
pub(crate) const LEAST_RTO_NS: u64 = SECOND / 5;

/// After everything was acknowledged, how long payload may take until the
/// outcome is "acknowledged": well above the think time of a healthy service,
/// and below the patience of a caller.
pub(crate) const ANSWER_GRACE_NS: u64 = 3 * SECOND;

/// A FIN counts as the timeout's doing within this share of the timeout...
pub(crate) const CLOSED_WITHIN_PERCENT: u64 = 5;

/// ...or within this, whichever is wider: boxes sweep their tables every
/// second or two.
pub(crate) const CLOSED_WITHIN_NS: u64 = 2 * SECOND;

/// How long a polite FIN is held to see whether this host writes and meets
/// RST. A client that still has a request to make makes it within a minute;
/// one that has none closes.
pub(crate) const CLOSED_GRACE_NS: u64 = 60 * SECOND;

/// How long after a close without an error, or after a reset of our own, the
/// rest of the story may come: a local abort tells its reset after its close,
/// a keepalive death before it. Both within one call in the kernel.
pub(crate) const SETTLE_GRACE_NS: u64 = SECOND;

/// How long an ended connection is remembered, so that facts still under way
/// (a sweep read beside the ring) do not start its story again.
pub(crate) const LINGER_NS: u64 = 10 * SECOND;

/// How long a connection is remembered after its last fact once all is said.
pub(crate) const SETTLED_EXPIRY_NS: u64 = 60 * SECOND;

/// How long a connection is remembered after its last fact while something is
/// open: past the 924.6 s that a sender retries by default
/// ([`RETRIES_HANG_SECONDS`]), whose end is always told.
pub(crate) const OPEN_EXPIRY_NS: u64 = 1_200 * SECOND;

/// How far two clocks may disagree on one moment: two jiffies at HZ=100, the
/// coarsest in use.
pub(crate) const CLOCK_SLACK_NS: u64 = SECOND / 50;

/// The default hang of a sender over a dead path, in seconds: 15 retries
/// (`net.ipv4.tcp_retries2`) at 200 ms doubling up to 120 s give 924.6 s
/// (kernel documentation, ip-sysctl).
pub(crate) const RETRIES_HANG_SECONDS: f64 = 924.6;

/// Connections tracked at once: far more than are ever suspects together.
pub(crate) const MAX_CONNECTIONS: usize = 65_536;

/// Of every this many places in the table one is kept for connections whose
/// silence ended: ten thousands of idle ones must not blind the judge to the
/// outcome of another.
pub(crate) const RESERVED_SHARE: usize = 4;

/// Remote prefixes whose longest survived and shortest failed gap are kept.
pub(crate) const MAX_CONTRASTS: usize = 4_096;

/// How long nothing may move until an explained stall is told, in ns: as long
/// as three timeouts take at the least RTO (0.2 + 0.4 + 0.8 s), so that a
/// reader that pauses for a moment does not count, and a stall is told no later
/// than a black hole would be.
pub(crate) const STALL_NS: u64 = SECOND * 3 / 2;

/// How long a reader may rest until that is told, in ns: the default time between two sweeps, and longer than curl
/// pauses to keep to a rate (`MIN_RATE_LIMIT_PERIOD` of its lib/progress.c is 3 s). One that went on after longer
/// pauses has [`HABIT_MULTIPLE`] times the longest.
pub(crate) const PAUSE_NS: u64 = 5 * SECOND;

/// How long such pauses are remembered after the last look at one, in ns: twelve default intervals.
pub(crate) const PAUSES_EXPIRY_NS: u64 = 60 * SECOND;

/// How long neither end may read, where no path states a timeout, until that is a ticket, in ns: far
/// beyond a pause that both make by chance.
pub(crate) const DEADLOCK_NS: u64 = 300 * SECOND;

/// How long nothing may move until a stall is told as unexplained, in ns: half
/// a minute is far above what any of the other causes takes to show, and this
/// one raises a ticket.
pub(crate) const UNEXPLAINED_NS: u64 = 30 * SECOND;

/// Timeouts of one segment, while those behind it arrive, until that is told: the way works, so each may be chance.
/// With 15 % lost each way a quarter of all attempts fails, and seven in a row, the first included, once in
/// 8,000 times.
pub(crate) const SACKED_TIMEOUTS: u8 = 6;

/// How long one segment may fail to pass, while those behind it arrive, until that
/// wakes somebody, in ns: within a minute most senders resegment, or the route
/// changes back.
pub(crate) const SACKED_PAGE_NS: u64 = 60 * SECOND;

/// Segments up to this size pass wherever TCP does, in bytes: the default of RFC 9293,
/// section 3.7.1, that of IPv6's smallest MTU (1,280 less 60 of headers).
pub(crate) const SURELY_PASSES: u32 = 1_220;

/// Segments that came again and brought nothing new until the peer counts as one that
/// hears no ACK of ours: the same count as [`TIMEOUTS`], for the same reason.
pub(crate) const RESENT: u32 = 3;

/// So far apart they may have come by the first look that counts them, in ns, since the payload before them: a peer
/// whose ACKs are lost resends after 1, 3 and 7 s at the initial retransmission timeout, and sooner at others. Keepalive
/// that brings an old byte each time (that of Windows does) comes every 10 s at the soonest where somebody asked for it.
pub(crate) const RESENT_APART_NS: u64 = 5 * SECOND;

/// How long a silence that the peer's payload ended waits for a look that shows whether our ACKs arrive,
/// in ns: the default time between two sweeps.
pub(crate) const PUSH_GRACE_NS: u64 = 5 * SECOND;

/// How long an answer to whether an address is on an interface holds, in ns: connections in trouble are looked at every
/// second or so, and many have one address.
pub(crate) const OWN_ADDRESS_NS: u64 = 2 * SECOND;

/// Addresses of which that is known at once: those of a thousand network namespaces.
pub(crate) const MAX_OWN_ADDRESSES: usize = 1_024;

/// A goodbye has so many bytes at most, and leaves within
/// [`monitor_common::GOODBYE_WITHIN_NS`] of the close: TLS close_notify has 31, PostgreSQL's Terminate
/// 5, that through TLS 27; ssh's disconnect stays below 100.
pub(crate) const GOODBYE_BYTES: u32 = 128;

/// Connections of one owner in CLOSE_WAIT from which on they are worth a word while they become more, and those that are
/// told of one by one: a pool whose server restarted has as many for a moment.
pub(crate) const CLOSE_WAIT_PILE: u64 = 8;

/// Connections of one owner in CLOSE_WAIT that are a ticket by default: a tenth of the file descriptors that a process
/// has by default (1,024), and above what pools of usual size have when their server restarts.
pub(crate) const CLOSE_WAIT_TICKET: u64 = 100;

/// Owners whose connections in CLOSE_WAIT are counted at once: more than a host has services.
pub(crate) const MAX_PILES: usize = 1_024;

/// Connections in CLOSE_WAIT of which it is known that they were told: four times what a sweep shows of them.
pub(crate) const MAX_FINS: usize = 16_384;

/// Sweeps that may fail to show one of these until it is taken for gone: its keepalive moves the clock that it is shown by.
pub(crate) const FIN_SWEEPS: u64 = 12;

/// A segment's worth of payload on Ethernet, in bytes (1,500 less 40 of
/// headers): a window that has room for it is not what holds data back.
pub(crate) const FULL_SEGMENT: u32 = 1_460;

/// Share of the sent bytes that are retransmissions, in percent, from which on
/// the network's loss explains why a connection hardly moves. Each lost segment
/// is sent again, so 30 % loss shows as 30 and more, 5 % with some spurious
/// retransmissions as 5 to 10; TCP (CUBIC, Reno) crawls at 15.
pub(crate) const LOSS_PERCENT: u64 = 15;

/// Below this share, in percent, a connection that lost much does so no more.
pub(crate) const LOSS_OVER_PERCENT: u64 = 7;

/// Retransmitted segments until the share says anything: with 20 seen, 5 % loss
/// reads as 15 % only five standard deviations off (20 of 133, where 6.7 +- 2.5
/// are due).
pub(crate) const LOSS_SEGMENTS: u32 = 20;

/// Looks of the sweep over which loss must be seen: the first is the base, and
/// one burst between two is an accident.
pub(crate) const LOSS_SNAPSHOTS: u32 = 3;

/// Over how long loss is measured at most, in ns: what was lost a minute ago
/// does not slow a connection now, and 30 % loss leaves a segment or more a
/// second.
pub(crate) const LOSS_SPAN_NS: u64 = 30 * SECOND;

/// Over how long a connection that lost much is looked at anew, in ns.
pub(crate) const LOSS_AGAIN_NS: u64 = 10 * SECOND;

/// How long a lossy connection is remembered without a snapshot, in ns: a sweep
/// shows it only while a retransmission is under way, about every other time at
/// 30 %; three default intervals.
pub(crate) const LOSS_FORGET_NS: u64 = 15 * SECOND;

/// Share of retransmitted segments, in percent, and least number of them, from
/// which on a connection counts as lossy: three timeouts in a row happen there.
pub(crate) const LOSSY_PERCENT: u64 = 10;
/// See [`LOSSY_PERCENT`].
pub(crate) const LOSSY_SEGMENTS: u32 = 3;

/// Timeouts without an ACK until a lossy connection counts as blackholed. With
/// 30 % lost each way half of all attempts fail, eight in a row once in 200 times.
pub(crate) const LOSSY_TIMEOUTS: u8 = 8;

/// Connections watched for a stall at once: far more than stall together, short
/// of a dead uplink, where the alerts group them anyway. Seven eighths of a power
/// of two are what a hash table of that size takes.
pub(crate) const MAX_STALLS: usize = 7_168;

/// How long a stall is remembered without a snapshot of the sweep, in ns: sweeps of
/// a million sockets are a minute apart, and some are cut.
pub(crate) const STALL_EXPIRY_NS: u64 = 300 * SECOND;

/// Connections whose habit is known at once: what samples of 256 a sweep come
/// past in nearly five minutes at the default interval, in 2 MiB.
pub(crate) const MAX_HABITS: usize = 14_336;

/// How long a habit is remembered without a snapshot, in ns: three turns of the
/// samples.
pub(crate) const HABIT_EXPIRY_NS: u64 = 900 * SECOND;

/// Workloads (path, remote, owner) whose habit is known at once.
pub(crate) const MAX_WORKLOADS: usize = 3_584;

/// How long a workload's habit is remembered after its last exchange, in ns: a
/// day, so that a nightly job is not new every night.
pub(crate) const WORKLOAD_EXPIRY_NS: u64 = 86_400 * SECOND;

/// How often forgotten habits are looked for, in ns: a walk over all of them.
pub(crate) const HABIT_WALK_NS: u64 = 60 * SECOND;

/// Answers seen until a connection counts as one that asks: the first may be a
/// greeting.
pub(crate) const REQUESTER_ANSWERS: u32 = 2;

/// Answers that the kernel's counters must leave room for where no look has seen any, and nothing is known of the
/// service: each takes a segment of both sides, and of what opens a connection (TLS, HTTP/2, a log-in) up to four are
/// none. As many as for a workload ([`WORKLOAD_ANSWERS`]).
pub(crate) const COUNTED_ANSWERS: u32 = 8;

/// How long a well-known service's client waits at the least until that is too long, where no habit was seen, in ns:
/// what follows changes there also speaks unasked, every 10 s by default (PostgreSQL's `wal_receiver_status_interval`,
/// MongoDB's `heartbeatFrequencyMS`), and half as long again.
pub(crate) const HEARTBEATS_NS: u64 = 15 * SECOND;

/// How long this host rests after it spoke until what it says next is another word, in ns, and not more of the same: an
/// upload pauses for less.
pub(crate) const ANOTHER_WORD_NS: u64 = SECOND;

/// What arrives within this before the peer's FIN, in ns, may belong to it: both leave in one go.
pub(crate) const FAREWELL_WITHIN_NS: u64 = SECOND / 10;

/// So many bytes with its FIN are the peer's goodbye, and no answer: TLS close_notify has 31 at most (RFC 8446, section
/// 5.2: a header of 5, the alert's 2, a type, a tag of 16; 7 to 29 more for ciphers of TLS 1.2).
pub(crate) const FAREWELL_BYTES: u64 = 64;

/// Answers of so few bytes whose connection may yet turn out to be closed with them, remembered at once.
pub(crate) const MAX_UNSURE: usize = 1_024;

/// Answers seen until their times are a habit.
pub(crate) const HABIT_ANSWERS: u32 = 3;

/// Answers, and connections that had them, until a workload's habit speaks for
/// its other connections: one chatty connection is no workload.
pub(crate) const WORKLOAD_ANSWERS: u32 = 8;
/// See [`WORKLOAD_ANSWERS`].
pub(crate) const WORKLOAD_CONNECTIONS: u32 = 3;

/// A wait is out of the ordinary beyond this many times the longest one seen:
/// answer times spread over one order of magnitude in healthy services.
pub(crate) const HABIT_MULTIPLE: u64 = 10;

/// What is sent within this after payload came, in ns, follows from it and asks
/// nothing: a window update, a consumer's ack. The longest delay of an ACK in
/// Linux (`TCP_DELACK_MAX`), and far above what such code takes.
pub(crate) const FOLLOW_UP_NS: u64 = SECOND / 5;

/// Two snapshots closer than this, in ns, are of one sweep and agree of course: the
/// shortest interval between sweeps is a second.
pub(crate) const TWO_SNAPSHOTS_NS: u64 = SECOND / 2;
/// Connections remembered as siblings of others: a sweep shows 256 to 512 as
/// samples, and each is remembered for [`SIBLING_EXPIRY_NS`], twelve sweeps.
pub(crate) const MAX_SIBLINGS: usize = 4_096;

/// How long an answer of this host's own tables of connections holds for one in trouble, in ns: a table changes with what is
/// sent, and the next timeout comes later.
pub(crate) const LOCAL_TABLE_AGAIN_NS: u64 = 2 * SECOND;

/// How long it is told at all, in ns: the longest time between two retransmissions (`TCP_RTO_MAX`). No entry that is gone
/// comes back by itself.
pub(crate) const LOCAL_TABLE_NS: u64 = 120 * SECOND;

/// How long it is remembered that there was an entry, in ns: silences that outlive it last for hours.
pub(crate) const LOCAL_TABLE_STOOD_NS: u64 = 24 * 3600 * SECOND;

/// Connections of which that is known at once, at most.
pub(crate) const MAX_LOCAL_TABLES: usize = 4_096;

/// How long a sibling is remembered after the last fact of it. Only what moved
/// lately is a contrast.
pub(crate) const SIBLING_EXPIRY_NS: u64 = 60 * SECOND;

/// Timeouts, or unanswered probes, from which on a sibling counts as failing: one
/// is commonplace. It is no verdict, so it need not wait for [`TIMEOUTS`].
pub(crate) const FAILING: u8 = 2;

/// The time that [`FAILING`] timeouts take, in units of the first, rounded up: see
/// [`TIMEOUTS_IN_RTO`].
pub(crate) const FAILING_IN_RTO: u64 = 5;

/// A sibling counts as moving if it was heard so long after the unanswered send,
/// when the first answer to that was overdue ([`LEAST_RTO_NS`]): what arrived
/// before it may have left before the path died.
pub(crate) const OVERDUE_NS: u64 = LEAST_RTO_NS;

/// A reset is told at once, before anybody can show life after it: a sibling that did so
/// lately before it, in ns, counts as moving. Two sweeps.
pub(crate) const LATELY_NS: u64 = 10 * SECOND;

/// How long a survived silence speaks for others, in ns: boxes are reconfigured, and
/// routes change.
pub(crate) const SURVIVED_EXPIRY_NS: u64 = 3_600 * SECOND;

/// Connections of one prefix, and of one side, whose longest survived silence is kept:
/// two others clear a silence, and its own may be among them.
pub(crate) const MAX_SURVIVED: usize = 4;

/// Others that must have survived a longer silence to clear one: one may have taken
/// another way.
pub(crate) const SURVIVED_ELSEWHERE: usize = 2;

/// Connections that ended badly within [`ENDED_EXPIRY_NS`], and those of which trouble was
/// told, remembered at once: as many as siblings.
pub(crate) const MAX_ENDED: usize = 4_096;

/// How long it is waited for the owner of a connection that ended badly to move again, in
/// ns: no alert needs to know longer.
pub(crate) const ENDED_EXPIRY_NS: u64 = 120 * SECOND;

/// Connections to other peers that must fail without a silence before, with none
/// on the path moving, until the network counts as down: one may have an ailing
/// peer of its own.
pub(crate) const FRESH_ELSEWHERE: u64 = 2;

/// Clients of one port that must fail together until that is no coincidence: two may share a train, or a socket strip.
pub(crate) const CLIENTS: u64 = 3;

/// One part in this many of a port's clients is a share: a quarter of those of a minute do not walk away within it.
pub(crate) const CLIENTS_SHARE: u64 = 4;

/// Sweeps for which a sibling is remembered, at the default interval: see [`SIBLING_EXPIRY_NS`].
pub(crate) const SIBLING_SWEEPS: u64 = 12;

/// Of so many connections that are fine, each shown once on the average, one is seen at least in 95 of 100 cases
/// (e^-3 is 0.05): where none of a place is, those that fail there are most of it.
pub(crate) const SURELY_SAMPLED: u64 = 3;

/// A timestamp clock may seem to have moved so much less, because the last segment
/// waited less on its way than this one: more than queues hold back.
pub(crate) const TRANSIT_SPREAD_NS: u64 = SECOND;

/// Beyond this silence a timestamp clock says nothing: at a tick a ms it has passed
/// half of its circle (RFC 7323, section 5.5).
pub(crate) const MOST_TSVAL_NS: u64 = 24 * 86_400 * SECOND;

/// The shortest tick of a timestamp clock that is taken for a peer's own, in ns: 1 ms
/// (RFC 7323, section 5.4). What a box makes up is hardly ever within reach of it.
pub(crate) const TSVAL_TICK_NS: u64 = SECOND / 1_000;

/// A window counts as another's from this factor on. Receive buffers double in a
/// round trip at most, and in an idle connection's window one doubling may be
/// unannounced; twice that is not the peer that was.
pub(crate) const WINDOW_FACTOR: u32 = 4;

/// A round trip counts as another's below one part in this many of the smallest
/// seen: a better route saves some of the way, hardly half of it.
pub(crate) const ROUND_TRIP_FACTOR: u32 = 2;

/// Smallest round trips below this, in us, tell nothing: what the peer's scheduler
/// adds is as large.
pub(crate) const LEAST_ROUND_TRIP_US: u32 = 1_000;

/// Sends without an answer until they count as undelivered where answers used to
/// come: a second attempt shows that the first was missed by the application too.
pub(crate) const UNANSWERED_SENDS: u32 = 2;

/// The first and the last of these sends lie so far apart: the same patience as
/// [`ANSWER_GRACE_NS`].
pub(crate) const UNANSWERED_FOR_NS: u64 = ANSWER_GRACE_NS;

/// Silences from which a timeout is learned, in ns: no box forgets an established connection within a second...
pub(crate) const LEARN_LEAST_NS: u64 = SECOND;

/// ...nor keeps one for longer than 30 days; Linux itself keeps one for 5.
pub(crate) const LEARN_MOST_NS: u64 = 30 * 24 * 3600 * SECOND;

/// Survived silences are counted by their length, each bin so much wider than the one before: a timeout is wanted within
/// 5 %, and the longest of each bin is kept as it is. From [`LEARN_LEAST_NS`] to [`LEARN_MOST_NS`] that makes 303 bins.
pub(crate) const LEARN_FINE: f64 = 1.05;

/// Deaths of one path, prefix and side that are kept: many times what an upper bound takes.
pub(crate) const LEARN_DEATHS: usize = 64;

/// Connections whose own longest silence is kept there.
pub(crate) const LEARN_OWN: usize = 64;

/// Paths with a prefix of which something is learned, at most.
pub(crate) const MAX_LEARNED: usize = 256;

/// Of so many paths and prefixes the bounds are brought up to date at each tick: each takes a fraction of a ms.
pub(crate) const LEARN_A_TICK: usize = 16;

/// Deaths within so long, in ns, may have one cause (a full table, a box that starts anew) and count as one occasion.
pub(crate) const LEARN_OCCASION_NS: u64 = 60 * SECOND;

/// The share of silences below the timeout that are fatal, where none was seen: a table that evicts one in ten is on its
/// knees.
pub(crate) const LEARN_UNFIT: f64 = 0.1;

/// How likely deaths that are no timeout's may be taken for one.
pub(crate) const LEARN_ERROR: f64 = 0.01;

/// The same for a timeout that seems to have become another: evidence of weeks is thrown away for it.
pub(crate) const LEARN_DRIFT: f64 = 0.0001;

/// Occasions that it takes at least.
pub(crate) const LEARN_LEAST_DRIFT: u64 = 3;

/// Deaths that bear a bound out for each silence that was survived beyond it: a probe of the peer's that was lost on its
/// last hop keeps an entry alive, and nobody here knows of it.
pub(crate) const LEARN_OUTLIVED: u64 = 20;

/// How often, in turn, a silence was survived and one that is longer was fatal, until it is told that a stated timeout is wrong. If
/// what is fatal had nothing to do with the length, each turn would be one of four at the most; if it were the likelier the
/// longer a silence is, at a steady rate, 0.29 ([`LEARN_NEAR`]). Twenty-four times that is below 10^-12.
pub(crate) const LEARN_TURNS: u32 = 24;

/// The survived silence of a turn is this share of the fatal one, at least.
pub(crate) const LEARN_NEAR: f64 = 0.8;

/// The turns must have taken so long, in ns: a table that is full evicts what was silent for longest, which looks like a timeout,
/// and another one as soon as its load is another.
pub(crate) const LEARN_TURNS_NS: u64 = 12 * 3600 * SECOND;

/// One turn counts for so much of that time, in ns, at most: whoever sets the wall clock moves it by no more.
pub(crate) const LEARN_TURN_MOST_NS: u64 = 3600 * SECOND;

/// Where no path states a timeout, a silence is at risk from this share of the one that is fatal on: `warn_at` as it is by
/// default.
pub(crate) const LEARN_WARN_AT: f64 = 0.75;

/// Silences that are kept so that the same is not told again, at most: each for a quarter of what is fatal.
pub(crate) const MAX_LEARNED_RISKS: usize = 4_096;

/// That a stated timeout is wrong is told again, where connections go on to die of it, after so long, in ns.
pub(crate) const LEARN_TELL_AGAIN_NS: u64 = 3600 * SECOND;
