//! What is packed for another machine: it runs there, says the same, and has the same object for the kernel.

use crate::error::Error;
use crate::package::program::Program;
use crate::{command, files, workspace};
use goblin::elf::header::{EM_BPF, header64};
use std::fs;
use std::path::PathBuf;

/// Recordings that are judged again.
const RECORDINGS: &str = "monitor/tests/recordings";

/// Whether both say the same, of themselves, of what they are told of a path, and of every kept recording; else what one
/// says otherwise.
pub fn says_the_same(own: &Program, other: &Program) -> Result<Option<String>, Error> {
    let own_version = own.ask(&["--version"])?;
    if other.ask(&["--version"])? != own_version {
        return Ok(Some("another version".to_owned()));
    }
    let explain = ["explain", "10.0.0.1:40000", "192.0.2.1:443"];
    if other.ask(&explain)? != own.ask(&explain)? {
        return Ok(Some(format!("another `tcplull {}`", explain.join(" "))));
    }
    let recordings = recordings()?;
    if recordings.is_empty() {
        return Ok(Some(format!("no recording in {RECORDINGS}")));
    }
    for recording in recordings {
        let name = recording.to_string_lossy();
        let arguments = ["replay", "--json", &name];
        let mut outputs = Vec::new();
        for program in [own, other] {
            let output = command::output(&mut program.command(&arguments))?;
            outputs.push((output.status.code(), output.stdout));
        }
        if outputs[0] != outputs[1] {
            let code = outputs[1].0;
            return Ok(Some(format!(
                "{name} is judged otherwise (exit code {code:?})"
            )));
        }
    }
    Ok(None)
}

fn recordings() -> Result<Vec<PathBuf>, Error> {
    let folder = workspace::root().join(RECORDINGS);
    let entries = files::with_path("read", &folder, fs::read_dir(&folder))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let is_one = |path: &PathBuf| path.extension().is_some_and(|end| end == "facts");
    Ok(paths.filter(is_one).collect())
}

/// The object for the kernel that a program carries.
pub fn object(program: &Program) -> Result<Option<Vec<u8>>, Error> {
    let bytes = files::read(&program.file)?;
    Ok(object_in(&bytes).map(<[u8]>::to_vec))
}

/// An ELF file for the eBPF machine, from its head to the table of its sections, which is written last.
fn object_in(bytes: &[u8]) -> Option<&[u8]> {
    const MAGIC: &[u8] = b"\x7fELF";
    let starts = bytes.windows(MAGIC.len()).enumerate();
    let mut starts = starts.filter(|(_, window)| *window == MAGIC);
    starts.find_map(|(at, _)| {
        let object = bytes.get(at..)?;
        let head =
            header64::Header::from_bytes(object.get(..header64::SIZEOF_EHDR)?.try_into().ok()?);
        let sections = u64::from(head.e_shnum) * u64::from(head.e_shentsize);
        let end = head.e_shoff.checked_add(sections)?;
        let object = object.get(..usize::try_from(end).ok()?)?;
        (head.e_machine == EM_BPF).then_some(object)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_is_found_between_what_else_a_program_has() {
        let mut object = vec![0; 80];
        object[..4].copy_from_slice(b"\x7fELF");
        object[18] = u8::try_from(EM_BPF).unwrap();
        // One section's entry of 16 bytes behind the header's 64.
        object[40] = 64;
        object[58] = 16;
        object[60] = 1;
        let mut program = b"\x7fELF and more".to_vec();
        program.extend(&object);
        program.extend([7; 99]);
        assert_eq!(object_in(&program), Some(object.as_slice()));
        assert_eq!(object_in(b"\x7fELF"), None);
    }
}
