//! Which rows a filter matches.

use super::rows::{alert, bare, between, finding, row};
use crate::{Field, Filter, List, Subject, WORDS, Word};

fn takes(text: &str, row: &impl Subject) -> bool {
    let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    filter.matches(row)
}

/// Each of these filters matches or does not.
fn hold(row: &impl Subject, filters: &[(&str, bool)]) {
    for (text, expected) in filters {
        assert_eq!(takes(text, row), *expected, "{text}");
    }
}

#[test]
fn each_word_asks_for_what_it_says() {
    hold(
        &row(),
        &[
            ("", true),
            ("state at-risk", true),
            ("state AT_RISK", true),
            ("verdict ok", false),
            ("state ok,at-risk", true),
            ("remote 20.0.0.0/8", true),
            ("remote 20/8", true),
            ("remote 20.1.2.3", true),
            ("remote 20.1.2.3:443", true),
            ("remote 20.1.2.3:80", false),
            ("remote *:https", true),
            ("remote *", true),
            ("remote ::ffff:20.1.2.3", true),
            ("remote ::/0", false),
            ("local 20.0.0.0/8", false),
            ("local 10.0.0.4", true),
            ("port 443", true),
            ("port 51234", true),
            ("port 22", false),
            ("port 400-450", true),
            ("remote-port 443", true),
            ("remote-port 51234", false),
            ("local-port 51234", true),
            ("port >= 51234", true),
            ("remote-port > 443", false),
            ("remote-port < 443", false),
            ("remote-port <= 443", true),
            ("family ipv4", true),
            ("family ipv6", false),
            ("role client", true),
            ("role server", false),
            ("pid 12", true),
            ("pid 13", false),
            ("uid 1000", true),
            ("comm \"api worker\"", true),
            ("comm 'api worker'", true),
            ("comm api*", true),
            ("comm api", false),
            ("unit api.service", true),
            ("unit api", true),
            ("unit ap", false),
            ("unit a*", true),
            ("pod shop/api", true),
            ("pod api", true),
            ("pod shop", false),
            ("pod 6d3e4b8e*", true),
            ("container 0123456789ab", true),
            ("container 0123", false),
            ("container 0123*", true),
            ("cgroup /", true),
            ("cgroup /system.slice/", true),
            (
                "cgroup /sys/fs/cgroup/unified/system.slice/api.service",
                true,
            ),
            ("cgroup /system", false),
            ("cgroup /system.slice/api.service/worker/deeper", false),
            ("owner api", true),
            ("owner shop/*", true),
            ("netns 4026531840", true),
            ("netns 4026531841", false),
            ("path nat", true),
            ("path none", false),
            ("idle 3m", true),
            ("idle >3m", false),
            ("idle >= 180", true),
            ("idle < 3m1s", true),
            ("data-idle >4m", true),
            ("packet-idle > 4m", false),
            ("timeout 4m", true),
            ("left <= 1m", true),
            ("left < 1m", false),
            ("keepalive on", true),
            ("keepalive late", true),
            ("keepalive off", false),
            ("unacked >64k", true),
            ("unacked > 69M", false),
            ("unread = 1", true),
            ("id 1f-*", true),
            ("id aabb", true),
        ],
    );
}

#[test]
fn conditions_go_together_as_they_read() {
    hold(
        &row(),
        &[
            ("state at-risk and remote 20.0.0.0/8 and not port 22", true),
            ("state at-risk remote 20.0.0.0/8 !port 22", true),
            ("port 22 or port 443", true),
            ("port 22,443", true),
            ("port 22 or port 443 and path other", false),
            ("(port 22 or port 443) and path nat", true),
            ("(port 443 or port 22) and path other", false),
            ("not (port 22 or port 80)", true),
            ("not not port 443", true),
            ("port != 22,80", true),
            ("port != 22,443", false),
            ("port !443", false),
            ("not port 22 and port 443", true),
        ],
    );
}

