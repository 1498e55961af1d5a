//! A process of the crowd, from the inside.

use super::orders::{DESCRIPTORS, DONE, Hold, LISTENING, Orders, READY, SEND};
use super::silent;
use monitor_lab::network::namespace;
use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::Linger;
use std::fs::File;
use std::io::{self, BufRead, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::thread;
use std::time::{Duration, Instant};

/// How long one connection may take.
const CONNECT: Duration = Duration::from_secs(20);

/// Sends between two looks at the clock.
const BATCH: usize = 16;

/// What is held. Everything goes when the process ends.
#[derive(Default)]
struct Held {
    /// Ends that send when they are ordered to.
    senders: Vec<TcpStream>,
    others: Vec<TcpStream>,
    files: Vec<File>,
}

/// Holds what `orders` say until standard input is closed.
///
/// # Errors
/// Why it cannot.
pub fn live(orders: &Orders) -> io::Result<()> {
    raise_limit()?;
    if let Some(file) = &orders.namespace {
        namespace::enter(file)?;
    }
    let mut held = Held::default();
    match orders.hold {
        Hold::Pairs { address, pairs } => pairs_at(address.into(), pairs, &mut held)?,
        Hold::Namespaces { namespaces, pairs } => {
            for _ in 0..namespaces {
                unshare(CloneFlags::CLONE_NEWNET)?;
                loopback_up()?;
                pairs_at(Ipv4Addr::LOCALHOST.into(), pairs, &mut held)?;
            }
        }
        Hold::Silent {
            namespaces,
            connections,
        } => {
            for _ in 0..namespaces {
                unshare(CloneFlags::CLONE_NEWNET)?;
                silent::link()?;
                for port in 0..connections {
                    held.others.push(silent::connection(port)?);
                }
            }
        }
        Hold::Files { files } => {
            for _ in 0..files {
                held.files.push(File::open("/dev/null")?);
            }
        }
        Hold::Clients { to, clients } => {
            for _ in 0..clients {
                held.senders.push(connect(to)?);
            }
        }
        Hold::Servers { at, servers } => {
            let listener = TcpListener::bind(at)?;
            say(LISTENING)?;
            for _ in 0..servers {
                held.others.push(listener.accept()?.0);
            }
        }
    }
    say(READY)?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        if let Some(rate) = line.strip_prefix(SEND) {
            send(&held.senders, rate.trim().parse().unwrap_or(0));
            say(DONE)?;
        }
    }
    Ok(())
}

fn say(word: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{word}")?;
    out.flush()
}

/// So many connections with both ends here.
fn pairs_at(address: IpAddr, pairs: u32, held: &mut Held) -> io::Result<()> {
    if pairs == 0 {
        return Ok(());
    }
    let listener = TcpListener::bind((address, 0))?;
    let to = listener.local_addr()?;
    for _ in 0..pairs {
        let client = connect(to)?;
        let (server, _) = listener.accept()?;
        held.senders.push(client);
        held.others.push(server);
    }
    Ok(())
}

/// A connection that goes by a reset when its process ends: half a million in TIME_WAIT would outlive the bench.
fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&to, CONNECT)?;
    let reset = libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    setsockopt(&stream, Linger, &reset)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// A byte on each, `per_second` of them, or with 0 as fast as it goes. One that is broken is passed over: what becomes
/// of the connections is told by who watches them.
fn send(senders: &[TcpStream], per_second: u32) {
    let begun = Instant::now();
    for (batch, streams) in senders.chunks(BATCH).enumerate() {
        if per_second > 0 {
            let due = Duration::from_secs_f64((batch * BATCH) as f64 / f64::from(per_second));
            thread::sleep(due.saturating_sub(begun.elapsed()));
        }
        for mut stream in streams {
            let _ = stream.write(b".");
        }
    }
}

/// As many descriptors as a process of the crowd needs.
fn raise_limit() -> io::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let wanted = u64::from(DESCRIPTORS).min(hard);
    setrlimit(Resource::RLIMIT_NOFILE, wanted, hard)?;
    Ok(())
}

/// The loopback device of a new namespace is down.
fn loopback_up() -> io::Result<()> {
    let socket = std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    // SAFETY: all zeros is a valid request.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = from.cast_signed();
    }
    let up = libc::IFF_UP | libc::IFF_RUNNING;
    request.ifr_ifru.ifru_flags = i16::try_from(up).map_err(io::Error::other)?;
    // SAFETY: an open socket, and a request that lives until the call returns.
    let answer = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) };
    match answer {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
