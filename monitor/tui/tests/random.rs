//! Whatever is pressed, told and resized in whatever order, nothing panics, nothing is drawn outside, and what is kept stays
//! within its bounds.

#[expect(dead_code, reason = "pictures take more of it")]
// For clippy, which knows by this that what helps a test may unwrap.
#[cfg(test)]
mod common;

use common::{answer, detail, finding, looked, names, now, picture};
use monitor_model::format::is_unseen;
use monitor_tui::app::view::Opened;
use monitor_tui::event::{Answer, Effect, Event};
use monitor_tui::key::Key;
use monitor_tui::source::Watched;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Key(Key),
    Size(u16, u16),
    Later(u64),
    Connections(u64, usize),
    Found(u64),
    Lost,
    Ended,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let keys = prop_oneof![
        prop::sample::select("12345?/qsSafcejkgGhx \u{202e}".chars().collect::<Vec<_>>())
            .prop_map(Key::Char),
        prop::sample::select(vec![
            Key::Enter,
            Key::Escape,
            Key::Tab,
            Key::BackTab,
            Key::Backspace,
            Key::Up,
            Key::Down,
            Key::Left,
            Key::Right,
            Key::Home,
            Key::End,
            Key::PageUp,
            Key::PageDown,
            Key::Ctrl('f'),
            Key::Ctrl('b'),
            Key::Ctrl('u'),
            Key::Ctrl('d'),
            Key::Ctrl('w'),
            Key::Ctrl('z'),
        ]),
    ];
    let step = prop_oneof![
        6 => keys.prop_map(Step::Key),
        1 => (0u16..150, 0u16..50).prop_map(|(columns, rows)| Step::Size(columns, rows)),
        1 => (0u64..90).prop_map(Step::Later),
        2 => (0u64..60, 0usize..8).prop_map(|(many, name)| Step::Connections(many, name)),
        1 => (0u64..60).prop_map(Step::Found),
        1 => Just(Step::Lost),
        1 => Just(Step::Ended),
    ];
    prop::collection::vec(step, 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_nothing_unseen_is_drawn(steps in steps(), is_over in prop::bool::weighted(0.2)) {
        let mut app = if is_over { common::then(common::past()) } else { common::app() };
        let mut seconds = 1;
        for step in steps {
            let event = match step {
                Step::Key(key) => Event::Key(key),
                Step::Size(columns, rows) => Event::Resize(columns, rows),
                Step::Later(more) => {
                    seconds += more;
                    Event::Tick(now(seconds))
                }
                Step::Connections(many, name) => {
                    let mut told = answer(many);
                    let name = names().get(name).cloned().unwrap_or_default();
                    for row in &mut told.connections.as_mut().unwrap().rows {
                        row.owner.comm = Some(name.clone());
                        row.connection.remote.push_str(&name);
                    }
                    if let Some(id) = app.connections.rows.first().map(|row| row.connection.id.clone()) {
                        told.connections.as_mut().unwrap().gone.insert(id);
                    }
                    if let Some(Opened::Connection { id, .. }) = &app.opened {
                        told.opened = match many % 4 {
                            0 => looked(id, Err(name)).opened,
                            _ => looked(id, Ok(detail(many, &name))).opened,
                        };
                    }
                    Event::Answer(Box::new(told))
                }
                Step::Found(number) => Event::Watched(Watched::Finding(Box::new(finding(number, seconds)))),
                Step::Lost => Event::Lost("gone".to_owned()),
                Step::Ended => Event::WatchEnded,
            };
            app.handle(event);
            if app.size.0 > 0 && app.size.1 > 0 {
                let shown = picture(&app);
                prop_assert!(!shown.lines().any(|line| line.contains(is_unseen)), "{shown:?}");
            }
        }
    }
}

#[test]
fn a_day_of_findings_and_closed_connections_stays_within_bounds() {
    let mut app = common::app();
    let mut copied = 0;
    for round in 0..5_000u64 {
        app.handle(Event::Tick(now(round)));
        app.handle(Event::Watched(Watched::Finding(Box::new(finding(
            round, round,
        )))));
        if round % 50 == 0 {
            let mut told: Answer = answer(40);
            let batch = told.connections.as_mut().unwrap();
            let known = app.connections.rows.iter();
            batch.gone = known.map(|row| row.connection.id.clone()).collect();
            for row in &mut batch.rows {
                row.connection.id.push_str(&round.to_string());
            }
            app.handle(Event::Answer(Box::new(told)));
        }
        let effects = app.handle(Event::Key(Key::Char('c')));
        copied += effects
            .iter()
            .filter(|effect| matches!(effect, Effect::Copy(_)))
            .count();
        assert!(app.findings.all().count() <= 2_000);
        assert!(app.connections.closed.len() <= 200);
    }
    assert_eq!(app.findings.dropped, 3_000);
    assert!(copied > 4_000);
}
