//! The two ways to watch connections, and which one serves here.

use super::error::KernelError;
use super::hooks::Refusal;
use super::marks::{self, Marker, Pin};
use aya::{Btf, Ebpf};
use serde::Serialize;
use std::io;

/// How connections are watched. Both ways tell the same facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
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

/// Chooses the way to watch, and starts what only that one needs. `pin` is where marks
/// are pinned, or why there is no place for it.
pub(super) fn choose(
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
            release: super::release(),
            reason: refused.reason.clone(),
            refused: vec![refused],
        }),
        Err(refused) => Ok((None, global(Some(refused)))),
    }
}
