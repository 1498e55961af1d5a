//! What must not be said, and where nothing is stated: the comparison must see it.

use super::Conclusion;
use super::compare::differences;
use super::tests::{right, truth};
use crate::ends::End::Client;
use serde_json::json;

#[test]
fn what_must_not_be_said_is_caught() {
    let truth = || {
        truth()
            .without("peer_heard")
            .not_saying("fine")
            .not_advising_first("restart")
    };
    assert_eq!(differences(&truth(), &right()), Vec::<String>::new());
    let wrong = [
        (
            json!({"summary": "another is fine"}),
            "says \"fine\", and should not",
        ),
        (
            json!({"advice": "restart it"}),
            "advises that first, and should not",
        ),
        (
            json!({"evidence": [{"fact": "timeouts", "value": 3}, {"fact": "peer_heard", "value": "sacked"}]}),
            "rests on peer_heard, and should not",
        ),
    ];
    for (change, how) in wrong {
        let mut observed = right();
        let mut finding = serde_json::to_value(&observed.findings[2].finding).unwrap();
        for (key, value) in change.as_object().unwrap() {
            finding[key] = value.clone();
        }
        observed.findings[2].finding = serde_json::from_value(finding).unwrap();
        let found = differences(&truth(), &observed);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains(how), "{found:?}");
    }
}

#[test]
fn where_no_path_covers_it_none_may_be_named() {
    let mut observed = right();
    let truth = truth().on_no_path();
    assert!(!differences(&truth, &observed).is_empty());
    for one in &mut observed.findings {
        (one.finding.path, one.finding.timeout_seconds) = (None, None);
    }
    let found = differences(&truth, &observed);
    let on_path = found
        .iter()
        .filter(|how| how.contains("path None") || how.contains("timeout"));
    assert_eq!(on_path.count(), 0, "{found:?}");
}

#[test]
fn two_silences_may_each_be_warned_of() {
    let mut observed = right();
    let again = observed.findings[0].clone();
    observed.findings.insert(1, again);
    let found = differences(&truth(), &observed);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("said at_risk"), "{found:?}");
    let twice = truth().allows(Client, Conclusion::AtRisk);
    assert_eq!(differences(&twice, &observed), Vec::<String>::new());
}
