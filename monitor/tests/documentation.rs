//! The user's documentation and the code say the same words: whoever is woken by an
//! alert finds its section, and every fact and every series is explained.

use monitor::sandbox::KEPT;
use monitor::surfaces::metrics::Metrics;
use monitor_lab::real::applications::settings::ALL as TRIED;
use monitor_model::evidence::MEANINGS;
use monitor_model::finding::{Cause, Outcome};
use monitor_model::settings;
use monitor_query::WORDS;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The text below the heading `title` of the page, up to the next of its level.
fn section<'a>(page: &'a str, title: &str) -> &'a str {
    let heading = format!("\n{title}\n");
    let start = page
        .find(&heading)
        .unwrap_or_else(|| panic!("the page has no heading {title:?}"));
    let text = &page[start + heading.len()..];
    let level = title.split(' ').next().unwrap_or_default();
    let end = text.find(&format!("\n{level} ")).unwrap_or(text.len());
    &text[..end]
}

/// The words of the headings below `title`, without what stands behind them.
fn headed<'a>(page: &'a str, title: &str) -> BTreeSet<&'a str> {
    section(page, title)
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .map(|heading| heading.split(' ').next().unwrap_or_default())
        .collect()
}

/// What stands between backticks on the page.
fn quoted(page: &str) -> BTreeSet<&str> {
    page.split('`').skip(1).step_by(2).collect()
}

/// The first cells of a table's rows that are code, and the others.
fn rows(text: &str) -> Vec<(&str, Vec<&str>)> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows = rows.filter_map(|row| {
        let (word, rest) = row.split_once('`')?;
        Some((word, rest.split('|').skip(1).map(str::trim).collect()))
    });
    rows.collect()
}

#[test]
fn what_a_daemon_keeps_is_what_the_documentation_and_the_unit_say() {
    let page = read("docs/operating.md");
    let told = rows(section(&page, "## Privileges"));
    let kept: Vec<&str> = KEPT.iter().map(|kept| kept.name).collect();
    assert_eq!(told.iter().map(|(name, _)| *name).collect::<Vec<_>>(), kept);
    for (kept, (_, cells)) in KEPT.iter().zip(&told) {
        assert_eq!(cells[0] == "yes", kept.global, "{kept:?}");
    }
    let global: Vec<&str> = KEPT
        .iter()
        .filter(|kept| kept.global)
        .map(|kept| kept.name)
        .collect();
    let unit = read("deploy/package/tcplull.service");
    for key in ["AmbientCapabilities=", "CapabilityBoundingSet="] {
        let given = unit.lines().find_map(|line| line.strip_prefix(key));
        assert_eq!(
            given.map(|names| names.split(' ').collect()),
            Some(global.clone()),
            "{key}"
        );
    }
}

