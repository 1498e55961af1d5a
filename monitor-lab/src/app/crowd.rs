//! Connections by the thousand that nobody knows by name: a burst of short
//! ones, and a scan of closed ports.

use nix::poll::PollFlags;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};

/// The port after the story's own is the crowd's.
fn door(address: SocketAddr) -> io::Result<SocketAddr> {
    let port = address.port().checked_add(1);
    let port = port.ok_or_else(|| io::Error::other("no port is left for the crowd"))?;
    Ok(SocketAddr::new(address.ip(), port))
}

/// The server's side: gives each byte back and forgets who brought it.
pub(super) struct Crowd {
    listener: TcpListener,
    guests: Vec<TcpStream>,
}

impl Crowd {
    pub(super) fn at(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(door(address)?)?;
        listener.set_nonblocking(true)?;
        Ok(Self {
            listener,
            guests: Vec::new(),
        })
    }

    /// What to poll: the door first, then each guest.
    pub(super) fn interest(&self) -> impl Iterator<Item = (BorrowedFd<'_>, PollFlags)> {
        let guests = self.guests.iter().map(AsFd::as_fd);
        std::iter::once(self.listener.as_fd())
            .chain(guests)
            .map(|fd| (fd, PollFlags::POLLIN))
    }

    /// Serves those that have news, in the order of [`Self::interest`].
    pub(super) fn attend(&mut self, news: &[PollFlags]) -> io::Result<()> {
        let (door, guests) = news.split_at(news.len().min(1));
        let mut news = guests.iter();
        self.guests.retain_mut(|guest| {
            news.next()
                .is_none_or(|news| news.is_empty() || serve(guest))
        });
        if door.iter().all(|door| door.is_empty()) {
            return Ok(());
        }
        loop {
            match self.listener.accept() {
                Ok((guest, _)) => {
                    guest.set_nonblocking(true)?;
                    self.guests.push(guest);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}

/// Whether the guest stays.
fn serve(guest: &mut TcpStream) -> bool {
    let mut byte = [0];
    match guest.read(&mut byte) {
        Ok(0) => false,
        Ok(_) => guest.write_all(&byte).is_ok(),
        Err(error) => error.kind() == ErrorKind::WouldBlock,
    }
}

/// The client's side of a burst.
pub(super) fn burst(address: SocketAddr, connections: u32) -> io::Result<()> {
    let door = door(address)?;
    for _ in 0..connections {
        let mut stream = TcpStream::connect(door)?;
        stream.write_all(b"?")?;
        stream.read_exact(&mut [0])?;
    }
    Ok(())
}

/// The client's side of a crowd that stays: each has said something once, and been answered.
pub(super) fn stand(address: SocketAddr, connections: u32) -> io::Result<Vec<TcpStream>> {
    let door = door(address)?;
    let guest = |_| {
        let mut stream = TcpStream::connect(door)?;
        stream.write_all(b"?")?;
        stream.read_exact(&mut [0])?;
        Ok(stream)
    };
    (0..connections).map(guest).collect()
}

/// Knocks at so many ports above the crowd's. That one is open is an error.
pub(super) fn scan(address: SocketAddr, ports: u16) -> io::Result<()> {
    let first = door(address)?.port();
    for step in 1..=ports {
        let port = first.checked_add(step);
        let port = port.ok_or_else(|| io::Error::other("there are not so many ports"))?;
        match TcpStream::connect(SocketAddr::new(address.ip(), port)) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
            Err(error) => return Err(error),
            Ok(_) => return Err(io::Error::other(format!("port {port} is open"))),
        }
    }
    Ok(())
}
