//! A host's address changes under its connections: what they send is refused by the host itself (IPv4), or leaves and is
//! answered to an address that nobody has (IPv6).

use super::prelude::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "address-changes",
    about: "the client gets another address, and asks on a connection that has the old one",
    configuration: FAR,
    truth,
    tell,
    ..BASE
};

pub(super) const IPV6: Scenario = Scenario {
    name: "address-changes-ipv6",
    about: "as address-changes over IPv6, where the request leaves from the old address",
    family: Family::V6,
    truth: truth_over_ipv6,
    ..SCENARIO
};

pub(super) const IN_FLIGHT: Scenario = Scenario {
    name: "address-changes-in-flight",
    about: "the client gets another address while a request is on its way",
    tell: in_flight,
    ..SCENARIO
};

const GONE: &str = "is on no interface of this host";

fn truth() -> Truth {
    truth_over_ipv6().showing("refused_by_this_host", "true")
}

fn truth_over_ipv6() -> Truth {
    Truth::far()
        .unwatched(Server)
        .stalls(Client, StallBlackholed, 0.5..=40.0)
        .saying(GONE)
        .timed()
        .leaves_firing(StallBlackholed, Page, Client)
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.changes_address(Client)?;
    story.client_sends("b")?;
    story.page_fires(StallBlackholed)?;
    story.awaits(Client, StallBlackholed)?;
    story.reads_alerts()
}

fn in_flight(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.path_dies()?;
    story.client_sends("b")?;
    story.changes_address(Client)?;
    story.path_comes_back()?;
    story.page_fires(StallBlackholed)?;
    story.awaits(Client, StallBlackholed)?;
    story.reads_alerts()
}
