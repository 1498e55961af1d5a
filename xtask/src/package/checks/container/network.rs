//! Two network namespaces with a cable between them, for two containers: a connection over loopback is never watched.

use crate::error::Error;
use crate::{command, setup};
use std::path::{Path, PathBuf};
use std::process::{self, Command};

/// The server's address, of a block for documentation (RFC 5737).
pub(super) const SERVER: &str = "192.0.2.2";

/// The client's, with the length of both's prefix.
const CLIENT: &str = "192.0.2.1/24";

/// Both go with this.
pub(super) struct Network {
    client: String,
    server: String,
}

impl Network {
    /// Of this process alone.
    pub(super) fn new() -> Result<Self, Error> {
        let name = |role| format!("tcplull-package-test-{}-{role}", process::id());
        // From here on what is made goes again, also where the rest fails.
        let network = Self {
            client: name("client"),
            server: name("server"),
        };
        let Self { client, server } = &network;
        let length = CLIENT.rsplit('/').next().unwrap_or_default();
        for arguments in [
            format!("netns add {client}"),
            format!("netns add {server}"),
            format!("-n {client} link add eth0 type veth peer name eth0 netns {server}"),
            format!("-n {client} address add {CLIENT} dev eth0"),
            format!("-n {server} address add {SERVER}/{length} dev eth0"),
            format!("-n {client} link set eth0 up"),
            format!("-n {server} link set eth0 up"),
        ] {
            let status = command::status(&mut ip(&arguments))?;
            if !status.success() {
                return Err(Error::failed(format!("ip {arguments}"), status));
            }
        }
        Ok(network)
    }

    /// The file that stands for the client's.
    pub(super) fn client(&self) -> PathBuf {
        named(&self.client)
    }

    /// The file that stands for the server's.
    pub(super) fn server(&self) -> PathBuf {
        named(&self.server)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for name in [&self.client, &self.server] {
            if named(name).exists() {
                let _ = command::succeeds(&mut ip(&format!("netns delete {name}")));
            }
        }
    }
}

fn ip(arguments: &str) -> Command {
    let mut command = Command::new(setup::find("ip").unwrap_or_else(|| "ip".into()));
    command.args(arguments.split(' '));
    command
}

/// Where iproute2 keeps them.
fn named(name: &str) -> PathBuf {
    Path::new("/run/netns").join(name)
}
