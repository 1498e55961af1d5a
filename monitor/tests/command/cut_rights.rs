//! Who may not cut: a group that may ask, and whoever asks over TCP, neither end a connection nor have it noted that they did.

use crate::common::place::{QUICK, place_in};
use crate::common::run::{NOBODY, as_nobody};
use crate::common::{Test, Tested, eventually};
use crate::cut::Twin;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use monitor_lab::network::block::Block;
use monitor_lab::testbed::Daemon;
use std::fs::{self, Permissions};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::thread;

pub const TESTS: &[Test] = &[
    Test::as_root("who_may_ask_may_neither_cut_nor_say_so", unprivileged),
    Test::as_root("over_tcp_nobody_says_what_was_cut", elsewhere),
];

fn unprivileged() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, &format!("{QUICK}socket_group = \"{NOBODY}\"\n"))?;
    let daemon = Daemon::start(&place, &[])?;
    fs::set_permissions(place.path("."), Permissions::from_mode(0o755))?;
    let twin = Twin::open("cut-group")?;
    let id = twin.id(&daemon)?;
    let socket = place.socket();
    let on = socket.to_str().ok_or("a path of plain text")?;
    let dry = as_nobody(&["cut", &id, "--dry-run", "--socket", on], "")?;
    assert_eq!(dry.code, Some(0), "who is in the group may ask: {dry:?}");
    assert!(
        dry.stdout.contains("1 connection would be ended"),
        "{dry:?}"
    );
    let refused = as_nobody(&["cut", &id, "--yes", "--socket", on], "")?;
    refused.refused(3, &["CAP_NET_ADMIN", "root"]);
    twin.pair.exchange()?;

    let body = format!("{{\"alert\":null,\"ended\":1,\"ids\":[\"{id}\"]}}");
    let told = {
        let (socket, body) = (socket.clone(), body.clone());
        let tells = move || -> io::Result<String> {
            become_nobody()?;
            tell(UnixStream::connect(socket)?, &body, "")
        };
        thread::spawn(tells).join().map_err(|_| "it broke")??
    };
    assert!(told.starts_with("HTTP/1.0 403"), "{told}");
    assert!(told.contains("root or the daemon's own user"), "{told}");
    assert!(!daemon.log()?.contains("cut by uid"));
    // The same words are noted where root says them.
    let told = tell(UnixStream::connect(&socket)?, &body, "")?;
    assert!(told.starts_with("HTTP/1.0 200"), "{told}");
    eventually("the log has it", || {
        let log = daemon.log()?;
        Ok(log.contains("cut by uid 0").then_some(()).ok_or(log))
    })
}

/// Makes this thread one of a user without privileges, and no other.
fn become_nobody() -> io::Result<()> {
    for call in [libc::SYS_setresgid, libc::SYS_setresuid] {
        // SAFETY: both take three numbers and no memory. The system call is of this thread alone, which ends with what it asks.
        let failed = unsafe { libc::syscall(call, NOBODY, NOBODY, NOBODY) };
        if failed != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// The daemon's answer to whoever says that this was cut, with these lines in the head of the request.
pub fn tell(mut stream: impl Read + Write, body: &str, head: &str) -> io::Result<String> {
    let length = body.len();
    write!(
        stream,
        "POST /api/v1/cuts HTTP/1.0\r\nhost: localhost\r\n{head}content-length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn elsewhere() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "")?;
    let hash = bcrypt::hash_with_salt("s3cret", 4, [7; 16])?;
    let web = place.path("web.yml");
    fs::write(&web, format!("basic_auth_users:\n  sre: {hash}\n"))?;
    let web = web.to_str().ok_or("a path of plain text")?;
    let flags = ["--web.api", "--web.config.file", web];
    let daemon = Daemon::spawn(&place, "json", &flags)?;
    let login = format!("authorization: Basic {}\r\n", STANDARD.encode("sre:s3cret"));
    let body = "{\"alert\":null,\"ended\":1,\"ids\":[\"1f-0a1b2c3d-4e5f6071\"]}";
    let told = eventually("who shows who he is is answered", || {
        let told = TcpStream::connect(place.listen()).and_then(|stream| tell(stream, body, &login));
        Ok(match told {
            Ok(told) => Ok(told),
            Err(error) => Err(format!("{error}: {}", daemon.wrote())),
        })
    })?;
    assert!(told.starts_with("HTTP/1.0 404"), "{told}");
    let unknown = tell(TcpStream::connect(place.listen())?, body, "")?;
    assert!(unknown.starts_with("HTTP/1.0 401"), "{unknown}");
    assert!(!daemon.log()?.contains("cut by uid"));
    Ok(())
}
