//! Ends connections, each by its socket's cookie: what has become another connection meanwhile is left alone.

use super::error::ActError;
use super::sock_diag::{SockDiag, SocketId, family};
use crate::preflight::may_administer_networks;
use crate::watch::namespaces::{self, Finder};
use nix::errno::Errno;
use nix::sys::socket::AddressFamily;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::SocketAddr;

/// A connection that is to be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its socket's cookie: unique on this host since boot.
    pub cookie: u64,
    /// Inode of its network namespace.
    pub netns: u32,
    /// A process that was seen to hold it; 0 where none is known.
    pub pid: u32,
    /// This host's end.
    pub local: SocketAddr,
    /// The peer.
    pub remote: SocketAddr,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It is ended: its application is told ECONNABORTED, and the peer has a RST if it is still there.
    Now,
    /// It was gone already.
    Before,
    /// It was gone already, and another connection has its addresses now, which is left alone.
    Replaced,
}

type Result<T = Ended> = std::result::Result<T, ActError>;

/// Whether this process may end connections at all, in its own network namespace.
///
/// # Errors
/// [`ActError::NotAllowed`].
pub fn may_end() -> Result<()> {
    match may_administer_networks() {
        true => Ok(()),
        false => Err(ActError::NotAllowed),
    }
}

/// Ends these connections; what became of each, in their order.
pub fn end(targets: &[Target]) -> Vec<Result> {
    let mut by_namespace: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (place, target) in targets.iter().enumerate() {
        by_namespace.entry(target.netns).or_default().push(place);
    }
    let mut finder = Finder::default();
    let mut ended = vec![Ok(Ended::Before); targets.len()];
    for (netns, places) in by_namespace {
        let those: Vec<Target> = places.iter().map(|place| targets[*place]).collect();
        for (place, one) in places.into_iter().zip(in_one(&mut finder, netns, &those)) {
            ended[place] = one;
        }
    }
    ended
}

/// The same of those in one network namespace.
fn in_one(finder: &mut Finder, netns: u32, targets: &[Target]) -> Vec<Result> {
    let refused = |reason: String| vec![Err(ActError::Namespace { netns, reason }); targets.len()];
    if namespaces::own().is_ok_and(|own| own == netns) {
        return here(targets);
    }
    let pids = targets.iter().map(|target| target.pid);
    let holder = pids
        .filter(|pid| *pid != 0)
        .find_map(|pid| namespaces::of_holder(pid, netns));
    let Some(namespace) = holder.or_else(|| finder.find(netns, 0)) else {
        return refused("no process is in it, and it has no name".to_owned());
    };
    match namespaces::within(&namespace, || Ok(here(targets))) {
        Ok(ended) => ended,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            vec![Err(ActError::NotAllowed); targets.len()]
        }
        Err(error) => refused(error.to_string()),
    }
}

/// The same of those in the network namespace of this thread.
fn here(targets: &[Target]) -> Vec<Result> {
    let mut kernel = match SockDiag::open() {
        Ok(kernel) => kernel,
        Err(errno) => return vec![Err(refusal(errno)); targets.len()],
    };
    let by_addresses = |target: &Target| {
        let id = SocketId::of(target.local, target.remote, target.cookie);
        told(kernel.destroy(family(target.local), &id))
    };
    let mut ended: Vec<Result> = targets.iter().map(by_addresses).collect();
    let not_found = |ended: &Result| *ended == Ok(Ended::Before);
    if !ended.iter().any(not_found) {
        return ended;
    }
    // The kernel finds no socket by its addresses that is bound to an interface: that it knows of each, where it lists all.
    let missing: HashMap<u64, usize> = (targets.iter().zip(&ended).enumerate())
        .filter(|(_, (_, ended))| not_found(ended))
        .map(|(place, (target, _))| (target.cookie, place))
        .collect();
    let taken: HashMap<_, usize> = missing
        .values()
        .map(|place| ((targets[*place].local, targets[*place].remote), *place))
        .collect();
    for family in [AddressFamily::Inet, AddressFamily::Inet6] {
        let mut found = Vec::new();
        let listed = kernel.each(family, |id| match missing.get(&id.cookie()) {
            Some(place) if id.ends(family) == (targets[*place].local, targets[*place].remote) => {
                found.push((*place, id));
            }
            Some(_) => {}
            None => {
                if let Some(place) = taken.get(&id.ends(family)) {
                    ended[*place] = Ok(Ended::Replaced);
                }
            }
        });
        if let Err(errno) = listed {
            for place in missing.values() {
                ended[*place] = Err(listing_refused(errno));
            }
            return ended;
        }
        for (place, id) in found {
            ended[place] = told(kernel.destroy(family, &id));
        }
    }
    ended
}

