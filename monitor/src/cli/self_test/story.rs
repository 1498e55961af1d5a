//! What happens in the self-test, in order: each step waits for the one before, so that it takes as long as it takes.

use super::part::{Event, Name, Part};
use super::setting::{Options, PORT, configure, watch_flag};
use super::world::{FAILED, READY, SPEAK, TALK};
use crate::cli::exit::CliError;
use crate::cli::self_test_error::SelfTestError;
use crate::daemon::self_test::SERVER;
use monitor_model::finding::{Finding, FindingKind, Outcome};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// How long the daemon may take to attach: it loads every program, of which the verifier of 6.1 alone takes 15 s on an
/// emulated machine.
const TO_ATTACH: Duration = Duration::from_secs(120);

/// How long each other step may take. The third retransmission timeout comes after less than two seconds; all else is a
/// busy machine.
const STEP: Duration = Duration::from_secs(60);

/// Where what happened is told.
pub(super) type See<'a> = dyn FnMut(String) -> Result<(), CliError> + 'a;

/// The parts, and what is heard of them.
pub(super) struct Story {
    world: Part,
    daemon: Option<Part>,
    events: Receiver<Event>,
    give: Sender<Event>,
    /// What the daemon said of itself last.
    said: String,
    /// How connections are watched, in the daemon's own words.
    watch: String,
    /// The client's end of the connection that dies.
    client: String,
}

/// Why the story does not go on.
enum Stop {
    /// It could not be made.
    Cannot(Box<CliError>),
    /// This did not come.
    Lacks(String),
}

impl<E: Into<CliError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Cannot(Box::new(error.into()))
    }
}

impl Story {
    /// Makes the world.
    pub(super) fn begin() -> Result<Self, SelfTestError> {
        let (give, events) = channel();
        let world = Part::start(Name::World, &["self-test-world"], &give)?;
        Ok(Self {
            world,
            daemon: None,
            events,
            give,
            said: String::new(),
            watch: String::new(),
            client: String::new(),
        })
    }

    /// Tells the story; answers how connections were watched, and what did not come, if anything.
    pub(super) fn tell(
        mut self,
        options: &Options<'_>,
        see: &mut See<'_>,
    ) -> Result<(String, Option<String>), CliError> {
        let lacks = match self.go_on(options, see) {
            Ok(()) => None,
            Err(Stop::Lacks(what)) => Some(what),
            Err(Stop::Cannot(error)) => return Err(*error),
        };
        if let Some(daemon) = &mut self.daemon {
            daemon.end();
        }
        Ok((self.watch, lacks))
    }

    fn go_on(&mut self, options: &Options<'_>, see: &mut See<'_>) -> Result<(), Stop> {
        self.word(READY)?;
        let began = Instant::now();
        self.start_daemon(options)?;
        see(format!(
            "a daemon watches them ({}); attached in {:.1}s",
            self.watch,
            began.elapsed().as_secs_f64()
        ))?;
        self.world.tell(TALK)?;
        self.client = self.word(TALK)?;
        see(format!(
            "{} connects to {SERVER}:{PORT}, asks and is answered",
            self.client
        ))?;
        self.finding("crossed", see)?;
        self.world.tell(SPEAK)?;
        self.word(SPEAK)?;
        see("the box has forgotten it; the client asks again, and nothing comes; a new connection is answered".to_owned())?;
        self.finding("blackholed", see)
    }

    /// Starts the daemon, and waits until it is attached.
    fn start_daemon(&mut self, options: &Options<'_>) -> Result<(), Stop> {
        let config = configure()?;
        let netns = format!("/proc/{}/ns/net", self.world.pid());
        let btf = options.btf.display().to_string();
        let way = options.watch.and_then(watch_flag);
        let mut arguments = vec!["run", "--config", &config, "--netns", &netns, "--btf", &btf];
        arguments.extend(["--log-format", "json"]);
        arguments.extend(way.iter().flat_map(|way| ["--watch", way]));
        self.daemon = Some(Part::start(Name::Daemon, &arguments, &self.give)?);
        let watch = self.until(TO_ATTACH, "the daemon to attach", |event| match event {
            Event::Said(said) => {
                let (_, rest) = said.split_once("watching ")?;
                Some(rest.split(';').next().unwrap_or_default().to_owned())
            }
            _ => None,
        })?;
        self.watch = watch;
        Ok(())
    }

    /// Waits for a word of the world's; answers what stands behind it.
    fn word(&mut self, word: &'static str) -> Result<String, Stop> {
        self.until(STEP, word, |event| match event {
            Event::Word(said) => said.strip_prefix(word).map(|rest| rest.trim().to_owned()),
            _ => None,
        })
    }

    /// Waits until the daemon tells this of the connection; what it tells on the way is seen, too.
    fn finding(&mut self, kind: &'static str, see: &mut See<'_>) -> Result<(), Stop> {
        let client = self.client.clone();
        loop {
            let found = self.until(STEP, kind, |event| match event {
                Event::Finding(found) if found.connection.local == client => Some(found.clone()),
                _ => None,
            })?;
            see(format!("{}: {}", found.kind.name(), found.summary))?;
            match found.kind {
                _ if found.kind.name() == kind => return Ok(()),
                // The last word on the silence, and another one.
                FindingKind::Outcome { outcome } if outcome != Outcome::Acknowledged => {
                    return Err(Stop::Lacks(wrong(&found, kind)));
                }
                _ => {}
            }
        }
    }

    /// Waits until an event is the one.
    fn until<T>(
        &mut self,
        within: Duration,
        what: &str,
        is: impl Fn(&Event) -> Option<T>,
    ) -> Result<T, Stop> {
        let end = Instant::now() + within;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let event = match self.events.recv_timeout(left) {
                Ok(event) => event,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    let seconds = within.as_secs();
                    return Err(Stop::Lacks(format!(
                        "waited {seconds} s for this in vain: {what}; `tcplull check` says what works here"
                    )));
                }
            };
            if let Some(found) = is(&event) {
                return Ok(found);
            }
            match event {
                Event::Word(word) if word.starts_with(FAILED) => {
                    let why = word.trim_start_matches(FAILED).trim().to_owned();
                    return Err(SelfTestError::World(why).into());
                }
                Event::Said(said) => self.said = said,
                Event::Over(Name::World) => {
                    return Err(SelfTestError::World("its process has ended".to_owned()).into());
                }
                Event::Over(Name::Daemon) => {
                    // What it said last may still be on its way, on another thread.
                    while let Ok(event) = self.events.recv_timeout(LAST_WORDS) {
                        if let Event::Said(said) = event {
                            self.said = said;
                        }
                    }
                    let said = self.said.trim_start_matches("tcplull: ").to_owned();
                    return Err(SelfTestError::Daemon(said).into());
                }
                _ => {}
            }
        }
    }
}

/// How long the last words of a daemon that has ended may take to be read.
const LAST_WORDS: Duration = Duration::from_millis(500);

fn wrong(found: &Finding, kind: &str) -> String {
    format!("{} was told, and it is {kind}", found.kind.name())
}
