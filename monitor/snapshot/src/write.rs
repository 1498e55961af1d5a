//! Writing a snapshot.

use crate::part::Part;
use crate::snapshot::Snapshot;
use flate2::Compression;
use flate2::write::GzEncoder;
use monitor_model::format::told_line;
use std::io::{self, Write};
use tar::{Builder, EntryType, Header};

/// The first member.
pub(crate) const ABOUT: &str = "about.json";

/// Writes it as a file's bytes.
///
/// # Errors
/// What the writer says.
pub fn write(snapshot: &Snapshot, out: impl Write) -> io::Result<()> {
    let made = snapshot.about.made.unix_ns() / 1_000_000_000;
    let made = u64::try_from(made).unwrap_or_default();
    let mut archive = Builder::new(GzEncoder::new(out, Compression::default()));
    let about = told_line(&snapshot.about)? + "\n";
    append(&mut archive, ABOUT, made, about.as_bytes())?;
    for part in Part::ALL {
        if let Ok(lines) = snapshot.part(part) {
            let bytes = lines.iter().map(|line| line.len() + 1).sum();
            let mut text = String::with_capacity(bytes);
            for line in lines {
                text.push_str(line);
                text.push('\n');
            }
            append(&mut archive, part.file(), made, text.as_bytes())?;
        }
    }
    archive.into_inner()?.finish()?.flush()
}

fn append(
    archive: &mut Builder<impl Write>,
    name: &str,
    made: u64,
    bytes: &[u8],
) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o600);
    header.set_mtime(made);
    header.set_size(bytes.len() as u64);
    archive.append_data(&mut header, name, bytes)
}
