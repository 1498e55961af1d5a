//! The world of the self-test, in a process of its own: a client and a server, each in a network namespace without a name, and
//! between them a box that forgets. All of it hangs on this process, which its parent takes with it: the kernel tidies up,
//! however either ends.

use super::forgetful::Forgetful;
use super::setting::{FORGETS_AFTER, PORT};
use super::tun;
use crate::cli::exit::CliError;
use crate::cli::output::write;
use crate::daemon::self_test::{CLIENT, SERVER};
use nix::libc::linger;
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::socket::{setsockopt, sockopt};
use std::fs::File;
use std::io::{self, BufRead, Read, Write, stdin};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What it says once packets may come.
pub(super) const READY: &str = "ready";

/// What it is told: connect, ask and be answered. It says the word again, with the client's address.
pub(super) const TALK: &str = "talk";

/// What it is told: once the box has forgotten the connection, ask again on it, and on a new one. It says the word again once
/// the new one was answered.
pub(super) const SPEAK: &str = "speak";

/// What it says where something fails, before the reason.
pub(super) const FAILED: &str = "failed:";

/// The greatest IP packet.
const PACKET: usize = 65_536;

/// How long a connection through the box may take to come about, or an answer to come: ten times what the kernel's first
/// retransmission needs, and more, on a machine that does something else.
const PATIENCE: Duration = Duration::from_secs(30);

/// Lives until its standard input ends.
pub(super) fn live() -> Result<(), CliError> {
    let told = live_and_say(&mut |word| write(&word).map(|_| ()));
    told.or_else(|failure| match failure {
        Failure::System(why) => write(&format!("{FAILED} {why}")).map(|_| ()),
        Failure::Output(error) => Err(*error),
    })
}

enum Failure {
    System(String),
    Output(Box<CliError>),
}

impl From<CliError> for Failure {
    fn from(error: CliError) -> Self {
        Self::Output(Box::new(error))
    }
}

/// Names what was tried.
fn of<E: std::fmt::Display>(what: &'static str) -> impl Fn(E) -> Failure {
    move |error| Failure::System(format!("{what}: {error}"))
}

fn live_and_say(say: &mut dyn FnMut(String) -> Result<(), CliError>) -> Result<(), Failure> {
    // So it is called in what is found of it.
    prctl::set_name(c"self-test").map_err(of("a name for the process"))?;
    unshare(CloneFlags::CLONE_NEWNET).map_err(of("a network namespace"))?;
    let client = tun::open("client", CLIENT).map_err(of("the client"))?;
    let (give, take) = channel();
    let server = move || match server() {
        Ok((device, listener)) => {
            let _ = give.send(Ok(device));
            answer(&listener);
        }
        Err(error) => {
            let _ = give.send(Err(error));
        }
    };
    let start = |name: &str, work: Box<dyn FnOnce() + Send>| {
        let thread = thread::Builder::new().name(name.to_owned());
        thread.spawn(work).map_err(of("a thread")).map(|_| ())
    };
    start("server", Box::new(server))?;
    let server = take.recv().map_err(of("the server"))?;
    let server = server.map_err(of("the server"))?;
    let memory = Arc::new(Mutex::new(Forgetful::new(FORGETS_AFTER)));
    let (client, server) = (Arc::new(client), Arc::new(server));
    for (from, to) in [(&client, &server), (&server, &client)] {
        let (from, to, memory) = (Arc::clone(from), Arc::clone(to), Arc::clone(&memory));
        start("box", Box::new(move || forward(&from, &to, &memory)))?;
    }
    say(READY.to_owned())?;
    let (mut old, mut new) = (None, None);
    for line in stdin().lock().lines() {
        match line.map_err(of("standard input"))?.as_str() {
            TALK => {
                let (connection, address) = exchange().map_err(of("a first connection"))?;
                old = Some(connection);
                say(format!("{TALK} {address}"))?;
            }
            SPEAK => {
                await_oblivion(&memory);
                if let Some(old) = &mut old {
                    old.write_all(b"a").map_err(of("the old connection"))?;
                }
                new = Some(exchange().map_err(of("a new connection"))?);
                say(SPEAK.to_owned())?;
            }
            other => return Err(Failure::System(format!("{other:?} says nothing here"))),
        }
    }
    drop((old, new));
    Ok(())
}

/// The server, in a namespace of its thread's.
fn server() -> io::Result<(File, TcpListener)> {
    unshare(CloneFlags::CLONE_NEWNET)?;
    let device = tun::open("server", SERVER)?;
    Ok((device, TcpListener::bind((SERVER, PORT))?))
}

/// Answers each byte of each connection with one.
fn answer(listener: &TcpListener) {
    for stream in listener.incoming().flatten() {
        // What cannot be served shows at the client.
        let _ = thread::Builder::new().spawn(move || echo(stream));
    }
}

fn echo(mut stream: TcpStream) -> io::Result<()> {
    leaves_at_once(&stream)?;
    let mut byte = [0];
    loop {
        stream.read_exact(&mut byte)?;
        stream.write_all(&byte)?;
    }
}

/// A connection on which something was asked and answered.
fn exchange() -> io::Result<(TcpStream, SocketAddr)> {
    let server = SocketAddr::from((SERVER, PORT));
    let mut stream = TcpStream::connect_timeout(&server, PATIENCE)?;
    leaves_at_once(&stream)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"a")?;
    stream.read_exact(&mut [0])?;
    let address = stream.local_addr()?;
    Ok((stream, address))
}

/// Closes without a goodbye, which would keep the namespace for minutes: nobody lets it pass any more.
fn leaves_at_once(stream: &TcpStream) -> io::Result<()> {
    let at_once = linger {
        l_onoff: 1,
        l_linger: 0,
    };
    setsockopt(stream, sockopt::Linger, &at_once).map_err(io::Error::from)
}

/// Carries packets from one host to the other, those that the box lets pass.
fn forward(from: &File, to: &File, memory: &Mutex<Forgetful>) {
    let mut packet = vec![0; PACKET];
    let (mut from, mut to) = (from, to);
    while let Ok(length) = from.read(&mut packet) {
        let packet = packet.get(..length).unwrap_or_default();
        if held(memory).passes(packet, Instant::now()) && to.write_all(packet).is_err() {
            return;
        }
    }
}

fn await_oblivion(memory: &Mutex<Forgetful>) {
    loop {
        let left = held(memory).forgets_in(Instant::now());
        if left.is_zero() {
            return;
        }
        thread::sleep(left);
    }
}

fn held(memory: &Mutex<Forgetful>) -> MutexGuard<'_, Forgetful> {
    // A thread that broke off leaves times behind, which are whole.
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}
