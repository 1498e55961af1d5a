//! Where the daemon is asked, and by whom.

use super::error::Problem;

/// Where the live inspection socket lies unless configured otherwise.
pub const DEFAULT_SOCKET: &str = "/run/tcplull/tcplull.sock";

/// The longest name of a group, in bytes (useradd(8)).
const LONGEST_GROUP: usize = 32;

/// A group whose members may ask the daemon, by its name or its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketGroup(pub String);

/// Reads `socket_group`, or `--socket-group`. Whether the group is there shows when the daemon starts.
///
/// # Errors
/// What is wrong with it.
pub fn parse_socket_group(text: &str) -> Result<SocketGroup, Problem> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-$".contains(&byte);
    let is_name = (1..=LONGEST_GROUP).contains(&text.len())
        && !text.starts_with('-')
        && text.bytes().all(plain);
    match is_name {
        true => Ok(SocketGroup(text.to_owned())),
        false => Err(Problem::SocketGroup {
            text: text.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_a_name_or_a_number() {
        for text in ["adm", "tcplull", "1000", "a.b-c_d"] {
            assert_eq!(
                parse_socket_group(text).unwrap(),
                SocketGroup(text.to_owned())
            );
        }
        for text in ["", "-1", "a b", "a:b", "ä", &"g".repeat(33)] {
            assert!(parse_socket_group(text).is_err(), "{text}");
        }
    }
}
