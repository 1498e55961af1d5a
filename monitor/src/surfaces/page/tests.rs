//! What the page is made of, and what its first answer shows.

use super::files::{FILES, File, POLICY};
use super::{Front, Link, front};
use crate::text::tests::{agent, firing};
use monitor_model::path_state::PathState;
use monitor_model::time::Timestamp;
use ring::digest::{SHA256, digest};

/// All that a browser loads, in bytes: what a person on a bad line waits for.
const MOST_BYTES: usize = 200 * 1024;

/// The files of uPlot 1.6.32 as its package has them (dist/uPlot.iife.min.js, dist/uPlot.min.css, LICENSE).
const VENDORED: [(&str, &str); 3] = [
    (
        "/page/uplot/uplot.js",
        "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    ),
    (
        "/page/uplot/uplot.css",
        "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    ),
    (
        "/page/uplot/LICENSE",
        "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
    ),
];

fn own() -> impl Iterator<Item = &'static File> {
    FILES.iter().filter(|file| !file.path.contains("/uplot/"))
}

/// The page with this alert's owner, and this path.
fn page(name: &str, known: bool) -> String {
    shown(name, known, None)
}

/// The same, of a moment where time stands still.
fn shown(name: &str, known: bool, still: Option<(Timestamp, String)>) -> String {
    let mut alert = firing();
    alert.owner = name.to_owned();
    alert.summary = name.to_owned();
    front(&Front {
        agent: agent(),
        alerts: vec![alert],
        paths: Ok(vec![PathState {
            path: name.to_owned(),
            timeout_seconds: Some(240.0),
            stated: true,
            gaps: 1234,
            longest_survived_gap_seconds: Some(239.0),
            ..PathState::default()
        }]),
        still,
        links: vec![Link {
            path: "/metrics".to_owned(),
            about: "The metrics",
        }],
        metrics: "/metrics".to_owned(),
        known,
        whole: true,
    })
}

#[test]
fn the_whole_page_stays_small() {
    let files: usize = FILES.iter().map(|file| file.text.len()).sum();
    let all = files + page("nat", false).len();
    assert!(all < MOST_BYTES, "{all} bytes");
}

#[test]
fn what_others_wrote_is_as_they_released_it() {
    for (path, wanted) in VENDORED {
        let file = FILES.iter().find(|file| file.path == path).unwrap();
        let digest = digest(&SHA256, file.text.as_bytes());
        let digits: String = digest
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(digits, wanted, "{path}");
    }
}

#[test]
fn every_script_imports_what_is_served() {
    for file in own() {
        let imports = file.text.lines().filter(|line| line.starts_with("import "));
        for line in imports {
            let name = line.split('"').nth(1).unwrap().trim_start_matches('.');
            let path = format!("/page{name}");
            assert!(
                FILES.iter().any(|file| file.path == path),
                "{}: {line}",
                file.path
            );
        }
    }
}

#[test]
fn no_text_can_become_markup_and_nothing_comes_from_elsewhere() {
    for file in own() {
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "https://",
            "http://",
            "//cdn",
        ] {
            // The name of SVG's elements is no address that anything is loaded from.
            let text = file.text.replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains(word), "{} has {word}", file.path);
        }
    }
}

#[test]
fn the_policy_lets_nothing_inline_run_and_the_first_answer_needs_none() {
    let (_, policy) = &POLICY[0];
    assert!(!policy.contains("unsafe"), "{policy}");
    let page = page("nat", true);
    for word in ["<style", " style=", " onload=", " onerror=", "javascript:"] {
        assert!(!page.contains(word), "{word}: {page}");
    }
    for script in page.split("<script").skip(1) {
        let (_, body) = script.split_once('>').unwrap();
        assert!(body.starts_with("</script>"), "{script}");
    }
}

#[test]
fn the_numbers_are_there_without_any_script() {
    let page = page("nat", true);
    for part in [
        "blackholed",
        "10000",
        "1234",
        "3m59s",
        "/metrics",
        "ready",
        "6.12.1",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[test]
fn a_snapshot_says_what_it_is_and_of_when() {
    let made = Timestamp::of(1_700_000_000_000_000_000);
    let page = shown("nat", true, Some((made, "a snapshot of node-7".to_owned())));
    for part in ["data-still=\"2023-11-14T22:13:20", "a snapshot of node-7"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("role=\"status\">ready"), "{page}");
}

#[test]
fn a_name_stays_a_name() {
    let page = page("<img src=x onerror=alert(1)>\u{202e}\n\"'", true);
    assert!(!page.contains("<img"), "{page}");
    assert!(
        page.contains("&lt;img src=x onerror=alert(1)&gt;"),
        "{page}"
    );
    assert!(!page.contains('\u{202e}'), "{page}");
}

#[test]
fn who_may_not_see_connections_is_told_how_to() {
    let hint = "web configuration";
    assert!(page("nat", false).contains(hint));
    assert!(!page("nat", true).contains(hint));
}
