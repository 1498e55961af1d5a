//! What both sides of a probe say to each other: short lines of ASCII. The first line of a connection says what it is for;
//! whoever reads another one from the other side has somebody else there.

use crate::reading::{PeerEnd, PeerSaw};
use std::time::Duration;

/// What every first line and its answer begin with.
const NAME: &str = "tcplull-probe/1";

/// No line is longer, in bytes.
pub const LONGEST_LINE: usize = 128;

/// A question, and what answers it.
pub const PING: &str = "ping\n";
/// The answer to [`PING`].
pub const PONG: &str = "pong\n";
/// The first word of the other side.
pub const WORD: &str = "word\n";

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Each ping is answered. Before the first there is so much silence, so that the other side knows for how long to keep it.
    Echo(Duration),
    /// The other side speaks after so much silence; then as above.
    Speak(Duration),
    /// What was seen of the connection with that number is to be told.
    Fate,
    /// The other side is to say which of its ports is closed, and keep it so while this connection lasts.
    Closed,
}

/// The first line of whoever opens a connection: what it is for, and the number that it has, or that is asked after.
pub fn hello(number: u64, purpose: Purpose) -> String {
    match purpose {
        Purpose::Echo(after) => format!("{NAME} {number:016x} echo {}\n", after.as_millis()),
        Purpose::Speak(after) => format!("{NAME} {number:016x} speak {}\n", after.as_millis()),
        Purpose::Fate => format!("{NAME} {number:016x} fate\n"),
        Purpose::Closed => format!("{NAME} {number:016x} closed\n"),
    }
}

/// Reads that line, without its end; `None` for anything else.
pub fn read_hello(line: &[u8]) -> Option<(u64, Purpose)> {
    let rest = words(line)?;
    let (number, rest) = rest.split_once(' ')?;
    if number.len() != 16 {
        return None;
    }
    let number = u64::from_str_radix(number, 16).ok()?;
    let purpose = match rest.split_once(' ') {
        None if rest == "fate" => Purpose::Fate,
        None if rest == "closed" => Purpose::Closed,
        Some(("echo", after)) => Purpose::Echo(Duration::from_millis(after.parse().ok()?)),
        Some(("speak", after)) => Purpose::Speak(Duration::from_millis(after.parse().ok()?)),
        _ => return None,
    };
    Some((number, purpose))
}

/// What answers a first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It will be so.
    Ready,
    /// There are as many connections as there may be.
    Full,
    /// It will not be so: the silence is longer than it allows.
    TooLong,
    /// What was seen of the connection that was asked after.
    Fate(PeerSaw),
    /// The port that is closed.
    Closed(u16),
}

/// Writes it.
pub fn reply(reply: Reply) -> String {
    match reply {
        Reply::Ready => format!("{NAME} ready\n"),
        Reply::Full => format!("{NAME} full\n"),
        Reply::TooLong => format!("{NAME} too-long\n"),
        Reply::Closed(port) => format!("{NAME} closed {port}\n"),
        Reply::Fate(PeerSaw::Unknown) => format!("{NAME} fate unknown\n"),
        Reply::Fate(PeerSaw::Known {
            heard,
            acknowledged,
            end,
        }) => {
            let heard = if heard { "heard" } else { "unheard" };
            let acknowledged = if acknowledged { "acked" } else { "unacked" };
            let (end, _) = ENDS
                .into_iter()
                .find(|(_, one)| *one == end)
                .unwrap_or(ENDS[0]);
            format!("{NAME} fate {heard} {acknowledged} {end}\n")
        }
    }
}

const ENDS: [(&str, PeerEnd); 5] = [
    ("open", PeerEnd::None),
    ("closed", PeerEnd::Closed),
    ("reset", PeerEnd::Reset),
    ("unreachable", PeerEnd::Unreachable),
    ("bound", PeerEnd::Bound),
];

/// Reads it, without its line's end; `None` for anything else.
pub fn read_reply(line: &[u8]) -> Option<Reply> {
    let rest = words(line)?;
    match rest {
        "ready" => return Some(Reply::Ready),
        "full" => return Some(Reply::Full),
        "too-long" => return Some(Reply::TooLong),
        "fate unknown" => return Some(Reply::Fate(PeerSaw::Unknown)),
        _ => {}
    }
    if let Some(port) = rest.strip_prefix("closed ") {
        return port.parse().ok().map(Reply::Closed);
    }
    let mut fate = rest.strip_prefix("fate ")?.split(' ');
    let heard = one_of(fate.next()?, "heard", "unheard")?;
    let acknowledged = one_of(fate.next()?, "acked", "unacked")?;
    let end = fate.next()?;
    let (_, end) = ENDS.into_iter().find(|(name, _)| *name == end)?;
    fate.next().is_none().then_some(Reply::Fate(PeerSaw::Known {
        heard,
        acknowledged,
        end,
    }))
}

fn one_of(word: &str, yes: &str, no: &str) -> Option<bool> {
    (word == yes)
        .then_some(true)
        .or((word == no).then_some(false))
}

/// What stands behind the name.
fn words(line: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(line).ok()?;
    text.trim_end_matches(['\r', '\n'])
        .strip_prefix(NAME)?
        .strip_prefix(' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_read() {
        for purpose in [
            Purpose::Echo(Duration::from_millis(1_500)),
            Purpose::Fate,
            Purpose::Closed,
            Purpose::Speak(Duration::from_millis(12_345)),
        ] {
            let line = hello(7, purpose);
            assert!(line.len() < LONGEST_LINE);
            assert_eq!(read_hello(line.as_bytes()), Some((7, purpose)));
        }
        let known = |end| PeerSaw::Known {
            heard: true,
            acknowledged: false,
            end,
        };
        let fates = ENDS.map(|(_, end)| Reply::Fate(known(end)));
        let others = [
            Reply::Ready,
            Reply::Full,
            Reply::TooLong,
            Reply::Closed(40_001),
        ];
        let others = others.into_iter().chain([Reply::Fate(PeerSaw::Unknown)]);
        for one in others.chain(fates) {
            assert_eq!(read_reply(reply(one).as_bytes()), Some(one));
        }
    }

    #[test]
    fn what_others_say_is_not_taken_for_it() {
        for line in [
            "HTTP/1.1 400 Bad Request",
            "SSH-2.0-OpenSSH_9.2",
            "tcplull-probe/2 ready",
            "tcplull-probe/1",
            "tcplull-probe/1 fate heard acked open more",
            "tcplull-probe/1 0000000000000007 speak -1",
            "tcplull-probe/1 7 echo 1500",
            "tcplull-probe/1 closed 65536",
        ] {
            assert_eq!(read_reply(line.as_bytes()), None, "{line}");
            assert_eq!(read_hello(line.as_bytes()), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_readers(line in prop::collection::vec(any::<u8>(), 0..LONGEST_LINE)) {
            let _ = read_hello(&line);
            let _ = read_reply(&line);
        }
    }
}
