//! Takes out of an eBPF object what only a debugger reads: three quarters of it, which the daemon would carry in its own
//! binary and go through at each start. What the kernel reads stays, its types (`.BTF`) and the lines of its sources
//! (`.BTF.ext`), which the verifier's log names.

use object::build::elf::{Builder, SectionData};
use object::{build, elf};

/// The object without DWARF, and without the relocations of what no loader relocates.
///
/// # Errors
/// Where this is no ELF file.
pub(crate) fn without_debug_information(object: &[u8]) -> Result<Vec<u8>, build::Error> {
    let mut object = Builder::read(object)?;
    for section in &mut object.sections {
        section.delete = is_for_debuggers(section.name.as_slice());
    }
    object.delete_orphans();
    // The linker names sections and symbols in one table, which this library reads and does not write.
    let names = object.sections.add();
    names.name = ".shstrtab".into();
    names.sh_type = elf::SHT_STRTAB;
    names.sh_addralign = 1;
    names.data = SectionData::SectionString;
    let mut stripped = Vec::new();
    object.write(&mut stripped)?;
    Ok(stripped)
}

/// Offsets in `.BTF` and `.BTF.ext` count from the start of the sections that they are about, and hold as they stand.
fn is_for_debuggers(section: &[u8]) -> bool {
    let about = section.strip_prefix(b".rel").unwrap_or(section);
    about.starts_with(b".debug_") || about != section && about.starts_with(b".BTF")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_reads_stays_and_what_a_debugger_reads_goes() {
        let goes = [
            ".debug_info",
            ".rel.debug_info",
            ".debug_line",
            ".rel.BTF",
            ".rel.BTF.ext",
        ];
        let stays = [
            ".text",
            ".rel.text",
            ".reltp_btf/tcp_probe",
            ".BTF",
            ".BTF.ext",
            ".maps",
            ".symtab",
        ];
        for name in goes {
            assert!(is_for_debuggers(name.as_bytes()), "{name}");
        }
        for name in stays {
            assert!(!is_for_debuggers(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        assert!(without_debug_information(b"").is_err());
        assert!(without_debug_information(&[0x7f; 200]).is_err());
    }
}
