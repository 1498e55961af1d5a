//! rsync and scp: copies at a limited rate, up and down, through a daemon and through ssh, one that is broken off and
//! resumed, and one that waits for the list of what to copy.

use super::super::application::{Application, BASE, Due, Need};
use super::super::{Program, Stage};
use super::openssh;
use crate::LabError;
use crate::truth::Conclusion::{Blackholed, Crossed};
use crate::truth::Severity::{Page, Ticket};

pub(super) const RSYNC: Application = Application {
    name: "rsync",
    about: "rsync and scp: limited copies both ways, one broken off and resumed, one that waits for its list",
    needs: &[
        Need::Debian {
            package: "rsync",
            programs: &["rsync"],
        },
        openssh::NEEDS[0],
        openssh::NEEDS[1],
    ],
    start,
    truth: &[
        // The list that comes after a rest is lost.
        Due::client(Blackholed, Page),
        Due::client(Crossed, Ticket),
        Due::server(Crossed, Ticket),
    ],
    ..BASE
};

const PORT: u16 = 8730;

/// How much is copied, in bytes: two seconds' worth of it.
const SIZE: usize = 1_000_000;

/// What each loop does over and over, `$1` the other side and `$2` a number. A copy that fails is tried again.
const AGAIN: &str = r#"
copy() { CASE; }
while :; do
    copy "$@" && echo did || echo failed
    sleep 0.3
done
"#;

/// Each copy whole, at 500 KB/s.
const UPLOAD: &str = "rsync -W -I --bwlimit=500 file rsync://$1/files/up";
const DOWNLOAD: &str = "rsync -W -I --bwlimit=500 rsync://$1/files/file down";

/// Broken off after a second, and resumed.
const RESUMED: &str = "rm -f resumed; \
    timeout 1 rsync -W --partial --bwlimit=500 rsync://$1/files/file resumed; \
    rsync --append --bwlimit=500 rsync://$1/files/file resumed";

/// Who makes the list takes a while.
const LISTED: &str =
    "{ sleep \"$2\"; echo file; } | rsync -I --files-from=- . rsync://$1/files/listed";

/// Of scp the limit is in kbit/s.
const SCP: &str = "scp -q -l 4000 $3 -P 2222 file lab@$1:$4/scp";
const OVER_SSH: &str = "rsync -W -I --bwlimit=500 --rsync-path=\"$(command -v rsync)\" -e \"ssh $3 -p 2222\" file lab@$1:$4/over-ssh";

fn start(stage: &mut Stage<'_>) -> Result<(), LabError> {
    let files = stage.folder("files")?;
    stage.file("file", vec![b'x'; SIZE])?;
    stage.file("files/file", vec![b'x'; SIZE])?;
    let address = stage.server();
    let settings = stage.file(
        "rsyncd.conf",
        format!(
            "address = {address}\nport = {PORT}\nuse chroot = no\nreverse lookup = no\nlog file = /dev/stderr\n\
             uid = nobody\ngid = nogroup\n[files]\npath = {}\nread only = no\n",
            files.display()
        ),
    )?;
    let daemon = Program::new("rsyncd", "rsync")
        .on_the_server()
        .args(["--daemon", "--no-detach", "--config"])
        .args([settings]);
    stage.serves(daemon, PORT)?;
    openssh::serve(stage)?;
    let rest = stage.rest();
    let (to, port) = (address.to_string(), format!("{address}:{PORT}"));
    let again = |name, case: &str| Program::shell(name, &AGAIN.replace("CASE", case));
    stage.asks(again("upload", UPLOAD).args([&port]))?;
    stage.asks(again("download", DOWNLOAD).args([&port]))?;
    stage.asks(again("resumed", RESUMED).args([&port]))?;
    stage.asks(again("listed", LISTED).args([port.as_str(), rest]))?;
    let options = openssh::options(stage.directory());
    let files = files.display().to_string();
    let through = [to.as_str(), rest, &options, &files];
    stage.asks(again("scp", SCP).args(through))?;
    stage.asks(again("over-ssh", OVER_SSH).args(through))
}
