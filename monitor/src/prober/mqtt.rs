//! MQTT as a client that subscribes to nothing and pings: version 3.1.1 (OASIS Standard, 29 October 2014), as far as that takes.

use super::line::{Line, begins};
use super::trouble::Trouble;

/// Comes as nobody in particular (3.1): of a session that is clean the name may be empty. It may rest for as long as can be
/// said, 65,535 s; a server that holds it to that closes after half as long again, 27 h.
const CONNECT: [u8; 14] = [
    0x10, 12, 0, 4, b'M', b'Q', b'T', b'T', 4, 0b10, 0xff, 0xff, 0, 0,
];

/// The word after a silence (3.12).
pub(super) const PING: [u8; 2] = [0xc0, 0];

/// What answers it (3.13).
const PONG: [u8; 2] = [0xd0, 0];

/// What answers [`CONNECT`] begins so (3.2): whether there was a session, and the code, come behind it.
const CONNACK: [u8; 2] = [0x20, 2];

/// Comes, and is let in.
pub(super) async fn connect(line: &mut Line) -> Result<(), Trouble> {
    line.say(&CONNECT).await?;
    line.hear(CONNACK.len() + 2, let_in).await
}

/// Waits for what answers [`PING`].
pub(super) async fn answered(line: &mut Line) -> Result<(), Trouble> {
    line.hear(PONG.len(), pong).await
}

fn let_in(held: &[u8]) -> Result<Option<(usize, ())>, Trouble> {
    let Some(rest) = behind(held, CONNACK)? else {
        return Ok(None);
    };
    let [_, code, ..] = *rest else {
        return Ok(None);
    };
    let why = match code {
        0 => return Ok(Some((CONNACK.len() + 2, ()))),
        1 => "speaks no MQTT 3.1.1",
        2 => "takes no client without a name",
        // It may come back later.
        3 => return Err(Trouble::Full),
        4 | 5 => {
            "wants a login: tcp:// asks without one, and tells at least how long who has none may rest"
        }
        _ => "refuses without saying why",
    };
    Err(Trouble::Nonsense(format!("it {why} (CONNACK {code})")))
}

fn pong(held: &[u8]) -> Result<Option<(usize, ())>, Trouble> {
    let rest = behind(held, PONG)?;
    Ok(rest.map(|_| (PONG.len(), ())))
}

/// What stands behind these two bytes; `None` where they have not come as a whole.
fn behind(held: &[u8], head: [u8; 2]) -> Result<Option<&[u8]>, Trouble> {
    match held.strip_prefix(&head) {
        Some(rest) => Ok(Some(rest)),
        None if head.starts_with(held) => Ok(None),
        None => Err(Trouble::Nonsense(format!(
            "it does not answer as MQTT does: {:?}",
            begins(held)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_let_in_is_and_who_is_not_learns_why() {
        assert_eq!(let_in(b"\x20\x02\0\0"), Ok(Some((4, ()))));
        for held in [&b""[..], b"\x20", b"\x20\x02", b"\x20\x02\0"] {
            assert_eq!(let_in(held), Ok(None), "{held:?}");
        }
        assert_eq!(let_in(b"\x20\x02\0\x03"), Err(Trouble::Full));
        for (code, why) in [(2, "name"), (5, "login"), (9, "CONNACK 9")] {
            let Err(Trouble::Nonsense(told)) = let_in(&[0x20, 2, 0, code]) else {
                panic!("{code}");
            };
            assert!(told.contains(why), "{told}");
        }
    }

    #[test]
    fn what_is_no_mqtt_is_told() {
        assert_eq!(pong(b"\xd0\0"), Ok(Some((2, ()))));
        assert_eq!(pong(b"\xd0"), Ok(None));
        for held in [&b"SSH-2.0-OpenSSH_9.2\r\n"[..], b"\xd0\x01", b"\x20\x03"] {
            assert!(pong(held).is_err() && let_in(held).is_err(), "{held:?}");
        }
    }
}
