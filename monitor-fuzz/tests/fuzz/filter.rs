//! Filters, as commands and the API are given them.

use monitor_query::{Field, Filter};

/// Any text as an expression and as the value of a flag: what is understood is read again as the same, what is not is refused
/// in one line.
#[test]
fn parse() {
    bolero::check!().for_each(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        let flags = [Field::Remote, Field::Port, Field::Idle, Field::Comm];
        let flags = flags.map(|field| Filter::flag(field, &text));
        for read in [Filter::parse(&text)].into_iter().chain(flags) {
            match read {
                Ok(filter) => {
                    let written = filter.to_string();
                    assert_eq!(Filter::parse(&written).as_ref(), Ok(&filter), "{written}");
                }
                Err(error) => {
                    let said = error.to_string();
                    assert!(said.chars().all(|letter| !letter.is_control()), "{said:?}");
                }
            }
        }
    });
}
