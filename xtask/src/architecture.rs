//! The machines that static programs are built for and that are emulated, with what each is called by whom.

/// A machine.
#[derive(Debug, PartialEq, Eq)]
pub struct Architecture {
    /// As the kernel (`uname -m`), RPM, Rust and QEMU name it.
    pub name: &'static str,
    /// As Debian names it.
    pub debian: &'static str,
    /// Rust's target for static programs.
    pub target: &'static str,
    /// The triple in the names of its compiler and of the folders of its libraries.
    pub triple: &'static str,
    /// How QEMU emulates it.
    pub machine: Machine,
}

/// An emulated machine.
#[derive(Debug, PartialEq, Eq)]
pub struct Machine {
    /// QEMU's program.
    pub emulator: &'static str,
    /// Debian's package of that.
    pub package: &'static str,
    /// Which board and processor, as QEMU's arguments.
    pub board: &'static [&'static str],
    /// The kernel's console, from its first word on, as parameters of the kernel: one that dies early is to say why.
    pub console: &'static str,
    /// The port on which the guest says its lines (`vm_contract::LINES`), as QEMU's arguments for the character device
    /// `lines`. The first port is the console.
    pub lines: [&'static str; 2],
}

/// What most are.
pub const X86_64: Architecture = Architecture {
    name: "x86_64",
    debian: "amd64",
    target: "x86_64-unknown-linux-gnu",
    triple: "x86_64-linux-gnu",
    machine: Machine {
        emulator: "qemu-system-x86_64",
        package: "qemu-system-x86",
        board: &["-cpu", "max"],
        console: "earlyprintk=serial,ttyS0,115200 console=ttyS0",
        lines: ["-serial", "chardev:lines"],
    },
};

/// Arm's, of 64 bits.
pub const AARCH64: Architecture = Architecture {
    name: "aarch64",
    debian: "arm64",
    target: "aarch64-unknown-linux-gnu",
    triple: "aarch64-linux-gnu",
    machine: Machine {
        emulator: "qemu-system-aarch64",
        package: "qemu-system-arm",
        // Signed return addresses by a function of QEMU's own: by Arm's, half of all the time goes into them.
        board: &["-machine", "virt", "-cpu", "max,pauth-impdef=on"],
        console: "earlycon console=ttyAMA0",
        // The board has one serial port.
        lines: ["-device", "pci-serial,chardev=lines"],
    },
};

/// All of them.
pub const ALL: [&Architecture; 2] = [&X86_64, &AARCH64];

impl Architecture {
    /// Whether its programs run here without an emulator.
    pub fn is_own(&self) -> bool {
        self.name == std::env::consts::ARCH
    }

    /// What runs one program of it elsewhere.
    pub fn runner(&self) -> String {
        format!("qemu-{}", self.name)
    }

    /// Its C compiler elsewhere, or what else of that toolchain: `ar`.
    pub fn tool(&self, name: &str) -> String {
        format!("{}-{name}", self.triple)
    }
}

/// The one that is called so by whomever.
pub fn named(name: &str) -> Result<&'static Architecture, String> {
    let names: Vec<&str> = ALL.iter().map(|one| one.name).collect();
    ALL.into_iter()
        .find(|one| [one.name, one.debian].contains(&name))
        .ok_or_else(|| format!("there are: {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_known_by_the_kernels_name_and_by_debians() {
        assert_eq!(named("aarch64"), Ok(&AARCH64));
        assert_eq!(named("arm64"), Ok(&AARCH64));
        let unknown = named("riscv64").unwrap_err();
        assert!(unknown.contains("x86_64, aarch64"), "{unknown}");
    }
}
