//! Who is sent something by HTTP: a server that answers each request with 200 and hands on what was in it.

use crate::LabError;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The longest body that is read, in bytes: of a mass event there are some MB in one.
const LONGEST: u64 = 256 << 20;

/// How long one read or write may take.
const WITHIN: Duration = Duration::from_secs(60);

/// A running server. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Webhook {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Webhook {
    /// Listens on a free port of `address`, in the calling thread's network namespace. `take` is given path and body of each
    /// request, one after the other; it may not wait.
    pub(crate) fn start(
        address: IpAddr,
        take: impl Fn(String, &[u8]) + Send + 'static,
    ) -> Result<Self, LabError> {
        let listening = || {
            let listener = TcpListener::bind((address, 0))?;
            Ok((listener.local_addr()?, listener))
        };
        let (address, listener) =
            listening().map_err(LabError::io("listening for notifications"))?;
        let over = Arc::<AtomicBool>::default();
        let ends = Arc::clone(&over);
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                // What breaks off is sent again.
                if let Ok((path, body)) = stream.and_then(receive) {
                    take(path, &body);
                }
            }
        });
        Ok(Self {
            address,
            over,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // It waits for somebody: that is who comes.
        let woken = TcpStream::connect_timeout(&self.address, WITHIN);
        if let (Ok(_), Some(thread)) = (woken, self.thread.take()) {
            let _ = thread.join();
        }
    }
}

/// Path and body of a request, which is answered.
fn receive(stream: TcpStream) -> io::Result<(String, Vec<u8>)> {
    stream.set_read_timeout(Some(WITHIN))?;
    stream.set_write_timeout(Some(WITHIN))?;
    let mut reader = BufReader::new((&stream).take(LONGEST));
    let mut line = String::new();
    reader.read_line(&mut line)?;
    // "POST /page HTTP/1.1"
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    (&stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
    Ok((path, body))
}
