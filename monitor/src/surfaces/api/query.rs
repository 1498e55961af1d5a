//! What may be asked for behind the question mark: each member is a parameter, with what it means as its comment, and stands
//! so in the document of the API.

use monitor_model::time::Timestamp;
use monitor_query::{Column, Filter, List, Sort};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// Which connections are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionQuery {
    /// So many of them at the most, in no order unless `sort` is given; all, where it is not given.
    pub limit: Option<u64>,
    /// Those alone that this holds for, in the words of docs/filters.md: "state at-risk and not port 22".
    #[serde(default, deserialize_with = "filter")]
    #[schemars(with = "Option<String>")]
    pub filter: Filter,
    /// The first of them by this column of `tcplull ls --sort`; with - before it the greatest is the first. Those that are
    /// alike are told by what is left until the timeout, the least first. It is the first of all that there are, of which no
    /// more than `limit` are held, and never more than 10,000; how many more there are the last line says.
    #[serde(default, deserialize_with = "sort")]
    #[schemars(schema_with = "columns")]
    pub sort: Option<Sort>,
    /// What is told may have been looked at so many seconds ago, for others who asked: one sweep serves all who ask within
    /// that time, for this list and for others, of 16,384 connections together; where a sweep takes long, within ten times
    /// as long as it took. The answer's header Age has how many it was. A sweep is made for this answer, where it is not given.
    pub max_age: Option<u64>,
}

impl ConnectionQuery {
    /// Connections that are held while they are put in order, at the most: a few megabytes.
    pub const MOST_SORTED: usize = 10_000;

    /// So many are held where they are put in order.
    pub fn most_sorted(&self) -> usize {
        let limit = self.limit.and_then(|limit| usize::try_from(limit).ok());
        limit.map_or(Self::MOST_SORTED, |limit| limit.min(Self::MOST_SORTED))
    }
}

/// How much of one connection is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DetailQuery {
    /// Whether the history is looked through, too, which takes a while where it is long; it is, where nothing is given.
    #[serde(default = "yes")]
    pub history: bool,
    /// Its socket may have been looked at so many seconds ago, for others who asked; a sweep is made for this answer, where
    /// it is not given.
    pub max_age: Option<u64>,
}

const fn yes() -> bool {
    true
}

/// Which findings are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingQuery {}

/// Which alerts are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertQuery {}

/// What of the history is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryQuery {
    /// From this moment on, RFC 3339; from the first record, where it is not given.
    #[schemars(schema_with = "Timestamp::json_schema")]
    pub since: Option<Timestamp>,
    /// To this one, which is not part of it; to the last record, where it is not given.
    #[schemars(schema_with = "Timestamp::json_schema")]
    pub until: Option<Timestamp>,
    /// Of this kind alone; of all, where it is not given.
    #[schemars(schema_with = "kinds")]
    pub kind: Option<HistoryKind>,
    /// So many of them at the most.
    pub limit: Option<u64>,
}

/// A kind of what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryKind {
    /// Findings.
    Finding,
    /// Changes of alerts.
    Alert,
    /// How long gaps were.
    Gaps,
    /// What happened to the daemon.
    Agent,
}

/// Its words in their place, not elsewhere in the document.
fn kinds(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["finding", "alert", "gaps", "agent"] })
}

/// Every column, either way round.
fn columns(_: &mut SchemaGenerator) -> Schema {
    let names = Column::ALL.map(Column::name).into_iter();
    let names: Vec<String> = names
        .flat_map(|name| [name.to_owned(), format!("-{name}")])
        .collect();
    json_schema!({ "type": "string", "enum": names })
}

fn sort<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Sort>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(Error::custom)
}

fn filter<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Filter, D::Error> {
    let text = String::deserialize(deserializer)?;
    let filter = Filter::parse(&text).map_err(Error::custom)?;
    filter.fits(List::Connections).map_err(Error::custom)?;
    Ok(filter)
}
