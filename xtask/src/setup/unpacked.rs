//! Programs that tests need, taken out of Debian's packages into the target folder: nothing is installed, and no service
//! of the host's is started.

use super::debian;
use crate::error::Error;
use crate::{files, progress, workspace};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Where packages hold programs.
const PLACES: [&str; 4] = ["usr/bin", "usr/sbin", "bin", "sbin"];

/// Where they hold libraries that are not everybody's, below each of `usr/lib` and `lib`.
const LIBRARIES: [&str; 3] = ["", "x86_64-linux-gnu", "x86_64-linux-gnu/pulseaudio"];

/// What of these is wanted needs nothing else of the archive.
const ALONE: [&str; 2] = ["prometheus", ALERTMANAGER];

/// What is of no use without another package that it merely recommends.
const WITH: [(&str, &str); 1] = [("gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross")];

/// Debian's Alertmanager, which looks for its template in `/usr/share` and nowhere else.
const ALERTMANAGER: &str = "prometheus-alertmanager";

/// Starts what follows in a mount namespace of its own, where the package's own `/usr/share` is the system's. Who is not
/// root gets a user namespace with it.
const WITH_ITS_SHARE: &str = r#"[ "$(id -u)" = 0 ] || own=--map-root-user
exec unshare --mount $own sh -c 'mount --bind "$0" /usr/share && exec "$@"' "#;

/// Sees to it that `programs` of `package` lie in [`folder`], with what else of the archive they need and this system
/// lacks.
pub fn take_out(programs: &[&str], package: &str) -> Result<(), Error> {
    let whole = tools()?.join(package);
    let partial = tools()?.join(format!("{package}-{}", std::process::id()));
    files::create_folder(&partial)?;
    let packages = if ALONE.contains(&package) {
        vec![package.to_owned()]
    } else {
        let with = WITH.iter().filter(|(one, _)| *one == package);
        let all: Vec<&str> = [package]
            .into_iter()
            .chain(with.map(|(_, with)| *with))
            .collect();
        debian::brought_by(&all)
    };
    progress::note(&format!(
        "unpacked into {}, not installed: {}",
        whole.display(),
        packages.join(", ")
    ));
    let names: Vec<&str> = packages.iter().map(String::as_str).collect();
    if let Err(error) = debian::unpack(&names, &partial) {
        files::remove_folder(&partial)?;
        return Err(error);
    }
    if whole.is_dir() {
        files::remove_folder(&whole)?;
    }
    files::rename(&partial, &whole)?;
    for program in programs {
        if let Some(found) = found_in(&whole, program) {
            write_script(program, &script(&whole, &found))?;
        }
    }
    Ok(())
}

/// Makes `program` start so, with all its arguments.
pub fn write_script(program: &str, start: &str) -> Result<(), Error> {
    let bin = folder()?;
    files::create_folder(&bin)?;
    let wrapper = bin.join(program);
    files::write(&wrapper, format!("#!/bin/sh\n{start} \"$@\"\n"))?;
    files::with_path(
        "make executable",
        &wrapper,
        fs::set_permissions(&wrapper, Permissions::from_mode(0o755)),
    )
}

/// Where the programs lie.
pub fn folder() -> Result<PathBuf, Error> {
    Ok(tools()?.join("bin"))
}

/// Where all lies that was taken out.
pub fn tools() -> Result<PathBuf, Error> {
    Ok(workspace::target_dir()?.join("tools"))
}

/// A program itself, where [`folder`] has the script that starts it, and the folders of the libraries beside it.
pub fn itself(program: &str) -> Option<(PathBuf, Vec<PathBuf>)> {
    let packages = tools().ok()?.read_dir().ok()?.flatten();
    let wholes = packages.map(|package| package.path());
    let mut found = wholes.filter_map(|whole| Some((found_in(&whole, program)?, whole)));
    found
        .next()
        .map(|(file, whole)| (file, library_folders(&whole)))
}

fn library_folders(whole: &Path) -> Vec<PathBuf> {
    ["usr/lib", "lib"]
        .iter()
        .flat_map(|place| LIBRARIES.map(|below| whole.join(place).join(below)))
        .collect()
}

/// Where a program lies in what was unpacked into `whole`.
pub fn found_in(whole: &Path, program: &str) -> Option<PathBuf> {
    let places = PLACES.iter().map(|place| whole.join(place).join(program));
    places
        .into_iter()
        .find(|file| file.is_file())
        .or_else(|| below(&whole.join("usr/lib"), program, DEPTH))
}

/// How deep below `usr/lib` some packages have programs of their own: `postgresql/15/bin`.
const DEPTH: usize = 3;

fn below(folder: &Path, program: &str, depth: usize) -> Option<PathBuf> {
    let file = folder.join(program);
    let runs = |file: &Path| {
        let mode = file.metadata().map(|data| data.permissions().mode());
        file.is_file() && mode.is_ok_and(|mode| mode & 0o111 != 0)
    };
    if runs(&file) {
        return Some(file);
    }
    let folders = folder.read_dir().into_iter().flatten().flatten();
    let mut folders = folders.filter(|_| depth > 0).map(|entry| entry.path());
    folders.find_map(|folder| below(&folder, program, depth - 1))
}

/// What starts a program where it lies, with the libraries beside it, and QEMU and Alertmanager with their files.
pub(super) fn script(whole: &Path, program: &Path) -> String {
    let libraries: Vec<String> = library_folders(whole)
        .iter()
        .map(|place| place.display().to_string())
        .collect();
    let emulator = program
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("qemu-"));
    let shared: Vec<String> = ["qemu", "seabios"]
        .iter()
        .map(|share| whole.join("usr/share").join(share))
        .filter(|place| emulator && place.is_dir())
        .map(|place| format!(" -L '{}'", place.display()))
        .collect();
    let start = if whole.ends_with(ALERTMANAGER) {
        format!("{WITH_ITS_SHARE}'{}'", whole.join("usr/share").display())
    } else {
        format!("LD_LIBRARY_PATH='{}' exec", libraries.join(":"))
    };
    format!("{start} '{}'{}", program.display(), shared.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_program_is_started_where_it_lies_with_all_its_arguments() {
        let whole = std::env::temp_dir().join(format!("tcplull-tools-{}", std::process::id()));
        let place = whole.join("usr/sbin");
        fs::create_dir_all(&place).expect("a temporary folder");
        fs::write(place.join("echo"), "#!/bin/sh\necho \"$#: $2\"\n").expect("a program");
        fs::set_permissions(place.join("echo"), Permissions::from_mode(0o755)).expect("a mode");
        let found = found_in(&whole, "echo").expect("it is found");
        let output = Command::new("sh")
            .args(["-c", &(script(&whole, &found) + " \"$@\"")])
            .args(["wrapper", "a", "b c"])
            .output();
        fs::remove_dir_all(&whole).expect("it can go");
        let output = output.expect("a shell");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "2: b c\n");
    }
}
