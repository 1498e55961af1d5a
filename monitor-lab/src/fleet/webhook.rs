//! A receiver of notifications that counts them.

use crate::LabError;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The longest notification that is read, in bytes.
const LONGEST: u64 = 256 << 20;

/// How long a notification may take.
const WITHIN: Duration = Duration::from_secs(60);

/// What came on one path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notified {
    /// Notifications that something fires.
    pub firing: u64,
    /// Notifications that all of it is over.
    pub resolved: u64,
    /// Alerts in the largest.
    pub most_alerts: usize,
    /// Its size, in bytes.
    pub most_bytes: usize,
}

/// A running receiver, with what came by path. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Webhook {
    address: SocketAddr,
    came: Arc<Mutex<BTreeMap<String, Notified>>>,
    stops: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Webhook {
    /// Starts one on loopback.
    pub(super) fn start() -> Result<Self, LabError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listener = listener.map_err(LabError::io("listening for notifications"))?;
        let address = listener.local_addr().map_err(LabError::io("listening"))?;
        let came = Arc::<Mutex<BTreeMap<String, Notified>>>::default();
        let stops = Arc::<AtomicBool>::default();
        let (counts, end) = (Arc::clone(&came), Arc::clone(&stops));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if end.load(Ordering::Relaxed) {
                    return;
                }
                // One that breaks off is sent again.
                if let Ok((path, body)) = stream.and_then(receive) {
                    count(&counts, path, &body);
                }
            }
        });
        Ok(Self {
            address,
            came,
            stops,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What came so far, by path.
    pub(super) fn came(&self) -> BTreeMap<String, Notified> {
        self.came
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        self.stops.store(true, Ordering::Relaxed);
        // It waits for a connection.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Path and body of a request, which is answered.
fn receive(stream: TcpStream) -> io::Result<(String, Vec<u8>)> {
    stream.set_read_timeout(Some(WITHIN))?;
    let mut reader = BufReader::new(&stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
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
    reader.take(LONGEST.min(length)).read_to_end(&mut body)?;
    (&stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
    Ok((path, body))
}

fn count(counts: &Mutex<BTreeMap<String, Notified>>, path: String, body: &[u8]) {
    let Ok(Value::Object(told)) = serde_json::from_slice(body) else {
        return;
    };
    let alerts = told
        .get("alerts")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    let notified = counts.entry(path).or_default();
    match told.get("status").and_then(Value::as_str) {
        Some("resolved") => notified.resolved += 1,
        _ => notified.firing += 1,
    }
    notified.most_alerts = notified.most_alerts.max(alerts);
    notified.most_bytes = notified.most_bytes.max(body.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notifications_are_counted_by_path_and_what_is_none_is_not() {
        let webhook = Webhook::start().expect("loopback is there");
        let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
        for (path, body) in [
            ("page", r#"{"status":"firing","alerts":[{},{}]}"#),
            ("page", r#"{"status":"resolved","alerts":[{}]}"#),
            ("ticket", "nonsense"),
        ] {
            let url = format!("http://{}/{path}", webhook.address());
            agent.post(&url).send(body).expect("it answers");
        }
        let page = Notified {
            firing: 1,
            resolved: 1,
            most_alerts: 2,
            most_bytes: 36,
        };
        assert_eq!(webhook.came(), [("/page".to_owned(), page)].into());
    }
}
