//! Which of the two ways to watch connections serves here, and what it does after a sweep.

mod directory;
mod namespaces;
mod per_socket;
mod pin;
mod receive_switch;
mod trial;

use crate::attach::HookStatus;
use crate::error::KernelError;
use crate::link::Attached;
use crate::watch_mode::{WatchMode, WatchStatus};
use aya::{Btf, Ebpf};
use monitor_common::SilentSockets;
#[cfg(test)]
pub(crate) use per_socket::PROGRAMS;
use per_socket::WatchedSockets;
pub(crate) use per_socket::{pin_for, repair};
pub(crate) use pin::Pin;
use receive_switch::ReceiveSwitch;
use std::io;
use std::time::Duration;

/// What a sweep is followed by, in the way of watching that is in use.
pub(crate) enum Watcher {
    /// Silent sockets are watched.
    PerSocket(WatchedSockets),
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
            Self::Global(_) => SilentSockets::Counted,
            Self::Nothing => SilentSockets::Ignored,
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
            Self::Nothing => Duration::ZERO,
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

/// Chooses the way to watch, and starts what only that one needs. `pin` is the place of
/// the pin, or why there is no place for it.
pub(crate) fn choose(
    ebpf: &mut Ebpf,
    btf: &Btf,
    forced: Option<WatchMode>,
    pin: Option<io::Result<Pin>>,
) -> Result<(Watcher, WatchStatus), KernelError> {
    let global = |refused| {
        let mode = WatchMode::Global;
        (Watcher::Nothing, WatchStatus { mode, refused })
    };
    let Some(mut pin) = pin else {
        return Ok(global(None));
    };
    if let Ok(pin) = &mut pin
        && pin.left_behind
        // A daemon that was killed must not keep this one from starting.
        && let Err(error) = repair(ebpf, btf, pin)
    {
        tracing::warn!("{error}; `tcplull check --repair` tries again");
    }
    if forced == Some(WatchMode::Global) {
        return Ok(global(None));
    }
    match WatchedSockets::start(ebpf, btf, pin) {
        Ok(sockets) => {
            let status = WatchStatus {
                mode: WatchMode::PerSocket,
                refused: None,
            };
            Ok((Watcher::PerSocket(sockets), status))
        }
        Err(refused) if forced == Some(WatchMode::PerSocket) => Err(KernelError::NotPerSocket {
            reason: refused.reason.clone(),
            refused: vec![refused],
        }),
        Err(refused) => Ok(global(Some(refused))),
    }
}
