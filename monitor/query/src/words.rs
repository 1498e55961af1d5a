//! The words of a filter: one table, from which parsing, hints, flags and documentation follow.

use crate::list::List;

/// What a condition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// Verdict, state of TCP, conclusion, or how an alert fares.
    State,
    /// The remote address.
    Remote,
    /// The local address.
    Local,
    /// The port of either side.
    Port,
    /// The remote port.
    RemotePort,
    /// The local port.
    LocalPort,
    /// IPv4 or IPv6.
    Family,
    /// Which side opened it.
    Role,
    /// Process id.
    Pid,
    /// User id.
    Uid,
    /// Name of the process.
    Comm,
    /// systemd unit.
    Unit,
    /// Kubernetes pod or its controller.
    Pod,
    /// Container id.
    Container,
    /// Control group.
    Cgroup,
    /// Any name of the owner.
    Owner,
    /// Network namespace.
    Netns,
    /// Name of the path.
    Path,
    /// Silence on the path's clock.
    Idle,
    /// Silence of any segment.
    PacketIdle,
    /// Silence of application data.
    DataIdle,
    /// The path's timeout.
    Timeout,
    /// What is left until the timeout.
    Left,
    /// Keepalive.
    Keepalive,
    /// Bytes not acknowledged.
    Unacked,
    /// Bytes not read.
    Unread,
    /// Name of an alert or of what a finding concludes.
    Name,
    /// Whom it wakes.
    Severity,
    /// Id of the connection.
    Id,
}

/// One word, and what may stand behind it.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// What it is about.
    pub field: Field,
    /// As it is written.
    pub word: &'static str,
    /// Other words for the same; those of `ss` among them.
    pub also: &'static [&'static str],
    /// What a value looks like, for whoever got it wrong.
    pub want: &'static str,
    /// What it means, for documentation.
    pub about: &'static str,
    /// Which rows have it.
    pub of: &'static [List],
}

const ALL: &[List] = &[List::Connections, List::Findings, List::Alerts];
const CONNECTIONS: &[List] = &[List::Connections];
const BOTH: &[List] = &[List::Connections, List::Findings];
const TOLD: &[List] = &[List::Findings, List::Alerts];

const ADDRESS: &str = "an address, a prefix or either with a port, such as 10.0.0.0/8, [2001:db8::1]:443 or *:443; names \
    are not looked up";
const PORT: &str = "a port, a range or a service such as 443, 8000-8100 or https";
const TIME: &str = "a length of time such as >3m, <=90s or 4m30s, which is \"at least\" where no sign stands before it";
const SIZE: &str =
    "bytes such as >0 or >=64k, which is \"at least\" where no sign stands before it";
const NAME: &str =
    "a name, with * for any letters; in quotation marks where it has blanks or signs";

const fn word(
    field: Field,
    word: &'static str,
    also: &'static [&'static str],
    want: &'static str,
    of: &'static [List],
    about: &'static str,
) -> Word {
    Word {
        field,
        word,
        also,
        want,
        about,
        of,
    }
}

