//! What a fact goes through on its way to the judge: what is known of it besides, and what the judge asks for first.

use super::Core;
use crate::daemon::local_tables::{Answer, Question};
use crate::daemon::self_test;
use monitor_common::Fact;
use monitor_judge::{Input, Observation};
use monitor_kernel::Reading;

impl Core {
    /// A fact that came at `now`, by a hook or by a sweep.
    pub(super) fn take(&mut self, fact: &Fact, now: Reading) {
        if self_test::is_of_another(fact) {
            return;
        }
        self.remembered.note(fact);
        self.answer(fact, now);
        let observation = self.observation(fact, now);
        if let Some(question) = self.judge.asks_tables(fact) {
            let pid = observation.owner.pid.unwrap_or(fact.pid);
            self.local_tables.ask((question, pid));
        }
        self.tell_judge(&Input::Fact(observation), now.monotonic_ns);
    }

    /// What the judge wants to know of these rows of a sweep from this host's own tables of connections.
    pub(in crate::daemon) fn asks_tables(&self, rows: &[Fact]) -> Vec<Question> {
        let ours = rows.iter().filter(|fact| !self_test::is_of_another(fact));
        let asked = ours.filter_map(|fact| Some((self.judge.asks_tables(fact)?, fact.pid)));
        asked.collect()
    }

    /// Those tables have been asked.
    pub(in crate::daemon) fn local_tables_say(&mut self, answer: Answer) {
        if let Some(now) = self.now() {
            let input = answer.input(now.monotonic_ns);
            self.tell_judge(&input, now.monotonic_ns);
        }
    }

    /// Tells the judge what it asks for before it is told of this fact.
    pub(super) fn answer(&mut self, fact: &Fact, now: Reading) {
        let Some((netns, address)) = self.judge.asks(fact) else {
            return;
        };
        if let Some(there) = self.interfaces.have(netns, fact.pid, address) {
            let answer = Input::OwnAddress {
                now_ns: now.monotonic_ns,
                netns,
                address,
                there,
            };
            self.tell_judge(&answer, now.monotonic_ns);
        }
    }

    /// A fact with what the judge cannot know of itself.
    pub(super) fn observation<'a>(&mut self, fact: &'a Fact, now: Reading) -> Observation<'a> {
        let owner = self.owners.of(fact);
        let silent_since = fact
            .time_ns
            .saturating_sub(fact.payload_idle_ns.max(fact.packet_idle_ns));
        Observation {
            fact,
            wall_unix_ns: now.wall_of(fact.time_ns),
            suspended_ns: self.sleeps.slept_between(silent_since, fact.time_ns),
            owner,
        }
    }

    /// One way in for all that the judge is told at `now_ns`, and one way out for what
    /// it says: at once, for a finding takes some KiB, and one look at the time may lead
    /// to fifty thousand.
    pub(super) fn tell_judge(&mut self, input: &Input<'_>, now_ns: u64) {
        if let Some(recorder) = &mut self.recorder {
            recorder.take(input);
        }
        self.judge.take(input, &mut self.sinks.at(now_ns));
    }
}
