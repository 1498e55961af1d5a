//! One condition of a filter.

use crate::glob;
use crate::host::{Host, Ports};
use crate::states::State;
use crate::subject::Subject;
use crate::tokens::written;
use crate::values::Amount;
use crate::words::{Field, Word};
use monitor_model::finding::{Family, Role, Severity};
use std::fmt;

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    State(State),
    /// Of [`Field::Remote`] or [`Field::Local`].
    Host(Field, Host),
    /// Of [`Field::Port`], [`Field::RemotePort`] or [`Field::LocalPort`].
    Ports(Field, Ports),
    Family(Family),
    Role(Role),
    /// A number that is equal or not.
    Number(Field, u32),
    /// A name with stars.
    Text(Field, String),
    /// A network namespace by a file or a process, whose inode is not known yet.
    Namespace(String),
    Keepalive(Keepalive),
    Amount(Field, Amount),
    Severity(Severity),
}

/// How a keepalive is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keepalive {
    Off,
    On,
    /// On, and it will not help.
    Late,
}

impl Keepalive {
    const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::On => "on",
            Self::Late => "late",
        }
    }
}

impl Term {
    /// What it is about.
    pub const fn field(&self) -> Field {
        match self {
            Self::State(_) => Field::State,
            Self::Family(_) => Field::Family,
            Self::Role(_) => Field::Role,
            Self::Namespace(_) => Field::Netns,
            Self::Keepalive(_) => Field::Keepalive,
            Self::Severity(_) => Field::Severity,
            Self::Host(field, _)
            | Self::Ports(field, _)
            | Self::Number(field, _)
            | Self::Text(field, _)
            | Self::Amount(field, _) => *field,
        }
    }

    /// Whether it holds. What a row does not know does not hold.
    pub fn holds(&self, row: &impl Subject) -> bool {
        match self {
            Self::State(state) => state.is(&row.states()),
            Self::Host(Field::Local, host) => row.local().is_some_and(|at| host.contains(at)),
            Self::Host(_, host) => row.remote().is_some_and(|at| host.contains(at)),
            Self::Ports(field, ports) => {
                let on = |at: std::net::SocketAddr| ports.contains(at.port());
                let remote = || row.remote().is_some_and(on);
                let local = || row.local().is_some_and(on);
                match field {
                    Field::RemotePort => remote(),
                    Field::LocalPort => local(),
                    _ => remote() || local(),
                }
            }
            Self::Family(family) => row.family() == Some(*family),
            Self::Role(role) => row.role() == Some(*role),
            Self::Number(field, number) => row.number(*field) == Some(*number),
            Self::Text(field, pattern) => text(*field, pattern, row),
            Self::Namespace(_) => false,
            Self::Keepalive(wanted) => row.keepalive().is_some_and(|found| match wanted {
                Keepalive::Off => !found.0,
                Keepalive::On => found.0,
                Keepalive::Late => found.0 && found.1,
            }),
            Self::Amount(field, amount) => {
                row.amount(*field).is_some_and(|found| amount.holds(found))
            }
            Self::Severity(severity) => row.severity() == Some(*severity),
        }
    }
}

/// Whether a name of the row's is one that `pattern` stands for.
fn text(field: Field, pattern: &str, row: &impl Subject) -> bool {
    let fits = |name: &str| glob::fits(pattern, name);
    match field {
        Field::Cgroup => row.cgroup().is_some_and(|path| is_below(path, pattern)),
        Field::Unit => {
            let named = |name: &str| fits(name) || name.strip_suffix(".service").is_some_and(fits);
            let mut parts = row.cgroup().unwrap_or_default().split('/');
            row.names(Field::Unit).into_iter().any(named)
                || parts.any(|part| !part.is_empty() && named(part))
        }
        Field::Container => {
            /// A shorter beginning could be anybody's.
            const SHORTEST: usize = 12;
            let begins =
                |id: &str| pattern.len() >= SHORTEST && id.starts_with(pattern) || fits(id);
            row.names(field).into_iter().any(begins)
        }
        Field::Pod => {
            let named =
                |name: &str| fits(name) || name.split_once('/').is_some_and(|(_, name)| fits(name));
            // As it is shown.
            let whole = || {
                let owner = row.owner()?;
                Some(fits(&format!(
                    "{}/{}",
                    owner.namespace.as_ref()?,
                    owner.pod_name.as_ref()?
                )))
            };
            row.names(field).into_iter().any(named) || whole() == Some(true)
        }
        Field::Path => match row.names(field).first() {
            Some(name) => fits(name),
            None => pattern == "none",
        },
        Field::Owner => {
            let named = |name: &str| fits(name) || name.strip_suffix(".service").is_some_and(fits);
            row.names(field).into_iter().any(named)
        }
        _ => row.names(field).into_iter().any(fits),
    }
}

/// Whether a path of the hierarchy is that of `group`, or below it. A directory of the file system has the path behind
/// it.
fn is_below(path: &str, group: &str) -> bool {
    const MOUNTS: [&str; 2] = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"];
    let mounted = MOUNTS.iter().find_map(|mount| {
        let rest = group.strip_prefix(mount)?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    });
    let group = mounted.unwrap_or(group).trim_end_matches('/');
    let rest = path.strip_prefix(group);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl fmt::Display for Term {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ", Word::of(self.field()).word)?;
        match self {
            Self::State(state) => write!(out, "{}", state.word),
            Self::Host(_, host) => write!(out, "{host}"),
            Self::Ports(_, ports) => write!(out, "{ports}"),
            Self::Family(Family::Ipv4) => write!(out, "ipv4"),
            Self::Family(Family::Ipv6) => write!(out, "ipv6"),
            Self::Role(Role::Client) => write!(out, "client"),
            Self::Role(Role::Server) => write!(out, "server"),
            Self::Number(_, number) => write!(out, "{number}"),
            Self::Text(_, text) | Self::Namespace(text) => write!(out, "{}", written(text)),
            Self::Keepalive(keepalive) => write!(out, "{}", keepalive.name()),
            Self::Amount(_, amount) => write!(out, "{amount}"),
            Self::Severity(severity) => write!(out, "{}", severity.name()),
        }
    }
}
