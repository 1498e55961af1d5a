//! Names with `*` for any letters and `?` for any one.

/// Whether `name` is one that `pattern` stands for. At most as many steps as one length times the other.
pub fn fits(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut at, mut read) = (0, 0);
    // Where the last star stood, and what it has swallowed up to.
    let mut star: Option<(usize, usize)> = None;
    while read < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(letter) if *letter == '?' || *letter == name[read] => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((place, swallowed)) = star else {
                    return false;
                };
                star = Some((place, swallowed + 1));
                at = place + 1;
                read = swallowed + 1;
            }
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_is_any_letters_and_a_question_mark_is_one() {
        for (pattern, name, expected) in [
            ("api", "api", true),
            ("api", "apis", false),
            ("api*", "api", true),
            ("*api*", "shop/api-7", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b", false),
            ("?", "ü", true),
            ("?", "", false),
            ("", "", true),
            ("**", "", true),
            ("*", "x", true),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
        // No pattern takes longer than both lengths allow.
        assert!(!fits(&"*a".repeat(100), &"a".repeat(99)));
    }
}
