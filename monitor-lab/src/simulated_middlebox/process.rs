//! The simulated middlebox, seen from inside: the hidden subcommand `monitor-lab box`.

use super::engine::{Engine, Sends};
use super::{DEVICE, Orders, tun};
use crate::network::namespace;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

/// What it says when packets may come.
pub(super) const READY: &str = "ready";

/// How often it looks for connections that have expired: well below the second
/// that timeouts are counted in.
const LOOK: Duration = Duration::from_millis(20);

/// Packets taken in before it looks at the time again.
const BATCH: usize = 64;

/// The greatest IP packet.
const PACKET: usize = 65_536;

/// Lives the life of one middlebox in `namespace` until its stdin ends.
///
/// # Errors
/// If the device cannot be made, or fails.
pub fn live(namespace: &Path, orders: Orders) -> io::Result<()> {
    namespace::enter(namespace)?;
    prctl::set_name(c"lab-box")?;
    let device = tun::open(DEVICE)?;
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{READY}")?;
    stdout.flush()?;

    let mut engine = Engine::new(orders);
    let mut packet = vec![0; PACKET];
    let mut sends = Sends::new();
    while !is_over(&device, &engine)? {
        let now = Instant::now();
        for _ in 0..BATCH {
            match (&device).read(&mut packet) {
                Ok(length) => engine.packet(&packet[..length], now, &mut sends),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        engine.tick(now, &mut sends);
        for packet in sends.drain(..) {
            (&device).write_all(&packet)?;
        }
    }
    if engine.unwatched() > 0 {
        eprintln!(
            "monitor-lab: the simulated middlebox let {} connections pass unwatched",
            engine.unwatched()
        );
    }
    Ok(())
}

/// Waits for a packet, or for time to pass; whether the testbed is gone.
fn is_over(device: &File, engine: &Engine) -> io::Result<bool> {
    let rest = engine.releases_at().map_or(LOOK, |at| {
        at.saturating_duration_since(Instant::now()).min(LOOK)
    });
    // Rounded up, lest it spin through the last millisecond.
    let rest = u16::try_from(rest.as_micros().div_ceil(1000)).unwrap_or(u16::MAX);
    let stdin = io::stdin();
    let mut files = [
        PollFd::new(device.as_fd(), PollFlags::POLLIN),
        PollFd::new(stdin.as_fd(), PollFlags::POLLIN),
    ];
    poll(&mut files, PollTimeout::from(rest))?;
    // Nobody writes there: whatever happens to it is its end.
    Ok(files[1].any().unwrap_or(true))
}
