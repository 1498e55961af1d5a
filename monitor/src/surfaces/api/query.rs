//! What may be asked for behind the question mark: each member is a parameter, with what it means as its comment, and stands
//! so in the document of the API.

use schemars::JsonSchema;
use serde::Deserialize;

/// Which connections are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionQuery {
    /// So many of them at the most, in no order; all, where it is not given.
    pub limit: Option<u64>,
}

/// Which findings are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingQuery {}

/// Which alerts are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertQuery {}
