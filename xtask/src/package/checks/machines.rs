//! What is packed for another machine: it runs there, says the same, and has the same object for the kernel.

use super::packed::{Outcome, Packed, holds, unreadable};
use crate::error::Error;
use crate::package::program::Program;
use crate::{command, files, workspace};
use goblin::elf::Elf;
use goblin::elf::header::EM_BPF;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

type Test = fn(&Program, &Packed) -> Result<Outcome, Error>;

/// What is tried, beside the program for this machine.
pub const TESTS: [(&str, Test); 3] = [
    (
        "packages: aarch64's program judges every recording as that of x86-64 does",
        says_the_same,
    ),
    (
        "packages: aarch64's program has the same object for the kernel",
        same_object,
    ),
    (
        "packages: aarch64's program, deb and rpm say so",
        say_their_machine,
    ),
];

/// Recordings that are judged again.
const RECORDINGS: &str = "monitor/tests/recordings";

/// Of a path that they are told of, and of every kept recording.
fn says_the_same(own: &Program, other: &Packed) -> Result<Outcome, Error> {
    let recordings = recordings()?;
    if recordings.is_empty() {
        return Ok(Outcome::Failed(format!("no recording in {RECORDINGS}")));
    }
    let mut asked = vec![vec!["explain", "10.0.0.1:40000", "192.0.2.1:443"]];
    let names = recordings.iter().map(|path| path.to_string_lossy());
    let names: Vec<_> = names.collect();
    asked.extend(names.iter().map(|name| vec!["replay", "--json", name]));
    for arguments in asked {
        let [one, two] = [own, &other.tcplull].map(|program| {
            let output = command::output(&mut program.command(&arguments))?;
            Ok::<_, Error>((output.status.code(), output.stdout))
        });
        let (one, two) = (one?, two?);
        // What a finding is worth, is in its exit code: 0 or 1.
        if one != two || one.0.is_none_or(|code| code > 1) {
            let (what, codes) = (arguments.join(" "), (one.0, two.0));
            return Ok(Outcome::Failed(format!(
                "tcplull {what}: exit codes {codes:?}"
            )));
        }
    }
    Ok(Outcome::Passed)
}

fn same_object(own: &Program, other: &Packed) -> Result<Outcome, Error> {
    let [own, other] = [own, &other.tcplull].map(object);
    let (own, other) = (own?, other?);
    Ok(holds(own.is_some() && own == other, || {
        let size = |object: &Option<Vec<u8>>| object.as_ref().map(Vec::len);
        format!("bytes: {:?} and {:?}", size(&own), size(&other))
    }))
}

fn say_their_machine(_own: &Program, packed: &Packed) -> Result<Outcome, Error> {
    let architecture = packed.tcplull.architecture;
    let mut ask = Command::new("dpkg-deb");
    ask.arg("--field").arg(packed.package(".deb")?);
    let said = command::output(ask.arg("Architecture"))?.stdout;
    let debian = String::from_utf8_lossy(&said).trim().to_owned();
    let rpm = packed.rpm()?;
    let machine = rpm.metadata.get_arch().map_err(unreadable)?;
    let version = packed.tcplull.ask(&["--version"])?;
    let version = String::from_utf8_lossy(&version).into_owned();
    let right = debian == architecture.debian
        && machine == architecture.name
        && version.contains(architecture.name);
    Ok(holds(right, || format!("{debian}, {machine}, {version}")))
}

fn recordings() -> Result<Vec<PathBuf>, Error> {
    let folder = workspace::root().join(RECORDINGS);
    let entries = files::with_path("read", &folder, fs::read_dir(&folder))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let is_one = |path: &PathBuf| path.extension().is_some_and(|end| end == "facts");
    Ok(paths.filter(is_one).collect())
}

/// The object for the kernel that a program carries.
fn object(program: &Program) -> Result<Option<Vec<u8>>, Error> {
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
        let head = Elf::parse_header(object).ok()?;
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
        // Of 64 bits, little end first, in the format's only version.
        object[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
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
