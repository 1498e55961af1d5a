//! OpenSSH: a shell in which somebody types now and then, the same kept alive by `ServerAliveInterval`, a log that is
//! followed, and a job that says something now and then.

use super::super::application::{Application, BASE, Due, Need};
use super::super::{Program, Stage};
use crate::LabError;
use crate::truth::Conclusion::{Blackholed, Crossed};
use crate::truth::Severity::{Page, Ticket};
use std::path::Path;

pub(super) const OPENSSH: Application = Application {
    name: "openssh",
    about: "sshd and ssh: a shell that rests, one with ServerAliveInterval, a followed log, a job that says little",
    needs: &NEEDS,
    start,
    truth: &[
        // What is typed after a rest is lost.
        Due::client(Blackholed, Page),
        // So is what the job says.
        Due::server(Blackholed, Ticket),
        Due::client(Crossed, Ticket),
        Due::server(Crossed, Ticket),
    ],
    ..BASE
};

/// What runs a server, and what goes through it.
pub(super) const NEEDS: [Need; 2] = [
    Need::Debian {
        package: "openssh-server",
        programs: &["sshd"],
    },
    Need::Debian {
        package: "openssh-client",
        programs: &["ssh", "scp", "ssh-keygen"],
    },
];

/// Where sshd listens.
pub(super) const PORT: u16 = 2222;

/// Of its own, so that sshd knows whom to let in as whom: the host's users are not asked. The numbers are those of
/// nobody, as whom it runs, so it needs no other.
const USERS: &str = "root:x:0:0::/:/bin/sh\nlab:x:65534:65534::/:/bin/sh\n";

/// In a mount namespace of its own, in which these are the users.
const SSHD: &str = r#"
mount --bind "$1" /etc/passwd
exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all,+dac_read_search \
    --ambient-caps=-all,+dac_read_search --pdeathsig=KILL -- sshd -D -e -f "$2"
"#;

/// How ssh, scp and rsync reach it: with nothing of the user's or the host's own settings.
pub(super) fn options(directory: &Path) -> String {
    format!(
        "-F none -o BatchMode=yes -o LogLevel=ERROR -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no \
         -o ConnectTimeout=5 -i {}/keys/user",
        directory.display()
    )
}

/// Starts sshd, which lets one user in.
pub(super) fn serve(stage: &mut Stage<'_>) -> Result<(), LabError> {
    let keys = stage.folder("keys")?;
    for name in ["host", "user"] {
        let key = keys.join(name);
        let generate = Program::new("ssh-keygen", "ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .args([key])
            .unprivileged();
        stage.runs(&generate)?;
    }
    let (address, keys) = (stage.server(), keys.display());
    let settings = stage.file(
        "sshd_config",
        format!(
            "Port {PORT}\nListenAddress {address}\nHostKey {keys}/host\nAuthorizedKeysFile {keys}/user.pub\n\
             PidFile none\nStrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             Subsystem sftp internal-sftp\n"
        ),
    )?;
    let users = stage.file("passwd", USERS)?;
    let sshd = Program::new("sshd", "unshare")
        .on_the_server()
        .args(["--mount", "sh", "-e", "-c", SSHD, "sshd"])
        .args([users, settings]);
    stage.serves(sshd, PORT)
}

/// Types a command, rests, types another; begins anew when the connection is lost.
const SHELL: &str = r#"
rest=$1; shift
while :; do
    { while :; do echo 'echo did'; sleep "$rest"; done; } | ssh "$@" sh || echo lost
    sleep 0.3
done
"#;

/// Lets the other host say something now and then.
const JOB: &str = r#"
rest=$1; shift
while :; do
    ssh -n "$@" "while echo did; do sleep $rest; done" || echo lost
    sleep 0.3
done
"#;

fn start(stage: &mut Stage<'_>) -> Result<(), LabError> {
    serve(stage)?;
    let options = options(stage.directory());
    let options: Vec<&str> = options.split(' ').collect();
    let (port, login) = (PORT.to_string(), format!("lab@{}", stage.server()));
    let reach = ["-p", port.as_str(), login.as_str()];
    let rest = stage.rest();
    let client = |name, script, rest, more: &[&str]| {
        Program::shell(name, script)
            .args([rest])
            .args(&options)
            .args(more)
            .args(reach)
    };
    stage.asks(client("shell", SHELL, rest, &[]))?;
    let alive = ["-o", "ServerAliveInterval=1"];
    stage.asks(client("kept-alive", SHELL, rest, &alive))?;
    stage.asks(client("job", JOB, rest, &[]))?;
    stage.asks(client("log", JOB, "0.3", &[]))
}
