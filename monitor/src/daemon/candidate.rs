//! A connection as filters and orders see it before it is a row: names are made and looked up when they are asked for, which
//! most do of few connections or of none.

use crate::owner::Owners;
use monitor_common::Fact;
use monitor_judge::alerts::Membership;
use monitor_judge::{addresses, connection, role};
use monitor_model::finding::{Connection, Family, Role};
use monitor_model::listing::ConnectionRow;
use monitor_model::owner::Owner;
use monitor_query::{Field, Subject, owner_names};
use std::cell::{OnceCell, RefCell};
use std::net::SocketAddr;
use std::sync::Arc;

pub(super) struct Candidate<'a> {
    fact: &'a Fact,
    numbers: &'a ConnectionRow,
    path: Option<&'a str>,
    owners: RefCell<&'a mut Owners>,
    alerts: &'a Membership,
    connection: OnceCell<Connection>,
    owner: OnceCell<Arc<Owner>>,
}

impl<'a> Candidate<'a> {
    /// The connection of a fact, with its `numbers`: its row without names; on the path of this name.
    pub(super) fn new(
        fact: &'a Fact,
        numbers: &'a ConnectionRow,
        path: Option<&'a str>,
        owners: &'a mut Owners,
        alerts: &'a Membership,
    ) -> Self {
        Self {
            fact,
            numbers,
            path,
            owners: RefCell::new(owners),
            alerts,
            connection: OnceCell::new(),
            owner: OnceCell::new(),
        }
    }

    fn known_connection(&self) -> &Connection {
        self.connection
            .get_or_init(|| connection(&self.fact.socket))
    }

    fn known_owner(&self) -> &Owner {
        self.owner
            .get_or_init(|| self.owners.borrow_mut().of(self.fact))
    }
}

impl Subject for Candidate<'_> {
    fn states(&self) -> Vec<&'static str> {
        self.numbers.states()
    }

    fn connection(&self) -> Option<&Connection> {
        Some(self.known_connection())
    }

    fn owner(&self) -> Option<&Owner> {
        Some(self.known_owner())
    }

    fn names(&self, field: Field) -> Vec<&str> {
        match field {
            Field::Path => self.path.into_iter().collect(),
            Field::Name => self.alerts.of(&self.known_connection().id),
            Field::Id => {
                let connection = self.known_connection();
                vec![&connection.id, &connection.flow_id]
            }
            field => owner_names(self.known_owner(), field),
        }
    }

    fn amount(&self, field: Field) -> Option<f64> {
        self.numbers.amount(field)
    }

    fn numbers(&self) -> Option<&ConnectionRow> {
        Some(self.numbers)
    }

    fn keepalive(&self) -> Option<(bool, bool)> {
        self.numbers.keepalive()
    }

    fn remote(&self) -> Option<SocketAddr> {
        Some(addresses(&self.fact.socket).1)
    }

    fn local(&self) -> Option<SocketAddr> {
        Some(addresses(&self.fact.socket).0)
    }

    fn family(&self) -> Option<Family> {
        let family = |at: SocketAddr| match at.is_ipv4() {
            true => Family::Ipv4,
            false => Family::Ipv6,
        };
        self.remote().map(family)
    }

    fn role(&self) -> Option<Role> {
        Some(role(&self.fact.socket))
    }

    fn number(&self, field: Field) -> Option<u32> {
        match field {
            Field::Pid => self.known_owner().pid,
            Field::Uid => self.known_owner().uid,
            Field::Netns => Some(self.fact.socket.netns),
            _ => None,
        }
    }
}
