//! A control: the operator states a timeout that the path does not have. The
//! silence crosses it, nothing is lost, and nobody is woken.

use super::prelude::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "survives",
    about: "the configuration states 4 s, the box has no timeout: the silence is survived",
    case: Some(9),
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    survived()
        .counts("tcplull_crossed_total", &[])
        .counts("tcplull_outcomes_total", &[("outcome", "survived")])
}

/// The truth of a silence that is survived at both ends.
pub(super) fn survived() -> Truth {
    // No alert is named as left firing: the tickets of the silence must be gone.
    Truth::usual()
        .quiet()
        .crosses_at_both_ends()
        .due(Client, Survived, Severity::None, 5.8..=6.8)
        .timed()
        // The ACK may be there before the answer is.
        .allows(Client, Acknowledged)
        .due(Server, Survived, Severity::None, 5.8..=6.8)
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.crosses_at_both_ends()?;
    story.silence(6.0)?;
    story.exchange("b", "B")?;
    story.awaits(Client, Survived)?;
    story.awaits(Server, Survived)?;
    story.reads_metrics()?;
    story.closes()?;
    story.watches_on(2.0)?;
    story.reads_alerts()
}
