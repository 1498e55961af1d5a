//! Which finding answers which truth.

use super::{Due, Observed, ObservedFinding, Truth};
use crate::ends::End;

/// A truth and the finding that answers it, or either alone.
#[derive(Clone, Copy, Debug)]
pub enum Pair<'a> {
    /// Due and said.
    Observed(&'a Due, &'a ObservedFinding),
    /// Due and not said.
    Missed(&'a Due),
    /// Not due, and allowed.
    Allowed(&'a ObservedFinding),
    /// Not due, and not allowed either.
    False(&'a ObservedFinding),
}

/// All that was due or said about one end of one connection, in order.
#[derive(Clone, Debug)]
pub struct Aligned<'a> {
    /// Whose end.
    pub end: End,
    /// Which connection.
    pub connection: usize,
    /// What was due or said.
    pub pairs: Vec<Pair<'a>>,
}

/// Aligns truth and findings, for each end that is looked at and each connection.
/// Findings about connections that the story does not have are left out.
pub fn align<'a>(truth: &'a Truth, observed: &'a Observed) -> Vec<Aligned<'a>> {
    let due = truth.due.iter().map(|due| due.connections.end);
    let seen = observed.findings.iter().map(|one| one.on + 1);
    let connections = due.chain(seen).fold(truth.connections, usize::max);
    let ends = End::BOTH.into_iter();
    ends.filter(|end| truth.unwatched != Some(*end))
        .flat_map(|end| (0..connections).map(move |connection| (end, connection)))
        .map(|(end, connection)| Aligned {
            end,
            connection,
            pairs: pairs(end, connection, truth, observed),
        })
        .collect()
}

fn pairs<'a>(
    end: End,
    connection: usize,
    truth: &'a Truth,
    observed: &'a Observed,
) -> Vec<Pair<'a>> {
    let all = truth.due.iter().filter(|due| due.end == end);
    let due: Vec<&Due> = all
        .filter(|due| due.connections.contains(&connection))
        .collect();
    let mut pairs = Vec::new();
    let mut next = 0;
    // One silence gives each warning once; a story may have several.
    let mut warned = Vec::new();
    for observation in &observed.findings {
        if (observation.end, observation.on) != (Some(end), connection) {
            continue;
        }
        let conclusion = observation.finding.conclusion();
        let says = |due: &&Due| due.conclusion.word() == conclusion;
        if let Some(ahead) = due[next..].iter().position(says) {
            // What was due before this can no longer come in order.
            pairs.extend(due[next..next + ahead].iter().map(|due| Pair::Missed(due)));
            pairs.push(Pair::Observed(due[next + ahead], observation));
            next += ahead + 1;
        } else if warned.iter().filter(|one| **one == conclusion).count()
            < allowed(end, truth, &conclusion)
        {
            warned.push(conclusion);
            pairs.push(Pair::Allowed(observation));
        } else {
            pairs.push(Pair::False(observation));
        }
    }
    pairs.extend(due[next..].iter().map(|due| Pair::Missed(due)));
    pairs
}

/// How often it may be said.
fn allowed(end: End, truth: &Truth, conclusion: &str) -> usize {
    truth
        .allowed
        .iter()
        .filter(|(whose, what)| *whose == end && what.word() == conclusion)
        .count()
}
