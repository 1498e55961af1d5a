//! Snapshots, which somebody attached to a ticket.

use flate2::Compression;
use flate2::write::GzEncoder;
use monitor_snapshot::{Bounds, Part, Snapshot, read, write};
use std::io::Write;
use tar::{Builder, EntryType, Header};

const ABOUT: &[u8] = b"{\"schema\":\"tcplull.snapshot/1\",\"made\":\"2026-01-31T12:00:00.000Z\",\"version\":\"0.1.0\",\
    \"host\":\"h\",\"kernel\":null,\"told_by\":\"daemon\",\"redacted\":false,\"lacks\":[]}\n";

const BOUNDS: Bounds = Bounds {
    bytes: 1 << 20,
    lines: 1 << 10,
    line: 1 << 14,
};

/// Any bytes as a file, as an archive that is compressed rightly, as the lines of every part, and as what it says of itself.
/// What can be read can be redacted and written, and is read again.
#[test]
fn open() {
    bolero::check!().for_each(|bytes| {
        let parts: Vec<(&str, &[u8])> = Part::ALL.iter().map(|part| (part.file(), bytes)).collect();
        let all = [&[("about.json", ABOUT)][..], &parts].concat();
        for file in [
            bytes.to_vec(),
            compressed(bytes),
            compressed(&archive(&all)),
            compressed(&archive(&[("about.json", bytes)])),
        ] {
            if let Ok(snapshot) = read(&file[..], BOUNDS) {
                goes_on(snapshot);
            }
        }
    });
}

fn goes_on(snapshot: Snapshot) {
    assert_eq!(again(&snapshot).about, snapshot.about);
    let mut redacted = snapshot.clone();
    redacted.redact().expect("a key");
    let found = again(&redacted);
    for part in Part::ALL {
        let lines = |snapshot: &Snapshot| snapshot.part(part).map(<[String]>::len).ok();
        assert_eq!(lines(&again(&snapshot)), lines(&snapshot));
        // A line of metrics that cannot be read is left out.
        assert!(
            part == Part::Metrics || lines(&found) == lines(&snapshot),
            "{part:?}"
        );
    }
}

fn again(snapshot: &Snapshot) -> Snapshot {
    let mut file = Vec::new();
    write(snapshot, &mut file).expect("memory takes all");
    read(&file[..], Bounds::default()).expect("what was written is read")
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut file = GzEncoder::new(Vec::new(), Compression::fast());
    file.write_all(bytes).expect("memory takes all");
    file.finish().expect("memory takes all")
}

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_size(bytes.len() as u64);
        archive
            .append_data(&mut header, name, *bytes)
            .expect("memory takes all");
    }
    archive.into_inner().expect("memory takes all")
}
