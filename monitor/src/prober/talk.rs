//! What is said to a target, and what answers it.

use super::error::ProbeError;
use super::line::{Counts, Line, begins, within};
use super::mqtt;
use super::postgres;
use super::redis;
use super::socket;
use super::target::{Spoken, Target, one_host};
use super::trouble::Trouble;
use super::web;
use crate::config::TlsFiles;
use crate::outgoing::Tls;
use monitor_model::probe::{AskedAs, ClosedPort};
use monitor_probe::PeerSaw;
use monitor_probe::wire::{LONGEST_LINE, PING, PONG, Purpose, Reply, hello, read_reply};
use ring::rand::{SecureRandom, SystemRandom};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::env;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::Mutex;
use tokio::time::{sleep, sleep_until, timeout};
use tokio_rustls::TlsConnector;

/// Without a word of ours the kernel's own keepalive is not to come: the longest that it takes.
const NEVER: Duration = Duration::from_secs(32_767);

/// So long what a service says by itself is let pass.
const GREETING: Duration = Duration::from_millis(300);

/// How often it is looked whether a probe was answered.
const LOOK: Duration = Duration::from_millis(20);

/// When the next connection may be opened, and the pause after it.
struct Turn {
    at: Instant,
    pause: Duration,
}

/// The longest pause: a target that says that it has enough is asked ever less often.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Speaks to one target.
pub(super) struct Talk {
    pub(super) target: Target,
    pub(super) address: SocketAddr,
    pub(super) counts: Arc<Counts>,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    /// Of PostgreSQL.
    password: Option<String>,
    dice: SystemRandom,
    patience: Duration,
    turn: Mutex<Turn>,
}

impl Talk {
    /// Looks up where the target is: all connections go to its first address. Each step waits so long.
    pub(super) async fn new(
        target: Target,
        tls: &TlsFiles,
        patience: Duration,
    ) -> Result<Self, ProbeError> {
        let name = |reason: String| ProbeError::Name {
            target: target.to_string(),
            reason,
        };
        let found = lookup_host((target.host(), target.port())).await;
        let found = found.map_err(|error| name(error.to_string()))?.next();
        let address = found.ok_or_else(|| name("it has none".to_owned()))?;
        one_host(address.ip())?;
        let config = match target.tls() {
            Spoken::Never => None,
            spoken => match Tls::default().current(tls) {
                // It was made for HTTP.
                Ok(config) if target.asked_as() != AskedAs::Https => {
                    let mut config = ClientConfig::clone(&config);
                    config.alpn_protocols.clear();
                    Some(Arc::new(config))
                }
                Ok(config) => Some(config),
                Err(error) if spoken == Spoken::Always || tls.ca.is_some() => {
                    return Err(error.into());
                }
                // That it offers TLS shows only later; without anybody to trust there is none.
                Err(_) => None,
            },
        };
        let tls = match config {
            Some(config) => {
                let server = ServerName::try_from(target.host().to_owned());
                Some((config, server.map_err(|error| name(error.to_string()))?))
            }
            None => None,
        };
        // A host that is not ours is asked as its clients would.
        let pause = Duration::from_millis(match target.asked_as() {
            AskedAs::Tcplull => 50,
            _ => 200,
        });
        Ok(Self {
            target,
            address,
            counts: Arc::default(),
            tls,
            password: env::var("PGPASSWORD").ok(),
            dice: SystemRandom::new(),
            patience,
            turn: Mutex::new(Turn {
                at: Instant::now(),
                pause,
            }),
        })
    }

    /// A number that no other connection has.
    pub(super) fn number(&self) -> Result<u64, Trouble> {
        let mut bytes = [0; 8];
        let filled = self.dice.fill(&mut bytes);
        filled.map_err(|_| Trouble::Nonsense("this host has no random numbers".to_owned()))?;
        Ok(u64::from_ne_bytes(bytes))
    }

