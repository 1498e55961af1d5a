//! The page's first answer: the numbers of this moment as plain HTML, which the scripts replace where there are any. `maud`
//! escapes all that stands between parentheses.

use maud::{DOCTYPE, Markup, html};
use monitor_model::alert::{Alert, AlertState};
use monitor_model::api::AgentState;
use monitor_model::finding::Severity;
use monitor_model::format::{count, duration_of, printable};
use monitor_model::path_state::PathState;
use monitor_model::time::Timestamp;

/// So many alerts and paths are shown, at the most; of more it is said how many there are.
const MOST: usize = 100;

/// What is shown.
#[derive(Debug)]
pub struct Front {
    /// The daemon.
    pub agent: AgentState,
    /// The alerts, those that are over included.
    pub alerts: Vec<Alert>,
    /// The paths, or why they cannot be told.
    pub paths: Result<Vec<PathState>, String>,
    /// When all of this was so, and what it is, where time does not go on.
    pub still: Option<(Timestamp, String)>,
    /// What else there is to be asked.
    pub links: Vec<Link>,
    /// Where the metrics are.
    pub metrics: String,
    /// Whether the reader may see addresses.
    pub known: bool,
    /// Whether the whole API is served.
    pub whole: bool,
}

/// Something else to be asked.
#[derive(Debug)]
pub struct Link {
    /// Its path.
    pub path: String,
    /// What it is, in one line.
    pub about: &'static str,
}

impl Front {
    /// Why connections cannot be seen here, and what to do about it; `None` where they can.
    fn hidden(&self) -> Option<&'static str> {
        match (self.whole, self.known) {
            (true, true) => None,
            (true, false) => Some(
                "Connections are shown to who has shown who they are: name basic_auth_users or a client_ca in a web \
                 configuration (--web.config.file), and come as one of them.",
            ),
            (false, _) => Some(
                "Connections are not shown here: start the daemon with --web.api and with a web configuration \
                 (--web.config.file) that has basic_auth_users or a client_ca, and come as one of them.",
            ),
        }
    }
}

/// The page.
pub fn front(front: &Front) -> String {
    let agent = &front.agent;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { "tcplull" }
                link rel="icon" href="/page/icon.svg";
                link rel="stylesheet" href="/page/uplot/uplot.css";
                link rel="stylesheet" href="/page/page.css";
                script src="/page/uplot/uplot.js" defer {}
                script type="module" src="/page/main.js" {}
            }
            body data-hidden=[front.hidden()] data-still=[front.still.as_ref().map(|(at, _)| at)]
                data-metrics=(front.metrics) {
                header {
                    a.name href="#/" { "tcplull" }
                    nav aria-label="Views" {}
                    p #state role="status" { (state(front)) }
                }
                main #view tabindex="-1" {
                    @if let Some(hidden) = front.hidden() { p.note { (hidden) } }
                    h1 { "This host" }
                    p {
                        "tcplull " (printable(&agent.version))
                        // As much as the API tells of the daemon.
                        @if front.whole {
                            " on Linux " (printable(&agent.kernel)) ", watching " (printable(&agent.watching)) " since "
                            (agent.started)
                        }
                        ". " (count(agent.sweeps.sockets, "socket")) " at the last sweep."
                    }
                    h2 { "Alerts" }
                    (alerts(&front.alerts))
                    h2 { "Paths" }
                    @match &front.paths {
                        Ok(all) => (paths(all)),
                        Err(reason) => p { "They cannot be told: " (printable(reason)) },
                    }
                    h2 { "What else is here" }
                    ul { @for link in &front.links { li { a href=(link.path) { (link.path) } ": " (link.about) } } }
                }
            }
        }
    };
    page.into_string()
}

fn state(front: &Front) -> String {
    if let Some((_, what)) = &front.still {
        return printable(what);
    }
    let agent = &front.agent;
    let ready = printable(&agent.readiness);
    match agent.ready {
        true => ready,
        false => format!("not ready: {ready}"),
    }
}

fn alerts(all: &[Alert]) -> Markup {
    let standing: Vec<&Alert> = all
        .iter()
        .filter(|alert| alert.state != AlertState::Over)
        .collect();
    html! {
        @if standing.is_empty() { p { "None fires, and none waits." } } @else {
            table {
                tr { @for head in ["alert", "wakes", "state", "path", "owner", "connections", "since", "example"] { th scope="col" { (head) } } }
                @for alert in standing.iter().take(MOST) {
                    tr {
                        td { (printable(&alert.name)) }
                        td { @match alert.severity { Severity::Page => "page", Severity::Ticket => "ticket", Severity::None => "nobody" } }
                        td { (alert.state.name()) }
                        td { (printable(&alert.path)) }
                        td { (printable(&alert.owner)) }
                        td { (alert.connections) }
                        td { (alert.since) }
                        td { (printable(&alert.summary)) }
                    }
                }
            }
            (more(standing.len()))
        }
    }
}

fn paths(all: &[PathState]) -> Markup {
    let silence = |seconds: Option<f64>| seconds.map_or_else(|| "-".to_owned(), duration_of);
    html! {
        table {
            tr { @for head in ["path", "timeout", "at risk", "crossed", "stalled", "silences that ended", "longest survived", "shortest failed"] { th scope="col" { (head) } } }
            @for path in all.iter().take(MOST) {
                tr {
                    td { (printable(&path.path)) }
                    td { (silence(path.timeout_seconds)) @if !path.stated && path.timeout_seconds.is_some() { " (a guess)" } }
                    td { (path.silent.at_risk) }
                    td { (path.silent.crossed) }
                    td { (path.silent.stalled) }
                    td { (path.gaps) }
                    td { (silence(path.longest_survived_gap_seconds)) }
                    td { (silence(path.shortest_failed_gap_seconds)) }
                }
            }
        }
        (more(all.len()))
    }
}

fn more(all: usize) -> Markup {
    let left_out = all.saturating_sub(MOST);
    html! { @if left_out > 0 { p { (left_out) " more are left out." } } }
}