#[test]
fn what_ss_says_is_understood() {
    hold(
        &row(),
        &[
            ("state close-wait", true),
            ("state established", false),
            ("state connected", true),
            ("state synchronized", true),
            ("state big", true),
            ("state bucket", false),
            ("state all", true),
            ("state established state close-wait", true),
            ("exclude close-wait", false),
            ("exclude established", true),
            ("state connected exclude close-wait", false),
            ("state connected exclude close-wait state close-wait", true),
            ("state established and state close-wait", false),
            ("state established state close-wait dst 20.0.0.0/8", true),
            ("dst 20.0.0.0/8", true),
            ("dst = 20.0.0.0/8", true),
            ("dst != 20.0.0.0/8", false),
            ("src 20.0.0.0/8", false),
            ("dst 20.0.0.0/8:443", true),
            ("dst 20.1.2.3:80", false),
            ("dst *:443", true),
            ("dst :443", true),
            ("dport = :443", true),
            ("dport :443", true),
            ("dport eq :https", true),
            ("sport ne 22", true),
            ("sport != :51234", false),
            ("dport ge :443", true),
            ("dport geq 444", false),
            ("dport lt :1024 && sport gt :1024", true),
            ("( dport = :443 or sport = :443 )", true),
            ("( dport = :22 || sport = :22 ) dst 20/8", false),
            (
                "state close-wait ( dport = :ssh or dport = :https ) dst 20.1/16",
                true,
            ),
        ],
    );
}

#[test]
fn addresses_of_ipv6_have_their_ports_behind_brackets() {
    let row = between("[2001:db8::4]:51234", "[2001:db8:1::3]:443");
    hold(
        &row,
        &[
            ("remote 2001:db8::/32", true),
            ("remote [2001:db8:1::3]:443", true),
            ("remote [2001:db8:1::]/48:443", true),
            ("remote [2001:db8:1::3]", true),
            ("remote [2001:db8:1::3]:80", false),
            ("remote 2001:db8:1::3", true),
            ("dst ::/0", true),
            ("dst 0.0.0.0/0", false),
            ("family inet6", true),
            ("dport = :443", true),
        ],
    );
}

#[test]
fn of_what_is_not_known_only_the_exclusion_holds() {
    hold(
        &bare(),
        &[
            ("pid 12", false),
            ("not pid 12", true),
            ("comm *", false),
            ("path nat", false),
            ("path none", true),
            ("left <= 1m", false),
            ("not left <= 1m", true),
            ("timeout 0s", false),
            ("unacked 0", false),
            ("idle 3m", true),
        ],
    );
}

#[test]
fn findings_and_alerts_answer_what_they_have() {
    let (finding, alert) = (finding(), alert());
    hold(
        &finding,
        &[
            ("state blackholed", true),
            ("state outcome", true),
            ("state crossed", false),
            ("name black*", true),
            ("severity page", true),
            ("severity != page", false),
            ("idle >4m", true),
            ("remote 20/8 and unit api", true),
        ],
    );
    hold(
        &alert,
        &[
            ("state firing", true),
            ("state pending,over", false),
            ("name blackholed", true),
            ("severity ticket", false),
            ("unit api", true),
            ("owner api.service", true),
            ("path nat", true),
        ],
    );
    let fits = |text: &str, list| {
        Filter::parse(text)
            .expect(text)
            .fits(list)
            .map_err(|error| error.to_string())
    };
    assert_eq!(
        fits("state blackholed and remote 1.2.3.4", List::Findings),
        Ok(())
    );
    assert_eq!(fits("state closed", List::Connections), Ok(()));
    assert_eq!(fits("state closed", List::Findings), Ok(()), "an outcome");
    let no_remote = fits("name x or not remote 1.2.3.4", List::Alerts).unwrap_err();
    assert!(
        no_remote.starts_with("alerts have no remote; they have: state, unit"),
        "{no_remote}"
    );
    let firing = fits("state firing", List::Connections).unwrap_err();
    assert!(
        firing.starts_with("connections have no state firing; they have: state"),
        "{firing}"
    );
}