    /// A connection over which something was asked and answered.
    pub(super) async fn open(&self, number: u64, purpose: Purpose) -> Result<Line, Trouble> {
        let opened = self.begin(number, purpose).await;
        if matches!(opened, Err(Trouble::Full)) {
            let mut turn = self.turn.lock().await;
            turn.pause = (turn.pause * 2).min(LONGEST_PAUSE);
        }
        opened
    }

    async fn begin(&self, number: u64, purpose: Purpose) -> Result<Line, Trouble> {
        let mut line = self.connect().await?;
        match self.target.asked_as() {
            AskedAs::Tcplull => {
                within(self.patience, line.say(hello(number, purpose).as_bytes())).await?;
                match self.reply(&mut line).await? {
                    Reply::Ready => {}
                    Reply::Full => return Err(Trouble::Full),
                    Reply::TooLong => {
                        return Err(Trouble::Nonsense(
                            "the other side allows no silence so long: start it with a longer --for"
                                .to_owned(),
                        ));
                    }
                    Reply::Fate(_) | Reply::Closed(_) => return Err(stranger(b"another answer")),
                }
            }
            AskedAs::Http | AskedAs::Https | AskedAs::Redis => self.ask(&mut line).await?,
            AskedAs::Postgresql => {
                if let Some(login) = self.target.login() {
                    let password = self.password.as_deref();
                    let nonce = format!("{number:016x}{:016x}", self.number()?);
                    let logs_in = postgres::log_in(&mut line, login, password, &nonce);
                    within(self.patience, logs_in).await?;
                }
            }
            AskedAs::Mqtt => within(self.patience, mqtt::connect(&mut line)).await?,
            AskedAs::Keepalive => {
                // Some services speak first, and then wait.
                line.discard(GREETING).await?;
                socket::keep_alive(line.tcp(), NEVER)?;
            }
        }
        Ok(line)
    }

    /// Whether a new connection is answered, and what the other side saw of that other one, where it is ours.
    pub(super) async fn fresh(&self, number: u64) -> Result<Option<PeerSaw>, Trouble> {
        if self.target.asked_as() != AskedAs::Tcplull {
            let own = self.number()?;
            return match self.open(own, Purpose::Fate).await {
                // That it takes no more is an answer, too.
                Ok(_) | Err(Trouble::Full) => Ok(None),
                Err(trouble) => Err(trouble),
            };
        }
        let mut line = self.connect().await?;
        within(
            self.patience,
            line.say(hello(number, Purpose::Fate).as_bytes()),
        )
        .await?;
        match self.reply(&mut line).await? {
            Reply::Fate(saw) => Ok(Some(saw)),
            Reply::Full => Err(Trouble::Full),
            Reply::Ready | Reply::TooLong | Reply::Closed(_) => Err(stranger(b"another answer")),
        }
    }

