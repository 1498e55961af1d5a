//! An application, seen from inside: the hidden subcommand `monitor-lab app`.

use super::{End, Order, Report};
use crate::network::namespace;
use nix::sys::prctl;
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::{KeepAlive, TcpKeepIdle, TcpKeepInterval};
use std::ffi::CString;
use std::io::{self, BufRead, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;

/// What one read takes in at most.
const CHUNK: usize = 16 * 1024;

/// Lives the life of one application: enters the namespace `place`, gets its
/// connection (the client connects to `address`, the server accepts one there),
/// reports what it receives on stdout, and carries out the orders on stdin
/// until that ends.
///
/// # Errors
/// If it never gets a connection, or its orders cannot be read.
pub fn live(end: End, place: &Path, address: SocketAddr) -> io::Result<()> {
    let lived = attempt(end, place, address);
    if let Err(error) = &lived {
        report(&Report::Broken(error.to_string()))?;
    }
    lived
}

fn attempt(end: End, place: &Path, address: SocketAddr) -> io::Result<()> {
    namespace::enter(place)?;
    let name = CString::new(end.app())?;
    prctl::set_name(&name)?;
    // The listener stays open, as a server's does.
    let (_listener, stream) = match end {
        End::Client => (None, TcpStream::connect(address)?),
        End::Server => {
            let listener = TcpListener::bind(address)?;
            report(&Report::Listening)?;
            let (stream, _) = listener.accept()?;
            (Some(listener), stream)
        }
    };
    stream.set_nodelay(true)?;
    report(&Report::Connected {
        local: stream.local_addr()?,
        remote: stream.peer_addr()?,
    })?;

    let stream = Arc::new(stream);
    let listening = Arc::clone(&stream);
    thread::spawn(move || listen(&listening));

    for line in io::stdin().lock().lines() {
        let order = serde_json::from_str(&line?).map_err(io::Error::from)?;
        let done = match obey(&stream, &order) {
            Ok(()) => Report::Done,
            Err(error) => Report::Refused(error.to_string()),
        };
        report(&done)?;
    }
    Ok(())
}

fn obey(mut stream: &TcpStream, order: &Order) -> io::Result<()> {
    match order {
        Order::Send(text) => stream.write_all(text.as_bytes()),
        Order::Keepalive { idle, interval } => {
            setsockopt(&stream, TcpKeepIdle, idle)?;
            setsockopt(&stream, TcpKeepInterval, interval)?;
            setsockopt(&stream, KeepAlive, &true)?;
            Ok(())
        }
        // The reading thread still holds the socket, so this half says goodbye
        // and the kernel closes the rest when the process ends.
        Order::Close => stream.shutdown(Shutdown::Write),
    }
}

/// Reports what arrives until nothing more can.
fn listen(mut stream: &TcpStream) {
    let mut chunk = vec![0; CHUNK];
    loop {
        let seen = match stream.read(&mut chunk) {
            Ok(0) => Report::PeerClosed,
            Ok(length) => Report::Received(String::from_utf8_lossy(&chunk[..length]).into_owned()),
            Err(error) => Report::Broken(error.to_string()),
        };
        let last = !matches!(seen, Report::Received(_));
        if report(&seen).is_err() || last {
            return;
        }
    }
}

/// One line, written at once, whichever thread writes it.
fn report(report: &Report) -> io::Result<()> {
    let mut line = serde_json::to_string(report).map_err(io::Error::from)?;
    line.push('\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(line.as_bytes())?;
    stdout.flush()
}