#[test]
fn flags_say_the_same_as_expressions() {
    for (field, value, text) in [
        (Field::Port, "443", "port 443"),
        (Field::Port, "!22", "not port 22"),
        (Field::Port, "!22,!80", "not port 22 and not port 80"),
        (Field::Port, "22,80", "port 22 or port 80"),
        (Field::Port, "22,!80", "port 22 and not port 80"),
        (Field::Port, ">=1024", "port >= 1024"),
        (Field::Idle, "!>3m", "not idle > 3m"),
        (Field::Idle, ">3m", "idle > 3m"),
        (Field::Idle, "> 3m", "idle > 3m"),
        (Field::Idle, "1h 5m", "idle >= 1h5m"),
        (
            Field::State,
            "at-risk,crossed",
            "state at-risk or state crossed",
        ),
        (Field::Comm, "(sd-pam)", "comm \"(sd-pam)\""),
        (Field::Comm, "api worker", "comm \"api worker\""),
        (Field::Comm, "and", "comm \"and\""),
        (Field::Remote, "!=10/8", "not remote 10.0.0.0/8"),
    ] {
        let (flag, parsed) = (
            Filter::flag(field, value).expect(value),
            Filter::parse(text).expect(text),
        );
        assert_eq!(flag, parsed, "{value} {text}");
    }
}

#[test]
fn a_flag_given_several_times_chooses_any_and_leaves_out_all() {
    let flag = |value| Filter::flag(Field::Port, value).expect("a port");
    let any = |values: &[&'static str]| Filter::any(values.iter().map(|value| flag(value)));
    let parse = |text| Ok(Filter::parse(text).expect("a filter"));
    assert_eq!(any(&["22", "80"]), parse("port 22 or port 80"));
    assert_eq!(any(&["!22", "!80"]), parse("not port 22 and not port 80"));
    assert_eq!(
        any(&["1-100", "!22,!80"]),
        parse("port 1-100 and not port 22 and not port 80")
    );
    assert_eq!(any(&[]), parse(""));
    let named = Filter::is(Field::Cgroup, "/a,b!=c").expect("a path");
    assert_eq!(Ok(named), parse("cgroup \"/a,b!=c\""));
}

#[test]
fn a_namespace_is_known_by_its_file_once_that_is_looked_up() {
    let filter = Filter::parse("netns /run/netns/blue or netns 77").expect("a filter");
    assert!(!filter.matches(&row()));
    assert!(filter.fits(List::Connections).is_err());
    let inode = |name: &str| Some(if name == "77" { 1 } else { 4_026_531_840 });
    let found = filter
        .clone()
        .with_namespaces(inode)
        .expect("both are known");
    assert!(found.matches(&row()));
    assert_eq!(found.fits(List::Connections), Ok(()));
    let unknown = filter.with_namespaces(|_| None).unwrap_err().to_string();
    assert!(unknown.contains("/run/netns/blue"), "{unknown}");
}

#[test]
fn filters_join_and_turn() {
    let parse = |text| Filter::parse(text).expect("a filter");
    let joined = parse("port 1 or port 2")
        .and(parse("path nat"))
        .expect("few");
    assert_eq!(joined, parse("(port 1 or port 2) and path nat"));
    assert_eq!(parse("").and(parse("path nat")), Ok(parse("path nat")));
    assert!(parse("").or(parse("path nat")).expect("few").is_all());
    assert_eq!(
        parse("port 1 port 2").excluded(),
        parse("not (port 1 and port 2)")
    );
    assert!(parse(" ").excluded().is_all());
}

#[test]
fn every_field_has_one_line_and_no_word_two_meanings() {
    let mut seen = Vec::new();
    for word in WORDS {
        assert_eq!(Word::of(word.field).word, word.word);
        for name in [&word.word].into_iter().chain(word.also) {
            assert_eq!(Word::find(name).map(|found| found.word), Some(word.word));
            seen.push(name.replace('-', ""));
        }
    }
    let all = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), all, "{seen:?}");
}
