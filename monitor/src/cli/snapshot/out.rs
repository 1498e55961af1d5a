//! Where a snapshot goes: a file that is there as a whole or not at all, for this user alone; or standard output.

use super::super::exit::CliError;
use std::fmt;
use std::fs;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Where it goes.
pub(super) enum Place {
    Output,
    File {
        file: PathBuf,
        force: bool,
        // Beside the file that is meant, 0600, and gone where nothing comes of it.
        begun: NamedTempFile,
    },
}

impl Place {
    /// A place that can be written to, before there is anything to write.
    pub(super) fn new(file: &Path, force: bool) -> Result<Self, CliError> {
        if file == Path::new("-") {
            return match io::stdout().is_terminal() {
                true => Err(CliError::Usage(
                    "a snapshot is no text for a terminal: name a file, or pipe it on".to_owned(),
                )),
                false => Ok(Self::Output),
            };
        }
        if !force && fs::symlink_metadata(file).is_ok() {
            return Err(there_already(file));
        }
        let folder = file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let begun = tempfile::Builder::new()
            .prefix(".tcplull-snapshot-")
            .tempfile_in(folder.unwrap_or(Path::new(".")));
        Ok(Self::File {
            file: file.to_owned(),
            force,
            begun: begun.map_err(not_written)?,
        })
    }

    /// Has it written.
    pub(super) fn write(
        &self,
        snapshot: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), CliError> {
        match self {
            Self::Output => match snapshot(&mut BufWriter::new(io::stdout())) {
                Ok(()) => Ok(()),
                Err(error) => CliError::from_output(error).map_or(Ok(()), Err),
            },
            Self::File { file, force, begun } => {
                snapshot(&mut BufWriter::new(begun.as_file())).map_err(not_written)?;
                begun.as_file().sync_all().map_err(not_written)?;
                match force {
                    true => fs::rename(begun.path(), file).map_err(not_written),
                    // Unlike a rename, a link never takes the place of what somebody put there meanwhile.
                    false => {
                        fs::hard_link(begun.path(), file).map_err(|error| match error.kind() {
                            io::ErrorKind::AlreadyExists => there_already(file),
                            _ => not_written(error),
                        })
                    }
                }
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output => f.write_str("what was written"),
            Self::File { file, .. } => write!(f, "{}", file.display()),
        }
    }
}

fn there_already(file: &Path) -> CliError {
    CliError::Usage(format!(
        "{} is there already: name another file, or --force",
        file.display()
    ))
}

fn not_written(source: io::Error) -> CliError {
    CliError::Io {
        what: "cannot write the snapshot",
        source,
    }
}
