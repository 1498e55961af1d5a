//! What a probe found of a path's idle timeout.

use crate::finding::Clock;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What `tcplull probe` found: how long connections to a target may be silent, and what becomes of them after that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProbeReport {
    /// The target, as it was given.
    pub target: String,
    /// Address and port that were asked: all connections had the same.
    pub address: String,
    /// As what it was asked.
    pub asked_as: AskedAs,
    /// The longest silence that was tried, in seconds.
    #[schemars(range(min = 0.0))]
    pub up_to_seconds: f64,
    /// What it comes to.
    pub result: ProbeResult,
    /// Silences after which this host speaks first.
    pub inside: ProbedSide,
    /// Silences after which the other side speaks first; `None` where that one cannot be told to.
    pub outside: Option<ProbedSide>,
    /// Whether keepalive probes kept a connection that carried no data; `None` where that was not found out.
    pub keepalive: Option<KeepaliveFound>,
    /// The clock of the path that follows from that; `None` likewise.
    pub clock: Option<Clock>,
    /// Which hop holds the state that is forgotten; `None` where that was not asked for, or could not be tried.
    pub located: Option<Located>,
    /// What became of a connection to a port that the other side keeps closed for that; `None` where that one cannot be told to.
    #[serde(default)]
    pub closed_port: Option<ClosedPort>,
    /// Each connection that was silent, in the order in which they were over.
    pub gaps: Vec<ProbedGap>,
    /// Connections that were opened, those beside the silent ones included.
    pub connections: u64,
    /// Bytes of payload that were sent.
    pub sent_bytes: u64,
    /// How long it took, in seconds.
    #[schemars(range(min = 0.0))]
    pub took_seconds: f64,
    /// A `[[path]]` for the configuration; `None` where no timeout was found.
    pub path_block: Option<String>,
    /// What to do, one sentence each.
    pub advice: Vec<String>,
    /// One line for people.
    pub summary: String,
}

/// As what a target was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AskedAs {
    /// `tcplull probe --listen`, which tells what it saw itself.
    Tcplull,
    /// HTTP with keep-alive.
    Http,
    /// HTTP with keep-alive, over TLS.
    Https,
    /// Redis.
    Redis,
    /// PostgreSQL, logged in.
    Postgresql,
    /// MQTT, as a client of no name.
    Mqtt,
    /// Anything that accepts connections: by keepalive probes, which its kernel answers.
    Keepalive,
}

/// What a probe comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProbeResult {
    /// Every silence was survived, up to the longest.
    Survives,
    /// Silences were not survived, and new connections beside them were answered.
    Forgets,
    /// The path or the host died: new connections were not answered either.
    Dead,
    /// What was seen does not say.
    Unknown,
}

/// What was found of silences that one side ends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProbedSide {
    /// The longest silence that was survived, in seconds, or one that was not and is shorter by 5 % at most: a server's clock
    /// may be uneven. `None` for none. The timeout is at least that.
    #[schemars(range(min = 0.0))]
    pub at_least_seconds: Option<f64>,
    /// The second shortest longer one that was not, or the only one, in seconds; `None` for none. The timeout is at most that,
    /// even if one of them had another reason to end.
    #[schemars(range(min = 0.0))]
    pub at_most_seconds: Option<f64>,
    /// Silences that were survived.
    pub survived: u64,
    /// Silences that were not, and are longer than the longest that was, or nearly as long.
    pub expired: u64,
    /// Silences that were not, although a longer one was: no timeout explains them. A table that ran over may.
    pub do_not_fit: u64,
    /// What the end looked like, of most of those that were not survived; `None` where all were.
    pub expiry: Option<Expiry>,
    /// Whether the other side itself told what it rests on; what was seen from here alone may be mistaken for a forged ACK
    /// or its lack.
    pub seen_from_both_ends: bool,
}

/// What becomes of a connection that has expired.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Expiry {
    /// Nobody is told; what is sent vanishes.
    Drop,
    /// A RST comes during the silence.
    ResetAtOnce,
    /// A RST answers the next packet.
    ResetOnNextPacket,
    /// A FIN comes during the silence.
    FinAtOnce,
    /// A FIN answers the next packet.
    FinOnNextPacket,
    /// The next packet is acknowledged, and does not arrive.
    ForgedAck,
    /// ICMP says that there is no way.
    Unreachable,
    /// The next packet arrives, and its answer does not.
    AnswerLost,
}

/// Whether keepalive probes count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeepaliveFound {
    /// They kept a connection beyond the timeout.
    Counts,
    /// It expired all the same.
    InVain,
}

/// What becomes of a connection to a port that nobody has at the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClosedPort {
    /// A RST answers.
    Refused,
    /// It is opened: something in between answers in the place of the host.
    Accepted,
    /// Nothing answers.
    Unanswered,
    /// ICMP says that there is no way.
    Unreachable,
}

/// Which hop holds the state of connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Located {
    /// The least number of hops for which keepalive probes had to live to keep a connection: this hop holds the state. One more
    /// than there are routers is the target itself; `None` where the probes contradict each other.
    pub hop: Option<u8>,
    /// The routers on the way, from here.
    pub routers: Vec<ProbedRouter>,
}

/// A router on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProbedRouter {
    /// So many hops from here.
    pub hop: u8,
    /// Its address, where it says that a packet has lived too long; `None` where it says nothing.
    pub address: Option<String>,
    /// Whether probes that live until there keep a connection; `None` where that says nothing.
    pub keeps: Option<bool>,
}

/// One connection that was silent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProbedGap {
    /// How long it was to be silent, in seconds.
    #[schemars(range(min = 0.0))]
    pub wanted_seconds: f64,
    /// How long it was, in seconds: shorter where it ended by itself.
    #[schemars(range(min = 0.0))]
    pub lasted_seconds: f64,
    /// Who spoke first after it.
    pub first_word: SpokeFirst,
    /// Keepalive probes were sent each so many seconds; `None` for none.
    #[schemars(range(min = 0.0))]
    pub keepalive_seconds: Option<f64>,
    /// Those lived for so many hops; `None` where they were to arrive, or there were none.
    #[serde(default)]
    pub keepalive_hops: Option<u8>,
    /// What became of it.
    pub became: GapBecame,
    /// What its end looked like; `None` where it did not expire.
    pub expiry: Option<Expiry>,
    /// Why it says nothing, where that is so.
    pub why: Option<String>,
}

/// Who speaks first after a silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpokeFirst {
    /// This host, which opened the connection.
    Inside,
    /// The other side.
    Outside,
}

/// What became of a connection that was silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GapBecame {
    /// It was answered.
    Survived,
    /// It was not, and a new connection beside it was.
    Expired,
    /// It was not, and a new connection was not either.
    Dead,
    /// It says nothing of the path.
    Unusable,
}
