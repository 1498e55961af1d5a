//! Watching socket by socket: callbacks on silent sockets, set after a sweep and cleared
//! when the daemon stops.

use super::attachment::{Attachment, Callbacks};
use super::marked::Marked;
use super::namespaces::Finder;
use super::pin::Pin;
use super::{namespaces, trial};
use crate::attach::HookStatus;
use crate::cgroup_root;
use crate::clock::thread_cpu;
use crate::cost::ProgramCost;
use crate::error::{KernelError, Refusal};
use crate::hook_table::SOCKETS;
use crate::iterator;
use crate::pod::take;
use crate::preflight::may_administer_networks;
use crate::watch_mode::WatchMode;
use aya::maps::{HashMap as BpfHashMap, MapData, SkStorage};
use aya::programs::links::{CgroupAttachMode, FdLink};
use aya::programs::{ProgramError, SockOps};
use aya::{Btf, Ebpf};
use nix::errno::Errno;
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// What serves this way of watching, as a mechanism's name.
pub(crate) const MECHANISM: &str = "sock_ops+iter/tcp";

/// The program that callbacks run, and the two passes over a namespace's sockets.
const CALLBACKS: &str = "watch_socket";
const WATCH: &str = "mark_tcp";
const UNWATCH: &str = "unmark_tcp";

/// All of them.
#[cfg(test)]
pub(crate) const PROGRAMS: [&str; 3] = [CALLBACKS, WATCH, UNWATCH];

/// A place for the pin that the daemon with this socket needs: to watch sockets, or to clear
/// what another daemon has left. `None` where it needs none.
pub(crate) fn pin_for(watch: Option<WatchMode>, socket: &Path) -> Option<io::Result<Pin>> {
    if watch != Some(WatchMode::PerSocket) {
        return Pin::left_behind(socket).map(Ok);
    }
    Some(Pin::prepare(socket))
}

/// Sets and clears the callbacks.
pub(crate) struct WatchedSockets {
    wanted: BpfHashMap<MapData, u32, u32>,
    watched: Marked,
    attachment: Attachment,
    own: u32,
    pin: Pin,
    costs: Vec<ProgramCost>,
}

impl WatchedSockets {
    /// Loads, attaches and tries it all for real; answers why it does not work here.
    pub(crate) fn start(ebpf: &mut Ebpf, btf: &Btf, pin: io::Result<Pin>) -> Result<Self, Refusal> {
        let refusal = |reason: String| Refusal::new(MECHANISM, reason);
        // First what else would be refused in words that do not name it.
        if !may_administer_networks() {
            return Err(refusal(
                "missing CAP_NET_ADMIN, which callbacks on sockets take".to_owned(),
            ));
        }
        let pin = pin.map_err(|error| {
            refusal(format!(
                "no place to pin the map of marks, so nothing could clear them after a crash: {error}; mount a BPF file \
                 system at /sys/fs/bpf (in a container, the host's), where this user may make a folder, or give CAP_SYS_ADMIN"
            ))
        })?;
        let started = Self::attach(ebpf, btf).and_then(|(costs, attachment)| {
            let mut watched: trial::Watched = taken(ebpf, "MARKS", SkStorage::try_from)?;
            let wanted = taken(ebpf, "WANTED", BpfHashMap::try_from)?;
            trial::run(&mut watched, || pass(ebpf, WATCH)).map_err(refusal)?;
            let own = namespaces::own().map_err(|error| refusal(error.to_string()))?;
            Ok((wanted, own, costs, attachment))
        });
        match started {
            Ok((wanted, own, costs, attachment)) => Ok(Self {
                wanted,
                watched: Marked::default(),
                attachment,
                own,
                pin,
                costs,
            }),
            Err(refused) => {
                detach(ebpf);
                Err(refused)
            }
        }
    }

    fn attach(ebpf: &mut Ebpf, btf: &Btf) -> Result<(Vec<ProgramCost>, Attachment), Refusal> {
        let refusal = |error: ProgramError| Refusal::by_kernel(MECHANISM, &error);
        let mut costs = load_passes(ebpf, btf, &[WATCH, UNWATCH]).map_err(refusal)?;
        let begun = Instant::now();
        let loaded = callbacks(ebpf).and_then(|program| {
            program.load()?;
            Ok(ProgramCost::new(CALLBACKS, begun.elapsed(), program.info()))
        });
        costs.push(loaded.map_err(refusal)?);
        Ok((costs, attach_callbacks(ebpf)?))
    }

    /// Whether the callbacks are heard. Where another process has detached them, they are attached again.
    pub(crate) fn callbacks(&mut self, ebpf: &mut Ebpf) -> Callbacks {
        if self.attachment.holds() {
            return Callbacks::Heard;
        }
        match attach_callbacks(ebpf) {
            Ok(attachment) => {
                self.attachment = attachment;
                tracing::warn!(
                    "another process had detached the callbacks of watched sockets; they are attached again, and what \
                     they had to tell since the last sweep is lost"
                );
                Callbacks::Restored
            }
            Err(refused) => {
                tracing::error!(
                    "another process has detached the callbacks of watched sockets, and they cannot be attached again: {}",
                    refused.reason
                );
                Callbacks::Lost
            }
        }
    }

    /// What serves in place of the hooks on every segment.
    pub(crate) fn status(&self) -> HookStatus {
        HookStatus {
            mechanism: Some(MECHANISM.to_owned()),
            programs: self.costs.clone(),
            ..HookStatus::new(SOCKETS)
        }
    }