fn rust_files(directory: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(directory).expect("the judge's sources are there");
    for path in entries.map(|entry| entry.expect("a readable directory").path()) {
        if path.is_dir() && !path.ends_with("tests") && !path.ends_with("recording") {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// The words that the judge puts into findings, as its sources write them: what is
/// added to the evidence, and any other literal of words joined by `_`.
fn words_of_the_judge() -> BTreeSet<String> {
    let mut files = Vec::new();
    rust_files(&root().join("monitor/judge/src"), &mut files);
    let mut words = BTreeSet::new();
    for file in files {
        let source = read(file);
        let code: Vec<&str> = source
            .split("#[cfg(test)]\nmod tests {")
            .next()
            .unwrap_or_default()
            .lines()
            .map(str::trim)
            .filter(|line| !line.starts_with("//") && !line.starts_with("#["))
            .collect();
        let code = code.concat();
        let pieces: Vec<&str> = code.split('"').collect();
        for pair in pieces.windows(2) {
            let [before, word] = pair else { continue };
            let added = [".count(", ".seconds(", ".flag(", ".text("]
                .iter()
                .any(|call| before.ends_with(call));
            let is_word = !word.is_empty()
                && word.starts_with(|first: char| first.is_ascii_lowercase())
                && word
                    .chars()
                    .all(|letter| letter.is_ascii_lowercase() || letter == '_');
            if is_word && (added || word.contains('_')) {
                words.insert((*word).to_owned());
            }
        }
    }
    words
}

#[test]
fn every_outcome_has_its_runbook_and_every_runbook_its_outcome() {
    let page = read("docs/findings.md");
    let outcomes: BTreeSet<&str> = Outcome::ALL.iter().map(|one| one.name()).collect();
    assert_eq!(headed(&page, "## What followed a silence"), outcomes);
}

#[test]
fn every_cause_of_a_stall_has_its_runbook_and_every_runbook_its_cause() {
    let page = read("docs/findings.md");
    let causes: BTreeSet<&str> = Cause::ALL.iter().map(|one| one.name()).collect();
    assert_eq!(headed(&page, "## Stalls"), causes);
}

#[test]
fn every_runbook_says_what_was_seen_whom_it_wakes_how_sure_it_is_and_what_to_do() {
    let page = read("docs/findings.md");
    for part in [
        "## While it is silent",
        "## What followed a silence",
        "## Stalls",
        "## How far it reaches",
    ] {
        for runbook in section(&page, part).split("\n### ").skip(1) {
            let title = runbook.lines().next().unwrap_or_default();
            for word in ["*Seen*", "*Severity*", "*Certainty*", "*Now*"] {
                assert!(runbook.contains(word), "{title} lacks {word}");
            }
        }
    }
}

#[test]
fn every_word_in_a_finding_is_explained() {
    let page = read("docs/findings.md");
    let explained = quoted(&page);
    let words = words_of_the_judge();
    for sure in ["timeouts", "keepalive", "ttl_before", "timestamp_missing"] {
        assert!(words.contains(sure), "{sure} is in no source: {words:?}");
    }
    let unexplained: Vec<&String> = words
        .iter()
        // Headings need no backticks.
        .filter(|word| !explained.contains(word.as_str()))
        .filter(|word| !page.contains(&format!("\n### {word}")))
        .collect();
    assert!(
        unexplained.is_empty(),
        "docs/findings.md does not explain {unexplained:?}"
    );
}

#[test]
fn every_fact_in_the_tables_of_evidence_is_one_of_the_judge() {
    let page = read("docs/findings.md");
    let words = words_of_the_judge();
    let facts = section(&page, "## Evidence")
        .lines()
        .filter_map(|row| row.strip_prefix("| `"))
        .filter_map(|row| row.split(" | ").next())
        .flat_map(|cell| cell.split(['`', ',', ' ']).filter(|word| !word.is_empty()));
    // Two signs are told by a name that is a variable.
    let unknown: Vec<&str> = facts
        .filter(|fact| !words.contains(*fact) && !["ttl", "window"].contains(fact))
        .collect();
    assert!(unknown.is_empty(), "no source says {unknown:?}");
}

#[test]
fn every_fact_is_explained_where_it_is_shown() {
    let page = read("docs/findings.md");
    let page = quoted(section(&page, "## Evidence"));
    let known: BTreeSet<&str> = MEANINGS.iter().map(|(fact, _)| *fact).collect();
    let nowhere: Vec<&&str> = known.iter().filter(|fact| !page.contains(*fact)).collect();
    assert!(nowhere.is_empty(), "docs/findings.md lacks {nowhere:?}");
    let page = read("docs/findings.md");
    let rows = section(&page, "## Evidence").lines();
    let facts = rows
        .filter_map(|row| row.strip_prefix("| `"))
        .filter_map(|row| row.split(" | ").next())
        .flat_map(|cell| cell.split(['`', ',', ' ']).filter(|word| !word.is_empty()));
    // Signs are values of a fact.
    let signs = [
        "timestamp_missing",
        "timestamp_stood_still",
        "window",
        "round_trip",
    ];
    let unknown: Vec<&str> = facts
        .filter(|fact| !known.contains(fact) && !signs.contains(fact))
        .collect();
    assert!(
        unknown.is_empty(),
        "tcplull show does not explain {unknown:?}"
    );
}

/// The headings of the page's sections.
fn sections(page: &str) -> BTreeSet<&str> {
    page.lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect()
}

#[test]
fn every_finding_s_link_leads_to_a_section_and_every_section_is_linked() {
    let page = read(settings::PAGE);
    let mut sections = sections(&page);
    assert!(sections.remove("What helps against what"));
    let rows = settings::ROWS.iter().map(|row| row.section);
    let linked: BTreeSet<&str> = rows.chain([settings::ANY_PROGRAM]).collect();
    assert_eq!(linked, sections);
    for section in linked {
        let anchor = settings::anchor(section);
        let plain = |letter: char| letter.is_ascii_lowercase() || letter == '-';
        assert!(anchor.chars().all(plain), "{anchor}");
    }
}

#[test]
fn every_section_of_the_settings_says_what_they_set_what_a_payload_clock_takes_and_who_says_so() {
    let page = read(settings::PAGE);
    for title in sections(&page) {
        let text = section(&page, &format!("## {title}"));
        let lists_all = title == "What helps against what";
        for word in ["*Sets*", "*Source*", "\n    "] {
            assert!(lists_all || text.contains(word), "{title} lacks {word:?}");
        }
        assert!(text.contains("ayload"), "{title} says nothing of payload");
    }
}

#[test]
fn what_is_said_to_be_tried_is_what_the_laboratory_tries_and_in_its_section() {
    let page = read(settings::PAGE);
    for title in sections(&page) {
        let text = section(&page, &format!("## {title}"));
        let said = text.split("\n*Tried*: ").nth(1);
        let said = said.map_or_else(BTreeSet::new, quoted);
        let of_it = TRIED.iter().filter(|setting| setting.section == title);
        let tried: BTreeSet<&str> = of_it.map(|setting| setting.name).collect();
        assert_eq!(said, tried, "{title}");
    }
    for setting in TRIED {
        assert!(sections(&page).contains(setting.section), "{setting:?}");
    }
}

#[test]
fn every_link_between_the_pages_leads_to_a_heading() {
    let pages = [
        "settings.md",
        "findings.md",
        "operating.md",
        "limits.md",
        "prometheus.md",
    ];
    for page in pages {
        let text = read(format!("docs/{page}"));
        for link in text.split("](").skip(1) {
            let Some((target, _)) = link.split_once(')') else {
                continue;
            };
            let Some((file, anchor)) = target.split_once('#') else {
                continue;
            };
            let file = if file.is_empty() { page } else { file };
            let there = read(format!("docs/{file}"));
            let headings = there.lines().filter(|line| line.starts_with('#'));
            let mut anchors =
                headings.map(|line| settings::anchor(line.trim_start_matches(['#', ' '])));
            assert!(
                anchors.any(|one| one == anchor),
                "docs/{page} links to {target}, which is no heading"
            );
        }
    }
}

#[test]
fn every_series_is_explained_and_every_explained_series_is_there() {
    let page = read("docs/operating.md");
    let series = |word: &&str| word.starts_with("tcplull_") || word.starts_with("process_");
    let explained: BTreeSet<&str> = quoted(&page).into_iter().filter(series).collect();
    assert_eq!(Metrics::names().collect::<BTreeSet<_>>(), explained);

    let readme = read("README.md");
    for named in quoted(&readme).into_iter().filter(series) {
        let name = named.split('{').next().unwrap_or_default();
        assert!(explained.contains(name), "README.md names {name}");
    }
}

#[test]
fn every_place_that_the_map_names_is_there() {
    // What is to come is named where it will be.
    let to_come = ["tui", "heal", "kernel/src/act", "judge/src/learn"];
    let to_come = to_come.map(|place| format!("monitor/{place}"));
    for page in ["docs/architecture.md", "CONTRIBUTING.md"] {
        let text = read(page);
        let places = quoted(&text).into_iter().filter(|word| {
            let first = word.split('/').next().unwrap_or_default();
            !first.is_empty()
                && first != *word
                && !word.contains(' ')
                && root().join(first).is_dir()
        });
        for place in places.filter(|place| to_come.iter().all(|name| name != place)) {
            let name_to_choose = place.contains("NAME");
            assert!(
                name_to_choose || root().join(place).exists(),
                "{page} names {place}"
            );
        }
    }
}

/// What is kept of the programs' costs to the verifier, by series of kernels.
fn verifier_costs() -> BTreeMap<String, BTreeMap<String, u64>> {
    serde_json::from_str(&read("monitor/tests/verifier-costs.json")).expect("costs by series")
}

/// A number as people read it: 1,234,567.
fn with_commas(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[test]
fn every_program_of_the_kernel_side_is_explained_and_stands_there_with_its_costs() {
    let page = read("docs/how-it-works.md");
    let explained = quoted(section(&page, "## The programs"));
    let costs = verifier_costs();
    let programs: BTreeSet<&String> = costs.values().flat_map(BTreeMap::keys).collect();
    let mut table = String::from("| program |");
    for series in costs.keys() {
        table.push_str(&format!(" {series} |"));
    }
    table.push_str("\n| --- |");
    table.push_str(&" --: |".repeat(costs.len()));
    for program in programs {
        assert!(explained.contains(program.as_str()), "{program}");
        table.push_str(&format!("\n| `{program}` |"));
        for known in costs.values() {
            let cost = known.get(program);
            let shown = cost.map_or("–".to_owned(), |cost| with_commas(*cost));
            table.push_str(&format!(" {shown} |"));
        }
    }
    let shown = section(&page, "## What it costs the verifier");
    assert!(
        shown.contains(&table),
        "docs/how-it-works.md wants this table:\n{table}\n"
    );
}

/// The row of `docs/filters.md` for a word.
fn row_of(word: &monitor_query::Word) -> String {
    let also = word.also.iter().map(|also| format!("`{also}`"));
    let rows = word.of.iter().map(|list| list.name());
    let [also, rows] = [also.collect::<Vec<_>>(), rows.map(str::to_owned).collect()];
    let (name, about, want) = (word.word, word.about, word.want);
    let (also, rows) = (also.join(" "), rows.join(", "));
    format!("| `{name}` | {also} | {about} | {want} | {rows} |")
}

#[test]
fn every_word_of_a_filter_stands_on_its_page() {
    let page = read("docs/filters.md");
    let lacks = WORDS.iter().map(row_of).filter(|row| !page.contains(row));
    let lacks: Vec<String> = lacks.collect();
    assert!(
        lacks.is_empty(),
        "docs/filters.md lacks:\n{}",
        lacks.join("\n")
    );
}
