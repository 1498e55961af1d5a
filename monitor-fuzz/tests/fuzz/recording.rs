//! Recordings.

use monitor_judge::alerts::Limits;
use monitor_judge::recording::{Recording, RecordingError, replay};

/// Any text as a recording: it is judged, or refused in one line.
#[test]
fn read_and_judge() {
    bolero::check!().for_each(|bytes| {
        let mut recording = match Recording::read("facts".to_owned(), bytes) {
            Ok(recording) => recording,
            Err(error) => return assert_one_line(&error),
        };
        let mut findings = 0;
        let ended = replay(&mut recording, Limits::default(), |_| {
            findings += 1;
            Ok::<_, RecordingError>(findings < 10_000)
        });
        if let Err(error) = ended {
            assert_one_line(&error);
        }
    });
}

fn assert_one_line(error: &RecordingError) {
    let text = error.to_string();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.chars().all(|letter| !letter.is_control()), "{text:?}");
}
