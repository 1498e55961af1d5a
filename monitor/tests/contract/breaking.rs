//! Whether a JSON Schema only adds to the one before it: a pure function over two of them.
//!
//! Lines of one name are written by daemons of several versions at once, and read by scripts that were written for any of
//! them. So of one name, two things hold between an older schema and a newer one:
//!
//! - **Who reads by the older one reads newer lines**: what was promised is still there, of the same types. New members and
//!   new words of an enumeration it must be ready for.
//! - **Who reads by the newer one reads older lines**: nothing is promised that they lack.
//!
//! So members and words may be added, a new member as one that may be missing, and nothing else may change but
//! descriptions. What this does not know how to judge must be equal.

use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Keywords that say nothing of what is valid.
const WORDS_FOR_PEOPLE: [&str; 6] = [
    "title",
    "description",
    "examples",
    "default",
    "$schema",
    "$comment",
];

/// Keywords that are looked into below.
const UNDERSTOOD: [&str; 9] = [
    "$defs",
    "$ref",
    "type",
    "const",
    "enum",
    "oneOf",
    "anyOf",
    "properties",
    "required",
];

/// What `new` takes from readers and writers of `old`, one line each with the place; empty where it only adds.
pub fn breaking(old: &Value, new: &Value) -> Vec<String> {
    let mut found = Vec::new();
    Schemas { old, new }.compare("", old, new, &mut found);
    found
}

/// Both whole schemas, for what they refer to.
#[derive(Clone, Copy)]
struct Schemas<'a> {
    old: &'a Value,
    new: &'a Value,
}

impl Schemas<'_> {
    fn compare(self, place: &str, old: &Value, new: &Value, found: &mut Vec<String>) {
        let (old, new) = (resolved(self.old, old), resolved(self.new, new));
        let shown = if place.is_empty() { "the line" } else { place };
        let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else {
            if old != new {
                found.push(format!("{shown}: was {old}, is {new}"));
            }
            return;
        };
        match (Form::of(self.old, old), Form::of(self.new, new)) {
            (Form::Plain, Form::Plain) => {}
            (Form::Words(before), Form::Words(now)) => {
                for word in before.difference(&now) {
                    found.push(format!("{shown}: the word {word} is gone"));
                }
                // Kinds of JSON, not words of people.
                let kinds = |words: &BTreeSet<String>| -> BTreeSet<bool> {
                    words.iter().map(|word| word.starts_with('"')).collect()
                };
                if kinds(&before) != kinds(&now) {
                    found.push(format!("{shown}: a word is of another type"));
                }
            }
            (Form::OrNull(before), Form::OrNull(now)) => self.compare(place, before, now, found),
            (Form::Tagged(tag, before), Form::Tagged(_, now)) => {
                for (word, before) in before {
                    match now.get(&word) {
                        Some(now) => {
                            self.compare(&format!("{place}[{tag} {word}]"), before, now, found)
                        }
                        None => found.push(format!("{shown}: the {tag} {word} is gone")),
                    }
                }
            }
            (before, now) => {
                found.push(format!("{shown}: was {}, is {}", before.name(), now.name()))
            }
        }
        if !matches!(Form::of(self.old, old), Form::Words(_)) && types(old) != types(new) {
            found.push(format!(
                "{shown}: was of type {:?}, is of {:?}",
                types(old),
                types(new)
            ));
        }
        self.compare_members(place, old, new, found);
        let judged = |keyword: &&String| {
            !WORDS_FOR_PEOPLE.contains(&keyword.as_str()) && !UNDERSTOOD.contains(&keyword.as_str())
        };
        let keywords: BTreeSet<&String> = old.keys().chain(new.keys()).filter(judged).collect();
        for keyword in keywords {
            match (old.get(keyword), new.get(keyword)) {
                (Some(before), Some(now)) if keyword == "items" => {
                    self.compare(&format!("{place}[]"), before, now, found);
                }
                (before, now) if before == now => {}
                (before, now) => {
                    found.push(format!("{shown}: {keyword} was {before:?}, is {now:?}"))
                }
            }
        }
    }

    fn compare_members(
        self,
        place: &str,
        old: &Map<String, Value>,
        new: &Map<String, Value>,
        found: &mut Vec<String>,
    ) {
        let (before, now) = (members(old), members(new));
        let (promised, promises) = (required(old), required(new));
        for (name, member) in &before {
            let place = format!("{place}.{name}");
            match now.get(name) {
                Some(now) => self.compare(&place, member, now, found),
                None => found.push(format!("{place}: is gone")),
            }
        }
        for name in promised.difference(&promises) {
            found.push(format!(
                "{place}.{name}: was always there, and may be missing now"
            ));
        }
        for name in promises.difference(&promised) {
            found.push(format!(
                "{place}.{name}: is promised, and lines of older daemons lack it; say so with #[serde(default)]"
            ));
        }
    }
}

