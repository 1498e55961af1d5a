//! What a connection's owner is called where many are counted together: a name that a hundred processes, restarts or pods
//! share, and that has no address, port, process id or pod in it.

use crate::format::printable;
use crate::owner::Owner;

/// The longest name of a workload, in bytes.
pub const LONGEST: usize = 63;

/// What is read of a name: the longest that a unit has (`UNIT_NAME_MAX` of systemd), in bytes.
const LONGEST_READ: usize = 255;

/// The name where nobody is known, or nothing is left of what is. No workload's own name begins with `~`.
pub const UNKNOWN: &str = "~unknown";

/// Letters that stand between the words of a name.
const BETWEEN: [char; 9] = ['-', '_', ':', '/', '#', ' ', '@', '+', ','];

/// A word of so many hexadecimal digits, one of them no letter, is an id and no word.
const ID_DIGITS: usize = 8;

/// Length of a UUID, in bytes.
const UUID: usize = 36;

/// So many decimal digits behind letters are a port or a process id ("redis6379"); fewer are a version ("php8").
const NUMBER_DIGITS: usize = 4;

/// The workload of a connection: its pod's namespace and controller where they are known, else its systemd unit, else its process.
///
/// A unit that is made anew each time is none: sessions, and what a container runtime or `systemd-run` starts. Of a template
/// all instances are one ("getty@.service").
pub fn workload(owner: &Owner) -> String {
    let contained = owner.container.is_some() || owner.pod.is_some();
    let unit = owner.unit.as_deref().filter(|_| !contained);
    let unit = unit.map(|unit| cut(unit, LONGEST_READ));
    let words = |name: &str| folded(cut(name, LONGEST_READ));
    let process = || owner.comm.as_deref().and_then(words);
    let pod = owner.workload.as_deref().and_then(words);
    let name = pod.or_else(|| unit.and_then(unit_name)).or_else(process);
    name.map_or_else(|| UNKNOWN.to_owned(), fitted)
}

/// A unit's name without what tells one instance from another; `None` where nothing is left.
fn unit_name(unit: &str) -> Option<String> {
    let (name, kind) = unit.rsplit_once('.')?;
    match (name.split_once('@'), kind) {
        (_, "slice") => None,
        // Of systemd-run and of logind: what they run is known by its process.
        (_, "service" | "scope") if name.starts_with("run-") => None,
        (_, "scope") if name.starts_with("session-") => None,
        (Some((template, _)), "service") => Some(format!("{}@.service", folded(template)?)),
        _ => Some(format!("{}.{kind}", folded(&name.replace("\\x2d", "-"))?)),
    }
}

/// `name` with each number and id among its words shown as `*`, and without those at its end; `None` where it has no other
/// word.
fn folded(name: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = name;
    while !rest.is_empty() {
        if let Some(behind) = behind_uuid(rest) {
            text.push('*');
            rest = behind;
            continue;
        }
        let end = rest.find(BETWEEN).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        text.push_str(folded_word(word));
        let next = behind.chars().next();
        text.extend(next);
        rest = next.map_or("", |between| &behind[between.len_utf8()..]);
    }
    let kept = text.trim_end_matches(|c| c == '*' || BETWEEN.contains(&c));
    let names = |c: char| c != '*' && !BETWEEN.contains(&c);
    kept.contains(names).then(|| kept.to_owned())
}

/// What stands behind the UUID that `text` begins with.
fn behind_uuid(text: &str) -> Option<&str> {
    let digit = |(place, byte): (usize, &u8)| match place {
        8 | 13 | 18 | 23 => *byte == b'-' || *byte == b'_',
        _ => byte.is_ascii_hexdigit(),
    };
    let uuid = text.as_bytes().get(..UUID)?;
    uuid.iter().enumerate().all(digit).then(|| &text[UUID..])
}

fn folded_word(word: &str) -> &str {
    // An address of dots is one as well.
    let is_number = !word.is_empty() && word.bytes().all(|c| c.is_ascii_digit() || c == b'.');
    let is_hex = word.len() >= ID_DIGITS
        && word.bytes().all(|c| c.is_ascii_hexdigit())
        && word.bytes().any(|c| c.is_ascii_digit());
    if is_number || is_hex {
        return "*";
    }
    let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
    if word.len() - letters.len() >= NUMBER_DIGITS {
        letters
    } else {
        word
    }
}

