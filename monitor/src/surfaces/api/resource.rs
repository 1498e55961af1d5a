//! What a resource says of itself.

use super::asked::JSON;
pub(super) use super::served::OverTcp;
use super::served::Served;
use axum::routing::MethodRouter;
use monitor_model::api::ApiError;
use monitor_model::told::Told;
use serde_json::Value;

/// A resource of the API: where it is, who answers, and all that its documentation is made of.
pub(super) struct Resource {
    /// Its path, with parameters as axum and OpenAPI both write them: `/api/v1/connections/{id}`.
    pub(super) path: &'static str,
    /// What it is, in one line.
    pub(super) summary: &'static str,
    /// Whether it is served over TCP.
    pub(super) over_tcp: OverTcp,
    /// Whether its answers last: a stream, or a long list.
    pub(super) lasts: bool,
    /// Who answers.
    pub(super) handler: fn() -> MethodRouter<Served>,
    /// The schema of what may be asked for behind the question mark; `None` where nothing may.
    pub(super) query: Option<fn() -> Value>,
    /// The schema of what it is told: it takes POST then, and else GET.
    pub(super) body: Option<fn() -> Value>,
    /// What it answers.
    pub(super) answers: &'static [Answer],
}

/// One answer of a resource.
pub(super) struct Answer {
    /// HTTP's number for it.
    pub(super) status: u16,
    /// What it means, in one line.
    pub(super) means: &'static str,
    /// The content type.
    pub(super) kind: &'static str,
    /// The form of what it holds.
    pub(super) form: Form,
}

/// What an answer holds.
pub(super) enum Form {
    /// Text for people, or in a form of its own.
    Text,
    /// One of these forms of [`monitor_model::told`]: the document, or each line.
    Told(&'static [&'static str]),
    /// A document with this name and this schema.
    Document(&'static str, fn() -> Value),
}

/// The schema of a type that is asked for, or answered with.
pub(super) fn schema_of<T: schemars::JsonSchema>() -> Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12();
    let generator = settings.for_serialize().into_generator();
    generator.into_root_schema_for::<T>().to_value()
}

/// What is told whoever asks for something else than there is.
pub(super) const NOT_ASKED_SO: Answer = Answer {
    status: 400,
    means: "What is asked for is not known, or not written so",
    kind: JSON,
    form: Form::Told(&[ApiError::SCHEMA]),
};

/// What is told whoever has not shown who it is.
pub(super) const NOT_KNOWN: Answer = Answer {
    status: 403,
    means: "Over TCP, who asks has not shown who it is",
    kind: JSON,
    form: Form::Told(&[ApiError::SCHEMA]),
};
