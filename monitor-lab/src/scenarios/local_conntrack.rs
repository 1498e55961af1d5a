//! The middlebox is the host that `tcplull` runs on, and the client lives in a namespace of it, as in a container: the
//! host's own table of connections says what became of the entry.

use super::prelude::*;

/// The NAT forgets after the path's timeout.
pub(super) const FORGETS: Scenario = Scenario {
    name: "local-nat-forgets",
    about: "the daemon's own host is the NAT, and forgets after 4 s",
    middlebox: NAT,
    daemon_on_middlebox: true,
    configuration: NAT_PATH,
    truth: forgets,
    tell: after_silence,
    ..BASE
};

pub(super) const FORGETS_IPV6: Scenario = Scenario {
    name: "local-nat-forgets-ipv6",
    about: "as local-nat-forgets, over IPv6",
    family: Family::V6,
    ..FORGETS
};

/// Its entry lasts longer than any silence here.
const PATIENT: Middlebox = Middlebox::Nat {
    forgets_after: NEVER,
    unknown: Unknown::Drop,
};

pub(super) const FLUSHED: Scenario = Scenario {
    name: "local-table-flushed",
    about: "the daemon's own host is the NAT, and somebody flushes its table",
    middlebox: PATIENT,
    daemon_on_middlebox: true,
    configuration: FAR,
    truth: || {
        lost()
            .showing("local_conntrack", "gone")
            .saying("lost its entry before its time")
            .leaves_lost()
    },
    tell: |story| tell(story, |story| story.table_is_flushed()),
    ..BASE
};

/// As in a container with rules of its own.
pub(super) const OF_NAMESPACE: Scenario = Scenario {
    name: "local-namespace-flushed",
    about: "the client's own network namespace has a firewall, and somebody flushes its table",
    placement: Placement::BehindOwnFirewall,
    configuration: FAR,
    truth: || {
        Truth::far()
            .unwatched(Server)
            .stalls(Client, StallBlackholed, 0.5..=40.0)
            .showing("local_conntrack", "gone")
            .showing("local_conntrack_of", "namespace")
            .saying("lost its entry before its time")
            .timed()
            .leaves_lost()
    },
    tell: |story| {
        story.exchange("a", "A")?;
        story.clients_table_is_flushed()?;
        // It arrives; what does not is the answer.
        story.client_sends("b")?;
        story.awaits(Client, StallBlackholed)?;
        story.page_fires(StallBlackholed)?;
        story.reads_alerts()
    },
    ..BASE
};

pub(super) const FULL: Scenario = Scenario {
    name: "local-table-full",
    about: "the daemon's own host is the NAT, and its table has no room for what it has lost",
    // It makes some hundred thousand entries.
    heavy: true,
    truth: || {
        lost()
            .showing("local_conntrack", "full")
            .saying("and is full")
            .leaves_lost()
    },
    tell: |story| tell(story, |story| story.table_is_filled()),
    ..FLUSHED
};

pub(super) const BACKEND: Scenario = Scenario {
    name: "local-service-backend-gone",
    about: "the daemon's own host leads a service's address to a backend that is gone",
    placement: Placement::BehindService,
    truth: || {
        lost()
            .showing("local_conntrack", "stands")
            .showing("backend_found", "no_neighbour")
            .saying("this host leads it to the backend")
            .leaves_lost()
    },
    tell: |story| tell(story, |story| story.host_dies(Server)),
    ..FLUSHED
};

fn forgets() -> Truth {
    Truth::of_path("nat", TIMEOUT)
        .crosses_at_both_ends()
        .due(Client, Blackholed, Page, 5.8..=6.8)
        .showing("local_conntrack", "gone")
        .showing("local_conntrack_of", "host")
        .resting_on("local_conntrack_timeout_seconds", 4.0..=4.0)
        .saying("this host's own conntrack table forgot it")
        .timed()
        .leaves_firing(Blackholed, Page, Client)
        .leaves_firing(Crossed, Ticket, Server)
}

fn after_silence(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.crosses_at_both_ends()?;
    story.silence(6.0)?;
    story.client_sends("b")?;
    story.awaits(Client, Blackholed)?;
    story.page_fires(Blackholed)?;
    story.server_received_no_more()?;
    story.reads_alerts()
}

/// What the client sends goes nowhere, without a silence before.
fn lost() -> Truth {
    Truth::far()
        .unwatched(Server)
        .stalls(Client, StallBlackholed, 0.5..=40.0)
        .showing("local_conntrack_of", "host")
        .timed()
}

impl Truth {
    fn leaves_lost(self) -> Self {
        self.leaves_firing(StallBlackholed, Page, Client)
    }
}

fn tell(
    story: &mut Story<'_>,
    happens: impl FnOnce(&mut Story<'_>) -> Result<(), LabError>,
) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    happens(story)?;
    story.client_sends("b")?;
    story.awaits(Client, StallBlackholed)?;
    story.page_fires(StallBlackholed)?;
    story.server_received_no_more()?;
    story.reads_alerts()
}
