//! In which order rows come, and that no more of them are held than are shown.

use super::rows::{bare, between, row};
use crate::{Column, First, Sort};
use monitor_model::listing::{ConnectionRow, IdleState};
use proptest::prelude::*;

fn idle(seconds: f64) -> ConnectionRow {
    ConnectionRow {
        packet_idle_seconds: seconds,
        ..row()
    }
}

fn sorted(
    by: &str,
    most: usize,
    rows: impl IntoIterator<Item = ConnectionRow>,
) -> (Vec<ConnectionRow>, u64) {
    let sort: Sort = by.parse().expect("a column");
    let mut first = First::new(most);
    for row in rows {
        first.push(sort.rank(&row), || row);
    }
    let left_out = first.left_out();
    (first.into_rows().collect(), left_out)
}

#[test]
fn both_ends_of_a_column_can_come_first() {
    let rows = [3.0, 1.0, 2.0].map(idle);
    let idles = |by| {
        sorted(by, 10, rows.clone())
            .0
            .iter()
            .map(|row| row.packet_idle_seconds)
            .collect::<Vec<_>>()
    };
    assert_eq!(idles("idle"), [1.0, 2.0, 3.0]);
    assert_eq!(idles("-idle"), [3.0, 2.0, 1.0]);
    assert_eq!(idles("+packet_idle"), [1.0, 2.0, 3.0]);
    assert_eq!(
        idles("left"),
        [3.0, 2.0, 1.0],
        "the longest silence has the least left"
    );
}

#[test]
fn of_those_that_are_alike_what_runs_out_first_is_first_whichever_end_is() {
    let mut other = idle(4.0);
    other.silence = IdleState::Ok;
    for by in ["verdict", "-verdict", "owner", "-owner"] {
        let rows = [idle(1.0), other.clone(), idle(3.0), idle(2.0)];
        let (rows, left_out) = sorted(by, 10, rows);
        let alike = rows.iter().filter(|row| **row != other);
        let idles: Vec<f64> = alike.map(|row| row.packet_idle_seconds).collect();
        assert_eq!((idles, left_out), (vec![3.0, 2.0, 1.0], 0), "{by}");
    }
}

#[test]
fn addresses_are_sorted_by_number_and_what_is_not_known_is_last() {
    let remotes = [
        "9.0.0.1:80",
        "10.0.0.1:80",
        "9.0.0.1:443",
        "[2001:db8::1]:1",
    ];
    let rows = remotes.map(|remote| between("10.0.0.4:1", remote));
    let (rows, _) = sorted("remote", 10, rows);
    let found: Vec<&str> = rows
        .iter()
        .map(|row| row.connection.remote.as_str())
        .collect();
    assert_eq!(
        found,
        [
            "9.0.0.1:80",
            "9.0.0.1:443",
            "10.0.0.1:80",
            "[2001:db8::1]:1"
        ]
    );
    for by in [
        "path", "-path", "left", "-left", "unacked", "-unacked", "pid", "-pid",
    ] {
        let (rows, _) = sorted(by, 10, [bare(), row()]);
        assert_eq!(rows, [row(), bare()], "{by}");
    }
}

#[test]
fn every_column_sorts_any_rows_the_same_both_ways() {
    for column in Column::ALL {
        for descending in [false, true] {
            let sort = Sort { column, descending };
            assert!(sort.compare(&row(), &row()).is_eq(), "{column:?}");
            let one = sort.compare(&row(), &bare());
            assert_eq!(one, sort.compare(&bare(), &row()).reverse(), "{column:?}");
        }
        assert_eq!(
            column.name().parse(),
            Ok(Sort {
                column,
                descending: false
            })
        );
    }
    let wrong = "idel".parse::<Sort>().unwrap_err().to_string();
    assert!(wrong.ends_with("; did you mean idle?"), "{wrong}");
}

proptest! {
    #[test]
    fn the_first_of_many_are_those_of_all_sorted(numbers in proptest::collection::vec(0_u32..50, 0..200), most in 0_usize..60, descending: bool) {
        let rows: Vec<ConnectionRow> = numbers.iter().enumerate().map(|(place, number)| {
            let mut row = idle(f64::from(*number));
            row.connection.id = place.to_string();
            row
        }).collect();
        let by = if descending { "-idle" } else { "idle" };
        let (first, left_out) = sorted(by, most, rows.clone());
        let sort: Sort = by.parse().expect("a column");
        let mut all = rows;
        all.sort_by(|one, other| sort.compare(one, other));
        let kept = all.len().min(most);
        prop_assert_eq!(left_out, (all.len() - kept) as u64);
        prop_assert_eq!(&first[..], &all[..kept]);
    }
}