    /// What becomes of a connection to a port that the other side keeps closed for that; `None` where it does not, as those do
    /// that are not ours: of them no other port is asked than their own.
    pub(super) async fn closed_port(&self) -> Option<ClosedPort> {
        if self.target.asked_as() != AskedAs::Tcplull {
            return None;
        }
        // As long as this one is held, nobody gets that port.
        let mut line = self.connect().await.ok()?;
        let asks = hello(self.number().ok()?, Purpose::Closed);
        within(self.patience, line.say(asks.as_bytes()))
            .await
            .ok()?;
        let Ok(Reply::Closed(port)) = self.reply(&mut line).await else {
            return None;
        };
        self.counts.connections.fetch_add(1, Ordering::Relaxed);
        let address = SocketAddr::new(self.address.ip(), port);
        let connects = timeout(self.patience, TcpStream::connect(address)).await;
        match connects {
            Ok(Ok(_)) => Some(ClosedPort::Accepted),
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                Some(ClosedPort::Refused)
            }
            Ok(Err(error)) => {
                let unreachable = Trouble::from(error) == Trouble::Unreachable;
                unreachable.then_some(ClosedPort::Unreachable)
            }
            Err(_) => Some(ClosedPort::Unanswered),
        }
    }

    async fn reply(&self, line: &mut Line) -> Result<Reply, Trouble> {
        let heard = within(self.patience, line.hear_line(LONGEST_LINE)).await?;
        read_reply(&heard).ok_or_else(|| stranger(&heard))
    }

    /// Says a word, and waits for its answer.
    pub(super) async fn ask(&self, line: &mut Line) -> Result<(), Trouble> {
        let request = web::request(self.target.authority(), self.target.path());
        let word = match self.target.asked_as() {
            AskedAs::Tcplull => PING.as_bytes(),
            AskedAs::Http | AskedAs::Https => request.as_bytes(),
            AskedAs::Redis => redis::PING,
            AskedAs::Postgresql => &postgres::SYNC,
            AskedAs::Mqtt => &mqtt::PING,
            AskedAs::Keepalive => return self.keepalive(line).await,
        };
        within(self.patience, async {
            line.say(word).await?;
            self.answer(line).await
        })
        .await
    }

    /// Waits for the answer to a word that was said, however long.
    pub(super) async fn answer(&self, line: &mut Line) -> Result<(), Trouble> {
        match self.target.asked_as() {
            AskedAs::Tcplull => {
                let heard = line.hear_line(LONGEST_LINE).await?;
                match heard == PONG.trim_end().as_bytes() {
                    true => Ok(()),
                    false => Err(stranger(&heard)),
                }
            }
            AskedAs::Http | AskedAs::Https => line.hear(web::LONGEST_HEAD, web::read).await,
            AskedAs::Redis => redis::answered(line).await,
            AskedAs::Postgresql => postgres::ready(line).await,
            AskedAs::Mqtt => mqtt::answered(line).await,
            AskedAs::Keepalive => std::future::pending().await,
        }
    }

    /// Has the kernel send a keepalive probe, and waits until it is acknowledged.
    async fn keepalive(&self, line: &mut Line) -> Result<(), Trouble> {
        let asked = Instant::now();
        // The connection was silent for longer, so the first leaves at once.
        socket::keep_alive(line.tcp(), Duration::from_secs(1))?;
        loop {
            let passed = asked.elapsed();
            let before = socket::tcp_info(line.tcp())?.last_ack;
            // What was acknowledged before is at least a second old.
            if before < passed + LOOK {
                return Ok(());
            }
            if passed >= self.patience {
                return Err(Trouble::Timeout);
            }
            tokio::select! {
                trouble = line.broken() => return Err(trouble),
                () = sleep(LOOK) => {}
            }
        }
    }

    /// A new connection, once it is its turn.
    async fn connect(&self) -> Result<Line, Trouble> {
        {
            let mut turn = self.turn.lock().await;
            sleep_until(turn.at.into()).await;
            turn.at = Instant::now() + turn.pause;
        }
        within(self.patience, self.dial()).await
    }

    async fn dial(&self) -> Result<Line, Trouble> {
        self.counts.connections.fetch_add(1, Ordering::Relaxed);
        let stream =
            TcpStream::connect(self.address)
                .await
                .map_err(|error| match error.kind() {
                    io::ErrorKind::ConnectionRefused => {
                        Trouble::Nonsense("it refuses connections".to_owned())
                    }
                    _ => Trouble::from(error),
                })?;
        stream.set_nodelay(true)?;
        let counts = Arc::clone(&self.counts);
        let Some((config, name)) = &self.tls else {
            return Ok(Line::new(Box::new(stream), counts));
        };
        let mut stream = stream;
        if self.target.tls() == Spoken::Offered {
            stream.write_all(&postgres::ASKS_FOR_TLS).await?;
            if stream.read_u8().await? != b'S' {
                return Ok(Line::new(Box::new(stream), counts));
            }
        }
        let connector = TlsConnector::from(Arc::clone(config));
        let stream = connector.connect(name.clone(), stream).await;
        let stream = stream.map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => Trouble::Nonsense(format!("TLS: {error}")),
            _ => Trouble::from(error),
        })?;
        Ok(Line::new(Box::new(stream), counts))
    }
}

fn stranger(heard: &[u8]) -> Trouble {
    Trouble::Nonsense(format!(
        "what answers there is no `tcplull probe --listen`: {:?}",
        begins(heard)
    ))
}
