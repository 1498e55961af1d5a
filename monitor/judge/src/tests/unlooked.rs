//! Nobody looks for a while, as while the daemon has nothing attached: no fact comes, no sweep, and no time is told to pass.

use super::story::{Story, azure};

/// Far longer than anything is remembered that no sweep shows.
const LONG: f64 = 3.0 * 3600.0;

/// Connections of which it was told that they hang.
fn hanging() -> [Story; 3] {
    let mut silent = Story::on(azure());
    silent.wait(250.0).sweep();
    let mut lost = Story::on(azure());
    lost.wait(250.0).sends(10).times_out_thrice();
    let mut stuck = Story::without_path();
    stuck.sends(10).times_out_thrice().sweep();
    [silent, lost, stuck]
}

/// What was told of each last, and that nothing has ended it.
fn told(story: &Story) -> String {
    story.said().pop().expect("something was said")
}

#[test]
fn what_hung_hangs_on_where_the_next_sweep_shows_it() {
    for mut story in hanging() {
        let before = story.said();
        story.unlooked(LONG).sweep().wait(1.0).sweep();
        assert_eq!(story.said(), before);
    }
}

#[test]
fn it_is_over_where_the_next_sweep_does_not_show_it() {
    for mut story in hanging() {
        story.unlooked(LONG).sweep_without();
        let last = told(&story);
        assert!(
            ["ended", "moves", "over Badly"].contains(&last.as_str()),
            "{last}"
        );
    }
}

#[test]
fn where_time_is_told_to_pass_it_is_forgotten() {
    for mut story in hanging() {
        let before = story.said().len();
        story.wait(LONG);
        assert!(story.said().len() > before, "{:?}", story.said());
    }
}
