//! An application, seen from inside: the hidden subcommand `monitor-lab app`.

use super::connection::Connection;
use super::crowd::{self, Crowd};
use super::options;
use super::order::Instruction;
use super::{Order, Report};
use crate::ends::End;
use crate::network::namespace;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::unistd;
use std::ffi::CString;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

/// What one read of the orders takes in.
const ORDERS: usize = 4096;

/// Lives the life of one application: enters `namespace`, gets its
/// connection (the client connects to `address`, the server accepts there, as
/// many as come), reports what it receives on stdout, and carries out the
/// orders on stdin until that ends.
pub fn live(end: End, namespace: &Path, address: SocketAddr) -> io::Result<()> {
    let lived = attempt(end, namespace, address);
    if let Err(error) = &lived {
        let why = error.to_string();
        Report::Broken { on: 0, why }.print()?;
    }
    lived
}

fn attempt(end: End, namespace: &Path, address: SocketAddr) -> io::Result<()> {
    namespace::enter(namespace)?;
    let name = CString::new(end.app())?;
    prctl::set_name(&name)?;
    let mut application = Application::start(end, address)?;
    while application.turn()? {}
    Ok(())
}

/// One thread, one poll, and all that it waits for.
struct Application {
    address: SocketAddr,
    /// The server's doors: its own and the crowd's. They stay open.
    listening: Option<(TcpListener, Crowd)>,
    connections: Vec<Connection>,
    /// How long after a receipt it is answered, if it is.
    answer: Option<Duration>,
    /// Connects whose outcome nobody waits for.
    knocking: Vec<OwnedFd>,
    /// A crowd of its own, which it keeps.
    standing: Vec<TcpStream>,
    /// Orders that have not ended in a newline yet.
    unfinished: Vec<u8>,
}

impl Application {
    fn start(end: End, address: SocketAddr) -> io::Result<Self> {
        let mut application = Self {
            address,
            listening: None,
            connections: Vec::new(),
            answer: None,
            knocking: Vec::new(),
            standing: Vec::new(),
            unfinished: Vec::new(),
        };
        match end {
            End::Client => application.connect()?,
            End::Server => {
                let listener = TcpListener::bind(address)?;
                listener.set_nonblocking(true)?;
                application.listening = Some((listener, Crowd::at(address)?));
                Report::Listening.print()?;
            }
        }
        Ok(application)
    }

    /// Waits for news and attends to it; `false` once there are no more orders.
    fn turn(&mut self) -> io::Result<bool> {
        let stdin = io::stdin();
        let mut polled = vec![PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        if let Some((listener, crowd)) = &self.listening {
            polled.push(PollFd::new(listener.as_fd(), PollFlags::POLLIN));
            polled.extend(crowd.interest().map(|(fd, flags)| PollFd::new(fd, flags)));
        }
        let doors = polled.len();
        let mut polled_connections = Vec::new();
        for (number, connection) in self.connections.iter().enumerate() {
            if let Some((fd, flags)) = connection.interest() {
                polled.push(PollFd::new(fd, flags));
                polled_connections.push(number);
            }
        }
        match poll(&mut polled, self.patience()) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let news: Vec<PollFlags> = polled
            .iter()
            .map(|polled| polled.revents().unwrap_or(PollFlags::empty()))
            .collect();
        drop(polled);

        // Connections first: what was heard before an order comes before it.
        for (number, news) in polled_connections.iter().zip(&news[doors..]) {
            if !news.is_empty() {
                self.connections[*number].attend(*news, self.answer)?;
            }
        }
        let now = Instant::now();
        for connection in &mut self.connections {
            connection.tick(now)?;
        }
        if doors > 1 {
            if !news[1].is_empty() {
                self.accept()?;
            }
            if let Some((_, crowd)) = &mut self.listening {
                crowd.attend(&news[2..doors])?;
            }
        }
        if news[0].is_empty() {
            return Ok(true);
        }
        self.hear()
    }

    /// How long nothing falls due by itself.
    fn patience(&self) -> PollTimeout {
        let due = self.connections.iter().filter_map(Connection::next_due);
        let Some(due) = due.min() else {
            return PollTimeout::NONE;
        };
        // Rounded up: a millisecond too early would be a turn for nothing.
        let left = due.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
        PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
    }

    fn connect(&mut self) -> io::Result<()> {
        let stream = TcpStream::connect(self.address)?;
        self.hold(stream)
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            let Some((listener, _)) = &self.listening else {
                return Ok(());
            };
            match listener.accept() {
                Ok((stream, _)) => self.hold(stream)?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    fn hold(&mut self, stream: TcpStream) -> io::Result<()> {
        let connection = Connection::new(self.connections.len(), stream)?;
        self.connections.push(connection);
        Ok(())
    }

    /// Reads orders and carries them out; `false` once there are no more.
    fn hear(&mut self) -> io::Result<bool> {
        let mut chunk = [0; ORDERS];
        let length = unistd::read(io::stdin(), &mut chunk)?;
        self.unfinished.extend(&chunk[..length]);
        while let Some(end) = self.unfinished.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.unfinished.drain(..=end).collect();
            let instruction: Instruction =
                serde_json::from_slice(&line).map_err(io::Error::from)?;
            let done = match self.obey(&instruction) {
                Ok(()) => Report::Done,
                Err(error) => Report::Refused(error.to_string()),
            };
            done.print()?;
        }
        Ok(length > 0)
    }

    fn obey(&mut self, instruction: &Instruction) -> io::Result<()> {
        match &instruction.order {
            Order::Answer { after_ms } => {
                self.answer = Some(Duration::from_millis(*after_ms));
                Ok(())
            }
            Order::Open { connections } => (0..*connections).try_for_each(|_| self.connect()),
            Order::OpenFrom { address } => {
                self.hold(options::connect_from(*address, self.address)?)
            }
            Order::Knock => {
                self.knocking.push(options::knock(self.address)?);
                Ok(())
            }
            Order::Burst { connections } => crowd::burst(self.address, *connections),
            Order::Stand { connections } => {
                let more = crowd::stand(self.address, *connections)?;
                self.standing.extend(more);
                Ok(())
            }
            Order::Scan { ports } => crowd::scan(self.address, *ports),
            order => match self.connections.get_mut(instruction.on) {
                Some(connection) => connection.obey(order),
                None => Err(io::Error::other(format!(
                    "there is no connection {}",
                    instruction.on
                ))),
            },
        }
    }
}
