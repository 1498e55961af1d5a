//! What the ends of a load say to each other.

use super::shared::{STUCK, Shared, ready};
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::Linger;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};

/// Payload of an HTTP answer.
const ANSWER_BYTES: usize = 1024;

/// A write of the bulk load, and a read of it at most.
const CHUNK: usize = 64 * 1024;

const REQUEST: &[u8] =
    b"GET /item/1 HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: monitor-bench\r\nAccept: */*\r\n\r\n";

/// A pattern of traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One byte there, one byte back, nothing else: the worst case, because nothing hides what watching costs.
    PingPong,
    /// HTTP/1.1 over one connection that is kept: answers of 1 KiB.
    Http,
    /// As many bytes as go through, one way.
    Bulk,
    /// A connection for each byte there and back, closed by a reset, so that none stays in TIME_WAIT.
    Connections,
    /// A connection for each request of HTTP, which its server closes after an answer of 1 KiB.
    ShortHttp,
}

impl Kind {
    /// All of them.
    #[cfg(test)]
    pub const ALL: [Self; 5] = [
        Self::PingPong,
        Self::Http,
        Self::Bulk,
        Self::Connections,
        Self::ShortHttp,
    ];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::PingPong => "1 byte each way",
            Self::Http => "HTTP keep-alive, 1 KiB",
            Self::Bulk => "bulk",
            Self::Connections => "connections of 1 byte each way",
            Self::ShortHttp => "HTTP without keep-alive, 1 KiB",
        }
    }

    /// Whether each exchange has a connection of its own.
    fn opens_anew(self) -> bool {
        matches!(self, Self::Connections | Self::ShortHttp)
    }

    /// The client's next exchange, on the connection that is there or a new one.
    pub(super) fn exchange(
        self,
        kept: &mut Option<TcpStream>,
        open: impl Fn() -> io::Result<TcpStream>,
        done: &AtomicU64,
    ) -> io::Result<()> {
        if kept.is_none() {
            let stream = open()?;
            stream.set_read_timeout(Some(STUCK))?;
            *kept = Some(stream);
        }
        let Some(stream) = kept else { return Ok(()) };
        match self {
            Self::PingPong => {
                stream.write_all(b"?")?;
                stream.read_exact(&mut [0])?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            Self::Http => {
                stream.write_all(REQUEST)?;
                read_answer(stream)?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            // Counted where it arrives.
            Self::Bulk => stream.write_all(&[b'.'; CHUNK])?,
            Self::Connections => {
                stream.write_all(b"?")?;
                stream.read_exact(&mut [0])?;
                let reset = libc::linger {
                    l_onoff: 1,
                    l_linger: 0,
                };
                setsockopt(stream, Linger, &reset)?;
                *kept = None;
                done.fetch_add(1, Ordering::Relaxed);
            }
            Self::ShortHttp => {
                stream.write_all(REQUEST)?;
                stream.read_to_end(&mut Vec::with_capacity(2 * ANSWER_BYTES))?;
                *kept = None;
                done.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    /// The server, until its client has gone or the load is stopped.
    pub(super) fn serve(self, listener: &TcpListener, shared: &Shared) -> io::Result<()> {
        loop {
            let (mut stream, _) = listener.accept()?;
            if shared.stopped.load(Ordering::Acquire) {
                return Ok(());
            }
            ready(&stream)?;
            match self.answer(&mut stream, &shared.done) {
                Err(error) if error.kind() != ErrorKind::ConnectionReset => return Err(error),
                _ if self.opens_anew() => {}
                _ => return Ok(()),
            }
        }
    }

    fn answer(self, stream: &mut TcpStream, done: &AtomicU64) -> io::Result<()> {
        let mut buffer = vec![0; CHUNK];
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {ANSWER_BYTES}\r\n\r\n{}",
            ".".repeat(ANSWER_BYTES)
        );
        let mut waiting = 0;
        loop {
            let read = stream.read(&mut buffer)?;
            if read == 0 {
                return Ok(());
            }
            match self {
                Self::PingPong | Self::Connections => stream.write_all(&buffer[..read])?,
                Self::Bulk => {
                    done.fetch_add(read as u64, Ordering::Relaxed);
                }
                Self::Http | Self::ShortHttp => {
                    waiting += read;
                    if waiting >= REQUEST.len() {
                        waiting -= REQUEST.len();
                        stream.write_all(answer.as_bytes())?;
                        if self == Self::ShortHttp {
                            return Ok(());
                        }
                    }
                }
            }
        }
    }
}

/// Reads one answer whole.
fn read_answer(stream: &mut TcpStream) -> io::Result<()> {
    let mut buffer = [0; 4 * ANSWER_BYTES];
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..])?;
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        filled += read;
        let head = buffer[..filled]
            .windows(4)
            .position(|end| end == b"\r\n\r\n");
        if head.is_some_and(|head| filled >= head + 4 + ANSWER_BYTES) {
            return Ok(());
        }
    }
}