/// All of them.
pub const WORDS: &[Word] = &[
    word(
        Field::State,
        "state",
        &["verdict"],
        "at-risk, crossed, stalled or ok, a state of TCP such as established, a \
        group of ss's such as connected; of findings what they conclude, of alerts pending, firing or over",
        ALL,
        "verdict, state of TCP, what a finding concludes, or how an alert fares",
    ),
    word(
        Field::Remote,
        "remote",
        &["dst", "peer"],
        ADDRESS,
        BOTH,
        "address of the other side",
    ),
    word(
        Field::Local,
        "local",
        &["src"],
        ADDRESS,
        BOTH,
        "address of this side",
    ),
    word(Field::Port, "port", &[], PORT, BOTH, "port of either side"),
    word(
        Field::RemotePort,
        "remote-port",
        &["dport"],
        PORT,
        BOTH,
        "port of the other side",
    ),
    word(
        Field::LocalPort,
        "local-port",
        &["sport"],
        PORT,
        BOTH,
        "port of this side",
    ),
    word(
        Field::Family,
        "family",
        &[],
        "ipv4 or ipv6",
        BOTH,
        "family of the remote address; IPv4 written as IPv6 is IPv4",
    ),
    word(
        Field::Role,
        "role",
        &[],
        "client or server",
        BOTH,
        "which side of the connection this host is",
    ),
    word(
        Field::Pid,
        "pid",
        &[],
        "a process's number such as 1234",
        BOTH,
        "process that holds it",
    ),
    word(
        Field::Uid,
        "uid",
        &[],
        "a user's number such as 1000",
        BOTH,
        "user who made the socket",
    ),
    word(
        Field::Comm,
        "comm",
        &["process"],
        NAME,
        BOTH,
        "name of the process",
    ),
    word(
        Field::Unit,
        "unit",
        &[],
        NAME,
        ALL,
        "systemd unit, with or without \".service\"",
    ),
    word(
        Field::Pod,
        "pod",
        &[],
        NAME,
        BOTH,
        "pod, by its uid, or by its name or its controller's, with or without the namespace",
    ),
    word(
        Field::Container,
        "container",
        &[],
        "a container's name or id, or the id's first 12 letters or more",
        BOTH,
        "container, by its name or id",
    ),
    word(
        Field::Cgroup,
        "cgroup",
        &[],
        "a path such as /system.slice",
        BOTH,
        "control group: this one and those below it",
    ),
    word(
        Field::Owner,
        "owner",
        &[],
        NAME,
        ALL,
        "any name of the owner: process, unit, pod, container",
    ),
    word(
        Field::Netns,
        "netns",
        &[],
        "an inode as in /proc/PID/ns/net, a file such as /run/netns/blue, or a process in it",
        BOTH,
        "network namespace",
    ),
    word(
        Field::Path,
        "path",
        &[],
        NAME,
        ALL,
        "name of the path; none where none applies",
    ),
    word(
        Field::Idle,
        "idle",
        &["gap"],
        TIME,
        BOTH,
        "silence on the path's clock; without a path, of any segment",
    ),
    word(
        Field::PacketIdle,
        "packet-idle",
        &[],
        TIME,
        CONNECTIONS,
        "silence of any segment",
    ),
    word(
        Field::DataIdle,
        "data-idle",
        &["payload-idle"],
        TIME,
        CONNECTIONS,
        "silence of application data",
    ),
    word(
        Field::Timeout,
        "timeout",
        &[],
        TIME,
        BOTH,
        "the path's idle timeout",
    ),
    word(
        Field::Left,
        "left",
        &["countdown"],
        TIME,
        CONNECTIONS,
        "what is left until the timeout; nothing once it has passed",
    ),
    word(
        Field::Keepalive,
        "keepalive",
        &[],
        "off, on, or late for one that leaves after the timeout",
        CONNECTIONS,
        "keepalive as the socket has it",
    ),
    word(
        Field::Unacked,
        "unacked",
        &["send-q"],
        SIZE,
        CONNECTIONS,
        "bytes handed over and not acknowledged",
    ),
    word(
        Field::Unread,
        "unread",
        &["recv-q"],
        SIZE,
        CONNECTIONS,
        "bytes received and not read",
    ),
    word(
        Field::Name,
        "name",
        &["alert"],
        NAME,
        ALL,
        "name of the alert, of what a finding concludes, or of alerts that a connection is in",
    ),
    word(
        Field::Severity,
        "severity",
        &[],
        "none, ticket or page",
        TOLD,
        "whom it wakes",
    ),
    word(
        Field::Id,
        "id",
        &[],
        "an id as --json shows it, or its beginning and *",
        BOTH,
        "id of the connection, or its flow_id",
    ),
];

/// Words of `ss` for what is not known here, and what that is.
const ONLY_OF_SS: [(&str, &str); 3] = [
    ("dev", "the device of a socket"),
    ("fwmark", "the mark of a socket"),
    ("autobound", "how a port was chosen"),
];

/// What takes a state away in `ss`.
pub const EXCLUDE: &str = "exclude";

impl Word {
    /// That of `field`.
    pub fn of(field: Field) -> &'static Self {
        let found = WORDS.iter().find(|word| word.field == field);
        // Every field has its line: a test holds it.
        found.unwrap_or(&WORDS[0])
    }

    /// The one written so.
    pub fn find(text: &str) -> Option<&'static Self> {
        let is = |word: &&str| {
            word.replace('-', "")
                .eq_ignore_ascii_case(&text.replace(['-', '_'], ""))
        };
        WORDS
            .iter()
            .find(|word| is(&word.word) || word.also.iter().any(&is))
    }

    /// Whether rows of `list` have it.
    pub fn is_of(&self, list: List) -> bool {
        self.of.contains(&list)
    }
}

/// What `ss` means by this word, where it is not known here.
pub fn only_of_ss(text: &str) -> Option<&'static str> {
    let found = ONLY_OF_SS
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(text));
    found.map(|(_, why)| *why)
}

/// Of `words` the one that is nearest to `text`, if one is near.
pub fn nearest(text: &str, words: impl IntoIterator<Item = String>) -> Option<String> {
    /// As near as clap wants it.
    const NEAR: f64 = 0.7;
    /// No word is longer.
    const LONGEST: usize = 32;
    if text.len() > LONGEST {
        return None;
    }
    let text = text.to_ascii_lowercase();
    let near = words
        .into_iter()
        .map(|word| (strsim::jaro(&text, &word), word));
    let near = near.filter(|(near, _)| *near > NEAR);
    let best = near.max_by(|one, other| one.0.total_cmp(&other.0));
    best.map(|(_, word)| word)
}

/// Every word that may stand before a value.
pub fn all() -> impl Iterator<Item = String> {
    let words = WORDS
        .iter()
        .flat_map(|word| [word.word].into_iter().chain(word.also.iter().copied()));
    words
        .chain([EXCLUDE, "not", "and", "or"])
        .map(str::to_owned)
}