/// What a schema is an alternative of, if it is one.
enum Form<'a> {
    /// No alternatives.
    Plain,
    /// One of these values, each as JSON.
    Words(BTreeSet<String>),
    /// One of these objects, told apart by a member that has one value in each.
    Tagged(String, BTreeMap<String, &'a Value>),
    /// This, or null.
    OrNull(&'a Value),
    /// Some other set of alternatives.
    Unknown,
}

impl<'a> Form<'a> {
    fn of(root: &'a Value, schema: &'a Map<String, Value>) -> Self {
        if let Some(word) = schema.get("const") {
            return Self::Words([word.to_string()].into());
        }
        if let Some(words) = schema.get("enum").and_then(Value::as_array) {
            return Self::Words(words.iter().map(Value::to_string).collect());
        }
        let all = schema
            .get("oneOf")
            .or_else(|| schema.get("anyOf"))
            .and_then(Value::as_array);
        let Some(all) = all else { return Self::Plain };
        let words = all.iter().map(|one| {
            let one = resolved(root, one).as_object()?;
            match Self::of(root, one) {
                Self::Words(words) => Some(words),
                _ => None,
            }
        });
        if let Some(words) = words.collect::<Option<Vec<_>>>() {
            return Self::Words(words.into_iter().flatten().collect());
        }
        let is_null = |one: &&Value| one["type"] == "null";
        if let ([one], [_]) = (
            &all.iter().filter(|one| !is_null(one)).collect::<Vec<_>>()[..],
            &all.iter().filter(is_null).collect::<Vec<_>>()[..],
        ) {
            return Self::OrNull(one);
        }
        Self::tagged(root, all).unwrap_or(Self::Unknown)
    }

    fn tagged(root: &'a Value, all: &'a [Value]) -> Option<Self> {
        let tags = |one: &'a Value| -> BTreeMap<&'a String, String> {
            let properties = resolved(root, one)["properties"].as_object();
            let with_word = |(name, member): (&'a String, &'a Value)| {
                Some((name, member.get("const")?.to_string()))
            };
            properties
                .into_iter()
                .flatten()
                .filter_map(with_word)
                .collect()
        };
        let first = all.first()?;
        tags(first).into_keys().find_map(|tag| {
            let of_word = all.iter().map(|one| Some((tags(one).remove(tag)?, one)));
            let of_word: BTreeMap<String, &Value> = of_word.collect::<Option<_>>()?;
            (of_word.len() == all.len()).then(|| Self::Tagged(tag.clone(), of_word))
        })
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Plain => "one thing",
            Self::Words(_) => "an enumeration",
            Self::Tagged(..) => "objects with a tag",
            Self::OrNull(_) => "something or null",
            Self::Unknown => "alternatives that cannot be told apart",
        }
    }
}

/// What `schema` is, where it only refers to it.
fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let place = schema.get("$ref").and_then(Value::as_str);
    let pointer = place.and_then(|place| place.strip_prefix('#'));
    pointer
        .and_then(|pointer| root.pointer(pointer))
        .unwrap_or(schema)
}

fn types(schema: &Map<String, Value>) -> BTreeSet<&str> {
    match schema.get("type") {
        Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
        Some(name) => name.as_str().into_iter().collect(),
        None => BTreeSet::new(),
    }
}

fn members(schema: &Map<String, Value>) -> BTreeMap<&str, &Value> {
    let members = schema.get("properties").and_then(Value::as_object);
    members
        .into_iter()
        .flatten()
        .map(|(name, member)| (name.as_str(), member))
        .collect()
}

