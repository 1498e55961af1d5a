//! Trying whether single sockets can be watched here: on a connection of this process to itself.

use crate::pod::Pod;
use aya::maps::{MapData, MapError, SkStorage};
use monitor_common::WatchedSocket;
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

/// What is kept with each watched socket.
pub(crate) type Watched = SkStorage<MapData, Pod<WatchedSocket>>;

/// A connection over loopback takes microseconds.
const CONNECTED_WITHIN: Duration = Duration::from_secs(2);

/// Watches a socket of this process's own by `pass`, and sees the callback of its next
/// segment end that.
///
/// # Errors
///
/// In words: what does not work.
pub(crate) fn run(
    watched: &mut Watched,
    pass: impl FnOnce() -> io::Result<()>,
) -> Result<(), String> {
    // Both ends live here: nothing is left behind, whatever comes of it.
    let (mut client, _server) = connected()
        .map_err(|error| format!("no connection over loopback to try it on: {error}"))?;
    watched
        .insert(&client, Pod(WatchedSocket::default()), 0)
        .map_err(|error| format!("no storage for a mark: {error}"))?;
    pass().map_err(|error| format!("the pass over the socket table failed: {error}"))?;
    match watched.get(&client, 0) {
        Ok(Pod(socket)) if socket.active != 0 => {}
        // A kernel that does not know the option refuses it for each socket.
        Ok(_) | Err(MapError::KeyNotFound) => {
            return Err(
                "the kernel does not let an iterator set a socket's callbacks (since 6.12)"
                    .to_owned(),
            );
        }
        Err(error) => return Err(format!("the mark cannot be read: {error}")),
    }
    client
        .write_all(b"x")
        .map_err(|error| format!("the connection over loopback broke: {error}"))?;
    match watched.get(&client, 0) {
        Err(MapError::KeyNotFound) => Ok(()),
        Ok(_) => Err("the callbacks of a marked socket are not heard".to_owned()),
        Err(error) => Err(format!("the mark cannot be read: {error}")),
    }
}

fn connected() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    // Where a filter swallows it, the kernel alone would try for two minutes.
    let client = TcpStream::connect_timeout(&listener.local_addr()?, CONNECTED_WITHIN)?;
    let (server, _) = listener.accept()?;
    Ok((client, server))
}
