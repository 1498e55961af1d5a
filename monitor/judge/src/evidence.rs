//! Building the list of facts behind a finding.

use monitor_model::finding::Evidence;
use monitor_model::format;
use serde_json::Value;

/// Evidence in the making.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct EvidenceList(Vec<Evidence>);

impl EvidenceList {
    pub(crate) fn count(&mut self, fact: &'static str, value: impl Into<u64>) -> &mut Self {
        self.add(fact, Value::from(value.into()))
    }

    pub(crate) fn seconds(&mut self, fact: &'static str, ns: u64) -> &mut Self {
        self.add(fact, Value::from(format::seconds(ns)))
    }

    pub(crate) fn flag(&mut self, fact: &'static str, value: bool) -> &mut Self {
        self.add(fact, Value::from(value))
    }

    pub(crate) fn text(&mut self, fact: &'static str, value: impl Into<String>) -> &mut Self {
        self.add(fact, Value::from(value.into()))
    }

    fn add(&mut self, fact: &'static str, value: Value) -> &mut Self {
        self.0.push(Evidence {
            fact: fact.into(),
            value,
        });
        self
    }

    /// The finished list.
    pub(crate) fn into_vec(self) -> Vec<Evidence> {
        self.0
    }
}
