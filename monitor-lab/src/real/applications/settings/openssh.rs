//! OpenSSH's messages within its channel, by which its client keeps it.

use super::super::super::application::Application;
use super::super::super::{Program, Stage};
use super::super::openssh::{NEEDS, PORT, options, serve};
use super::setting::{KEPT, Setting, UNSET};
use crate::LabError;

pub(super) const SSH: Setting =
    setting!("ssh", "OpenSSH", "ssh: ServerAliveInterval", &NEEDS, start);

/// Types into one shell, and rests; ends with it.
const SHELL: &str = r#"
rest=$1; shift
{ while echo 'echo did'; do sleep "$rest"; done; } | ssh "$@" sh
exit 1
"#;

fn start(stage: &mut Stage<'_>, set: bool) -> Result<(), LabError> {
    serve(stage)?;
    let options = options(stage.directory());
    let interval = if set { "1" } else { "0" };
    let shell = Program::shell("shell", SHELL)
        .args([stage.rest()])
        .args(options.split(' '))
        .args(["-o", &format!("ServerAliveInterval={interval}")])
        .args(["-p", &PORT.to_string(), &format!("lab@{}", stage.server())]);
    stage.asks(shell)
}
