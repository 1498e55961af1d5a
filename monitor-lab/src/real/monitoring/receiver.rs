//! Who is told by Alertmanager: a receiver of its webhooks, which keeps what it is told.

use super::server::free_port;
use crate::LabError;
use crate::testbed::wait::BOUND;
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// The longest message that is read, in bytes.
const LONGEST: u64 = 16 * 1024 * 1024;

/// A message, by the path that it was sent to.
#[derive(Clone, Debug)]
pub struct Message {
    /// The path: `/page`.
    pub path: String,
    /// What Alertmanager says.
    pub body: Value,
}

/// A running receiver. Dropping it ends it.
#[derive(Debug)]
pub struct Receiver {
    listen: SocketAddr,
    messages: Arc<Mutex<Vec<Message>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Listens on a free port of `address`, in the calling thread's network namespace.
    ///
    /// # Errors
    /// If there is none.
    pub fn start(address: IpAddr) -> Result<Self, LabError> {
        let listen = free_port(address)?;
        let listener =
            TcpListener::bind(listen).map_err(LabError::io("listening for Alertmanager"))?;
        let (messages, over) = <(Arc<Mutex<Vec<Message>>>, Arc<AtomicBool>)>::default();
        let (kept, ends) = (Arc::clone(&messages), Arc::clone(&over));
        let thread = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if ends.load(Ordering::Relaxed) {
                    break;
                }
                // One who speaks badly is left alone, and tells nothing.
                if let (Ok(message), Ok(mut kept)) = (received(stream), kept.lock()) {
                    kept.push(message);
                }
            }
        });
        Ok(Self {
            listen,
            messages,
            over,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listen
    }

    /// What was said on `path` so far: the status and the labels of each alert in each message, in order.
    pub fn told(&self, path: &str) -> Vec<(String, Value)> {
        let messages = self.messages.lock().map_or(Vec::new(), |kept| kept.clone());
        let of_it = messages.into_iter().filter(|message| message.path == path);
        of_it
            .flat_map(|message| {
                let alerts = message.body["alerts"].as_array().cloned();
                alerts.unwrap_or_default()
            })
            .map(|alert| {
                let status = alert["status"].as_str().unwrap_or_default().to_owned();
                (status, alert)
            })
            .collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // It waits for somebody: that is who comes.
        let woken = TcpStream::connect_timeout(&self.listen, BOUND);
        if let (Ok(_), Some(thread)) = (woken, self.thread.take()) {
            let _ = thread.join();
        }
    }
}

/// One request, answered with 200.
fn received(stream: TcpStream) -> io::Result<Message> {
    stream.set_read_timeout(Some(BOUND))?;
    stream.set_write_timeout(Some(BOUND))?;
    let mut reader = BufReader::new(stream.try_clone()?.take(LONGEST));
    let mut line = String::new();
    reader.read_line(&mut line)?;
    // "POST /page HTTP/1.1"
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let header = line.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    let body = serde_json::from_slice(&body).map_err(io::Error::other)?;
    (&stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
    Ok(Message { path, body })
}
