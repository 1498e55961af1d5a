//! A tunnel on the way takes no full segments and tells nobody. The client's kernel looks
//! for a size that passes (`tcp_mtu_probing`), and once it has it everything moves: that
//! proves what stood in the way.

use super::prelude::*;

/// The largest packet that passes, in bytes: more than the first size that is tried next
/// (`tcp_base_mss`, 1,024 of payload).
const PASSES: u32 = 1_200;

/// So many that what is sent again until then is a small part.
const BYTES: u64 = 2_000_000;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "mtu-is-found",
    about: "full segments vanish until the client's kernel sends smaller ones by itself",
    configuration: FAR,
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::far()
        // Until then nothing comes back, and nothing tells why.
        .stalls(Client, StallBlackholed, 1.0..=4.0)
        .resting_on("timeouts", 3.0..=4.0)
        .without("peer_heard")
        .stalls(Client, Mtu, 1.0..=14.0)
        .timed()
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.probes_mtu(Client)?;
    story.exchange("a", "A")?;
    story.loses(Client, Segments::LongerThan(PASSES))?;
    story.sends_bulk(Client, BYTES)?;
    story.awaits(Client, StallBlackholed)?;
    story.bulk_arrives(Server, BYTES)?;
    story.awaits(Client, Mtu)?;
    story.watches_on(1.0)
}
