//! The configuration's files as lines of a snapshot: what they say, without their comments.

use super::super::arguments::ConfigArguments;
use crate::config;
use monitor_model::format::told_line;
use monitor_model::snapshot::ConfigFile;
use serde_json::{Map, Value};
use std::path::Path;

/// A line for each file.
///
/// # Errors
/// Which cannot be read, in one line.
pub(super) fn lines(arguments: &ConfigArguments) -> Result<Vec<String>, String> {
    let file = arguments.config.as_deref();
    let texts = config::texts(file, Path::new(config::DEFAULT_FILE));
    let texts = texts.map_err(|error| error.to_string())?;
    let lines = texts.into_iter().map(|(file, text)| {
        let file = file.display().to_string();
        let settings = text.parse::<toml::Table>();
        // What is wrong in it is not told with its text, which may be anything.
        let settings = settings.map_err(|_| format!("{file} is no TOML"))?;
        let settings = table(settings);
        told_line(&ConfigFile { file, settings }).map_err(|error| error.to_string())
    });
    lines.collect()
}

fn table(table: toml::Table) -> Map<String, Value> {
    let members = table.into_iter();
    members
        .map(|(key, setting)| (key, value(setting)))
        .collect()
}

fn value(setting: toml::Value) -> Value {
    match setting {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(is) => is.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(settings) => settings.into_iter().map(value).collect(),
        toml::Value::Table(inner) => table(inner).into(),
    }
}
