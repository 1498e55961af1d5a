//! What the rules rest on and a fleet may want otherwise: who is scraped, what tells nodes apart, thresholds, times. Each
//! stands here and nowhere else; a rule has it by its name between two `%`.

/// Whose series they are: what the scrape configuration calls the job.
pub const JOB: &str = r#"job="tcplull""#;

/// What stands before `docs/` in a `runbook_url`. Nothing: a path in this project, which is true for whoever has its files,
/// whatever they are published at. Who has them at an address makes the files anew with it (`--runbooks`), and then a click
/// in Alertmanager leads there.
pub const RUNBOOKS: &str = "";

/// What a rule may name, with its value.
static VALUES: [(&str, &str); 14] = [
    // Labels by which the series of one node differ from another's: of a scrape by address, of one by Kubernetes' pods, and
    // those that people add. What is counted over the fleet is counted without them.
    ("node", "instance, host, hostname, node, nodename, pod"),
    // So many nodes are a fleet's trouble, and not that of each: two may fail at once by chance.
    ("few", "3"),
    // And they are so much of those that have the path: of ten thousand nodes a hundred. Fewer are told one by one, so that
    // a handful that always fails hides nobody.
    ("share", "0.01"),
    // So much of the fleet that is not scraped is one fault.
    ("down_share", "0.1"),
    // How long what fired goes on in spite of a scrape that failed, or a daemon that was restarted: Prometheus scrapes every
    // minute by its defaults, and the next one works.
    ("keep", "2m"),
    // The fleet's trouble outlives that of its last nodes: where it went first, they would page one by one at the end.
    ("keep_fleet", "10m"),
    // An agent that is restarted, or a node that is, is back by then.
    ("agent_for", "10m"),
    // What may be put right by itself, or by who is at it.
    ("state_for", "15m"),
    // How far back a count is looked at that should stand still.
    ("window", "15m"),
    // So much of what the kernel side had to tell is more than bad luck: of a hundred findings one may be missing.
    ("lost_share", "0.01"),
    // So many calls a second of which a program was left out. A program misses a call where it interrupts itself, which of
    // thousands of calls a second happens to one now and then (of 1.3 million changes of state at 13,000 connections a
    // second on loopback to none). One each second is at most a thousandth on a node that is that busy, and on one that is
    // not it has a reason.
    ("misses", "1"),
    // How long a ticket on such a count stays: an hour is long enough to be found.
    ("keep_count", "1h"),
    // So many starts in an hour are no upgrade.
    ("restarts", "3"),
    // What has no severity of its own is worth a line when it lasts.
    ("info_for", "5m"),
];

/// What rules may name besides job and runbooks, each with its value.
pub fn values() -> &'static [(&'static str, &'static str)] {
    &VALUES
}

/// The rules' settings, as a fleet has them.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The matcher of the job: `job="tcplull"`.
    pub job: String,
    /// What stands before `docs/` in a `runbook_url`.
    pub runbooks: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            job: JOB.to_owned(),
            runbooks: RUNBOOKS.to_owned(),
        }
    }
}

impl Settings {
    /// The text with what it names put in.
    pub fn fill(&self, text: &str) -> String {
        let text = text.replace("%job%", &self.job);
        VALUES.iter().fold(text, |text, (name, value)| {
            text.replace(&format!("%{name}%"), value)
        })
    }
}
