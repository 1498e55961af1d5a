//! Whether what is packed can be installed, kept and removed: tried in root folders of the test's own, below the target
//! folder. Nothing on this host is installed or started.

mod debian_root;
mod machines;

use super::about::VERSION;
use super::contents::UNIT;
use super::epoch::Epoch;
use super::packing::write;
use super::program::Program;
use super::sums::{CHECKSUMS, checksums};
use crate::architecture::{AARCH64, Architecture, X86_64};
use crate::error::Error;
use crate::results::Results;
use crate::workspace::Static;
use crate::{command, files, progress, setup, workspace};
use debian_root::DebianRoot;
use flate2::read::GzDecoder;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How exposed the unit may be, in tenths, by `systemd-analyze security`: docs/packages.md has the figure.
const EXPOSURE: u32 = 20;

type Test = fn(&Packed) -> Result<Outcome, Error>;

/// What is tried, in this order.
const TESTS: [(&str, Test); 5] = [
    (
        "packages: the tarball runs where nothing else is",
        tarball_alone,
    ),
    (
        "packages: the unit is as hardened as the docs say",
        hardened,
    ),
    ("packages: the rpm has each file and script", rpm_read),
    (
        "packages: the deb installs, upgrades, keeps a changed configuration, and purges",
        deb_lives,
    ),
    ("packages: packing twice writes the same bytes", same_bytes),
];

/// How a test ended, where nothing kept it from its end.
enum Outcome {
    Passed,
    Failed(String),
    Skipped(&'static str),
}

type OtherTest = fn(&Program, &Packed) -> Result<Outcome, Error>;

/// What is tried of those for aarch64, beside the program for this machine.
const OTHER_TESTS: [(&str, OtherTest); 3] = [
    (
        "packages: aarch64's program judges every recording as that of x86-64 does",
        |own, other| {
            let differs = machines::says_the_same(own, &other.tcplull)?;
            Ok(differs.map_or(Outcome::Passed, Outcome::Failed))
        },
    ),
    (
        "packages: aarch64's program has the same object for the kernel",
        |own, other| {
            let [own, other] = [machines::object(own)?, machines::object(&other.tcplull)?];
            Ok(holds(own.is_some() && own == other, || {
                let size = |object: &Option<Vec<u8>>| object.as_ref().map(Vec::len);
                format!("bytes: {:?} and {:?}", size(&own), size(&other))
            }))
        },
    ),
    ("packages: aarch64's deb and rpm say so", for_their_machine),
];

/// Packages of a program, written for the test.
struct Packed {
    tcplull: Program,
    epoch: Epoch,
    /// A folder below the target folder, and in it `packages`.
    folder: PathBuf,
}

/// Whether a filter asks for these tests, which take too long to be run for a word that they share with others.
pub fn is_named_by(filter: &str) -> bool {
    filter.starts_with("packages")
}

/// Runs the tests whose name contains `filter`, with packages of the program that virtual machines run: nothing is built
/// for them alone.
pub fn test(filter: Option<&str>, results: &mut Results) -> Result<(), Error> {
    let wanted = |name: &str| filter.is_none_or(|filter| name.contains(filter));
    if TESTS.iter().any(|(name, _)| wanted(name)) {
        of(guest(&X86_64)?, wanted, results)?;
    }
    if OTHER_TESTS.iter().any(|(name, _)| wanted(name)) {
        if let Err(missing) = setup::cross(&AARCH64) {
            results.skip(format!("packages for aarch64: {missing}"));
            return Ok(());
        }
        others(&guest(&X86_64)?, guest(&AARCH64)?, wanted, results)?;
    }
    Ok(())
}

/// As virtual machines run it.
fn guest(architecture: &'static Architecture) -> Result<Program, Error> {
    let [file, _] = workspace::build_static(Static::Guest, architecture)?;
    Ok(Program { file, architecture })
}

/// Runs all of them, with packages of these programs.
pub fn all(programs: Vec<Program>, results: &mut Results) -> Result<(), Error> {
    let (mut own, mut other) = (None, None);
    for program in programs {
        match program.architecture.is_own() {
            true => own = Some(program),
            false => other = Some(program),
        }
    }
    if let (Some(own), Some(other)) = (&own, other) {
        others(own, other, |_| true, results)?;
    }
    match own {
        Some(own) => of(own, |_| true, results),
        None => Ok(()),
    }
}

fn of(tcplull: Program, wanted: impl Fn(&str) -> bool, results: &mut Results) -> Result<(), Error> {
    let packed = Packed::of(tcplull)?;
    for (name, test) in TESTS.iter().filter(|(name, _)| wanted(name)) {
        run(name, || test(&packed), results);
    }
    Ok(())
}

fn others(
    own: &Program,
    other: Program,
    wanted: impl Fn(&str) -> bool,
    results: &mut Results,
) -> Result<(), Error> {
    let packed = Packed::of(other)?;
    for (name, test) in OTHER_TESTS.iter().filter(|(name, _)| wanted(name)) {
        run(name, || test(own, &packed), results);
    }
    Ok(())
}

fn run(name: &str, test: impl FnOnce() -> Result<Outcome, Error>, results: &mut Results) {
    progress::step(name);
    match test() {
        Ok(Outcome::Passed) => results.pass(1),
        Ok(Outcome::Failed(why)) => results.fail(format!("{name}: {why}")),
        Ok(Outcome::Skipped(why)) => results.skip(format!("{name}: {why}")),
        Err(error) => results.fail(format!("{name}: {error}")),
    }
}

impl Packed {
    fn of(tcplull: Program) -> Result<Self, Error> {
        let folder = workspace::target_dir()?.join("package-tests");
        let packed = Self {
            folder: folder.join(tcplull.architecture.name),
            tcplull,
            epoch: Epoch::find()?,
        };
        packed.write("packages")?;
        Ok(packed)
    }

