//! Which of the ways to watch connections serves here, and what it does after a sweep.

mod attachment;
mod directory;
mod marked;
pub(crate) mod namespaces;
mod per_socket;
mod pin;
mod receive_switch;
mod snapshots;
mod trial;

use crate::attach::HookStatus;
use crate::counters::CounterMap;
use crate::error::{KernelError, Refusal};
use crate::link::Attached;
use crate::watch_mode::{WatchMode, WatchStatus};
pub use attachment::Callbacks;
use aya::{Btf, Ebpf};
use monitor_common::SilentSockets;
use per_socket::WatchedSockets;
pub(crate) use per_socket::{pin_for, repair};
pub(crate) use pin::Pin;
use receive_switch::ReceiveSwitch;
pub use snapshots::Revisited;
use snapshots::Snapshots;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// What a sweep is followed by, in the way of watching that is in use.
pub(crate) enum Watcher {
    /// Silent sockets are watched.
    PerSocket(Box<WatchedSockets>),
    /// Snapshots are kept of silent sockets.
    Snapshots(Box<Snapshots>),
    /// The receive hook is attached where sockets are silent.
    Global(ReceiveSwitch),
    /// Nothing is watched, as for a listing.
    Nothing,
}

impl Watcher {
    /// What serves in place of the hooks on every segment.
    pub(crate) fn status(&self) -> Option<HookStatus> {
        match self {
            Self::PerSocket(sockets) => Some(sockets.status()),
            Self::Snapshots(snapshots) => Some(snapshots.status()),
            Self::Global(_) | Self::Nothing => None,
        }
    }

    /// From now on the receive hook is attached while it is needed.
    pub(crate) fn switches(&mut self, receive: Option<Attached>) {
        if let Some(hook) = receive {
            *self = Self::Global(ReceiveSwitch::new(hook));
        }
    }

    /// What a sweep is to do with silent sockets.
    pub(crate) fn silent(&self) -> SilentSockets {
        match self {
            Self::PerSocket(_) => SilentSockets::Watched,
            Self::Snapshots(_) => SilentSockets::Kept,
            Self::Global(_) => SilentSockets::Counted,
            Self::Nothing => SilentSockets::Ignored,
        }
    }

    /// Whether callbacks are heard, if there are any; they are attached again where another process detached them.
    pub(crate) fn callbacks(&mut self, ebpf: &mut Ebpf) -> Callbacks {
        match self {
            Self::PerSocket(sockets) => sockets.callbacks(ebpf),
            Self::Snapshots(_) | Self::Global(_) | Self::Nothing => Callbacks::Heard,
        }
    }

    /// A sweep is over that counted so many silent sockets, with so many suspects; answers
    /// the CPU time that other threads spent here.
    pub(crate) fn swept(&mut self, ebpf: &mut Ebpf, silent: u64, suspects: u64) -> Duration {
        // What fails here is tried again after the next sweep.
        match self {
            Self::PerSocket(sockets) => sockets.watch_wanted(ebpf).unwrap_or_else(|error| {
                tracing::warn!("silent sockets could not be marked: {error}");
                Duration::ZERO
            }),
            Self::Global(switch) => {
                if let Err(error) = switch.swept(ebpf, silent, suspects) {
                    tracing::warn!("the receive hook could not be switched: {error}");
                }
                Duration::ZERO
            }
            Self::Snapshots(_) | Self::Nothing => Duration::ZERO,
        }
    }

    /// Looks again at the sockets that are watched by snapshots; `None` where that is not how they are watched.
    pub(crate) fn revisit(&mut self) -> Option<io::Result<Revisited>> {
        match self {
            Self::Snapshots(snapshots) => Some(snapshots.revisit()),
            _ => None,
        }
    }

    /// Whether a program runs on received segments of all sockets.
    pub(crate) fn receives(&self) -> bool {
        matches!(self, Self::Global(switch) if switch.is_on())
    }

    /// Watches no socket any more.
    pub(crate) fn clear(&mut self, ebpf: &mut Ebpf) -> io::Result<()> {
        match std::mem::replace(self, Self::Nothing) {
            Self::PerSocket(sockets) => sockets.clear(ebpf),
            other => {
                *self = other;
                Ok(())
            }
        }
    }
}

/// Goes over to snapshots, in what is loaded.
pub(crate) fn start_snapshots(
    ebpf: &mut Ebpf,
    btf: &Btf,
    counters: &Arc<CounterMap>,
) -> Result<Watcher, Refusal> {
    Snapshots::start(ebpf, btf, counters).map(|snapshots| Watcher::Snapshots(Box::new(snapshots)))
}

/// Closes the programs that any way has of its own.
pub(crate) fn unload(ebpf: &mut Ebpf) {
    per_socket::detach(ebpf);
    snapshots::detach(ebpf);
}

/// Chooses the way to watch, and starts what only that one needs. `pin` is the place of
/// the pin, or why there is no place for it; `None` where none is needed.
pub(crate) fn choose(
    ebpf: &mut Ebpf,
    btf: &Btf,
    forced: Option<WatchMode>,
    mut pin: Option<io::Result<Pin>>,
    counters: &Arc<CounterMap>,
) -> Result<(Watcher, WatchStatus), KernelError> {
    if let Some(Ok(pin)) = &mut pin
        && pin.left_behind
        // A daemon that was killed must not keep this one from starting.
        && let Err(error) = repair(ebpf, btf, pin)
    {
        tracing::warn!("{error}; `tcplull check --repair` tries again");
    }
    let modes: &[WatchMode] = match &forced {
        Some(mode) => std::slice::from_ref(mode),
        None => &BEST_FIRST,
    };
    let mut refused = Vec::new();
    for mode in modes {
        let watcher = match mode {
            WatchMode::Snapshots => start_snapshots(ebpf, btf, counters),
            WatchMode::PerSocket => {
                let pin = pin
                    .take()
                    .unwrap_or_else(|| Err(io::Error::other("no place was made for it")));
                WatchedSockets::start(ebpf, btf, pin)
                    .map(|sockets| Watcher::PerSocket(Box::new(sockets)))
            }
            WatchMode::Global => Ok(Watcher::Nothing),
        };
        match watcher {
            Ok(watcher) => {
                return Ok((
                    watcher,
                    WatchStatus {
                        mode: *mode,
                        refused,
                    },
                ));
            }
            Err(refusal) => refused.push(refusal),
        }
    }
    let mode = forced.unwrap_or(WatchMode::Global);
    Err(KernelError::CannotWatch {
        mode: mode.name(),
        reason: refused
            .first()
            .map_or_else(String::new, |refusal| refusal.reason.clone()),
        refused,
    })
}

/// The ways that are tried where none is asked for.
const BEST_FIRST: [WatchMode; 2] = [WatchMode::Snapshots, WatchMode::Global];

/// The programs of all ways that need some of their own.
#[cfg(test)]
pub(crate) fn programs() -> impl Iterator<Item = &'static str> {
    per_socket::PROGRAMS.into_iter().chain(snapshots::PROGRAMS)
}
