//! What the applications do. Where no connection is named it is the first, which
//! every story has.

use super::Story;
use crate::LabError;
use crate::app::Order;
use crate::ends::End;
use crate::timeline::Happened;
use std::ops::Range;
use std::time::{Duration, Instant};

/// How many sweeps have to pass until sweeps have seen often enough that a client is answered, how often it asks meanwhile
/// at most, and how long it then rests each time, in seconds: for a sweep where the machine is calm, and far from what
/// puts the connection at risk where it is busy, and sweeps are put off.
const HABIT_SWEEPS: f64 = 6.0;
const ASKS_AT_MOST: usize = 32;
const RESTS: f64 = 1.3;

/// How often busy connections ask while others are silent, and the pause after each, in seconds.
const BUSY_TIMES: usize = 7;
const BUSY_RESTS: f64 = 0.8;

impl Story<'_> {
    /// The client sends `request` on connection `on`, the server answers `reply`, both
    /// arrive. Silences count from here.
    pub fn exchange_on(&mut self, on: usize, request: &str, reply: &str) -> Result<(), LabError> {
        self.applications.deliver(End::Client, on, request)?;
        self.applications.deliver(End::Server, on, reply)?;
        self.quiet_since = Instant::now();
        Ok(())
    }

    /// Connection `on` works: the client asks and is answered, twice a second, for so
    /// many seconds.
    pub fn works_for(&mut self, on: usize, seconds: f64) -> Result<(), LabError> {
        let until = Instant::now() + Duration::from_secs_f64(seconds);
        while Instant::now() < until {
            self.exchange_on(on, "work", "DONE")?;
            self.watches_on(0.5)?;
        }
        Ok(())
    }

    /// Each connection of `silent` is used once, and is silent then, while those of `busy` work on: past the usual
    /// timeout.
    pub fn some_are_silent_and_others_busy(
        &mut self,
        silent: Range<usize>,
        busy: Range<usize>,
    ) -> Result<(), LabError> {
        for on in silent {
            self.exchange_on(on, "a", "A")?;
        }
        for _ in 0..BUSY_TIMES {
            for on in busy.clone() {
                self.exchange_on(on, "a", "A")?;
            }
            self.watches_on(BUSY_RESTS)?;
        }
        Ok(())
    }

    /// From now on the server answers whatever arrives with the same in capitals,
    /// after so many seconds.
    pub fn server_answers_after(&mut self, seconds: f64) -> Result<(), LabError> {
        let after = Duration::from_secs_f64(seconds).as_millis();
        let after_ms = u64::try_from(after).unwrap_or(u64::MAX);
        self.order(End::Server, &Order::Answer { after_ms })?;
        self.step(format!("server-app answers after {seconds} s"));
        Ok(())
    }

    /// The client sends `request` to a server that answers by itself, and the answer
    /// arrives. Silences count from here.
    pub fn asks(&mut self, request: &str) -> Result<(), LabError> {
        self.applications.deliver(End::Client, 0, request)?;
        let answer = request.to_ascii_uppercase();
        self.applications.arrives(End::Client, 0, &answer)?;
        self.quiet_since = Instant::now();
        Ok(())
    }

    /// The client asks and is answered at once, again and again, with a rest after each, until sweeps have seen that
    /// often enough.
    pub fn becomes_a_habit(&mut self) -> Result<(), LabError> {
        let enough = self.daemon.sweeps()? + HABIT_SWEEPS;
        for _ in 0..ASKS_AT_MOST {
            self.exchange("a", "A")?;
            self.silence(RESTS)?;
            if self.daemon.sweeps()? >= enough {
                return Ok(());
            }
        }
        let why = format!("{HABIT_SWEEPS} sweeps did not pass beside {ASKS_AT_MOST} requests");
        Err(LabError::Premise(why))
    }

    /// `end` sends `text`, and it arrives. Silences count from here.
    pub fn delivers(&mut self, end: End, text: &str) -> Result<(), LabError> {
        self.delivers_on(end, 0, text)
    }

    /// The same on connection `on`.
    pub fn delivers_on(&mut self, end: End, on: usize, text: &str) -> Result<(), LabError> {
        self.applications.deliver(end, on, text)?;
        self.quiet_since = Instant::now();
        Ok(())
    }

    /// `text`, sent before, arrives at `end`.
    pub fn arrives(&mut self, end: End, text: &str) -> Result<(), LabError> {
        self.applications.arrives(end, 0, text)
    }

    /// The client sends into the unknown: whether it arrives is what the story is about.
    pub fn client_sends(&mut self, text: &str) -> Result<(), LabError> {
        self.sends_on(End::Client, 0, text)
    }

    /// The server sends into the unknown.
    pub fn server_sends(&mut self, text: &str) -> Result<(), LabError> {
        self.sends_on(End::Server, 0, text)
    }

    /// `end` sends into the unknown on connection `on`.
    pub fn sends_on(&mut self, end: End, on: usize, text: &str) -> Result<(), LabError> {
        let order = Order::Send(text.to_owned());
        self.applications.order(end, on, &order)
    }

    /// `end` sends so many bytes in the background, as fast as the kernel takes them.
    pub fn sends_bulk(&mut self, end: End, bytes: u64) -> Result<(), LabError> {
        let words = format!("{} sends {bytes} bytes", end.app());
        self.turn(end, &Order::Bulk { bytes }, words)
    }

    /// `end` sends so many bytes of bulk every so many seconds, in the background.
    pub fn pushes(&mut self, end: End, bytes: u32, every: f64) -> Result<(), LabError> {
        let every_ms = Duration::from_secs_f64(every).as_millis();
        let every_ms = u64::try_from(every_ms).unwrap_or(u64::MAX);
        self.step(format!("{} sends {bytes} bytes every {every} s", end.app()));
        self.order(end, &Order::Push { bytes, every_ms })
    }

    /// `end` pushes no more. What was pushed moves on. Silences count from here.
    pub fn pushes_no_more(&mut self, end: End) -> Result<(), LabError> {
        self.step(format!("{} stops sending", end.app()));
        let stop = Order::Push {
            bytes: 0,
            every_ms: 0,
        };
        self.order(end, &stop)?;
        self.quiet_since = Instant::now();
        Ok(())
    }

    /// `end`'s kernel is to give up after so many seconds without an acknowledgment.
    pub fn limits_wait(&mut self, end: End, seconds: f64) -> Result<(), LabError> {
        let after = Duration::from_secs_f64(seconds).as_millis();
        let after_ms = u32::try_from(after).unwrap_or(u32::MAX);
        self.step(format!("{} sets TCP_USER_TIMEOUT: {seconds} s", end.app()));
        self.order(end, &Order::UserTimeout { after_ms })
    }

    /// So many bytes of bulk have arrived at `end`, all together.
    pub fn bulk_arrives(&mut self, end: End, bytes: u64) -> Result<(), LabError> {
        self.applications.app(end).await_moved(bytes)
    }

    /// `end`'s application stops reading; its kernel goes on until its buffer is full.
    pub fn stops_reading(&mut self, end: End) -> Result<(), LabError> {
        let words = format!("{} stops reading", end.app());
        self.turn(end, &Order::Read(false), words)
    }

    /// `end`'s application reads again.
    pub fn reads_again(&mut self, end: End) -> Result<(), LabError> {
        let words = format!("{} reads again", end.app());
        self.turn(end, &Order::Read(true), words)
    }

    /// `end`'s application reads so many bytes every so many seconds from now on, and no more.
    pub fn sips(&mut self, end: End, bytes: u32, every: f64) -> Result<(), LabError> {
        let every_ms =
            u64::try_from(Duration::from_secs_f64(every).as_millis()).unwrap_or(u64::MAX);
        let words = format!("{} reads {bytes} bytes every {every} s", end.app());
        self.turn(end, &Order::Sip { bytes, every_ms }, words)
    }

    /// `end`'s whole process is stopped (SIGSTOP): its kernel goes on acknowledging.
    pub fn is_stopped(&mut self, end: End) -> Result<(), LabError> {
        self.applications.app(end).stop()?;
        self.note_turn(format!("{} is stopped", end.app()));
        Ok(())
    }

    /// `end`'s process goes on (SIGCONT).
    pub fn goes_on(&mut self, end: End) -> Result<(), LabError> {
        self.applications.app(end).go_on()?;
        self.note_turn(format!("{} goes on", end.app()));
        Ok(())
    }

    /// The client turns on keepalive, in seconds.
    pub fn client_keeps_alive(&mut self, idle: u32, interval: u32) -> Result<(), LabError> {
        self.keeps_alive_on(0, idle, interval)
    }

    /// The client turns on keepalive on connection `on`, in seconds.
    pub fn keeps_alive_on(&mut self, on: usize, idle: u32, interval: u32) -> Result<(), LabError> {
        self.step(format!(
            "client-app turns on keepalive: after {idle}s, every {interval}s"
        ));
        let order = Order::Keepalive { idle, interval };
        self.applications.order(End::Client, on, &order)
    }

    /// `end` sends no faster than so many bytes per second from now on.
    pub fn paces(&mut self, end: End, rate: u32) -> Result<(), LabError> {
        self.step(format!("{} sends {rate} bytes/s at most", end.app()));
        self.order(end, &Order::Pace { rate })
    }

    /// The client opens so many further connections.
    pub fn opens(&mut self, connections: u32) -> Result<(), LabError> {
        self.applications.open(connections)?;
        self.step(format!("client-app opens {connections} more connections"));
        Ok(())
    }

    /// The client begins to connect once more. Nobody waits for what comes of it.
    pub fn knocks(&mut self) -> Result<(), LabError> {
        self.step("client-app connects once more");
        self.order(End::Client, &Order::Knock)
    }

    /// The client makes so many connections one after the other, each for one byte
    /// there and back.
    pub fn bursts(&mut self, connections: u32) -> Result<(), LabError> {
        self.order(End::Client, &Order::Burst { connections })?;
        self.step(format!("client-app has made {connections} connections"));
        Ok(())
    }

    /// So many connections stand beside, each used once.
    pub fn a_crowd_stands_beside(&mut self, connections: u32) -> Result<(), LabError> {
        self.order(End::Client, &Order::Stand { connections })?;
        self.step(format!("{connections} connections stand beside"));
        Ok(())
    }

    /// The client asks and is answered so many times on connection `on`, and asks again as soon as it is.
    pub fn asks_in_a_batch(&mut self, on: usize, times: usize) -> Result<(), LabError> {
        for _ in 0..times {
            self.exchange_on(on, "ask", "ANSWER")?;
        }
        self.step(format!("client-app has asked {times} times in a row"));
        Ok(())
    }

    /// The client knocks at so many closed ports.
    pub fn scans(&mut self, ports: u16) -> Result<(), LabError> {
        self.order(End::Client, &Order::Scan { ports })?;
        self.step(format!("client-app has knocked at {ports} closed ports"));
        Ok(())
    }

    pub(super) fn order(&mut self, end: End, order: &Order) -> Result<(), LabError> {
        self.applications.order(end, 0, order)
    }

    /// An order from which on the times of verdicts count.
    pub(super) fn turn(&mut self, end: End, order: &Order, words: String) -> Result<(), LabError> {
        self.order(end, order)?;
        self.note_turn(words);
        Ok(())
    }

    pub(super) fn note_turn(&self, words: impl Into<String>) {
        self.timeline.note(Happened::Turn(words.into()));
    }

    pub(super) fn step(&self, words: impl Into<String>) {
        self.timeline.note(Happened::Step(words.into()));
    }
}