    /// Writes all packages into a new folder of this name; answers their checksums.
    fn write(&self, name: &str) -> Result<Vec<u8>, Error> {
        let folder = self.new_folder(name)?;
        write(&self.tcplull, self.epoch, &folder)?;
        let files = checksums(&folder)?;
        files
            .last()
            .map_or(Ok(Vec::new()), |sums| files::read(sums))
    }

    fn new_folder(&self, name: &str) -> Result<PathBuf, Error> {
        let folder = self.folder.join(name);
        if folder.is_dir() {
            files::remove_folder(&folder)?;
        }
        files::create_folder(&folder)?;
        Ok(folder)
    }

    /// The package whose name ends so.
    fn package(&self, end: &str) -> Result<PathBuf, Error> {
        let folder = self.folder.join("packages");
        let entries = files::with_path("read", &folder, fs::read_dir(&folder))?;
        let mut paths = entries.flatten().map(|entry| entry.path());
        let found = paths.find(|path| path.to_string_lossy().ends_with(end));
        found.ok_or_else(|| Error::Package {
            what: "a package",
            reason: format!("no {end} was written"),
        })
    }
}

fn same_bytes(packed: &Packed) -> Result<Outcome, Error> {
    let first = files::read(&packed.folder.join("packages").join(CHECKSUMS))?;
    let second = packed.write("again")?;
    Ok(holds(first == second, || {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        format!("{}and then\n{}", text(&first), text(&second))
    }))
}

fn tarball_alone(packed: &Packed) -> Result<Outcome, Error> {
    if !setup::is_root() {
        return Ok(Outcome::Skipped("needs root"));
    }
    let root = packed.new_folder("tarball")?;
    let bytes = files::read(&packed.package(".tar.gz")?)?;
    let unpacked = tar::Archive::new(GzDecoder::new(bytes.as_slice())).unpack(&root);
    files::with_path("unpack into", &root, unpacked)?;
    let machine = packed.tcplull.architecture.name;
    let name = format!("tcplull-{VERSION}-linux-{machine}");
    let mut alone = Command::new("chroot");
    alone
        .arg(root.join(name))
        .args(["/bin/tcplull", "--version"]);
    let output = command::output(&mut alone)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let right = output.status.success() && text.contains(VERSION);
    Ok(holds(right, || {
        format!(
            "{}: {text}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )
    }))
}

fn hardened(packed: &Packed) -> Result<Outcome, Error> {
    if setup::find("systemd-analyze").is_none() {
        return Ok(Outcome::Skipped("systemd-analyze"));
    }
    let folder = packed.new_folder("unit")?;
    let unit = folder.join("tcplull.service");
    files::write(
        &unit,
        files::read(&workspace::root().join("deploy/package/tcplull.service"))?,
    )?;
    let mut analyze = Command::new("systemd-analyze");
    analyze
        .args(["security", "--offline=true", "--no-pager"])
        .arg(format!("--threshold={EXPOSURE}"))
        .arg(&unit);
    let output = command::output(&mut analyze)?;
    Ok(holds(output.status.success(), || {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().last().unwrap_or_default().to_owned()
    }))
}

fn for_their_machine(_own: &Program, packed: &Packed) -> Result<Outcome, Error> {
    let architecture = packed.tcplull.architecture;
    let mut ask = Command::new("dpkg-deb");
    ask.arg("--field").arg(packed.package(".deb")?);
    let said = command::output(ask.arg("Architecture"))?.stdout;
    let debian = String::from_utf8_lossy(&said).trim().to_owned();
    let rpm = read_rpm(packed)?;
    let machine = rpm.metadata.get_arch().map_err(unreadable)?;
    let right = debian == architecture.debian && machine == architecture.name;
    Ok(holds(right, || format!("{debian} and {machine}")))
}

fn unreadable(error: rpm::Error) -> Error {
    Error::Package {
        what: "an RPM that can be read",
        reason: error.to_string(),
    }
}

fn read_rpm(packed: &Packed) -> Result<rpm::Package, Error> {
    let bytes = files::read(&packed.package(".rpm")?)?;
    rpm::Package::parse(&mut bytes.as_slice()).map_err(unreadable)
}

/// By what reads it, and not by what wrote it down.
fn rpm_read(packed: &Packed) -> Result<Outcome, Error> {
    let package = read_rpm(packed)?;
    package.verify_digests().map_err(unreadable)?;
    let entries = package.metadata.get_file_entries().map_err(unreadable)?;
    let paths: Vec<String> = entries
        .iter()
        .map(|entry| entry.path().display().to_string())
        .collect();
    let wanted = [
        "/usr/bin/tcplull",
        "/etc/tcplull/config.toml",
        &format!("/usr/{UNIT}"),
    ];
    let all = wanted
        .iter()
        .all(|path| paths.iter().any(|one| one == path));
    let scripts = package.metadata.get_post_install_script().is_ok();
    Ok(holds(all && scripts, || format!("{paths:?}")))
}

fn deb_lives(packed: &Packed) -> Result<Outcome, Error> {
    if !setup::is_root() {
        return Ok(Outcome::Skipped("needs root"));
    }
    let root = match DebianRoot::make(&packed.folder) {
        Ok(root) => root,
        // Where there is no Debian to be had.
        Err(Error::NotDebian { .. }) => return Ok(Outcome::Skipped("debootstrap")),
        Err(error) => return Err(error),
    };
    Ok(match lives(packed, &root) {
        Ok(()) => Outcome::Passed,
        Err(why) => Outcome::Failed(why),
    })
}

/// The life of a package on a host; `Err` says what was not as it should be.
fn lives(packed: &Packed, root: &DebianRoot) -> Result<(), String> {
    let said = |error: Error| error.to_string();
    let deb = packed.package(".deb").map_err(said)?;
    let configuration = Path::new("etc/tcplull/config.toml");
    root.dpkg("--install", &deb)?;
    root.expect(&["test", "-x", "/usr/bin/tcplull"])?;
    root.expect(&["getent", "passwd", "tcplull"])?;
    root.expect(&[
        "test",
        "-L",
        "/etc/systemd/system/multi-user.target.wants/tcplull.service",
    ])?;
    root.expect(&["dpkg", "--verify", "tcplull"])?;
    root.expect(&["systemd-analyze", "verify", "--man=no", "tcplull.service"])?;
    // Its own configuration is right, and the program is what was packed.
    let check = root.run(&[
        "/usr/bin/tcplull",
        "explain",
        "10.0.0.1:40000",
        "192.0.2.1:443",
    ])?;
    if !check.contains("192.0.2.1") {
        return Err(format!("explain says: {check}"));
    }

    // What the administrator wrote, stopped and kept stays over an upgrade.
    let changed = "socket_group = \"adm\"\n";
    root.write(configuration, changed)?;
    root.write(Path::new("etc/tcplull/conf.d/team.toml"), "")?;
    root.write(Path::new("var/lib/tcplull/history/kept"), "")?;
    root.expect(&[
        "ln",
        "-sf",
        "/dev/null",
        "/etc/systemd/system/tcplull.service",
    ])?;
    let newer = newer(packed, &deb).map_err(said)?;
    root.dpkg("--install", &newer)?;
    if root.read(configuration)? != changed {
        return Err("an upgrade wrote over the configuration".to_owned());
    }
    root.expect(&["test", "-f", "/var/lib/tcplull/history/kept"])?;
    if !root
        .read_link("etc/systemd/system/tcplull.service")?
        .ends_with("null")
    {
        return Err("an upgrade unmasked the unit".to_owned());
    }
    let version = root.run(&["dpkg-query", "--show", "--showformat=${Version}", "tcplull"])?;
    if version != NEWER {
        return Err(format!("after the upgrade there is {version}"));
    }

    root.dpkg("--remove", Path::new("tcplull"))?;
    root.expect(&["test", "-f", "/etc/tcplull/config.toml"])?;
    root.dpkg("--purge", Path::new("tcplull"))?;
    let left = [
        "/etc/tcplull/config.toml",
        "/var/lib/tcplull",
        "/usr/bin/tcplull",
        "/usr/share/doc/tcplull",
    ];
    for place in left {
        root.expect(&["test", "!", "-e", place])?;
    }
    // It belongs to somebody else.
    root.expect(&["test", "-f", "/etc/tcplull/conf.d/team.toml"])
}

/// A version that dpkg takes for newer than any of ours.
const NEWER: &str = "9999";

/// The same package as of a later version, packed anew by dpkg.
fn newer(packed: &Packed, deb: &Path) -> Result<PathBuf, Error> {
    let folder = packed.new_folder("newer")?;
    let tree = folder.join("tree");
    let package = folder.join("tcplull.deb");
    succeed(
        Command::new("dpkg-deb")
            .arg("--raw-extract")
            .arg(deb)
            .arg(&tree),
    )?;
    let control = tree.join("DEBIAN/control");
    let text = String::from_utf8_lossy(&files::read(&control)?).into_owned();
    let own = format!("Version: {}", VERSION);
    files::write(&control, text.replace(&own, &format!("Version: {NEWER}")))?;
    // Another default than before, or dpkg had nothing to ask.
    files::write(
        &tree.join("etc/tcplull/config.toml"),
        "# The next version's.\n",
    )?;
    succeed(
        Command::new("dpkg-deb")
            .args(["--root-owner-group", "-Zgzip", "--build"])
            .arg(&tree)
            .arg(&package),
    )?;
    Ok(package)
}

fn succeed(command: &mut Command) -> Result<(), Error> {
    let name = format!("{command:?}");
    let output = command::output(command)?;
    match output.status.success() {
        true => Ok(()),
        false => Err(Error::failed(name, output.status)),
    }
}

fn holds(right: bool, why: impl Fn() -> String) -> Outcome {
    match right {
        true => Outcome::Passed,
        false => Outcome::Failed(why()),
    }
}
