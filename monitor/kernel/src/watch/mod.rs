//! The two ways to watch connections, and which one serves here.

pub(crate) mod namespaces;
pub(crate) mod per_socket;
pub(crate) mod pin;
pub(crate) mod receive_switch;
pub(crate) mod trial;

use crate::attach::Refusal;
use crate::error::KernelError;
use crate::watch::receive_switch::Gate;
use crate::watch::{
    per_socket::{self as marks, Marker},
    pin::Pin,
};
use aya::{Btf, Ebpf};
use monitor_common::SilentSockets;
use serde::Serialize;
use std::io;
use std::time::Duration;

/// How connections are watched. Both ways tell the same facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WatchMode {
    /// A program runs on every send and every received segment of the host.
    Global,
    /// The sweep marks sockets that have been silent for a while, and only their
    /// traffic runs a program (Linux 6.12 and later).
    PerSocket,
}

impl WatchMode {
    /// As the command line has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::PerSocket => "per-socket",
        }
    }
}

/// How connections are watched on this kernel, found by trying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WatchStatus {
    /// The way in use.
    pub mode: WatchMode,
    /// Why not socket by socket, where that was tried and does not work.
    pub refused: Option<Refusal>,
}

/// What a sweep is followed by, in the way of watching that is in use.
pub(crate) enum Watcher {
    /// Silent sockets are marked.
    PerSocket(Marker),
    /// The receive hook is attached where sockets are silent.
    Global(Gate),
    /// Nothing is watched, as for a listing.
    Nothing,
}

impl Watcher {
    pub(crate) fn new(marker: Option<Marker>, gate: Option<Gate>) -> Self {
        match (marker, gate) {
            (Some(marker), _) => Self::PerSocket(marker),
            (None, Some(gate)) => Self::Global(gate),
            (None, None) => Self::Nothing,
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
            Self::PerSocket(marker) => marker.set_wanted(ebpf).unwrap_or_else(|error| {
                tracing::warn!("silent sockets could not be marked: {error}");
                Duration::ZERO
            }),
            Self::Global(gate) => {
                if let Err(error) = gate.swept(ebpf, silent, suspects) {
                    tracing::warn!("the receive hook could not be switched: {error}");
                }
                Duration::ZERO
            }
            Self::Nothing => Duration::ZERO,
        }
    }

    /// Whether a program runs on received segments of all sockets.
    pub(crate) fn receives(&self) -> bool {
        matches!(self, Self::Global(gate) if gate.is_open())
    }

    /// Leaves no mark on any socket.
    pub(crate) fn clear(&mut self, ebpf: &mut Ebpf) -> io::Result<()> {
        match std::mem::replace(self, Self::Nothing) {
            Self::PerSocket(marker) => marker.clear(ebpf),
            other => {
                *self = other;
                Ok(())
            }
        }
    }
}

/// Chooses the way to watch, and starts what only that one needs. `pin` is where marks
/// are pinned, or why there is no place for it.
pub(crate) fn choose(
    ebpf: &mut Ebpf,
    btf: &Btf,
    forced: Option<WatchMode>,
    pin: Option<io::Result<Pin>>,
) -> Result<(Option<Marker>, WatchStatus), KernelError> {
    let global = |refused| WatchStatus {
        mode: WatchMode::Global,
        refused,
    };
    let Some(mut pin) = pin else {
        return Ok((None, global(None)));
    };
    if let Ok(pin) = &mut pin
        && pin.left_behind
        // A daemon that was killed must not keep this one from starting.
        && let Err(error) = marks::repair(ebpf, btf, pin)
    {
        tracing::warn!("{error}; `tcplull check --repair` tries again");
    }
    if forced == Some(WatchMode::Global) {
        return Ok((None, global(None)));
    }
    match Marker::start(ebpf, btf, pin) {
        Ok(marker) => {
            let status = WatchStatus {
                mode: WatchMode::PerSocket,
                refused: None,
            };
            Ok((Some(marker), status))
        }
        Err(refused) if forced == Some(WatchMode::PerSocket) => Err(KernelError::NotPerSocket {
            release: crate::release(),
            reason: refused.reason.clone(),
            refused: vec![refused],
        }),
        Err(refused) => Ok((None, global(Some(refused)))),
    }
}
