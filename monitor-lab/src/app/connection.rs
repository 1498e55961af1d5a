//! One connection, seen from inside an application. Nothing here blocks: the
//! application has one thread, as its name and its stories do.

use super::options;
use super::order::{Order, Report};
use nix::poll::PollFlags;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

/// What bulk is made of. No text in a story is made of it alone.
const BULK: u8 = b'.';

/// What one read takes in, and one write puts out, at most.
const CHUNK: usize = 64 * 1024;

/// How often the growth of a bulk is reported.
const PROGRESS: Duration = Duration::from_millis(100);

/// What is sent every so often.
struct Push {
    bytes: usize,
    every: Duration,
    next_at: Instant,
}

/// What is read every so often.
struct Sip {
    bytes: usize,
    every: Duration,
    next_at: Instant,
}

/// One connection, and what is still to be done on it.
pub(super) struct Connection {
    on: usize,
    /// `None` once it is closed.
    stream: Option<TcpStream>,
    reading: bool,
    /// Nothing more can come or go, and it has been reported.
    over: bool,
    /// Text that the kernel has not taken yet.
    unsent: VecDeque<u8>,
    bulk_left: u64,
    bulk_received: u64,
    progress_at: Option<Instant>,
    answers: VecDeque<(Instant, Vec<u8>)>,
    push: Option<Push>,
    sip: Option<Sip>,
}

impl Connection {
    /// Takes over a stream as connection number `on`, and reports it.
    pub(super) fn new(on: usize, stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let connected = Report::Connected {
            on,
            local: stream.local_addr()?,
            remote: stream.peer_addr()?,
        };
        connected.print()?;
        Ok(Self {
            on,
            stream: Some(stream),
            reading: true,
            over: false,
            unsent: VecDeque::new(),
            bulk_left: 0,
            bulk_received: 0,
            progress_at: None,
            answers: VecDeque::new(),
            push: None,
            sip: None,
        })
    }

