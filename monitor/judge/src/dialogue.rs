//! Who speaks unasked on a connection: what its path states, or what is known of the service at the peer's port.

use serde::{Deserialize, Serialize};

/// What somebody states about all connections of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialogue {
    /// The client asks, and each of its requests is answered: while it waits, an answer is due.
    ClientAsks,
    /// Either side speaks when it likes: that nothing comes is no fault.
    EitherSpeaks,
}

/// What is known of one connection's dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// Its path states that the client asks.
    Stated,
    /// It goes to the port of this service, whose clients ask.
    Service(&'static str),
    /// Nothing: its habit decides.
    Nothing,
    /// Either side may be silent for as long as it likes.
    Open,
}

impl Known {
    /// Of a client's connection to this port, held by a process of this name, on whose path somebody may have `stated` it.
    pub(crate) fn of(stated: Option<Dialogue>, port: u16, program: &str) -> Self {
        match stated {
            Some(Dialogue::ClientAsks) => return Self::Stated,
            Some(Dialogue::EitherSpeaks) => return Self::Open,
            None => {}
        }
        if OPEN.contains(&port) {
            return Self::Open;
        }
        let Some(service) = SERVICES
            .iter()
            .find(|service| service.ports.contains(&port))
        else {
            return Self::Nothing;
        };
        if service.followers.contains(&program) {
            Self::Open
        } else {
            Self::Service(service.name)
        }
    }

    /// As evidence shows it, where it says that the client asks.
    pub(crate) const fn word(self) -> Option<&'static str> {
        match self {
            Self::Stated => Some("stated"),
            Self::Service(name) => Some(name),
            Self::Nothing | Self::Open => None,
        }
    }
}

/// A service whose clients ask, and are answered.
struct Service {
    name: &'static str,
    /// IANA's registry of service names, and what the service's own manual has beside it.
    ports: &'static [u16],
    /// Programs that follow what such a server does, and are told unasked: replicas of its kind, and tools. Names as the
    /// kernel keeps them, 15 bytes at most.
    followers: &'static [&'static str],
}

/// LISTEN, change streams, syncrepl and Cassandra's events are answered too when they begin: from then on the peer has
/// spoken last.
const SERVICES: [Service; 8] = [
    Service {
        name: "postgresql",
        ports: &[5432],
        followers: &["postgres", "pg_recvlogical", "pg_receivewal"],
    },
    Service {
        name: "mysql",
        ports: &[3306, 33060],
        followers: &["mysqld", "mariadbd", "mysqlbinlog", "mariadb-binlog"],
    },
    Service {
        name: "sqlserver",
        ports: &[1433],
        followers: &["sqlservr"],
    },
    Service {
        name: "oracle",
        ports: &[1521, 2484],
        followers: &["oracle"],
    },
    Service {
        name: "mongodb",
        ports: &[27017, 27018, 27019],
        followers: &["mongod", "mongos"],
    },
    Service {
        name: "cassandra",
        ports: &[9042, 9142],
        followers: &[],
    },
    Service {
        name: "memcached",
        ports: &[11211],
        followers: &[],
    },
    Service {
        name: "ldap",
        ports: &[389, 636, 3268, 3269],
        followers: &["slapd", "ns-slapd"],
    },
];

/// Ports of services whose clients wait by design, after answers that look like those to any request: a blocking pop
/// (Redis 6379, 26379; beanstalkd 11300), a message with no acknowledgment after one with (MQTT 1883, 8883), a consumer
/// that acknowledges one message and waits for the next (AMQP 5671, 5672; STOMP 61613, 61614; OpenWire 61616), a
/// subscription that nothing confirms (NATS 4222; Kafka 9092, 9093; XMPP 5222, 5223; IRC 6667, 6697), and people (ssh 22,
/// telnet 23).
const OPEN: [u16; 20] = [
    22, 23, 1883, 4222, 5222, 5223, 5671, 5672, 6379, 6380, 6667, 6697, 8883, 9092, 9093, 11300,
    26379, 61613, 61614, 61616,
];
