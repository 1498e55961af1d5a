//! The life of one silent connection.

use super::line::{Line, within};
use super::socket;
use super::talk::Talk;
use super::trouble::Trouble;
use monitor_kernel::Reading;
use monitor_model::probe::AskedAs;
use monitor_probe::wire::{LONGEST_LINE, Purpose, WORD};
use monitor_probe::{End, Fresh, Kind, Order, PeerSaw, Seen};
use std::time::Duration;
use tokio::time::{sleep, sleep_until};

/// So often a new connection is tried beside one that was not answered.
const ATTEMPTS: u32 = 3;

/// The pause between two of them.
const PAUSE: Duration = Duration::from_secs(1);

/// A FIN that comes so shortly before the other side is to speak may be its answer to that.
const NEARLY: Duration = Duration::from_millis(20);

/// Opens a connection, lets it be silent as it is ordered, and says what was seen. An answer is waited for so long.
///
/// # Errors
/// It could not be opened.
pub(super) async fn live(talk: &Talk, order: Order, patience: Duration) -> Result<Seen, Trouble> {
    let number = talk.number()?;
    let purpose = match order.kind {
        Kind::Outside => Purpose::Speak(order.gap),
        Kind::Inside | Kind::Kept { .. } | Kind::Near { .. } => Purpose::Echo(order.gap),
    };
    let mut line = talk.open(number, purpose).await?;
    let ipv4 = talk.address.is_ipv4();
    match order.kind {
        Kind::Kept { every } => socket::keep_alive(line.tcp(), every)?,
        Kind::Near { every, hops } => {
            socket::lives_for(line.tcp(), ipv4, Some(hops))?;
            socket::keep_alive(line.tcp(), every)?;
        }
        Kind::Inside | Kind::Outside => {}
    }
    let (lasted, end) = match order.kind {
        Kind::Outside => outside(talk, &mut line, order.gap, patience).await?,
        Kind::Inside | Kind::Kept { .. } | Kind::Near { .. } => {
            inside(talk, &mut line, order.gap).await?
        }
    };
    let mut seen = Seen {
        lasted,
        end,
        fresh: Fresh::NotTried,
        peer: None,
    };
    if seen.end != End::Answered {
        beside(talk, number, &mut seen).await;
        let may_come = matches!(seen.end, End::Unanswered { .. }) && order.kind != Kind::Outside;
        // The path may have been bad, and not the entry gone.
        if may_come && within(patience / 2, talk.answer(&mut line)).await.is_ok() {
            seen.end = End::Answered;
        }
    }
    if seen.end != End::Answered {
        line.abort();
    }
    Ok(seen)
}

/// This host speaks first.
async fn inside(talk: &Talk, line: &mut Line, gap: Duration) -> Result<(Duration, End), Trouble> {
    let (quiet, began) = (line.quiet_since(), boot_time()?);
    let already = quiet.elapsed();
    let due = quiet + gap;
    let broken = tokio::select! {
        trouble = line.broken() => Some(trouble),
        () = sleep_until(due) => None,
    };
    // With the time that the host was suspended.
    let lasted = already + boot_time()?.saturating_sub(began);
    if let Some(trouble) = broken {
        return Ok((lasted, in_silence(trouble)));
    }
    // The word that tests is to arrive.
    socket::lives_for(line.tcp(), talk.address.is_ipv4(), None)?;
    socket::hear_icmp(line.tcp())?;
    let end = match talk.ask(line).await {
        // Who has enough of questions has heard this one.
        Ok(()) | Err(Trouble::Full) => End::Answered,
        Err(trouble) => on_word(trouble, talk, line),
    };
    Ok((lasted, end))
}

/// The other side speaks first.
async fn outside(
    talk: &Talk,
    line: &mut Line,
    gap: Duration,
    patience: Duration,
) -> Result<(Duration, End), Trouble> {
    let quiet = line.quiet_since();
    let due = quiet + gap;
    let heard = tokio::select! {
        heard = line.hear_line(LONGEST_LINE) => heard,
        () = sleep_until(due + patience) => Err(Trouble::Timeout),
    };
    let passed = quiet.elapsed();
    Ok(match heard {
        Ok(word) if word == WORD.trim_end().as_bytes() => match talk.ask(line).await {
            Ok(()) => (gap, End::Answered),
            Err(trouble) => (gap, on_word(trouble, talk, line)),
        },
        Ok(_) => (
            gap,
            in_silence(Trouble::Nonsense("it said another word".to_owned())),
        ),
        Err(trouble) if passed + NEARLY < gap => (passed, in_silence(trouble)),
        Err(trouble) => (gap, on_word(trouble, talk, line)),
    })
}

fn in_silence(trouble: Trouble) -> End {
    match trouble {
        Trouble::Closed => End::ClosedInSilence,
        Trouble::Reset => End::ResetInSilence,
        Trouble::Unreachable => End::Unreachable,
        // The kernel's probes were not answered.
        Trouble::Timeout | Trouble::Full => End::Unanswered {
            acknowledged: false,
        },
        Trouble::Nonsense(what) => End::Nonsense(what),
    }
}

fn on_word(trouble: Trouble, talk: &Talk, line: &Line) -> End {
    let trouble = match trouble {
        Trouble::Timeout => line.error().unwrap_or(trouble),
        trouble => trouble,
    };
    match trouble {
        Trouble::Closed => End::ClosedOnWord,
        Trouble::Reset => End::ResetOnWord,
        Trouble::Unreachable => End::Unreachable,
        Trouble::Timeout | Trouble::Full => End::Unanswered {
            // A probe is nothing that waits to be acknowledged.
            acknowledged: talk.target.asked_as() != AskedAs::Keepalive && line.is_acknowledged(),
        },
        Trouble::Nonsense(what) => End::Nonsense(what),
    }
}

/// Tries a new connection, and asks the other side what it saw.
async fn beside(talk: &Talk, number: u64, seen: &mut Seen) {
    let mut why = String::new();
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            sleep(PAUSE).await;
        }
        match talk.fresh(number).await {
            Ok(saw) => return found(seen, saw, attempt),
            Err(trouble) => why = trouble.told(),
        }
    }
    seen.fresh = Fresh::Failed(format!(
        "{ATTEMPTS} new connections beside one that was not answered failed as well: {why}"
    ));
}

/// A new connection was answered, at this attempt.
fn found(seen: &mut Seen, saw: Option<PeerSaw>, attempt: u32) {
    seen.fresh = Fresh::Answered;
    seen.peer = saw;
    if attempt > 0 {
        seen.end = End::Nonsense("nothing got through for a moment".to_owned());
    }
}

/// Time since the boot, in which a suspended host goes on.
fn boot_time() -> Result<Duration, Trouble> {
    let read = Reading::now().map_err(|error| Trouble::Nonsense(format!("no clock: {error}")))?;
    Ok(Duration::from_nanos(read.boot_ns))
}
