//! One application stops reading, and its window closes over what the other writes. Its kernel answers each window
//! probe, so the path lives; then its process is killed. Or neither reads: each waits for the other.

use super::prelude::*;

/// More than the buffers of both kernels hold, in bytes.
const BYTES: u64 = 32 * 1024 * 1024;

/// How long nothing may have moved when that is told, in s: a busy machine stretches it.
const UNMOVED: std::ops::RangeInclusive<f64> = 0.5..=40.0;

pub(super) const KILLED: Scenario = Scenario {
    name: "hung-server-is-killed",
    about: "the server's application hangs under what the client sends, and is killed",
    configuration: FAR,
    truth: || {
        killed(Client, Ticket)
            .timed()
            .leaves_ended(Reset, Ticket, Client)
    },
    tell: |story| tell_killed(story, Server),
    ..BASE
};

pub(super) const DOWNLOAD: Scenario = Scenario {
    name: "hung-client-is-killed",
    about: "the client's application hangs under what the server sends, and is killed",
    truth: || killed(Server, Severity::None).quiet().timed(),
    tell: |story| tell_killed(story, Client),
    ..KILLED
};

pub(super) const PROBED: Scenario = Scenario {
    name: "window-probes-are-answered",
    about: "the server's application hangs for longer than the path remembers, its kernel answers window probes",
    configuration: BETWEEN,
    truth: || {
        Truth::of_path(PATH, BETWEEN.timeout)
            // There bare segments end its silences.
            .unwatched(Server)
            // Before or after.
            .allows(Client, ZeroWindow)
            .allows(Client, AtRisk)
            .allows(Client, AtRisk)
            .due(Client, Crossed, Ticket, 5.0..=8.0)
            .due(Client, Survived, Severity::None, 5.0..=8.0)
            .showing("window_probe_answered", "true")
            .timed()
            .quiet()
    },
    tell: |story| {
        story.exchange("a", "A")?;
        story.stops_reading(Server)?;
        story.sends_bulk(Client, BYTES)?;
        story.awaits(Client, Crossed)?;
        story.awaits(Client, Survived)?;
        story.reads_again(Server)?;
        story.bulk_arrives(Server, BYTES)?;
        story.watches_on(1.0)?;
        story.reads_alerts()
    },
    ..BASE
};

pub(super) const DEADLOCK: Scenario = Scenario {
    name: "both-write-and-neither-reads",
    about: "both applications write until their buffers are full, and neither reads",
    configuration: FAR_ENOUGH,
    truth: || {
        let of = |truth: Truth, end| {
            truth
                .allows(end, LocalReader)
                .allows(end, ZeroWindow)
                .allows(end, AtRisk)
                .allows(end, Survived)
                .due(end, Deadlock, Severity::None, UNMOVED)
                .due(end, Deadlock, Ticket, 8.0..=40.0)
                .resting_on("unread_bytes", 1.0..=f64::MAX)
                .resting_on("waiting_bytes", 1.0..=f64::MAX)
                .resting_on("peer_window_bytes", 0.0..=0.0)
                .saying("neither end reads")
        };
        let both = of(of(Truth::of_path(PATH, FAR_ENOUGH.timeout), Client), Server);
        both.quiet().timed()
    },
    tell: |story| {
        story.exchange("a", "A")?;
        for end in End::BOTH {
            story.stops_reading(end)?;
        }
        for end in End::BOTH {
            story.sends_bulk(end, BYTES)?;
        }
        for end in End::BOTH {
            story.awaits_times(end, Deadlock, 2)?;
        }
        story.bulk_stands_still(Server)?;
        for end in End::BOTH {
            story.reads_again(end)?;
        }
        for end in End::BOTH {
            story.bulk_arrives(end, BYTES)?;
        }
        story.watches_on(2.0)?;
        story.reads_alerts()
    },
    ..BASE
};

/// Linux doubles the time between two window probes: 3.2 s and a little more, then 6.4 s.
const BETWEEN: Configuration = Configuration { timeout: 5, ..FAR };

/// A path whose timeout lies between what a stall takes to be told and what two window probes of Linux are apart.
const FAR_ENOUGH: Configuration = Configuration { timeout: 8, ..FAR };

fn killed(writer: End, severity: Severity) -> Truth {
    Truth::far()
        .stalls(writer, ZeroWindow, UNMOVED)
        .stalls(writer.other(), LocalReader, UNMOVED)
        .due(writer, Reset, severity, UNMOVED)
        .suspected()
        .showing("reset_came", "under_closed_window")
        .resting_on("lost_bytes_at_most", 1.0..=f64::MAX)
        .saying("suspect its application")
        .not_saying("silence")
        .not_advising_first("keepalive")
}

fn tell_killed(story: &mut Story<'_>, reader: End) -> Result<(), LabError> {
    let writer = reader.other();
    story.exchange("a", "A")?;
    story.stops_reading(reader)?;
    story.sends_bulk(writer, BYTES)?;
    story.awaits(writer, ZeroWindow)?;
    story.awaits(reader, LocalReader)?;
    story.bulk_stands_still(reader)?;
    story.is_killed(reader)?;
    story.is_reset(writer)?;
    story.awaits(writer, Reset)?;
    story.watches_on(2.0)?;
    story.reads_alerts()
}
