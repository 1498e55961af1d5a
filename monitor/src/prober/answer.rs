//! One connection at the other side of a probe.

use super::fates::Shared;
use super::line::{Line, within};
use super::socket;
use super::trouble::Trouble;
use monitor_probe::PeerEnd;
use monitor_probe::wire::{LONGEST_LINE, PING, PONG, Purpose, Reply, WORD, read_hello, reply};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// So long may it take to say what a connection is for.
const HELLO_WITHIN: Duration = Duration::from_secs(10);

/// So much longer than its silence a connection is kept: a path that has forgotten it lets nobody say that it is over.
const GRACE: Duration = Duration::from_secs(30);

/// So many pings are answered over one.
const MOST_PINGS: u32 = 16;

/// How often it is looked whether what was said is acknowledged.
const LOOK: Duration = Duration::from_millis(100);

/// Answers over this connection, within the bounds.
pub(super) async fn answer(stream: TcpStream, shared: &Shared) {
    // Whatever fails, nobody is there to be told.
    let _ = stream.set_nodelay(true);
    let mut line = Line::new(Box::new(stream), Arc::clone(&shared.counts));
    let Ok(hello) = within(HELLO_WITHIN, line.hear_line(LONGEST_LINE)).await else {
        return;
    };
    let Some((number, purpose)) = read_hello(&hello) else {
        return;
    };
    let after = match purpose {
        Purpose::Fate => {
            let saw = Reply::Fate(shared.saw(number));
            let _ = line.say(reply(saw).as_bytes()).await;
            return;
        }
        Purpose::Closed => return hold_a_port(&mut line).await,
        Purpose::Echo(after) | Purpose::Speak(after) => after,
    };
    if after > shared.bounds.life {
        let _ = line.say(reply(Reply::TooLong).as_bytes()).await;
        return;
    }
    let Ok(_place) = shared.places.try_acquire() else {
        let _ = line.say(reply(Reply::Full).as_bytes()).await;
        return;
    };
    if !shared.begin(number) || line.say(reply(Reply::Ready).as_bytes()).await.is_err() {
        return;
    }
    let end = match purpose {
        Purpose::Speak(_) => speak(&mut line, shared, number, after).await,
        Purpose::Echo(_) | Purpose::Fate | Purpose::Closed => {
            echo(&mut line, shared, number, after, false).await
        }
    };
    shared.note(number, |fate| fate.end = end);
    if end == PeerEnd::Bound {
        line.abort();
    }
}

/// Says which port is closed.
async fn hold_a_port(line: &mut Line) {
    let Ok((_taken, port)) = take_a_port(line.tcp()) else {
        return;
    };
    if line
        .say(reply(Reply::Closed(port)).as_bytes())
        .await
        .is_ok()
    {
        // Until whoever asked has tried it.
        let _ = timeout(HELLO_WITHIN, line.broken()).await;
    }
}

/// Takes a port at the address that was asked, on which nobody listens.
fn take_a_port(asked: &TcpStream) -> io::Result<(TcpSocket, u16)> {
    let own = asked.local_addr()?.ip().to_canonical();
    let socket = match own {
        IpAddr::V4(_) => TcpSocket::new_v4(),
        IpAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.bind(SocketAddr::new(own, 0))?;
    let port = socket.local_addr()?.port();
    Ok((socket, port))
}

/// Speaks first, after so long.
async fn speak(line: &mut Line, shared: &Shared, number: u64, after: Duration) -> PeerEnd {
    tokio::select! {
        trouble = line.broken() => return ended(&trouble),
        () = sleep(after) => {}
    }
    if let Err(error) = socket::hear_icmp(line.tcp()) {
        return ended(&error.into());
    }
    match line.say(WORD.as_bytes()).await {
        Ok(()) => echo(line, shared, number, Duration::ZERO, true).await,
        Err(trouble) => ended(&trouble),
    }
}

/// Answers each ping, of which the first comes after so long; where a word was said, sees whether it is acknowledged, or ICMP answers.
async fn echo(
    line: &mut Line,
    shared: &Shared,
    number: u64,
    after: Duration,
    spoke: bool,
) -> PeerEnd {
    let until = Instant::now() + after + GRACE;
    let mut pings = 0;
    let mut watched = spoke;
    while pings < MOST_PINGS {
        tokio::select! {
            heard = line.hear_line(LONGEST_LINE) => match heard {
                Ok(heard) if heard == PING.trim_end().as_bytes() => {
                    pings += 1;
                    shared.note(number, |fate| fate.heard = true);
                    if let Err(trouble) = line.say(PONG.as_bytes()).await {
                        return ended(&trouble);
                    }
                }
                Ok(_) => return PeerEnd::Bound,
                Err(trouble) => return ended(&trouble),
            },
            () = sleep(LOOK), if watched => {
                if let Some(trouble) = line.error() {
                    return ended(&trouble);
                }
                if line.is_acknowledged() {
                    watched = false;
                    shared.note(number, |fate| fate.acknowledged = true);
                }
            }
            () = sleep_until(until) => return PeerEnd::Bound,
        }
    }
    PeerEnd::Bound
}

fn ended(trouble: &Trouble) -> PeerEnd {
    match trouble {
        Trouble::Closed => PeerEnd::Closed,
        Trouble::Reset => PeerEnd::Reset,
        Trouble::Unreachable => PeerEnd::Unreachable,
        // The kernel gave up: nothing was heard.
        Trouble::Timeout => PeerEnd::None,
        Trouble::Full | Trouble::Nonsense(_) => PeerEnd::Bound,
    }
}