fn required(schema: &Map<String, Value>) -> BTreeSet<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A form with all that ours have.
    fn before() -> Value {
        json!({
            "title": "t", "description": "d", "type": "object",
            "properties": {
                "schema": { "type": "string", "const": "tcplull.thing/1" },
                "seconds": { "type": "number", "format": "double", "minimum": 0.0 },
                "pid": { "type": ["integer", "null"] },
                "clock": { "$ref": "#/$defs/Clock" },
                "scope": { "anyOf": [{ "$ref": "#/$defs/Clock" }, { "type": "null" }] },
                "evidence": { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/Fact" } }
            },
            "required": ["schema", "seconds", "pid", "clock", "evidence"],
            "oneOf": [
                { "type": "object", "properties": { "kind": { "type": "string", "const": "plain" } }, "required": ["kind"] },
                { "type": "object", "properties": {
                    "kind": { "type": "string", "const": "stall" },
                    "cause": { "$ref": "#/$defs/Clock" }
                }, "required": ["kind", "cause"] }
            ],
            "$defs": {
                "Clock": { "oneOf": [
                    { "type": "string", "const": "packets", "description": "any" },
                    { "type": "string", "const": "payload" }
                ] },
                "Fact": { "type": "object", "properties": { "fact": { "type": "string" } }, "required": ["fact"] }
            }
        })
    }

    /// What is found where `change` is what is new.
    fn found(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut new = before();
        change(&mut new);
        breaking(&before(), &new)
    }

    fn only(change: impl FnOnce(&mut Value), expected: &str) {
        let found = found(change);
        assert!(found.len() == 1 && found[0].contains(expected), "{found:?}");
    }

    fn push(list: &mut Value, value: Value) {
        list.as_array_mut().expect("a list").push(value);
    }

    fn remove(list: &mut Value, at: usize) {
        list.as_array_mut().expect("a list").remove(at);
    }

    #[test]
    fn nothing_is_found_where_nothing_changed_or_only_words_for_people() {
        assert_eq!(found(|_| ()), [""; 0]);
        let renamed = |new: &mut Value| {
            new["description"] = json!("other");
            new["properties"]["pid"]["description"] = json!("new");
            new["properties"]["pid"]["default"] = json!(null);
        };
        assert_eq!(found(renamed), [""; 0]);
    }

    #[test]
    fn members_and_words_and_kinds_may_be_added() {
        let adds = |new: &mut Value| {
            new["properties"]["workload"] = json!({ "type": "string" });
            new["$defs"]["Fact"]["properties"]["value"] = json!(true);
            push(
                &mut new["$defs"]["Clock"]["oneOf"],
                json!({ "type": "string", "const": "acks" }),
            );
            push(
                &mut new["oneOf"],
                json!({ "type": "object", "properties": { "kind": { "const": "new" } }, "required": ["kind"] }),
            );
        };
        assert_eq!(found(adds), [""; 0]);
    }

    #[test]
    fn a_definition_may_be_written_in_its_place() {
        let inlined = |new: &mut Value| new["properties"]["clock"] = new["$defs"]["Clock"].clone();
        assert_eq!(found(inlined), [""; 0]);
        let as_enum = |new: &mut Value| {
            new["$defs"]["Clock"] =
                json!({ "type": "string", "enum": ["packets", "payload", "acks"] });
        };
        assert_eq!(found(as_enum), [""; 0]);
    }

    #[test]
    fn a_member_that_goes_is_found_at_the_top_and_below() {
        let goes = |new: &mut Value| {
            let _ = new["properties"]
                .as_object_mut()
                .and_then(|all| all.remove("scope"));
        };
        only(goes, ".scope: is gone");
        let goes = |new: &mut Value| {
            new["$defs"]["Fact"] =
                json!({ "type": "object", "properties": {}, "required": ["fact"] })
        };
        only(goes, ".evidence[].fact: is gone");
    }

    #[test]
    fn a_renamed_member_is_one_that_goes() {
        let renamed = |new: &mut Value| {
            let seconds = new["properties"]
                .as_object_mut()
                .and_then(|all| all.remove("seconds"));
            new["properties"]["gap"] = seconds.unwrap_or_default();
            new["required"][1] = json!("gap");
        };
        assert_eq!(
            found(renamed).len(),
            3,
            "gone, no more promised, and promised anew"
        );
    }

    #[test]
    fn a_promise_taken_back_is_found() {
        only(
            |new| remove(&mut new["required"], 2),
            ".pid: was always there",
        );
        only(
            |new| new["$defs"]["Fact"]["required"] = json!([]),
            ".evidence[].fact: was always there",
        );
    }

    #[test]
    fn a_new_promise_is_found() {
        only(
            |new| push(&mut new["required"], json!("scope")),
            ".scope: is promised",
        );
        let adds = |new: &mut Value| {
            new["properties"]["workload"] = json!({ "type": "string" });
            push(&mut new["required"], json!("workload"));
        };
        only(adds, ".workload: is promised");
    }

    #[test]
    fn another_type_is_found_wider_or_narrower() {
        for other in [json!("integer"), json!(["number", "null"]), json!("string")] {
            only(
                |new| new["properties"]["seconds"]["type"] = other,
                ".seconds: was of type",
            );
        }
        only(
            |new| new["properties"]["pid"]["type"] = json!("integer"),
            ".pid: was of type",
        );
        only(
            |new| new["properties"]["scope"] = json!({ "$ref": "#/$defs/Clock" }),
            ".scope: was something or null",
        );
        let null_too = json!({ "anyOf": [{ "$ref": "#/$defs/Clock" }, { "type": "null" }] });
        only(
            |new| new["properties"]["clock"] = null_too,
            ".clock: was an enumeration",
        );
        only(
            |new| new["properties"]["evidence"]["type"] = json!("object"),
            ".evidence: was of type",
        );
    }

    #[test]
    fn another_bound_or_unit_is_found() {
        only(
            |new| new["properties"]["seconds"]["minimum"] = json!(1.0),
            ".seconds: minimum",
        );
        only(
            |new| new["properties"]["seconds"]["maximum"] = json!(1.0),
            ".seconds: maximum",
        );
        only(
            |new| new["properties"]["seconds"]["format"] = json!("float"),
            ".seconds: format",
        );
        only(
            |new| new["properties"]["evidence"]["minItems"] = json!(0),
            ".evidence: minItems",
        );
    }

    #[test]
    fn a_word_that_goes_is_found_and_so_is_one_of_another_type() {
        let goes = |new: &mut Value| remove(&mut new["$defs"]["Clock"]["oneOf"], 0);
        let found = found(goes);
        assert_eq!(found.len(), 3, "wherever it is used: {found:?}");
        assert!(
            found
                .iter()
                .all(|one| one.contains("the word \"packets\" is gone"))
        );
        let number =
            |new: &mut Value| push(&mut new["$defs"]["Clock"]["oneOf"], json!({ "const": 3 }));
        assert_eq!(self::found(number).len(), 3);
    }

    #[test]
    fn a_kind_that_goes_or_changes_is_found() {
        only(
            |new| remove(&mut new["oneOf"], 1),
            "the kind \"stall\" is gone",
        );
        only(
            |new| remove(&mut new["oneOf"][1]["required"], 1),
            "[kind \"stall\"].cause: was always there",
        );
    }

    #[test]
    fn another_name_is_found() {
        only(
            |new| new["properties"]["schema"]["const"] = json!("tcplull.thing/2"),
            "the word \"tcplull.thing/1\" is gone",
        );
    }

    #[test]
    fn what_it_cannot_judge_must_be_equal() {
        only(
            |new| new["additionalProperties"] = json!(false),
            "the line: additionalProperties",
        );
        only(
            |new| new["properties"]["pid"]["not"] = json!({ "const": 0 }),
            ".pid: not",
        );
        only(|new| new["properties"]["pid"] = json!(true), ".pid: was");
        only(
            |new| {
                new["properties"]["pid"] =
                    json!({ "type": ["integer", "null"], "anyOf": [true, { "minimum": 1 }] })
            },
            ".pid: was one thing, is alternatives",
        );
    }

    #[test]
    fn what_is_found_is_also_found_over_two_steps() {
        // Each step only adds, so does the whole; what the first added the second may not take.
        let mut second = before();
        second["properties"]["workload"] = json!({ "type": "string" });
        let mut third = second.clone();
        third["properties"]["reason"] = json!({ "type": "string" });
        assert!(breaking(&before(), &third).is_empty() && breaking(&second, &third).is_empty());
        assert_eq!(breaking(&second, &before()), [".workload: is gone"]);
    }
}
