//! Lines of JSON that scripts read: each says which form it has, and each form has a JSON Schema, made from the types.

use crate::agent::AgentEvent;
use crate::alert::{Alert, AlertChange};
use crate::api::{AgentState, ApiError};
use crate::detail::ConnectionDetail;
use crate::explained::Explained;
use crate::finding::{Finding, Lagged};
use crate::gaps::GapSummary;
use crate::listing::{CheckRow, ConnectionRow};
use crate::path_state::{FoundInTime, PathState};
use crate::probe::ProbeReport;
use crate::report::Report;
use crate::snapshot::{ConfigFile, SnapshotAbout};
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema, json_schema};
use serde::Serialize;
use serde_json::Value;

/// What is told to scripts, one JSON object a line.
pub trait Told: Serialize + JsonSchema {
    /// Name and version of its form, as `schema` in each line: `tcplull.finding/1`. Whoever finds the name that it was
    /// written for can read the line. So what only adds (a member, a word of an enumeration) leaves it as it is, as with
    /// `apiVersion` of Kubernetes; the number rises with what takes away or changes.
    const SCHEMA: &'static str;
}

impl Told for Finding {
    const SCHEMA: &'static str = "tcplull.finding/1";
}

impl Told for Lagged {
    const SCHEMA: &'static str = "tcplull.lagged/1";
}

impl Told for Alert {
    const SCHEMA: &'static str = "tcplull.alert/1";
}

impl<T: Serialize + JsonSchema> Told for ConnectionRow<T> {
    const SCHEMA: &'static str = "tcplull.connection/1";
}

impl Told for ConnectionDetail {
    const SCHEMA: &'static str = "tcplull.connection_detail/1";
}

impl Told for Explained {
    const SCHEMA: &'static str = "tcplull.explained/1";
}

impl Told for AgentState {
    const SCHEMA: &'static str = "tcplull.agent/1";
}

impl Told for PathState {
    const SCHEMA: &'static str = "tcplull.path/1";
}

impl Told for FoundInTime {
    const SCHEMA: &'static str = "tcplull.found_in_time/1";
}

impl Told for ApiError {
    const SCHEMA: &'static str = "tcplull.error/1";
}

impl Told for AlertChange {
    const SCHEMA: &'static str = "tcplull.alert_change/1";
}

impl Told for GapSummary {
    const SCHEMA: &'static str = "tcplull.gaps/1";
}

impl Told for AgentEvent {
    const SCHEMA: &'static str = "tcplull.agent_event/1";
}

impl Told for Report {
    const SCHEMA: &'static str = "tcplull.report/1";
}

impl Told for SnapshotAbout {
    const SCHEMA: &'static str = "tcplull.snapshot/1";
}

impl Told for ConfigFile {
    const SCHEMA: &'static str = "tcplull.config_file/1";
}

impl Told for CheckRow {
    const SCHEMA: &'static str = "tcplull.check_row/1";
}

impl Told for ProbeReport {
    const SCHEMA: &'static str = "tcplull.probe/1";
}

/// A line as it is written.
#[derive(Serialize)]
pub(crate) struct Line<'a, T> {
    schema: &'static str,
    #[serde(flatten)]
    told: &'a T,
}

impl<'a, T: Told> Line<'a, T> {
    pub(crate) fn of(told: &'a T) -> Self {
        let schema = T::SCHEMA;
        Self { schema, told }
    }
}

/// The JSON Schema of each form (draft 2020-12), by its name.
pub fn schemas() -> [(&'static str, Value); 18] {
    [
        (Finding::SCHEMA, schema::<Finding>()),
        (Lagged::SCHEMA, schema::<Lagged>()),
        (Alert::SCHEMA, schema::<Alert>()),
        (<ConnectionRow>::SCHEMA, schema::<ConnectionRow>()),
        (ConnectionDetail::SCHEMA, schema::<ConnectionDetail>()),
        (AgentState::SCHEMA, schema::<AgentState>()),
        (PathState::SCHEMA, schema::<PathState>()),
        (FoundInTime::SCHEMA, schema::<FoundInTime>()),
        (ApiError::SCHEMA, schema::<ApiError>()),
        (AlertChange::SCHEMA, schema::<AlertChange>()),
        (GapSummary::SCHEMA, schema::<GapSummary>()),
        (AgentEvent::SCHEMA, schema::<AgentEvent>()),
        (Report::SCHEMA, schema::<Report>()),
        (Explained::SCHEMA, schema::<Explained>()),
        (SnapshotAbout::SCHEMA, schema::<SnapshotAbout>()),
        (ConfigFile::SCHEMA, schema::<ConfigFile>()),
        (CheckRow::SCHEMA, schema::<CheckRow>()),
        (ProbeReport::SCHEMA, schema::<ProbeReport>()),
    ]
}

/// What a reader must be ready for, said in each schema.
const OPEN: &str = "Members that are not described here, and words beyond those that are listed, may come under the same \
    name: ignore the former, and take the latter as one you do not know.";

/// Words for `schema` itself.
const NAME: &str = "Name and version of the line's form. It stays as it is while members and words are only added.";

fn schema<T: Told>() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = generator.into_generator().into_root_schema_for::<T>();
    MayBeMissing.transform(&mut schema);
    InWordsOfJson.transform(&mut schema);
    let about = schema.get("description").and_then(|text| text.as_str());
    let about = format!("{} {OPEN}", about.unwrap_or_default());
    schema.insert("description".to_owned(), about.into());
    schema.insert("title".to_owned(), T::SCHEMA.into());
    let name = json_schema!({ "type": "string", "const": T::SCHEMA, "description": NAME });
    let members = schema.ensure_object();
    if let Some(properties) = members
        .get_mut("properties")
        .and_then(|all| all.as_object_mut())
    {
        properties.insert("schema".to_owned(), name.to_value());
    }
    if let Some(required) = members
        .get_mut("required")
        .and_then(|all| all.as_array_mut())
    {
        required.insert(0, "schema".into());
    }
    schema.to_value()
}

/// What a line of an older daemon may lack: a member that reading fills in (`#[serde(default)]`) is promised to nobody.
struct MayBeMissing;

impl Transform for MayBeMissing {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let filled_in = |name: &Value| {
            let properties = schema.get("properties");
            let property = name.as_str().and_then(|name| properties?.get(name));
            property.is_some_and(|property| property.get("default").is_some())
        };
        let required = schema.get("required").and_then(|all| all.as_array());
        let Some(required) = required else { return };
        let promised = required.iter().filter(|name| !filled_in(name));
        let promised: Vec<Value> = promised.cloned().collect();
        schema.insert("required".to_owned(), promised.into());
    }
}

/// Descriptions are the types' own: what Rust calls `None` is null in JSON, and lines end where the reader wants.
struct InWordsOfJson;

impl Transform for InWordsOfJson {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        if let Some(text) = schema.get("description").and_then(|text| text.as_str()) {
            let text = text.replace("`None`", "`null`").replace('\n', " ");
            schema.insert("description".to_owned(), text.into());
        }
    }
}