/// `name` as a label: of letters that show, no longer than [`LONGEST`], and none of the names that are not its own.
fn fitted(name: String) -> String {
    let shown = printable(&name);
    let shown = match shown.strip_prefix('~') {
        Some(behind) => format!("_{behind}"),
        None => shown,
    };
    cut(&shown, LONGEST).to_owned()
}

/// What fits into so many bytes, in whole letters.
fn cut(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_unit(unit: &str) -> String {
        workload(&Owner {
            unit: Some(unit.to_owned()),
            comm: Some("proc".to_owned()),
            ..Owner::default()
        })
    }

    fn of_process(comm: &str) -> String {
        workload(&Owner {
            comm: Some(comm.to_owned()),
            ..Owner::default()
        })
    }

    #[test]
    fn instances_of_one_unit_are_one_workload() {
        for (unit, expected) in [
            ("api.service", "api.service"),
            ("getty@tty1.service", "getty@.service"),
            ("user@1000.service", "user@.service"),
            ("tunnel@10.0.0.1.service", "tunnel@.service"),
            ("worker-12@a.service", "worker@.service"),
            ("php8.2-fpm.service", "php8.2-fpm.service"),
            ("kafka-1.service", "kafka.service"),
            ("redis6379.service", "redis.service"),
            ("init.scope", "init.scope"),
            ("app-gnome-firefox-12345.scope", "app-gnome-firefox.scope"),
            (
                "snap.lxd-8d2cbf2a-6d3e-4b8e-9d3e-0a1b2c3d4e5f.scope",
                "snap.lxd.scope",
            ),
            (
                "machine-qemu\\x2d17\\x2dvm.scope",
                "machine-qemu-*-vm.scope",
            ),
        ] {
            assert_eq!(of_unit(unit), expected, "{unit}");
        }
    }

    #[test]
    fn what_is_made_anew_each_time_is_known_by_its_process() {
        for unit in [
            "session-3.scope",
            "session-c1.scope",
            "run-u12.service",
            "run-r8d2cbf2a6d3e4b8e9d3e0a1b2c3d4e5f.scope",
            "run-p123-i456.service",
            "user-1000.slice",
            "12345.service",
            "8d2cbf2a-6d3e-4b8e-9d3e-0a1b2c3d4e5f.service",
        ] {
            assert_eq!(of_unit(unit), "proc", "{unit}");
        }
        let id = "0123456789abcdef".repeat(4);
        let contained = Owner {
            unit: Some(format!("docker-{id}.scope")),
            container: Some(id),
            comm: Some("nginx".to_owned()),
            ..Owner::default()
        };
        assert_eq!(workload(&contained), "nginx");
        let known = Owner {
            workload: Some("shop/api".to_owned()),
            ..contained
        };
        assert_eq!(workload(&known), "shop/api");
    }

    #[test]
    fn threads_and_numbers_of_one_program_are_one_workload() {
        for (comm, expected) in [
            ("python3.11", "python3.11"),
            ("kworker/0:1", "kworker"),
            ("http-nio-8080-e", "http-nio-*-e"),
            ("pool-3-thread-1", "pool-*-thread"),
            ("G1 Conc#0", "G1 Conc"),
            ("worker12345", "worker"),
            ("x 10.0.0.7:5432", "x"),
            ("(sd-pam)", "(sd-pam)"),
            ("12345", UNKNOWN),
            ("-", UNKNOWN),
            ("", UNKNOWN),
        ] {
            assert_eq!(of_process(comm), expected, "{comm}");
        }
        assert_eq!(workload(&Owner::default()), UNKNOWN);
    }

    #[test]
    fn a_name_is_cut_and_speaks_to_no_terminal_and_is_never_one_of_ours() {
        let long = of_process(&"é".repeat(5_000));
        assert_eq!(long, "é".repeat(31), "whole letters");
        let hostile = of_process("a\n\x1b[2J\"\\\u{202e}b");
        assert_eq!(hostile, "a\u{fffd}\u{fffd}[2J\"\\\u{fffd}b");
        let no_text = String::from_utf8_lossy(b"a\xff\xfeb");
        assert_eq!(of_process(&no_text), "a\u{fffd}\u{fffd}b");
        assert_eq!(of_process("~other"), "_other");
        assert_eq!(of_process("~unknown"), "_unknown");
    }
}
