//! One connection between the hosts of a network, held by the test itself.

use super::capture::Capture;
use libtest_mimic::Failed;
use monitor_lab::network::Network;
use monitor_lab::testbed::wait::BOUND;
use nix::libc;
use std::io::{self, Read, Write};
use std::mem::{MaybeUninit, size_of};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::thread;
use std::time::{Duration, Instant};

const PORT: u16 = 5432;

/// How long anything may take that should take a moment: a busy machine is to fail no test.
pub const SOON: Duration = BOUND;

/// How long a delivery may take before it counts as lost; a delivery takes
/// well under a millisecond, and the first retransmission comes after 0.2 s.
pub const LOST: Duration = Duration::from_millis(1500);

/// Both ends of a connection, and what each host's kernel receives of it.
pub struct Pair {
    /// The end that opened it.
    pub client: TcpStream,
    /// The end that accepted it.
    pub server: TcpStream,
    /// The segments that pass the client's host.
    pub at_client: Capture,
    /// The segments that pass the server's host.
    pub at_server: Capture,
}

impl Pair {
    /// Connects the hosts of `network`, and lets them exchange a word.
    pub fn connect(network: &Network) -> Result<Self, Failed> {
        let address = SocketAddr::new(network.server_address(), PORT);
        let listener = network.server.within(|| TcpListener::bind(address))??;
        let at_client = network.client.within(|| Capture::start(PORT))??;
        let at_server = network.server.within(|| Capture::start(PORT))??;
        let client = network
            .client
            .within(|| TcpStream::connect_timeout(&address, SOON))??;
        let (server, _) = listener.accept()?;
        for end in [&client, &server] {
            end.set_read_timeout(Some(SOON))
                .and_then(|()| end.set_nodelay(true))?;
        }
        let pair = Self {
            client,
            server,
            at_client,
            at_server,
        };
        pair.exchange()?;
        Ok(pair)
    }

    /// A request and its answer, both delivered.
    pub fn exchange(&self) -> Result<(), Failed> {
        deliver(&self.client, &self.server, b"request")?;
        deliver(&self.server, &self.client, b"answer")
    }
}

/// Sends `bytes` from one end to the other and waits until they are there.
pub fn deliver(mut from: &TcpStream, mut to: &TcpStream, bytes: &[u8]) -> Result<(), Failed> {
    from.write_all(bytes)?;
    let mut received = vec![0; bytes.len()];
    to.read_exact(&mut received)?;
    assert_eq!(received, bytes);
    Ok(())
}

/// Sends, wherever that goes.
pub fn send(mut from: &TcpStream, bytes: &[u8]) -> Result<(), Failed> {
    Ok(from.write_all(bytes)?)
}

/// What one read gives within `bound`; [`io::ErrorKind::WouldBlock`] if nothing comes. A read with a timeout is not
/// begun again by the kernel where something wakes its thread, a stop or a debugger (`sock_intr_errno`): it is here, for
/// the time that is left.
pub fn read_within(mut end: &TcpStream, bound: Duration) -> io::Result<Vec<u8>> {
    let until = Instant::now() + bound;
    let mut bytes = vec![0; 1024];
    let length = loop {
        let left = until.saturating_duration_since(Instant::now());
        end.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        match end.read(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => break done,
        }
    };
    end.set_read_timeout(Some(SOON))?;
    bytes.truncate(length?);
    Ok(bytes)
}

/// Nothing at all comes to `end` within `bound`.
pub fn hears_nothing(end: &TcpStream, bound: Duration) -> Result<(), Failed> {
    match read_within(end, bound) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        Err(error) => Err(format!("nothing was to be heard, and there was: {error}").into()),
        Ok(bytes) => Err(format!(
            "nothing was to be heard, and there were {} bytes: {:?}",
            bytes.len(),
            String::from_utf8_lossy(&bytes)
        )
        .into()),
    }
}

/// What the kernel tells of a connection.
pub fn info(end: &TcpStream) -> Result<libc::tcp_info, Failed> {
    let mut info = MaybeUninit::<libc::tcp_info>::zeroed();
    let mut length = libc::socklen_t::try_from(size_of::<libc::tcp_info>())?;
    // SAFETY: the socket is open; the kernel writes at most `length` bytes into `info`.
    let done = unsafe {
        libc::getsockopt(
            end.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast(),
            &mut length,
        )
    };
    if done != 0 {
        return Err(io::Error::last_os_error().into());
    }
    // SAFETY: it was zeroed, and zero is a value of each of its members, which are integers.
    Ok(unsafe { info.assume_init() })
}

/// Bytes sent that the other end has not acknowledged.
pub fn unacknowledged(end: &TcpStream) -> Result<i32, Failed> {
    nix::ioctl_read_bad!(outq, libc::TIOCOUTQ, libc::c_int);
    let mut bytes = 0;
    // SAFETY: the socket is open; the kernel writes one int.
    unsafe { outq(end.as_raw_fd(), &mut bytes) }?;
    Ok(bytes)
}

/// Waits until `holds`.
pub fn eventually(
    what: &str,
    mut holds: impl FnMut() -> Result<bool, Failed>,
) -> Result<(), Failed> {
    let until = Instant::now() + SOON;
    while !holds()? {
        assert!(Instant::now() < until, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// The client sends so many bytes, and all of them arrive.
pub fn transfer(pair: &Pair, bytes: usize) -> Result<(), Failed> {
    let client = &pair.client;
    thread::scope(|scope| {
        let sender = scope.spawn(|| send(client, &vec![b'x'; bytes]));
        let mut arrived = vec![0; bytes];
        (&pair.server).read_exact(&mut arrived)?;
        assert!(arrived.iter().all(|byte| *byte == b'x'));
        sender
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
