//! A truth in words, for the page about the laboratory.

use super::{AlertDue, Certainty, Due, Severity, Shows, Truth};
use std::fmt::Write;
use std::ops::Range;

impl Truth {
    /// All that must be said, in order, and what is left firing in the end. Warnings that
    /// are allowed and not due are left out, and so are metrics and listings.
    pub fn in_words(&self) -> String {
        let mut parts: Vec<String> = self.due.iter().map(|due| self.due_in_words(due)).collect();
        if parts.is_empty() {
            parts.push("nothing".to_owned());
        }
        let firing: Vec<String> = self.alerts.iter().map(alert_in_words).collect();
        parts.push(match (firing.is_empty(), self.quiet) {
            (true, true) => "*quiet*".to_owned(),
            (true, false) => "no alert left".to_owned(),
            (false, _) => format!("left firing: {}", firing.join(", ")),
        });
        if let Some(end) = self.unwatched {
            parts.push(format!("the {}'s side is not looked at", end.word()));
        }
        parts.join("; ")
    }

    fn due_in_words(&self, due: &Due) -> String {
        let mut text = due.end.word().to_owned();
        if self.connections > 1 {
            text.push_str(&which(&due.connections));
        }
        // Writing to a string cannot fail.
        let _ = write!(text, ": **{}**", due.conclusion.word());
        let mut details = Vec::new();
        if due.severity != Severity::None {
            details.push(due.severity.word().to_owned());
        }
        if due.certainty != Certainty::Observed {
            details.push(due.certainty.word().to_owned());
        }
        details.extend(due.scope.map(str::to_owned));
        let facts = due.evidence.iter();
        details.extend(facts.map(|(fact, shows)| format!("{fact} {}", shown(*shows))));
        let words = [due.advice, due.summary].into_iter().flatten();
        details.extend(words.map(|words| format!("“{words}”")));
        details.extend(due.unsaid.map(|words| format!("not “{words}”")));
        let not_first = due.advice_not_first;
        details.extend(not_first.map(|words| format!("advice not first “{words}”")));
        if !details.is_empty() {
            let _ = write!(text, " ({})", details.join(", "));
        }
        text
    }
}

fn which(connections: &Range<usize>) -> String {
    match connections.len() {
        1 => format!(" {}", connections.start),
        _ => format!(
            " {} to {}",
            connections.start,
            connections.end.saturating_sub(1)
        ),
    }
}

fn shown(shows: Shows) -> String {
    match shows {
        Shows::Word(word) => word.to_owned(),
        Shows::Absent => "absent".to_owned(),
        Shows::Between([least, greatest]) if least >= greatest => least.to_string(),
        Shows::Between([least, f64::MAX]) => format!("{least} or more"),
        Shows::Between([least, greatest]) => format!("{least} to {greatest}"),
    }
}

fn alert_in_words(alert: &AlertDue) -> String {
    let whose = alert.end.word();
    match alert.connections {
        1 => format!("{} {} ({whose})", alert.severity.word(), alert.name),
        count => format!(
            "{} {} ({whose}, {count} connections)",
            alert.severity.word(),
            alert.name
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ends::End::{Client, Server};
    use crate::truth::Conclusion;

    #[test]
    fn a_truth_reads_in_the_order_in_which_it_is_due() {
        let truth = Truth::of_path("nat", 4)
            .with_connections(3)
            .crosses(Client)
            .about(0..2)
            .due(Client, Conclusion::Undelivered, Severity::Page, 5.0..=6.0)
            .suspected()
            .showing("sign", "ttl")
            .resting_on("sends", 1.0..=1.0)
            .resting_on("bytes", 1.0..=f64::MAX)
            .saying("no answer")
            .leaves_firing(Conclusion::Crossed, Severity::Ticket, Server)
            .for_connections(2);
        assert_eq!(
            truth.in_words(),
            "client 0 to 1: **crossed** (ticket); client 0: **undelivered** (page, suspected, \
             sign ttl, sends 1, bytes 1 or more, “no answer”); left firing: ticket crossed \
             (server, 2 connections)"
        );
        let quiet = Truth::of_path("nat", 4).quiet();
        assert_eq!(quiet.in_words(), "nothing; *quiet*");
    }
}