    /// What to poll it for; `None` if there is nothing to learn any more.
    pub(super) fn interest(&self) -> Option<(BorrowedFd<'_>, PollFlags)> {
        let stream = self.stream.as_ref().filter(|_| !self.over)?;
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::POLLIN, self.reading);
        let unsent = !self.unsent.is_empty() || self.bulk_left > 0;
        flags.set(PollFlags::POLLOUT, unsent);
        Some((stream.as_fd(), flags))
    }

    /// When something falls due on it without any word from the kernel.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let answer = self.answers.front().map(|(at, _)| *at);
        let push = self.push.as_ref().map(|push| push.next_at);
        let sip = self.sip.as_ref().map(|sip| sip.next_at);
        let due = [answer, self.progress_at, push, sip];
        due.into_iter().flatten().min()
    }

    /// Carries out an order about this connection. Text that the kernel does not
    /// take now goes later.
    pub(super) fn obey(&mut self, order: &Order) -> io::Result<()> {
        let stream = self.stream()?;
        match order {
            Order::Send(text) => self.send(text.as_bytes()),
            Order::Bulk { bytes } => {
                self.bulk_left += bytes;
                self.write()
            }
            Order::Push { bytes, every_ms } => {
                self.push = (*bytes > 0).then(|| Push {
                    bytes: usize::try_from(*bytes).unwrap_or(CHUNK),
                    every: Duration::from_millis((*every_ms).max(1)),
                    next_at: Instant::now(),
                });
                Ok(())
            }
            Order::Read(reading) => {
                self.reading = *reading;
                self.sip = None;
                Ok(())
            }
            Order::Sip { bytes, every_ms } => {
                self.reading = false;
                self.sip = Some(Sip {
                    bytes: usize::try_from(*bytes).unwrap_or(CHUNK),
                    every: Duration::from_millis((*every_ms).max(1)),
                    next_at: Instant::now(),
                });
                Ok(())
            }
            Order::Keepalive { idle, interval } => options::keepalive(stream, *idle, *interval),
            Order::UserTimeout { after_ms } => options::user_timeout(stream, *after_ms),
            Order::Pace { rate } => options::pace(stream, *rate),
            Order::HalfClose => stream.shutdown(Shutdown::Write),
            Order::Close => {
                self.stream = None;
                Ok(())
            }
            Order::SendAndClose(text) => {
                self.send(text.as_bytes())?;
                self.stream = None;
                Ok(())
            }
            Order::Abort => {
                options::reset_on_close(stream)?;
                self.stream = None;
                Ok(())
            }
            Order::Answer { .. }
            | Order::Open { .. }
            | Order::OpenFrom { .. }
            | Order::Knock
            | Order::Burst { .. }
            | Order::Stand { .. }
            | Order::Scan { .. } => Err(io::Error::other(
                "this is an order for no single connection",
            )),
        }
    }

    fn stream(&self) -> io::Result<&TcpStream> {
        self.stream
            .as_ref()
            .ok_or_else(|| io::Error::other(format!("connection {} is closed", self.on)))
    }

    fn send(&mut self, text: &[u8]) -> io::Result<()> {
        self.unsent.extend(text);
        self.write()
    }

    /// The kernel has news. `answer` is how long after a receipt it is answered.
    pub(super) fn attend(&mut self, news: PollFlags, answer: Option<Duration>) -> io::Result<()> {
        if news.contains(PollFlags::POLLOUT)
            && let Err(error) = self.write()
        {
            return self.broken(&error);
        }
        let failed = news.intersects(PollFlags::POLLERR | PollFlags::POLLHUP);
        if self.reading && (failed || news.contains(PollFlags::POLLIN)) {
            return self.read(CHUNK, answer);
        }
        if failed {
            // Asked for even where nobody reads: the other end reset it, or both are done.
            let error = self.stream()?.take_error()?;
            return match error {
                Some(error) => self.broken(&error),
                None => {
                    self.over = true;
                    Ok(())
                }
            };
        }
        Ok(())
    }

    /// Does what has fallen due by `now`.
    pub(super) fn tick(&mut self, now: Instant) -> io::Result<()> {
        if self.progress_at.is_some_and(|at| at <= now) {
            self.progress_at = None;
            let (on, bytes) = (self.on, self.bulk_received);
            Report::Moved { on, bytes }.print()?;
        }
        if self.over || self.stream.is_none() {
            self.push = None;
            self.sip = None;
        }
        if let Some(sip) = self.sip.as_mut().filter(|sip| sip.next_at <= now) {
            sip.next_at = now + sip.every;
            let most = sip.bytes;
            self.read(most, None)?;
        }
        if let Some(push) = self.push.as_mut().filter(|push| push.next_at <= now) {
            push.next_at = now + push.every;
            let bulk = vec![BULK; push.bytes];
            if let Err(error) = self.send(&bulk) {
                return self.broken(&error);
            }
        }
        while self.answers.front().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, answer)) = self.answers.pop_front()
                && self.stream.is_some()
                && let Err(error) = self.send(&answer)
            {
                return self.broken(&error);
            }
        }
        Ok(())
    }

    /// Reads so many bytes at most.
    fn read(&mut self, most: usize, answer: Option<Duration>) -> io::Result<()> {
        let mut chunk = vec![0; most];
        match self.stream()?.read(&mut chunk) {
            Ok(0) => {
                self.reading = false;
                Report::PeerClosed { on: self.on }.print()
            }
            Ok(length) => self.receive(&chunk[..length], answer),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(error) => self.broken(&error),
        }
    }

    fn receive(&mut self, bytes: &[u8], answer: Option<Duration>) -> io::Result<()> {
        let text: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != BULK).collect();
        let bulk = bytes.len().saturating_sub(text.len());
        if bulk > 0 {
            self.bulk_received += u64::try_from(bulk).unwrap_or(u64::MAX);
            self.progress_at.get_or_insert(Instant::now() + PROGRESS);
        }
        if text.is_empty() {
            return Ok(());
        }
        if let Some(after) = answer {
            let at = Instant::now() + after;
            self.answers.push_back((at, text.to_ascii_uppercase()));
        }
        let (on, text) = (self.on, String::from_utf8_lossy(&text).into_owned());
        Report::Received { on, text }.print()
    }

    /// Puts out text, then bulk, until the kernel takes no more.
    fn write(&mut self) -> io::Result<()> {
        let Some(mut stream) = self.stream.as_ref() else {
            return Ok(());
        };
        while !self.unsent.is_empty() {
            match stream.write(self.unsent.make_contiguous()) {
                Ok(taken) => drop(self.unsent.drain(..taken)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        let chunk = [BULK; CHUNK];
        while self.bulk_left > 0 {
            let length = usize::try_from(self.bulk_left).map_or(CHUNK, |left| left.min(CHUNK));
            match stream.write(&chunk[..length]) {
                Ok(taken) => {
                    self.bulk_left -= u64::try_from(taken).unwrap_or(self.bulk_left);
                    if self.bulk_left == 0 {
                        Report::Took { on: self.on }.print()?;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn broken(&mut self, why: &io::Error) -> io::Result<()> {
        self.over = true;
        let (on, why) = (self.on, why.to_string());
        Report::Broken { on, why }.print()
    }
}
