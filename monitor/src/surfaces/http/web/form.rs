//! The web configuration as it is written, in exporter-toolkit's format: YAML, every key optional, none unknown.

use super::error::{Fault, WebProblem};
use serde::{Deserialize, Deserializer};
use serde_saphyr::{MessageFormatter, Spanned, UserMessageFormatter};
use std::collections::BTreeMap;

/// What is shown of the parser's words, in characters: where the file is another one, they may show some of it.
const LONGEST_MESSAGE: usize = 300;

/// A text with the line where it stands.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) value: String,
    line: u64,
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = Spanned::<String>::deserialize(deserializer)?;
        Ok(Self {
            value: found.value,
            line: found.referenced.line(),
        })
    }
}

impl Text {
    pub(super) fn fault(&self, problem: WebProblem) -> Fault {
        Fault {
            line: Some(self.line),
            problem,
        }
    }
}

/// The text under a key; one that is empty is none.
pub(super) fn given(text: &Option<Text>) -> Option<&Text> {
    text.as_ref().filter(|text| !text.value.is_empty())
}

/// The whole file.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Form {
    pub(super) tls_server_config: Option<TlsForm>,
    pub(super) http_server_config: Option<HttpForm>,
    pub(super) basic_auth_users: Option<BTreeMap<String, Text>>,
    pub(super) rate_limit: Option<LimitForm>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TlsForm {
    pub(super) cert: Option<Text>,
    pub(super) key: Option<Text>,
    pub(super) client_ca: Option<Text>,
    pub(super) cert_file: Option<Text>,
    pub(super) key_file: Option<Text>,
    pub(super) client_ca_file: Option<Text>,
    pub(super) client_auth_type: Option<Text>,
    pub(super) client_allowed_sans: Option<Vec<Text>>,
    pub(super) min_version: Option<Text>,
    pub(super) max_version: Option<Text>,
    pub(super) cipher_suites: Option<Vec<Text>>,
    pub(super) prefer_server_cipher_suites: Option<bool>,
    pub(super) curve_preferences: Option<Vec<Text>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct HttpForm {
    pub(super) http2: Option<bool>,
    pub(super) headers: Option<BTreeMap<String, Text>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LimitForm {
    pub(super) interval: Option<Text>,
    pub(super) burst: Option<i64>,
}

/// Reads the text of the file.
pub(super) fn parse(text: &[u8]) -> Result<Form, Fault> {
    let text = std::str::from_utf8(text).map_err(|error| {
        let before = text.iter().take(error.valid_up_to());
        let line = 1 + before.filter(|byte| **byte == b'\n').count() as u64;
        Fault {
            line: Some(line),
            problem: WebProblem::NotText,
        }
    })?;
    let options = serde_saphyr::options! { with_snippet: false };
    let form: Option<Form> =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let line = error.location().map(|at| at.line());
            let message = UserMessageFormatter.format_message(&error);
            let message: Vec<&str> = message.lines().map(str::trim).collect();
            let message = message.join("; ").chars().take(LONGEST_MESSAGE).collect();
            Fault {
                line,
                problem: WebProblem::Yaml(message),
            }
        })?;
    Ok(form.unwrap_or_default())
}
