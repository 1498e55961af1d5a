//! Loading, attaching and detaching one program of a hook.

use crate::cost::ProgramCost;
use crate::hook_table::AttachKind;
use aya::programs::fentry::FEntryLinkId;
use aya::programs::tp_btf::BtfTracePointLinkId;
use aya::programs::{BtfTracePoint, FEntry, Program, ProgramError};
use aya::{Btf, Ebpf};
use std::time::Instant;

/// A program of a hook, loaded, and attached or not.
#[derive(Debug)]
pub(crate) struct Attached {
    program: &'static str,
    kind: AttachKind,
    link: Option<LinkId>,
}

#[derive(Debug)]
enum LinkId {
    Tracepoint(BtfTracePointLinkId),
    Fentry(FEntryLinkId),
}

impl Attached {
    /// Loads a program and attaches it to `target`.
    pub(crate) fn load(
        ebpf: &mut Ebpf,
        btf: &Btf,
        kind: AttachKind,
        name: &'static str,
        target: &str,
    ) -> Result<(ProgramCost, Self), ProgramError> {
        let loading = program(ebpf, name)?;
        let begun = Instant::now();
        match kind {
            AttachKind::Tracepoint => {
                <&mut BtfTracePoint>::try_from(&mut *loading)?.load(target, btf)?
            }
            AttachKind::Fentry => <&mut FEntry>::try_from(&mut *loading)?.load(target, btf)?,
        }
        let cost = ProgramCost::new(name, begun.elapsed(), loading.info());
        let mut loaded = Self {
            program: name,
            kind,
            link: None,
        };
        loaded.attach(ebpf)?;
        Ok((cost, loaded))
    }

    /// Attaches it again.
    pub(crate) fn attach(&mut self, ebpf: &mut Ebpf) -> Result<(), ProgramError> {
        let program = program(ebpf, self.program)?;
        self.link = Some(match self.kind {
            AttachKind::Tracepoint => {
                LinkId::Tracepoint(<&mut BtfTracePoint>::try_from(program)?.attach()?)
            }
            AttachKind::Fentry => LinkId::Fentry(<&mut FEntry>::try_from(program)?.attach()?),
        });
        Ok(())
    }

    /// Detaches it; it stays loaded.
    pub(crate) fn detach(&mut self, ebpf: &mut Ebpf) -> Result<(), ProgramError> {
        let program = program(ebpf, self.program)?;
        match self.link.take() {
            None => Ok(()),
            Some(LinkId::Tracepoint(link)) => <&mut BtfTracePoint>::try_from(program)?.detach(link),
            Some(LinkId::Fentry(link)) => <&mut FEntry>::try_from(program)?.detach(link),
        }
    }

    /// Whether it is attached.
    pub(crate) fn is_attached(&self) -> bool {
        self.link.is_some()
    }
}

/// Closes a program, which detaches it: another mechanism may load it anew.
pub(crate) fn unload(ebpf: &mut Ebpf, kind: AttachKind, name: &str) -> Result<(), ProgramError> {
    let program = program(ebpf, name)?;
    match kind {
        AttachKind::Tracepoint => <&mut BtfTracePoint>::try_from(program)?.unload(),
        AttachKind::Fentry => <&mut FEntry>::try_from(program)?.unload(),
    }
}

fn program<'a>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut Program, ProgramError> {
    ebpf.program_mut(name)
        .ok_or(ProgramError::UnexpectedProgramType)
}