    /// Watches the sockets that the sweep just over has asked for; answers the CPU time
    /// that other threads spent on it.
    pub(crate) fn watch_wanted(&mut self, ebpf: &mut Ebpf) -> io::Result<Duration> {
        let wanted: Vec<(u32, u32)> = self.wanted.iter().filter_map(Result::ok).collect();
        let wanted = self.watched.in_turn(wanted);
        let mut cpu = Duration::ZERO;
        let mut finder = Finder::default();
        for (netns, pid) in wanted {
            // A wish that cannot be granted comes again with the next sweep.
            let _ = self.wanted.remove(&netns);
            self.watched.note(netns, pid);
            cpu += self.pass_in(ebpf, (netns, pid), &mut finder, WATCH)?;
        }
        self.watched.forget_gone(self.own, namespaces::all);
        Ok(cpu)
    }

    /// Clears the callbacks of this daemon.
    pub(crate) fn clear(mut self, ebpf: &mut Ebpf) -> io::Result<()> {
        self.pin.left_behind = true;
        let mut finder = Finder::default();
        for namespace in self.watched.take() {
            self.pass_in(ebpf, namespace, &mut finder, UNWATCH)?;
        }
        self.pin.left_behind = false;
        Ok(())
    }

    fn pass_in(
        &self,
        ebpf: &mut Ebpf,
        (netns, pid): (u32, u32),
        finder: &mut Finder,
        program: &str,
    ) -> io::Result<Duration> {
        if netns == self.own {
            return pass(ebpf, program).map(|()| Duration::ZERO);
        }
        let Some(namespace) = finder.find(netns, pid) else {
            // Nobody is in it any more: its sockets are gone, or closing.
            return Ok(Duration::ZERO);
        };
        namespaces::within(&namespace, || {
            pass(ebpf, program)?;
            Ok(thread_cpu()?)
        })
    }
}

/// Clears what a killed daemon has left: in every network namespace that is found.
pub(crate) fn repair(ebpf: &mut Ebpf, btf: &Btf, pin: &mut Pin) -> Result<(), KernelError> {
    let failed = |source| KernelError::Sweep {
        what: "marks left behind",
        source,
    };
    load_passes(ebpf, btf, &[UNWATCH]).map_err(|error| failed(io::Error::other(error)))?;
    for (netns, path) in namespaces::all() {
        // One that is gone by now has no sockets.
        if let Some(namespace) = namespaces::open(&path, netns) {
            namespaces::within(&namespace, || pass(ebpf, UNWATCH)).map_err(failed)?;
        }
    }
    pin.left_behind = false;
    Ok(())
}

/// Loads those of the passes that are not loaded yet; answers what that cost.
fn load_passes(
    ebpf: &mut Ebpf,
    btf: &Btf,
    names: &[&'static str],
) -> Result<Vec<ProgramCost>, ProgramError> {
    let costs = names
        .iter()
        .filter_map(|name| iterator::load(ebpf, btf, name, "tcp").transpose());
    costs.collect()
}

/// One pass over the sockets of this thread's network namespace; it writes nothing out.
fn pass(ebpf: &mut Ebpf, program: &str) -> io::Result<()> {
    iterator::run(ebpf, program, |_| {})
}

/// Attaches the program that callbacks run to the root of the hierarchy.
fn attach_callbacks(ebpf: &mut Ebpf) -> Result<Attachment, Refusal> {
    let root = root_cgroup().map_err(|reason| Refusal::new(MECHANISM, reason))?;
    let attached = callbacks(ebpf).and_then(|program| {
        // The kernel takes no other flag with a link, and lets other programs in
        // beside it all the same (`cgroup_bpf_link_attach`).
        let link = program.attach(root, CgroupAttachMode::Single)?;
        program.take_link(link)
    });
    let link = attached.map_err(|error: ProgramError| {
        alone(&error).unwrap_or_else(|| Refusal::by_kernel(MECHANISM, &error))
    })?;
    FdLink::try_from(link)
        .map_err(io::Error::other)
        .and_then(Attachment::new)
        .map_err(|error| Refusal::new(MECHANISM, error.to_string()))
}

fn callbacks(ebpf: &mut Ebpf) -> Result<&mut SockOps, ProgramError> {
    ebpf.program_mut(CALLBACKS)
        .ok_or(ProgramError::UnexpectedProgramType)?
        .try_into()
}

/// Closes the programs of this way, which detaches them.
pub(crate) fn detach(ebpf: &mut Ebpf) {
    // What never loaded has nothing to close.
    if let Ok(program) = callbacks(ebpf) {
        let _ = program.unload();
    }
    for name in [WATCH, UNWATCH] {
        iterator::unload(ebpf, name);
    }
}

fn taken<T>(
    ebpf: &mut Ebpf,
    name: &'static str,
    convert: impl FnOnce(aya::maps::Map) -> Result<T, aya::maps::MapError>,
) -> Result<T, Refusal> {
    take(ebpf, name, convert).map_err(|error| Refusal::new(MECHANISM, error))
}

/// What it means that the kernel does not permit a program on the root of the cgroup hierarchy: it lets none in beside
/// one that was attached in the old way (`__cgroup_bpf_attach` in kernel/bpf/cgroup.c).
fn alone(error: &ProgramError) -> Option<Refusal> {
    let ProgramError::SyscallError(error) = error else {
        return None;
    };
    let refused = error.io_error.raw_os_error() == Some(Errno::EPERM as i32);
    refused.then(|| {
        Refusal::new(
            MECHANISM,
            "the kernel does not permit a program on the root of the cgroup hierarchy: another program has it for itself \
             (attached without BPF_F_ALLOW_MULTI; `bpftool cgroup tree` names it), or a security module forbids it",
        )
    })
}

/// The root of the cgroup v2 hierarchy: only from there are the sockets of all groups heard.
fn root_cgroup() -> Result<File, String> {
    let place = cgroup_root::place()?;
    File::open(&place).map_err(|error| format!("{}: {error}", place.display()))
}
