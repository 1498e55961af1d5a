//! Redis: a pool of redis-py whose connections rest between two bursts, a subscriber, a worker that waits in BLPOP, and
//! who publishes and pushes for them.

use super::super::application::{Application, BASE, Due, Need};
use super::super::{Program, Stage};
use crate::LabError;
use crate::truth::Conclusion::{Blackholed, Crossed};
use crate::truth::Severity::{Page, Ticket};

pub(super) const REDIS: Application = Application {
    name: "redis",
    about: "redis-py: a pool, SUBSCRIBE, BLPOP",
    needs: &[
        Need::Debian {
            package: "redis-server",
            programs: &["redis-server"],
        },
        Need::Python("redis==8.1.0"),
    ],
    quick: true,
    start,
    truth: &[
        // The pool's next burst is lost.
        Due::client(Blackholed, Page),
        // So are the message to the subscriber and what BLPOP waits for.
        Due::server(Blackholed, Ticket),
        Due::client(Crossed, Ticket),
        Due::server(Crossed, Ticket),
    ],
    ..BASE
};

const PORT: u16 = 6379;

/// Three threads share a pool; between two bursts it rests.
const POOL: &str = r#"
import sys, time, threading, redis
host, rest = sys.argv[1], float(sys.argv[2])
pool = redis.BlockingConnectionPool(host=host, max_connections=3, socket_timeout=20, retry=None)
def burst(number):
    client = redis.Redis(connection_pool=pool)
    for turn in range(4):
        try:
            client.set(f"key{number}", turn)
            client.get(f"key{number}")
            print("did", number)
        except redis.RedisError as error:
            print("failed:", error)
            time.sleep(0.2)
        time.sleep(0.05)
while True:
    threads = [threading.Thread(target=burst, args=(number,)) for number in range(3)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    time.sleep(rest)
"#;

/// Waits for messages without end, as subscribers do.
const SUBSCRIBER: &str = r#"
import sys, time, redis
while True:
    try:
        channel = redis.Redis(host=sys.argv[1], socket_timeout=None, retry=None).pubsub()
        channel.subscribe("news")
        for message in channel.listen():
            if message["type"] == "message":
                print("did", message["data"])
    except redis.RedisError as error:
        print("failed:", error)
        time.sleep(0.5)
"#;

/// Waits for work without end.
const WORKER: &str = r#"
import sys, time, redis
client = redis.Redis(host=sys.argv[1], socket_timeout=None, retry=None)
while True:
    try:
        print("did", client.blpop("work", timeout=0))
    except redis.RedisError as error:
        print("failed:", error)
        time.sleep(0.5)
"#;

/// Has news and work now and then, on the server's own host.
const EDITOR: &str = r#"
import sys, time, redis
client = redis.Redis(host=sys.argv[1], retry=None)
while True:
    time.sleep(float(sys.argv[2]))
    try:
        client.publish("news", "n")
        client.rpush("work", "w")
        print("did")
    except redis.RedisError as error:
        print("failed:", error)
"#;

fn start(stage: &mut Stage<'_>) -> Result<(), LabError> {
    let host = stage.server().to_string();
    let server = Program::new("redis-server", "redis-server")
        .on_the_server()
        .args(["--bind", &host, "--protected-mode", "no", "--save", ""]);
    stage.serves(server, PORT)?;
    let rest = stage.rest();
    stage.asks(Program::python("subscriber", SUBSCRIBER).args([&host]))?;
    stage.asks(Program::python("worker", WORKER).args([&host]))?;
    stage.asks(Program::python("pool", POOL).args([host.as_str(), rest]))?;
    stage.asks(
        Program::python("editor", EDITOR)
            .on_the_server()
            .args([host.as_str(), rest]),
    )
}
