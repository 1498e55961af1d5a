//! The HTTP server among clients that are slow, many, or not who they say.

use crate::common::place::place_in;
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::network::block::Block;
use monitor_lab::testbed::Daemon;
use monitor_lab::testbed::wait::BOUND;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::as_root("slow_clients_keep_nobody_from_scraping", slow_clients),
    Test::as_root("a_foreign_host_name_is_refused_and_counted", foreign_names),
    Test::as_root("a_reload_allows_further_names", reloaded_names),
];

/// Clients that never get done with their request; so many never fit.
const SLOW: usize = 600;

/// A byte each half second from each of [`SLOW`] connections, which come again when they are cut; until dropped.
struct SlowClients {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl SlowClients {
    fn start(address: SocketAddr) -> Result<Self, Failed> {
        let connect = move || -> Option<TcpStream> {
            let mut stream = TcpStream::connect_timeout(&address, BOUND).ok()?;
            stream.set_nonblocking(true).ok()?;
            stream.write_all(b"G").ok()?;
            Some(stream)
        };
        let mut streams: Vec<_> = (0..SLOW).filter_map(|_| connect()).collect();
        let over = Arc::<AtomicBool>::default();
        let ends = Arc::clone(&over);
        let thread = thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                streams.retain_mut(|stream| {
                    let cut =
                        matches!(stream.read(&mut [0]), Ok(0)) || stream.write_all(b"E").is_err();
                    !cut
                });
                while streams.len() < SLOW
                    && let Some(stream) = connect()
                {
                    streams.push(stream);
                }
                thread::sleep(Duration::from_millis(500));
            }
        });
        Ok(Self {
            over,
            thread: Some(thread),
        })
    }
}

impl Drop for SlowClients {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn slow_clients() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "")?;
    let mut daemon = Daemon::start(&place, &[])?;
    let slow = SlowClients::start(place.listen())?;
    for _ in 0..5 {
        for path in ["/metrics", "/healthz", "/readyz"] {
            let (code, body) = daemon.get(path)?;
            assert_eq!(code, 200, "{path}: {body}");
        }
    }
    eventually("what was cut is counted", || {
        let cut = daemon.metric("http_cut_total", &[("room", "head")])?;
        // All but those that there is room for.
        Ok((cut >= 300.0).then_some(()).ok_or(cut))
    })?;
    drop(slow);
    Ok(daemon.end(BOUND)?)
}

/// The status line and the body of the answer to a request with this `Host`.
fn ask(address: SocketAddr, path: &str, host: &str) -> Result<(String, String), Failed> {
    let mut stream = TcpStream::connect_timeout(&address, BOUND)?;
    stream.set_read_timeout(Some(BOUND))?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no whole head")?;
    let status = head.lines().next().unwrap_or_default();
    Ok((status.to_owned(), body.to_owned()))
}

fn foreign_names() -> Tested {
    let block = Block::claim()?;
    let place = place_in(
        &block,
        "allowed_hosts = [\"node.example\", \"*.nodes.example\"]\n",
    )?;
    let daemon = Daemon::start(&place, &[])?;
    let own = std::fs::read_to_string("/proc/sys/kernel/hostname")?;
    let (listen, own) = (place.listen(), own.trim_end());
    let port = listen.port();
    for host in [
        &listen.to_string(),
        "192.0.2.7:9469",
        "[2001:db8::7]:9469",
        "localhost",
        &format!("LOCALHOST:{port}"),
        own,
        &format!("{own}:{port}"),
        "node.example",
        &format!("a.nodes.example.:{port}"),
    ] {
        let (status, body) = ask(listen, "/metrics", host)?;
        assert!(status.contains(" 200 "), "{host}: {status} {body}");
    }
    for path in ["/metrics", "/", "/readyz", "/nothing"] {
        let (status, body) = ask(listen, path, &format!("rebound.example:{port}"))?;
        assert!(status.contains(" 421 "), "{path}: {status} {body}");
        assert!(body.contains("allowed_hosts"), "{body}");
    }
    let refused = daemon.metric("http_refused_total", &[("reason", "host")])?;
    assert_eq!(refused, 4.0);
    let log = daemon.await_log("rebound.example")?;
    let told = log.lines().filter(|line| line.contains("rebound.example"));
    assert_eq!(told.count(), 1, "once a minute: {log}");
    Ok(())
}

fn reloaded_names() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "")?;
    let daemon = Daemon::start(&place, &[])?;
    let (status, _) = ask(place.listen(), "/healthz", "later.example")?;
    assert!(status.contains(" 421 "), "{status}");
    place.configure("allowed_hosts = [\"later.example\"]\n")?;
    daemon.signal(nix::sys::signal::Signal::SIGHUP)?;
    eventually("the name is allowed", || {
        let (status, _) = ask(place.listen(), "/healthz", "later.example")?;
        Ok(status.contains(" 200 ").then_some(()).ok_or(status))
    })
}
