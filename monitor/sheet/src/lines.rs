//! A timeline as lines: the time, an arrow that says which way, and what it was.

use crate::page::{Kind, Line, Page};
use crate::words::shown;
use monitor_model::detail::{EventKind, TimelineEvent};
use monitor_model::time::Timestamp;

/// Below so many columns times are to the second.
const NARROW: usize = 60;

/// Of so many columns and less a line has no room for the time beside what it says.
const TINY: usize = 32;

/// All moments, in lines of at most so many columns; the day stands before the first of another day than `today`'s.
pub fn timeline(events: &[TimelineEvent], today: Timestamp, width: usize) -> Vec<Line> {
    let mut page = Page::new(width);
    let mut day = date(today);
    let to_tell_first = events.first().is_some_and(|first| date(first.time) != day);
    if to_tell_first {
        day = String::new();
    }
    for one in events {
        let its_day = date(one.time);
        if its_day != day {
            page.say(Kind::Faint, &its_day);
            day = its_day;
        }
        put(&mut page, one);
    }
    page.into_lines()
}

/// One moment, in lines of at most so many columns.
pub fn event(event: &TimelineEvent, width: usize) -> Vec<Line> {
    let mut page = Page::new(width);
    put(&mut page, event);
    page.into_lines()
}

fn date(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

fn put(page: &mut Page, event: &TimelineEvent) {
    let width = page.width();
    // "2026-01-31T12:00:00.123Z"
    let clock = if width < NARROW { 8 } else { 12 };
    let time: String = event
        .time
        .to_string()
        .chars()
        .skip(11)
        .take(clock)
        .collect();
    let arrow = match event.what {
        EventKind::Sent | EventKind::SentAgain | EventKind::ResetSent => "→",
        EventKind::Received | EventKind::Acknowledged | EventKind::ResetReceived => "←",
        EventKind::State | EventKind::Now => "·",
        EventKind::Silence | EventKind::Next => " ",
        EventKind::Finding => "!",
    };
    let kind = match event.what {
        _ if event.wrong => Kind::Bad,
        EventKind::Silence | EventKind::Next => Kind::Faint,
        _ => Kind::Plain,
    };
    let text = shown(&event.text);
    let text = match event.what {
        EventKind::Silence => format!("({text})"),
        _ => text,
    };
    if width <= TINY {
        page.say(kind, &format!("{time} {arrow} {text}"));
    } else {
        page.indented(kind, &format!("{time}  {arrow}  {text}"), clock + 5);
    }
}
