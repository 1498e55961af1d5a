//! A server that takes requests, and answers as it is told.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub line: String,
    /// By name in lower case.
    pub headers: BTreeMap<String, String>,
    pub alerts: Vec<Value>,
}

impl Asked {
    /// The owners of the alerts that it sends, in their order.
    pub fn owners(&self) -> Vec<String> {
        let owners = self.alerts.iter();
        let owners = owners.map(|alert| alert["labels"]["owner"].as_str().unwrap().to_owned());
        owners.collect()
    }
}

/// How it answers.
pub enum Reply {
    /// With this status and body.
    Status(u16, &'static str),
    /// With these bytes, and then closes.
    Bytes(Vec<u8>),
    /// With these bytes, and then with zeros for as long as they are taken.
    Endless(Vec<u8>),
    /// Not at all, until the test is over.
    Nothing,
}

/// Good words.
pub const TAKEN: Reply = Reply::Status(200, "");

type Replies = dyn Fn(&Asked) -> Reply + Send + Sync;

/// How a connection begins.
type Accepts = dyn Fn(TcpStream) -> Option<Box<dyn Stream>> + Send + Sync;

/// A connection, encrypted or not.
pub trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

struct Shared {
    asked: Mutex<Vec<Asked>>,
    connections: AtomicU64,
    written: AtomicU64,
    over: AtomicBool,
}

/// It, until dropped.
pub struct Fake {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Fake {
    /// One that answers so.
    pub fn start(replies: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let plain = |stream| Some(Box::new(stream) as Box<dyn Stream>);
        Self::start_with("http", Arc::new(plain), Arc::new(replies))
    }

    /// The same, where connections begin so.
    pub fn start_with(scheme: &'static str, accepts: Arc<Accepts>, replies: Arc<Replies>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            asked: Mutex::default(),
            connections: AtomicU64::default(),
            written: AtomicU64::default(),
            over: AtomicBool::default(),
        });
        let sees = Arc::clone(&shared);
        let thread = thread::spawn(move || serve(&listener, &sees, &accepts, &replies));
        Self {
            address,
            scheme,
            shared,
            thread: Some(thread),
        }
    }

    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// All that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Bytes of endless answers that were taken.
    pub fn written(&self) -> u64 {
        self.shared.written.load(Ordering::Relaxed)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(
    listener: &TcpListener,
    shared: &Arc<Shared>,
    accepts: &Arc<Accepts>,
    replies: &Arc<Replies>,
) {
    let mut threads = Vec::new();
    for stream in listener.incoming() {
        if shared.over.load(Ordering::Relaxed) {
            break;
        }
        let stream = stream.unwrap();
        shared.connections.fetch_add(1, Ordering::Relaxed);
        let pause = Some(Duration::from_millis(20));
        stream.set_read_timeout(pause).unwrap();
        stream.set_write_timeout(pause).unwrap();
        let (shared, accepts, replies) =
            (Arc::clone(shared), Arc::clone(accepts), Arc::clone(replies));
        threads.push(thread::spawn(move || {
            if let Some(stream) = accepts(stream) {
                let patient = Patient(stream, Arc::clone(&shared));
                answer(BufReader::new(patient), &shared, &replies);
            }
        }));
    }
    for thread in threads {
        let _ = thread.join();
    }
}

/// Waits for as long as the test lasts.
struct Patient(Box<dyn Stream>, Arc<Shared>);

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if waits(&error) && !self.1.over.load(Ordering::Relaxed) => {}
                other => return other,
            }
        }
    }
}

fn waits(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    [Interrupted, TimedOut, WouldBlock].contains(&error.kind())
}

fn answer(mut stream: BufReader<Patient>, shared: &Shared, replies: &Arc<Replies>) {
    while let Some(asked) = read(&mut stream) {
        shared.asked.lock().unwrap().push(asked.clone());
        let reply = replies(&asked);
        let out = &mut stream.get_mut().0;
        match reply {
            Reply::Status(status, body) => {
                let length = body.len();
                let head = format!("HTTP/1.1 {status} Said\r\nContent-Length: {length}\r\n\r\n");
                if out
                    .write_all((head + body).as_bytes())
                    .and_then(|()| out.flush())
                    .is_err()
                {
                    return;
                }
            }
            Reply::Bytes(bytes) => {
                let _ = out.write_all(&bytes).and_then(|()| out.flush());
                return;
            }
            Reply::Endless(bytes) => {
                let _ = out.write_all(&bytes);
                while !shared.over.load(Ordering::Relaxed) {
                    match out.write(&[b'0'; 4096]) {
                        Ok(0) => return,
                        Ok(count) => {
                            shared.written.fetch_add(count as u64, Ordering::Relaxed);
                        }
                        Err(error) if waits(&error) => {}
                        Err(_) => return,
                    }
                }
            }
            Reply::Nothing => {
                while !shared.over.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(5));
                }
                return;
            }
        }
    }
}

fn read(stream: &mut BufReader<Patient>) -> Option<Asked> {
    let mut line = String::new();
    stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).ok()?;
        match header.trim_end().split_once(": ") {
            Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.to_owned()),
            None => break,
        };
    }
    let length = headers.get("content-length")?.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(Asked {
        line: line.trim_end().to_owned(),
        headers,
        alerts: serde_json::from_slice(&body).unwrap(),
    })
}
