//! What is shown, in a file of its own.

use crate::event::Export;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;

/// So many files of one second have names.
const MOST: u32 = 100;

/// Writes it into a new file in the current folder, which its owner alone may read; the file's name, or why there is none.
pub(super) fn write(export: &Export) -> Result<String, String> {
    let time = export.time.to_string().replace(':', "-");
    let second = time.split('.').next().unwrap_or_default();
    for number in 1..=MOST {
        let again = match number {
            1 => String::new(),
            number => format!("-{number}"),
        };
        let name = format!("tcplull-{}-{second}Z{again}.ndjson", export.what);
        let mut options = OpenOptions::new();
        // Neither over a file that is there, nor through a link.
        let file = options.write(true).create_new(true).mode(0o600).open(&name);
        return match file {
            Ok(file) => match lines(file, &export.lines) {
                Ok(()) => Ok(name),
                Err(error) => Err(format!("{name}: {error}; it holds a part")),
            },
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => Err(format!(
                "{name}: {error}; start top in a folder you may write to"
            )),
        };
    }
    Err(format!("{MOST} files of this second are there already"))
}

fn lines(file: File, lines: &[String]) -> io::Result<()> {
    let mut file = BufWriter::new(file);
    for line in lines {
        writeln!(file, "{line}")?;
    }
    file.flush()
}
