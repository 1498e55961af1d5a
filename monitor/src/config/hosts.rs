//! Further names that the HTTP server answers to.

use super::error::{Fault, Problem};
use super::table::{Section, string};

/// The most names: with a star, one stands for all below a domain.
const MOST: usize = 64;

/// The longest name (RFC 1035, 2.3.4), in bytes.
const LONGEST: usize = 253;

/// The longest part of a name between two dots, in bytes.
const LONGEST_LABEL: usize = 63;

/// `allowed_hosts`, in lower case and without the root's dot.
pub(super) fn allowed(section: &mut Section<'_>) -> Result<Vec<String>, Fault> {
    let want = "a list of names in quotes such as [\"node.example\"]";
    let Some(items) = section.items("allowed_hosts", want)? else {
        return Ok(Vec::new());
    };
    if items.value.len() > MOST {
        return Err(items.fault(Problem::TooManyHosts { most: MOST }));
    }
    let names = items.value.into_iter().map(|item| {
        let name = item.try_map(|value| name(string(value, "allowed_hosts", want)?))?;
        Ok(name.value)
    });
    names.collect()
}

fn name(text: String) -> Result<String, Problem> {
    let name = text.strip_suffix('.').unwrap_or(&text).to_ascii_lowercase();
    let plain = name.strip_prefix("*.").unwrap_or(&name);
    if text == "*" || (name.len() <= LONGEST && is_name(plain)) {
        Ok(name)
    } else {
        Err(Problem::Host { text })
    }
}

/// Whether it is a host's name, and no address.
pub(super) fn is_name(text: &str) -> bool {
    // The last part of a name is no number, or it would be an address.
    let mut parts = text.rsplit('.');
    let is_address = parts
        .next()
        .is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    text.len() <= LONGEST && text.split('.').all(is_label) && !is_address
}

fn is_label(label: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=LONGEST_LABEL).contains(&label.len()) && label.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_in_lower_case_with_or_without_a_star() {
        for (text, taken) in [
            ("Node-7.DC.example.", "node-7.dc.example"),
            ("*.Example", "*.example"),
            ("*", "*"),
            ("node_7", "node_7"),
        ] {
            assert_eq!(name(text.to_owned()).unwrap(), taken);
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = "a.".repeat(130) + "b";
        for text in [
            "", ".", "a..b", "*.", "a.*", "*a.b", "a:9469", "10.0.0.1", "[::1]", "a b", "ä.b",
            &long,
        ] {
            assert!(name(text.to_owned()).is_err(), "{text}");
        }
    }
}
