//! Kernel modules: which the laboratory needs, and what those need.

use crate::error::Error;
use crate::files;
use goblin::elf::Elf;
use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What the laboratory's networks and rules are made of. There is nobody in the guest to load a module when it is
/// first asked for. A kernel may have any of them built in.
const WANTED: &[&str] = &[
    "veth",
    "tun",
    "nf_tables",
    "nf_conntrack",
    "nft_ct",
    "nft_chain_nat",
    "nft_masq",
    "nft_reject_inet",
    "nft_numgen",
];

/// Stands for the list in the names of cached kernels, so that a longer list fetches anew.
pub fn stamp() -> String {
    // FNV-1a, 32 bits.
    let names = WANTED.iter().flat_map(|name| name.bytes());
    let hash = names.fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    format!("{hash:08x}")
}

/// Copies the wanted modules, and those that they need, from the tree of one release at `root` to `to`: unpacked, and
/// numbered in the order in which they load.
pub fn collect(root: &Path, to: &Path, package: &str) -> Result<(), Error> {
    let mut collection = Collection {
        there: HashMap::new(),
        built_in: built_in(root),
        taken: Vec::new(),
        package,
    };
    index(&root.join("kernel"), &mut collection.there)?;
    for name in WANTED {
        collection.take(name)?;
    }
    for (number, (name, bytes)) in collection.taken.iter().enumerate() {
        let file = to.join(format!("{number:03}-{name}.ko"));
        files::write(&file, bytes)?;
    }
    Ok(())
}

struct Collection<'a> {
    there: HashMap<String, PathBuf>,
    built_in: Vec<String>,
    taken: Vec<(String, Vec<u8>)>,
    package: &'a str,
}

impl Collection<'_> {
    /// Takes a module after all that it needs.
    fn take(&mut self, name: &str) -> Result<(), Error> {
        if self.taken.iter().any(|(taken, _)| taken == name) {
            return Ok(());
        }
        let broken = |lacks: String| Error::BrokenKernel {
            package: self.package.to_owned(),
            lacks,
        };
        let Some(file) = self.there.get(name) else {
            if self.built_in.iter().any(|built_in| built_in == name) {
                return Ok(());
            }
            return Err(broken(format!("the module {name}")));
        };
        let bytes = unpacked(file)?;
        let needs = needs(&bytes)
            .ok_or_else(|| broken(format!("a readable {name}: it is no module of ELF format")))?;
        for needed in needs {
            self.take(&needed)?;
        }
        self.taken.push((name.to_owned(), bytes));
        Ok(())
    }
}

/// "nf_tables" of "…/nf-tables.ko.xz": the kernel takes both characters for one.
fn module_name(file: &Path) -> Option<String> {
    let name = file.file_name()?.to_str()?;
    let (stem, _) = name.split_once(".ko")?;
    Some(stem.replace('-', "_"))
}

fn index(folder: &Path, to: &mut HashMap<String, PathBuf>) -> Result<(), Error> {
    let entries = files::with_path("read", folder, fs::read_dir(folder))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            index(&path, to)?;
        } else if let Some(name) = module_name(&path) {
            to.insert(name, path);
        }
    }
    Ok(())
}

fn built_in(root: &Path) -> Vec<String> {
    let list = fs::read_to_string(root.join("modules.builtin")).unwrap_or_default();
    list.lines()
        .filter_map(|line| module_name(Path::new(line)))
        .collect()
}

fn unpacked(file: &Path) -> Result<Vec<u8>, Error> {
    let bytes = files::read(file)?;
    if file.extension().is_none_or(|extension| extension != "xz") {
        return Ok(bytes);
    }
    let mut unpacked = Vec::new();
    let read = liblzma::read::XzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked);
    files::with_path("unpack", file, read)?;
    Ok(unpacked)
}

/// The modules that a module names in its `depends=` (include/linux/module.h: `MODULE_INFO`).
fn needs(module: &[u8]) -> Option<Vec<String>> {
    let elf = Elf::parse(module).ok()?;
    let section = elf
        .section_headers
        .iter()
        .find(|section| elf.shdr_strtab.get_at(section.sh_name) == Some(".modinfo"))?;
    let info = module.get(section.file_range()?)?;
    Some(depends_in(info))
}

fn depends_in(info: &[u8]) -> Vec<String> {
    info.split(|byte| *byte == 0)
        .filter_map(|entry| std::str::from_utf8(entry).ok()?.strip_prefix("depends="))
        .flat_map(|list| list.split(','))
        .filter(|name| !name.is_empty())
        .map(|name| name.replace('-', "_"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_known_by_its_name_however_it_is_packed() {
        for file in ["kernel/net/nf-tables.ko", "x/nf_tables.ko.xz"] {
            let name = module_name(Path::new(file));
            assert_eq!(name.as_deref(), Some("nf_tables"));
        }
        assert_eq!(module_name(Path::new("modules.order")), None);
    }

    #[test]
    fn what_a_module_needs_stands_in_its_modinfo() {
        let info = b"license=GPL\0depends=nf_conntrack,nf-nat\0name=x\0depends=\0";
        assert_eq!(depends_in(info), ["nf_conntrack", "nf_nat"]);
    }

    #[test]
    fn what_is_no_elf_file_has_no_modinfo() {
        assert_eq!(needs(b"not a module"), None);
    }
}
