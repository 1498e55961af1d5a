//! What drawing costs is bounded by the screen, not by the list. It is counted in allocations, of which every cell that is
//! drawn needs some: no clock is asked, so a busy machine changes nothing.

#[expect(dead_code, reason = "pictures take more of it")]
// For clippy, which knows by this that what helps a test may unwrap.
#[cfg(test)]
mod common;

use common::{answer, now};
use monitor_tui::App;
use monitor_tui::draw::{Theme, draw};
use monitor_tui::event::Event;
use monitor_tui::filter::Filter;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: all is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// The only test of this file: another one beside it would be counted too.
#[test]
fn drawing_ten_thousand_rows_costs_what_a_screen_costs() {
    let allocations = |many| {
        let mut app = App::new(String::new(), Filter::default(), now(0), (120, 40));
        app.handle(Event::Answer(Box::new(answer(many))));
        let mut terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        terminal
            .draw(|frame| draw(&app, frame, Theme { colour: true }))
            .unwrap();
        ALLOCATIONS.load(Ordering::Relaxed) - before
    };
    let (few, many) = (allocations(100), allocations(10_000));
    println!("a screen of 100 rows: {few} allocations, of 10,000: {many}");
    assert!(many < few + few / 4, "{few} {many}");
}
