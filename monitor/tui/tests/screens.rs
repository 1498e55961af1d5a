//! What is on the screen, letter by letter as it is kept in `tests/screens`: every tab on terminals of several sizes, with
//! nothing, with much, with a daemon that is gone, and with names that want to speak to the terminal.
//! `TCPLULL_GOLDEN=write cargo test -p monitor-tui --test screens` keeps the new pictures; look at the difference.

// For clippy, which knows by this that what helps a test may unwrap.
#[cfg(test)]
mod common;

use common::{
    app, batch, detail, finding, full, hostile, looked, names, now, past, picture, row, then,
};
use monitor_model::format::is_unseen;
use monitor_model::listing::IdleState;
use monitor_tui::App;
use monitor_tui::app::view::{Opened, Tab};
use monitor_tui::event::{Answer, Effect, Event};
use monitor_tui::key::Key;
use monitor_tui::source::Watched;
use std::fs;
use std::path::Path;

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (50, 12), (20, 8)];

/// Holds pictures of all sizes against the file `name`.
fn same_as_kept(name: &str, mut app: App) {
    let mut text = String::new();
    for (columns, rows) in SIZES {
        app.handle(Event::Resize(columns, rows));
        let picture = picture(&app);
        for line in picture.lines() {
            assert!(!line.contains(is_unseen), "{name}: {line:?}");
        }
        text.push_str(&format!("== {columns}x{rows}\n{picture}"));
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/screens/{name}.txt"));
    if std::env::var_os("TCPLULL_GOLDEN").is_some_and(|wish| wish == "write") {
        fs::write(&file, &text).expect("the picture can be written");
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    let differs = kept.lines().zip(text.lines()).find(|(old, new)| old != new);
    assert!(kept == text, "{name} is not as it was kept: {differs:#?}");
}

fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    let keys = keys.chars().map(|key| match key {
        '\n' => Key::Enter,
        '\u{1b}' => Key::Escape,
        key => Key::Char(key),
    });
    keys.flat_map(|key| app.handle(Event::Key(key))).collect()
}

#[test]
fn every_tab_with_nothing() {
    for tab in Tab::ALL {
        let mut app = app();
        press(&mut app, &(tab as usize + 1).to_string());
        same_as_kept(&format!("empty-{}", tab.name().to_lowercase()), app);
    }
}

#[test]
fn every_tab_with_much() {
    for tab in Tab::ALL {
        let mut app = full();
        press(&mut app, &(tab as usize + 1).to_string());
        same_as_kept(&format!("full-{}", tab.name().to_lowercase()), app);
    }
}

#[test]
fn every_tab_while_the_daemon_is_gone() {
    for tab in Tab::ALL {
        let mut app = full();
        press(&mut app, &(tab as usize + 1).to_string());
        app.handle(Event::Tick(now(110)));
        app.handle(Event::Lost(
            "no tcplull answers on /run/tcplull/tcplull.sock".to_owned(),
        ));
        app.handle(Event::Tick(now(112)));
        same_as_kept(&format!("gone-{}", tab.name().to_lowercase()), app);
    }
}

#[test]
fn every_tab_with_names_that_speak_to_the_terminal() {
    for tab in Tab::ALL {
        let mut app = hostile();
        press(&mut app, &(tab as usize + 1).to_string());
        same_as_kept(&format!("hostile-{}", tab.name().to_lowercase()), app);
        let mut app = hostile();
        press(&mut app, &format!("{}\n", tab as usize + 1));
        same_as_kept(
            &format!("hostile-opened-{}", tab.name().to_lowercase()),
            app,
        );
    }
}

#[test]
fn every_tab_of_a_moment_that_is_over() {
    for tab in Tab::ALL {
        let mut app = then(past());
        press(&mut app, &(tab as usize + 1).to_string());
        same_as_kept(&format!("then-{}", tab.name().to_lowercase()), app);
    }
    let mut app = then(past());
    press(&mut app, "\n");
    same_as_kept("then-connection", app);
    let mut app = then(past());
    press(&mut app, "?");
    same_as_kept("then-help", app);
    let mut nothing = past();
    nothing.findings.clear();
    nothing.notes = names();
    nothing.said = names().remove(0);
    same_as_kept("then-nothing", then(nothing));
}

#[test]
fn a_moment_that_is_over_does_not_go_on_and_nobody_is_asked() {
    let mut app = then(past());
    let mut effects = press(&mut app, "fsSa12341/port 443\n");
    for seconds in 701..900 {
        effects.extend(app.handle(Event::Tick(now(seconds))));
    }
    assert_eq!(effects, []);
    let found = app.then.as_ref().map(|then| then.found.len());
    assert_eq!(found, Some(1), "{}", picture(&app));
    press(&mut app, "f");
    let shown = picture(&app);
    assert!(
        shown.contains("AS OF") && shown.contains("does not go on"),
        "{shown}"
    );
    let effects = press(&mut app, "e");
    let Some(Effect::Export(export)) = effects.first() else {
        panic!("{effects:?}");
    };
    assert!(export.lines[0].contains("tcplull.finding/1"), "{export:?}");
    let effects = press(&mut app, "c");
    assert!(
        matches!(&effects[..], [Effect::Copy(text)] if text.contains(":443")),
        "{effects:?}"
    );
    // The path of what is shown, and back.
    press(&mut app, "\u{1b}3\n");
    let found = app.then.as_ref().map(|then| then.found.len());
    assert_eq!(found, Some(0), "of the gateway: {}", picture(&app));
    press(&mut app, "\u{1b}");
    let found = app.then.as_ref().map(|then| then.found.len());
    assert_eq!(found, Some(3), "{}", picture(&app));
}

#[test]
fn one_connection_one_alert_and_the_help() {
    let mut app = full();
    press(&mut app, "\n");
    same_as_kept("connection", app);
    let mut app = full();
    press(&mut app, "2\n");
    same_as_kept("alert", app);
    for tab in Tab::ALL {
        let mut app = full();
        press(&mut app, &format!("{}?", tab as usize + 1));
        same_as_kept(&format!("help-{}", tab.name().to_lowercase()), app);
    }
}

/// The app in which the first connection is open, and its id.
fn opened() -> (App, String) {
    let mut app = full();
    press(&mut app, "\n");
    let Some(Opened::Connection { id, .. }) = &app.opened else {
        panic!("{:?}", app.opened);
    };
    let id = id.clone();
    (app, id)
}

/// The connection of which more is asked with the next question; `None` where none is asked.
fn asked(effects: Vec<Effect>) -> Option<Option<String>> {
    effects.into_iter().find_map(|effect| match effect {
        Effect::Ask(ask) => Some(ask.opened),
        _ => None,
    })
}

fn told(app: &mut App, answer: Answer) -> Option<Option<String>> {
    asked(app.handle(Event::Answer(Box::new(answer))))
}

#[test]
fn what_is_open_is_what_the_daemon_knows_of_it() {
    let (mut app, id) = opened();
    told(
        &mut app,
        looked(&id, Ok(detail(1, "the silence was too long"))),
    );
    same_as_kept("connection-told", app);
    let (mut app, id) = opened();
    told(
        &mut app,
        looked(&id, Ok(detail(1, "the silence was too long"))),
    );
    press(&mut app, "G");
    same_as_kept("connection-told-end", app);
    let (mut app, id) = opened();
    told(&mut app, looked(&id, Ok(detail(1, &names().concat()))));
    press(&mut app, "G");
    same_as_kept("connection-told-hostile", app);
    let (mut app, id) = opened();
    told(
        &mut app,
        looked(&id, Err("nothing is known of it".to_owned())),
    );
    same_as_kept("connection-untold", app);
}

#[test]
fn what_is_open_is_asked_for_until_it_is_closed_and_no_other_takes_its_place() {
    let (mut app, id) = opened();
    let this = Some(Some(id.clone()));
    // A question was out when it was opened: its answer has nothing of this, and the next one is asked at once.
    assert_eq!(told(&mut app, common::answer(30)), this);
    assert_eq!(told(&mut app, looked("another", Ok(detail(2, "x")))), this);
    assert!(!picture(&app).contains("its path"), "{}", picture(&app));
    assert_eq!(told(&mut app, looked(&id, Ok(detail(1, "of this")))), None);
    app.handle(Event::Resize(120, 60));
    assert!(picture(&app).contains("its path"), "{}", picture(&app));
    // What was told stays where nothing more is.
    assert_eq!(asked(app.handle(Event::Tick(now(104)))), this);
    told(&mut app, looked(&id, Err("it is gone".to_owned())));
    let shown = picture(&app);
    assert!(
        shown.contains("it is gone") && shown.contains("its path"),
        "{shown}"
    );
    let effects = press(&mut app, "e");
    let Some(Effect::Export(export)) = effects.first() else {
        panic!("{effects:?}");
    };
    assert!(export.lines[0].contains("of this"), "{export:?}");
    press(&mut app, "\u{1b}");
    assert_eq!(asked(app.handle(Event::Tick(now(110)))), Some(None));
}

#[test]
fn groups_a_filter_and_a_frozen_screen() {
    let mut app = full();
    press(&mut app, "a");
    same_as_kept("by-owner", app);
    let mut app = full();
    press(&mut app, "aa");
    same_as_kept("by-path", app);
    let mut app = full();
    press(&mut app, "/port 5432\nf");
    app.handle(Event::Tick(now(130)));
    same_as_kept("filtered-and-frozen", app);
    let mut app = full();
    press(&mut app, "/prot 5432\n");
    same_as_kept("wrong-filter", app);
}

#[test]
fn what_closed_stays_a_while_with_its_last_verdict() {
    let mut app = full();
    let id = row(1, IdleState::Stalled).connection.id;
    let mut less = batch(30);
    less.rows.retain(|row| row.connection.id != id);
    less.gone.insert(id);
    app.handle(Event::Tick(now(104)));
    app.handle(Event::Answer(Box::new(Answer {
        connections: Some(less),
        ..Answer::default()
    })));
    assert!(picture(&app).contains("closed"), "{}", picture(&app));
    same_as_kept("closed", full_at(app, 109));
    let mut app = full();
    app.handle(Event::Tick(now(200)));
    assert!(!picture(&app).contains("closed"));
}

fn full_at(mut app: App, seconds: u64) -> App {
    app.handle(Event::Tick(now(seconds)));
    app
}

#[test]
fn a_frozen_screen_keeps_what_comes_for_later() {
    let mut app = full();
    press(&mut app, "f");
    let id = row(3, IdleState::Crossed).connection.id;
    app.handle(Event::Watched(Watched::Finding(Box::new(finding(3, 50)))));
    assert!(app.findings.latest(&id).is_none());
    press(&mut app, "f");
    assert!(app.findings.latest(&id).is_some());
}

#[test]
fn a_daemon_that_comes_back_is_said_to_be_back() {
    let mut app = full();
    app.handle(Event::Tick(now(110)));
    app.handle(Event::Lost("gone".to_owned()));
    let asks = app.handle(Event::Tick(now(111)));
    assert!(matches!(asks[..], [Effect::Ask(_)]), "{asks:?}");
    app.handle(Event::Answer(Box::default()));
    assert!(
        picture(&app).contains("the daemon answers again"),
        "{}",
        picture(&app)
    );
}

#[test]
fn what_is_shown_is_exported_and_what_is_chosen_copied() {
    let mut app = full();
    let effects = press(&mut app, "e");
    let Some(Effect::Export(export)) = effects.first() else {
        panic!("{effects:?}");
    };
    assert_eq!(export.lines.len(), 30);
    assert!(export.lines[0].contains("tcplull.connection/1"));
    let effects = press(&mut app, "c");
    let Some(Effect::Copy(text)) = effects.first() else {
        panic!("{effects:?}");
    };
    assert!(
        text.contains("198.51.100.") && !text.contains(is_unseen),
        "{text}"
    );
    assert_eq!(press(&mut app, "q"), [Effect::Quit]);
}
