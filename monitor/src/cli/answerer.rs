//! Who answers a command: a daemon, or, where none runs, the command itself, which then watches for as long as it runs.

use super::arguments::{ConfigArguments, KernelArguments, TimeoutArgument};
use super::exit::CliError;
use super::host::HostArguments;
use super::remark::remark;
use super::runtime::runtime;
use crate::client::{Host, is_vacant};
use crate::config::{Config, Overrides};
use crate::daemon::{Attached, DaemonError};
use crate::surfaces::messages::Messages;
use crate::worker::LAST_WORDS;
use clap::Args;
use monitor_kernel::Scope;
use std::io::{self, Write};
use std::time::Instant;
use tracing_subscriber::filter::LevelFilter;

/// Flags of a command that asks a daemon, and can do without.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(super) struct AskArguments {
    #[command(flatten)]
    pub(super) config: ConfigArguments,
    // Boxed, for its size: the commands are one enum.
    #[command(flatten)]
    pub(super) host: Box<HostArguments>,
    #[command(flatten)]
    pub(super) timeout: TimeoutArgument,
    #[command(flatten)]
    pub(super) kernel: KernelArguments,
}

/// Who is to answer.
pub(super) enum Who {
    /// The daemon there.
    Daemon(Host),
    /// The command itself, because something is stated that is its own.
    AsStated,
    /// The command itself, because no daemon answers.
    NoDaemon,
}

impl AskArguments {
    /// The configuration that applies where the command itself answers.
    pub(super) fn config(&self, scope: Scope) -> Result<Config, CliError> {
        // Where a snapshot is shown, what is configured on this machine has nothing to do with it.
        let nothing = ConfigArguments {
            config: Some("/dev/null".into()),
            socket: None,
        };
        let config = match self.host.is_from_file() {
            true => &nothing,
            false => &self.config,
        };
        Ok(config.load(Overrides {
            timeout: self.timeout.timeout,
            scope,
            ..Overrides::default()
        })?)
    }

    /// Who answers. A timeout is the command's own, and so is what is `stated` besides.
    pub(super) fn who(&self, config: &Config, stated: bool) -> Result<Who, CliError> {
        let stated = stated || self.timeout.timeout.is_some();
        if let Some(host) = self.host.named()? {
            return match stated {
                true => Err(CliError::Usage(
                    "a timeout or a scope is for connections of this host, which this command looks at itself: leave it \
                     out, or --host and --from"
                        .to_owned(),
                )),
                false => Ok(Who::Daemon(host)),
            };
        }
        if stated {
            return Ok(Who::AsStated);
        }
        // Who names a socket means the daemon on it.
        let absent = self.config.socket.is_none() && runtime()?.block_on(is_vacant(&config.socket));
        Ok(match absent {
            true => Who::NoDaemon,
            false => Who::Daemon(Host::Socket(config.socket.clone())),
        })
    }

    /// The daemon alone, whether or not it runs.
    pub(super) fn daemon(&self) -> Result<Answerer, CliError> {
        let config = self.config(Scope::default())?;
        Ok(Answerer {
            host: self.host.or(&config.socket)?,
            itself: None,
        })
    }

    /// Who answers; where that is the command itself, it is attached from now on, and says on standard error that it is, and
    /// what `it` does; `None` where that is said elsewhere. `stated` is as for [`Self::who`].
    pub(super) fn answerer(
        &self,
        scope: Scope,
        stated: bool,
        it: Option<&str>,
    ) -> Result<Answerer, CliError> {
        let config = self.config(scope)?;
        let who = self.who(&config, stated)?;
        let because = match &who {
            Who::Daemon(host) => {
                return Ok(Answerer {
                    host: host.clone(),
                    itself: None,
                });
            }
            Who::AsStated => String::new(),
            Who::NoDaemon => format!("no daemon answers on {}: ", config.socket.display()),
        };
        let (socket, without_path) = (config.socket.clone(), config.without_path());
        let messages = messages(it.is_some())?;
        let attached = Attached::start(config, &self.kernel.btf, messages.clone());
        let attached = attached.map_err(|error| match (error, who) {
            (DaemonError::Kernel(source), Who::NoDaemon) => CliError::Alone {
                socket,
                source: Box::new(source),
            },
            (error, _) => error.into(),
        })?;
        if let Some(it) = it {
            remark(&format!("tcplull: {because}this command {it}\n"));
            let note = without_path.map(|note| format!("tcplull: {note}\n"));
            note.iter().for_each(|note| remark(note));
        }
        Ok(Answerer {
            host: attached.host().clone(),
            itself: Some(Itself { attached, messages }),
        })
    }
}

/// What a daemon within the command says of itself: what does not work, where that is `heard`.
fn messages(heard: bool) -> Result<Messages, CliError> {
    let io = |source| CliError::Io {
        what: "cannot start a thread",
        source,
    };
    if !heard {
        return Messages::start(io::sink()).map_err(io);
    }
    let messages = Messages::start(Remarks).map_err(io)?;
    let log = tracing_subscriber::fmt()
        .with_writer(messages.clone())
        .with_ansi(false)
        .with_max_level(LevelFilter::WARN)
        .with_target(false)
        .with_level(false)
        .without_time();
    // Set by nobody else in this process.
    let _ = log.try_init();
    Ok(messages)
}

/// Writes lines as a command's own.
struct Remarks;

impl Write for Remarks {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        remark(&format!("tcplull: {}", String::from_utf8_lossy(line)));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Who answers a command, as long as it asks.
pub(super) struct Answerer {
    host: Host,
    itself: Option<Itself>,
}

struct Itself {
    attached: Attached,
    messages: Messages,
}

impl Answerer {
    /// Where it is asked.
    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    /// Whether that is the command itself.
    pub(super) fn is_itself(&self) -> bool {
        self.itself.is_some()
    }

    /// Whoever is to hear findings is there: the command itself looks from now on.
    pub(super) fn begin(&self) {
        if let Some(itself) = &self.itself {
            itself.attached.begin();
        }
    }

    /// Has looked at all connections once when this returns.
    pub(super) fn look(&self) -> Result<(), CliError> {
        match &self.itself {
            Some(itself) if !itself.attached.look() => Err(CliError::Io {
                what: "no sweep over the connections of this host was completed; `tcplull check` says what does not work here",
                source: io::ErrorKind::TimedOut.into(),
            }),
            _ => Ok(()),
        }
    }

    /// It is asked no more.
    pub(super) fn end(self) -> Result<(), CliError> {
        let Some(Itself { attached, messages }) = self.itself else {
            return Ok(());
        };
        let ended = attached.end();
        messages.end(Instant::now() + LAST_WORDS);
        Ok(ended?)
    }
}