fn told(done: nix::Result<()>) -> Result {
    match done {
        Ok(()) => Ok(Ended::Now),
        Err(Errno::ENOENT | Errno::ESTALE) => Ok(Ended::Before),
        Err(errno) => Err(refusal(errno)),
    }
}

fn refusal(errno: Errno) -> ActError {
    match errno {
        Errno::EPERM | Errno::EACCES => ActError::NotAllowed,
        Errno::EOPNOTSUPP | Errno::EPROTONOSUPPORT => ActError::Unsupported,
        errno => ActError::Refused {
            reason: errno.desc().to_owned(),
        },
    }
}

/// A kernel that has no such list has nothing that ends sockets either.
fn listing_refused(errno: Errno) -> ActError {
    match errno {
        Errno::ENOENT => ActError::Unsupported,
        errno => refusal(errno),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    /// Listing needs no privileges, and what is not found is not ended.
    #[test]
    fn a_cookie_that_does_not_fit_ends_nothing_and_is_told_from_one_that_is_gone() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        let own = Target {
            cookie: u64::MAX - 1,
            netns: namespaces::own().unwrap(),
            pid: 0,
            local: client.local_addr().unwrap(),
            remote: client.peer_addr().unwrap(),
        };
        let gone = Target {
            cookie: own.cookie - 1,
            local: "127.0.0.1:1".parse().unwrap(),
            ..own
        };
        assert_eq!(end(&[own, gone]), [Ok(Ended::Replaced), Ok(Ended::Before)]);
        assert!(client.take_error().unwrap().is_none());
        assert!(server.take_error().unwrap().is_none());
    }

    /// Built without CONFIG_INET_DIAG_DESTROY, the kernel answers the question for TCP as it answers here for a family of
    /// sockets that it never ends (`inet_diag_cmd_exact` in net/ipv4/inet_diag.c, `__sock_diag_cmd` in net/core/sock_diag.c).
    #[test]
    fn a_kernel_that_ends_no_connections_says_so_and_what_to_do_instead() {
        let mut kernel = SockDiag::open().unwrap();
        let (local, remote) = ("127.0.0.1:1", "127.0.0.1:2");
        let id = SocketId::of(local.parse().unwrap(), remote.parse().unwrap(), 1);
        let answered = match kernel.destroy(AddressFamily::Unix, &id) {
            // Without its module that family is not known at all.
            Err(Errno::ENOENT) => Err(Errno::EOPNOTSUPP),
            answered => answered,
        };
        let refused = told(answered).unwrap_err();
        assert_eq!(refused, ActError::Unsupported);
        let said = refused.to_string();
        for part in ["CONFIG_INET_DIAG_DESTROY", "end the process"] {
            assert!(said.contains(part), "{said}");
        }
        // The same kernel may have no list either.
        assert_eq!(listing_refused(Errno::ENOENT), ActError::Unsupported);
    }

    #[test]
    fn a_namespace_that_nobody_is_in_is_said_to_be_out_of_reach() {
        let nowhere = Target {
            cookie: 1,
            netns: 0,
            pid: 0,
            local: "127.0.0.1:1".parse().unwrap(),
            remote: "127.0.0.1:2".parse().unwrap(),
        };
        let ended = end(&[nowhere]);
        assert!(
            matches!(ended[..], [Err(ActError::Namespace { netns: 0, .. })]),
            "{ended:?}"
        );
    }
}
