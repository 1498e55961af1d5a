//! What a filter asks of a row: connections, findings and alerts each answer what they have.

use crate::words::Field;
use monitor_model::alert::Alert;
use monitor_model::finding::{Connection, Family, Finding, Role, Severity};
use monitor_model::listing::{ConnectionRow, state_name};
use monitor_model::owner::Owner;
use std::net::SocketAddr;

/// A row that may be shown or not. What it does not know it does not answer.
pub trait Subject {
    /// Names in JSON of the states that it has.
    fn states(&self) -> Vec<&'static str>;
    /// Its connection.
    fn connection(&self) -> Option<&Connection> {
        None
    }
    /// Who holds it.
    fn owner(&self) -> Option<&Owner> {
        None
    }
    /// Names that it has of this kind.
    fn names(&self, field: Field) -> Vec<&str>;
    /// A length of time in seconds, or a number of bytes.
    fn amount(&self, _: Field) -> Option<f64> {
        None
    }
    /// Its states and numbers, of a connection of now, as a row whose names may be missing.
    fn numbers(&self) -> Option<&ConnectionRow> {
        None
    }
    /// Whether keepalive is on, and whether it comes too late.
    fn keepalive(&self) -> Option<(bool, bool)> {
        None
    }
    /// Whom it wakes.
    fn severity(&self) -> Option<Severity> {
        None
    }
    /// Address of the other side.
    fn remote(&self) -> Option<SocketAddr> {
        self.connection()?.remote.parse().ok()
    }
    /// Address of this side.
    fn local(&self) -> Option<SocketAddr> {
        self.connection()?.local.parse().ok()
    }
    /// By its remote address.
    fn family(&self) -> Option<Family> {
        Some(self.connection()?.family)
    }
    /// Which side this host is.
    fn role(&self) -> Option<Role> {
        Some(self.connection()?.role)
    }
    /// Process, user, or network namespace.
    fn number(&self, field: Field) -> Option<u32> {
        match field {
            Field::Pid => self.owner()?.pid,
            Field::Uid => self.owner()?.uid,
            Field::Netns => Some(self.connection()?.netns),
            _ => None,
        }
    }
    /// Path of the control group.
    fn cgroup(&self) -> Option<&str> {
        self.owner()?.cgroup.as_deref()
    }
}

/// Names of a connection and its owner.
fn names<'a>(connection: &'a Connection, owner: &'a Owner, field: Field) -> Vec<&'a str> {
    match field {
        Field::Id => vec![&connection.id, &connection.flow_id],
        field => owner_names(owner, field),
    }
}

/// Names of this kind that an owner has.
pub fn owner_names(owner: &Owner, field: Field) -> Vec<&str> {
    let named: &[&Option<String>] = match field {
        Field::Comm => &[&owner.comm],
        Field::Unit => &[&owner.unit],
        Field::Pod => &[&owner.pod, &owner.workload, &owner.pod_name],
        Field::Container => &[&owner.container, &owner.container_name],
        Field::Owner => &[
            &owner.comm,
            &owner.unit,
            &owner.workload,
            &owner.pod,
            &owner.pod_name,
            &owner.container,
            &owner.container_name,
        ],
        _ => &[],
    };
    named.iter().filter_map(|name| name.as_deref()).collect()
}

impl Subject for ConnectionRow {
    fn states(&self) -> Vec<&'static str> {
        vec![self.silence.name(), state_name(self.state)]
    }

    fn connection(&self) -> Option<&Connection> {
        Some(&self.connection)
    }

    fn owner(&self) -> Option<&Owner> {
        Some(&self.owner)
    }

    fn names(&self, field: Field) -> Vec<&str> {
        match field {
            Field::Path => self.path.as_deref().into_iter().collect(),
            Field::Name => self.alerts.iter().map(String::as_str).collect(),
            field => names(&self.connection, &self.owner, field),
        }
    }

    fn amount(&self, field: Field) -> Option<f64> {
        match field {
            Field::Idle => Some(self.idle_seconds()),
            Field::PacketIdle => Some(self.packet_idle_seconds),
            Field::DataIdle => Some(self.payload_idle_seconds),
            Field::Timeout => self.timeout_seconds,
            Field::Left => self.left_seconds(),
            Field::Unacked => self.unacked_bytes.map(f64::from),
            Field::Unread => self.unread_bytes.map(f64::from),
            _ => None,
        }
    }

    fn numbers(&self) -> Option<&ConnectionRow> {
        Some(self)
    }

    fn keepalive(&self) -> Option<(bool, bool)> {
        Some((self.keepalive.enabled, self.keepalive_comes_late()))
    }
}

impl Subject for Finding {
    fn states(&self) -> Vec<&'static str> {
        vec![self.kind.name(), self.kind.class().name()]
    }

    fn connection(&self) -> Option<&Connection> {
        Some(&self.connection)
    }

    fn owner(&self) -> Option<&Owner> {
        Some(&self.owner)
    }

    fn names(&self, field: Field) -> Vec<&str> {
        match field {
            Field::Path => self.path.as_deref().into_iter().collect(),
            Field::Name => vec![self.kind.name()],
            field => names(&self.connection, &self.owner, field),
        }
    }

    fn amount(&self, field: Field) -> Option<f64> {
        match field {
            Field::Idle => Some(self.gap_seconds),
            Field::Timeout => self.timeout_seconds,
            _ => None,
        }
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }
}

impl Subject for Alert {
    fn states(&self) -> Vec<&'static str> {
        vec![self.state.name()]
    }

    fn names(&self, field: Field) -> Vec<&str> {
        match field {
            Field::Name => vec![&self.name],
            Field::Path => vec![&self.path],
            // Its owner is the unit, where there is one.
            Field::Owner | Field::Unit => vec![&self.owner],
            _ => Vec::new(),
        }
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }
}
