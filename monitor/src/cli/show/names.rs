//! Names of addresses, by this host's own resolver, which may take its time: they are waited for so long and no longer.

use monitor_model::detail::ConnectionDetail;
use monitor_sheet::Names;
use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

/// So long all names together may take.
const WITHIN: Duration = Duration::from_secs(3);

/// The names of both ends, as far as they come in time.
pub(super) fn resolved(detail: &ConnectionDetail) -> Names {
    let connection = &detail.connection;
    let (found, names) = channel();
    for address in [&connection.local, &connection.remote] {
        let Ok(address) = address.parse::<SocketAddr>() else {
            continue;
        };
        let found = found.clone();
        // It cannot be ended: where it hangs, the process ends without it.
        let asks = thread::Builder::new().name("resolver".to_owned());
        let asked = asks.spawn(move || {
            let name = name(address.ip());
            // Nobody may wait for it any more.
            let _ = found.send((address.ip(), name));
        });
        if asked.is_err() {
            continue;
        }
    }
    drop(found);
    let until = Instant::now() + WITHIN;
    let mut known = Names::new();
    while let Ok((ip, name)) = names.recv_timeout(until.saturating_duration_since(Instant::now())) {
        if let Some(name) = name {
            known.insert(ip, name);
        }
    }
    known
}

/// The name of an address; `None` where it has none.
fn name(ip: IpAddr) -> Option<String> {
    let name = dns_lookup::lookup_addr(&ip).ok()?;
    // Without one the resolver answers the address.
    (name.parse::<IpAddr>().is_err() && !name.is_empty()).then_some(name)
}
