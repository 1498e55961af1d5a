//! Controls: clients that wait by design, each at the port of its service and as its protocol has it. Some were told that
//! they listen, and the peer spoke last; some speak last, and are never to be answered; some are answered late, each time.
//! Keepalive holds the path awake.

use super::prelude::*;

/// How long each waits in the end, in seconds: beyond the timeout, and beyond what a known service's client waits for.
const WAITS: f64 = 17.0;

/// Seconds between what is said: longer than a sweep's interval.
const RESTS: f64 = 1.3;

/// How often each does what it usually does.
const TIMES: usize = 4;

/// Seconds that a long poll takes: past the timeout.
const HELD: f64 = 5.5;

const CONTROL: Scenario = Scenario {
    case: Some(36),
    ..BASE
};

pub(super) const LISTEN: Scenario = Scenario {
    name: "postgresql-listen",
    about: "PostgreSQL: LISTEN is answered, notifications come, and then none for long",
    tell: listens,
    ..CONTROL
};

pub(super) const REPLICA: Scenario = Scenario {
    name: "postgresql-replica",
    about: "PostgreSQL: logical replication, whose client reports where it is and is not answered",
    tell: reports,
    ..CONTROL
};

pub(super) const BINLOG: Scenario = Scenario {
    name: "mysql-binlog-dump",
    about: "MySQL: a binlog dump, events come, and then none for long",
    service: Service::at(3306),
    tell: listens,
    ..CONTROL
};

pub(super) const CHANGE_STREAM: Scenario = Scenario {
    name: "mongodb-change-stream",
    about: "MongoDB: a change stream's getMore waits for 5.5 s, each time, and asks again at once",
    service: Service::at(27017),
    tell: polls,
    ..CONTROL
};

pub(super) const SYNCREPL: Scenario = Scenario {
    name: "ldap-syncrepl",
    about: "LDAP: refreshAndPersist, entries come, and then none for long",
    service: Service::at(389),
    tell: listens,
    ..CONTROL
};

pub(super) const EVENTS: Scenario = Scenario {
    name: "cassandra-events",
    about: "Cassandra: REGISTER is answered, events come, and then none for long",
    service: Service::at(9042),
    tell: listens,
    ..CONTROL
};

pub(super) const BLPOP: Scenario = Scenario {
    name: "redis-blpop",
    about: "Redis: commands are answered at once, and then BLPOP waits",
    service: Service::at(6379),
    tell: habit_and_no_answer,
    ..CONTROL
};

pub(super) const QOS: Scenario = Scenario {
    name: "mqtt-qos",
    about: "MQTT: each PUBLISH of QoS 1 has its PUBACK, and then one of QoS 0 has none",
    service: Service::at(1883),
    tell: habit_and_no_answer,
    ..CONTROL
};

pub(super) const PREFETCH: Scenario = Scenario {
    name: "amqp-prefetch",
    about: "AMQP: a consumer with a prefetch of 1 acknowledges each message after work, and then none comes",
    service: Service::at(5672),
    tell: consumes,
    ..CONTROL
};

pub(super) const LONG_POLL: Scenario = Scenario {
    name: "http-long-poll",
    about: "HTTP: a long poll is answered after 5.5 s, each time, and asks again at once",
    service: Service::at(80),
    tell: polls,
    ..CONTROL
};

pub(super) const SSE: Scenario = Scenario {
    name: "http-event-stream",
    about: "HTTP: a stream of server-sent events, and then none for long",
    service: Service::at(80),
    tell: listens,
    ..CONTROL
};

pub(super) const WEB_SOCKET: Scenario = Scenario {
    name: "web-socket",
    about: "a web socket: either side speaks when it likes, the client last",
    service: Service::at(80),
    tell: either_speaks,
    ..CONTROL
};

fn listens(story: &mut Story<'_>) -> Result<(), LabError> {
    logs_in(story)?;
    story.exchange("listen", "you do")?;
    for _ in 0..TIMES {
        story.silence(RESTS)?;
        story.delivers(Server, "event")?;
    }
    waits(story)
}

fn reports(story: &mut Story<'_>) -> Result<(), LabError> {
    logs_in(story)?;
    story.exchange("start replication", "copy both")?;
    story.delivers(Client, "status")?;
    for _ in 0..TIMES {
        story.silence(RESTS)?;
        story.delivers(Server, "wal")?;
        story.delivers(Client, "status")?;
    }
    story.silence(RESTS * 2.0)?;
    story.is_swept()?;
    story.delivers(Client, "status")?;
    waits(story)
}

fn polls(story: &mut Story<'_>) -> Result<(), LabError> {
    story.client_keeps_alive(KEEPS_ALIVE, KEEPS_ALIVE)?;
    story.exchange("hello", "HELLO")?;
    story.server_answers_after(HELD)?;
    for request in ["a", "b", "c"] {
        story.asks(request)?;
    }
    story.watches_on(1.0)?;
    story.reads_alerts()
}

fn habit_and_no_answer(story: &mut Story<'_>) -> Result<(), LabError> {
    logs_in(story)?;
    for _ in 0..TIMES {
        story.silence(RESTS)?;
        story.exchange("say", "YES")?;
    }
    story.silence(RESTS)?;
    story.delivers(Client, "the last")?;
    waits(story)
}

fn consumes(story: &mut Story<'_>) -> Result<(), LabError> {
    logs_in(story)?;
    story.exchange("consume", "ok")?;
    for _ in 0..TIMES {
        story.silence(RESTS)?;
        story.delivers(Server, "message")?;
        story.silence(0.5)?;
        story.delivers(Client, "ack")?;
    }
    waits(story)
}

fn either_speaks(story: &mut Story<'_>) -> Result<(), LabError> {
    story.client_keeps_alive(KEEPS_ALIVE, KEEPS_ALIVE)?;
    story.exchange("upgrade", "switching")?;
    for _ in 0..TIMES {
        story.silence(RESTS)?;
        story.is_swept()?;
        story.delivers(Client, "typing")?;
    }
    story.delivers(Server, "message")?;
    story.silence(RESTS)?;
    story.delivers(Client, "seen")?;
    waits(story)
}

fn logs_in(story: &mut Story<'_>) -> Result<(), LabError> {
    story.client_keeps_alive(KEEPS_ALIVE, KEEPS_ALIVE)?;
    story.exchange("log in", "welcome")
}

fn waits(story: &mut Story<'_>) -> Result<(), LabError> {
    story.silence(WAITS)?;
    story.reads_alerts()
}
