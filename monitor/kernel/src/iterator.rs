//! Programs that the kernel runs over its sockets, from beginning to end, when they are read.

use crate::cost::ProgramCost;
use crate::pod::read_records;
use aya::programs::{Iter, ProgramError};
use aya::{Btf, Ebpf};
use monitor_common::SweptSocket;
use std::io::{ErrorKind, Read};
use std::time::Instant;

/// Loads an iterator over `target`; answers what that cost, or `None` if it was loaded before.
pub(crate) fn load(
    ebpf: &mut Ebpf,
    btf: &Btf,
    name: &'static str,
    target: &str,
) -> Result<Option<ProgramCost>, ProgramError> {
    let begun = Instant::now();
    let iterator = program(ebpf, name)?;
    match iterator.load(target, btf) {
        Ok(()) => Ok(Some(ProgramCost::new(
            name,
            begun.elapsed(),
            iterator.info(),
        ))),
        Err(ProgramError::AlreadyLoaded) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether one is loaded.
pub(crate) fn is_loaded(ebpf: &mut Ebpf, name: &str) -> bool {
    program(ebpf, name).is_ok_and(|iterator| iterator.fd().is_ok())
}

/// Closes one, if it is loaded.
pub(crate) fn unload(ebpf: &mut Ebpf, name: &str) {
    let _ = program(ebpf, name).and_then(|iterator| iterator.unload());
}

/// Runs one over what the calling thread sees, and hands over each row that it writes out.
pub(crate) fn run(
    ebpf: &mut Ebpf,
    name: &str,
    take: impl FnMut(&SweptSocket),
) -> std::io::Result<()> {
    let mut open = || -> Result<_, ProgramError> {
        let iterator = program(ebpf, name)?;
        let link = iterator.attach()?;
        iterator.take_link(link)
    };
    let link = open().map_err(std::io::Error::other)?;
    read(&mut link.into_file().map_err(std::io::Error::other)?, take)
}

fn program<'a>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut Iter, ProgramError> {
    ebpf.program_mut(name)
        .ok_or(ProgramError::UnexpectedProgramType)?
        .try_into()
}

/// Reads one pass to its end. The kernel hands out whole rows. After 1,000,000 objects
/// of which none was written out it comes up for air with EAGAIN, and goes on where it
/// was (`MAX_ITER_OBJECTS` in kernel/bpf/bpf_iter.c).
pub(crate) fn read(
    from: &mut impl Read,
    mut take: impl FnMut(&SweptSocket),
) -> std::io::Result<()> {
    const ROW: usize = size_of::<SweptSocket>();
    let mut buffer = vec![0; ROW * 128];
    let mut filled = 0;
    loop {
        let read = match from.read(&mut buffer[filled..]) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error)
                if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) =>
            {
                continue;
            }
            Err(error) => return Err(error),
        };
        filled += read;
        let whole = filled - filled % ROW;
        for row in read_records::<SweptSocket>(&buffer[..whole]) {
            take(&row);
        }
        buffer.copy_within(whole..filled, 0);
        filled -= whole;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out bytes in portions that fit no row.
    struct Trickle<'a>(&'a [u8]);

    impl Read for Trickle<'_> {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            let portion = self.0.len().min(to.len()).min(7);
            to[..portion].copy_from_slice(&self.0[..portion]);
            self.0 = &self.0[portion..];
            Ok(portion)
        }
    }

    /// Says before each portion that there was none in a million objects.
    struct Sparse<'a>(Trickle<'a>, bool);

    impl Read for Sparse<'_> {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(nix::errno::Errno::EAGAIN.into());
            }
            self.0.read(to)
        }
    }

    #[test]
    fn a_million_objects_without_a_row_do_not_end_a_pass() {
        let bytes = vec![1; size_of::<SweptSocket>()];
        let mut rows = 0;
        read(&mut Sparse(Trickle(&bytes), false), |_| rows += 1).unwrap();
        assert_eq!(rows, 1);
    }

    #[test]
    fn rows_cut_by_a_read_come_out_whole() {
        let mut bytes = vec![0; size_of::<SweptSocket>() * 3];
        for (index, row) in bytes.chunks_mut(size_of::<SweptSocket>()).enumerate() {
            row[0] = 10 + index as u8;
        }
        let mut kinds = Vec::new();
        read(&mut Trickle(&bytes), |row| kinds.push(row.fact.kind)).unwrap();
        assert_eq!(kinds, [10, 11, 12]);
    }
}
