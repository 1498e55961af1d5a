//! `/api/v1/alerts`: the alerts that wait and fire, in the shape of Prometheus' own API, so that what reads one reads the
//! other; and, for whom lines are asked for, all of them as lines, those that are over included. Which connection is in
//! trouble, and where to, is for those who have shown who they are.

use crate::surfaces::api::asked::{Asked, JSON, Known, LINES, refused, wants_lines};
use crate::surfaces::api::body;
use crate::surfaces::api::query::AlertQuery;
use crate::surfaces::api::resource::{Answer, Form, NOT_ASKED_SO, OverTcp, Resource, schema_of};
use crate::surfaces::api::rows::Rows;
use crate::surfaces::api::served::Served;
use crate::surfaces::prometheus_alert::PrometheusAlert;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use monitor_model::alert::{Alert, AlertState};
use monitor_model::format::json_line;
use monitor_model::time::Timestamp;
use monitor_model::told::Told;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/alerts",
    summary: "Alerts that wait and fire, as Prometheus has its own; as lines (Accept: application/x-ndjson) also those lately over",
    over_tcp: OverTcp::Always,
    lasts: false,
    handler: || get(alerts),
    query: Some(schema_of::<AlertQuery>),
    body: None,
    answers: &[
        Answer {
            status: 200,
            means: "Those that wait and fire",
            kind: JSON,
            form: Form::Document("prometheus-alerts", schema_of::<Shape>),
        },
        Answer {
            status: 200,
            means: "Each alert is a line, those that are lately over included",
            kind: LINES,
            form: Form::Told(&[Alert::SCHEMA]),
        },
        NOT_ASKED_SO,
    ],
};

#[derive(Serialize, JsonSchema)]
struct Shape {
    status: &'static str,
    data: Data,
}

#[derive(Serialize, JsonSchema)]
struct Data {
    alerts: Vec<Shown>,
}

#[derive(Serialize, JsonSchema)]
struct Shown {
    #[serde(flatten)]
    told: PrometheusAlert,
    state: &'static str,
    #[serde(rename = "activeAt")]
    active_at: Timestamp,
    value: String,
}

impl Shown {
    /// One that is over is shown no more.
    fn of(alert: &Alert, is_known: bool) -> Option<Self> {
        let is_active = matches!(alert.state, AlertState::Pending | AlertState::Firing);
        is_active.then(|| Self {
            told: match is_known {
                true => PrometheusAlert::of(alert),
                false => PrometheusAlert::without_example(alert),
            },
            state: alert.state.name(),
            active_at: alert.since,
            value: value(alert.connections),
        })
    }
}

/// A number as Prometheus writes values there (Go's `%e` with as few digits as tell it): "1e+00", "1.25e+02".
fn value(number: u64) -> String {
    // Exact below 2^53, which no count of connections reaches.
    let text = format!("{:e}", number as f64);
    match text.split_once('e') {
        Some((digits, power)) => format!("{digits}e+{power:0>2}"),
        None => text,
    }
}

fn answer(alerts: &[Alert], is_known: bool) -> Shape {
    let alerts = alerts.iter();
    let alerts = alerts
        .filter_map(|alert| Shown::of(alert, is_known))
        .collect();
    Shape {
        status: "success",
        data: Data { alerts },
    }
}

/// An alert as it is shown: who has not shown who it is gets no example.
pub(in crate::surfaces::api) fn shown_to(alert: Alert, is_known: bool) -> Alert {
    match is_known {
        true => alert,
        false => Alert {
            summary: String::new(),
            example: String::new(),
            ..alert
        },
    }
}

/// As lines.
fn rows(alerts: Vec<Alert>, is_known: bool) -> Rows {
    Rows::new(
        alerts
            .into_iter()
            .map(move |alert| shown_to(alert, is_known)),
    )
}

async fn alerts(
    State(served): State<Served>,
    known: Option<Extension<Known>>,
    headers: HeaderMap,
    asked: Result<Asked<AlertQuery>, Response>,
) -> Response {
    // Where not the whole API is served, this is one page, as it always was.
    let query = match asked {
        Ok(Asked(query)) => query,
        Err(_) if !served.offer.whole => AlertQuery::default(),
        Err(refused) => return refused,
    };
    let alerts = served.api.source.alerts(&query);
    if served.offer.whole && wants_lines(&headers) {
        return body::rows(rows(alerts, known.is_some()));
    }
    match json_line(&answer(&alerts, known.is_some())) {
        Ok(text) => ([(header::CONTENT_TYPE, JSON)], text + "\n").into_response(),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tests::firing;
    use serde_json::{Value, json};

    #[test]
    fn the_shape_is_that_of_prometheus() {
        let pending = Alert {
            state: AlertState::Pending,
            connections: 3,
            ..firing()
        };
        let over = Alert {
            state: AlertState::Over,
            ..firing()
        };
        let text = json_line(&answer(&[firing(), pending, over], true)).unwrap();
        let found: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(found["status"], "success");
        let alerts = found["data"]["alerts"].as_array().unwrap();
        assert_eq!(alerts.len(), 2, "{text}");
        let first = alerts[0].as_object().unwrap();
        let keys: Vec<&str> = first.keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            ["activeAt", "annotations", "labels", "state", "value"]
        );
        assert_eq!(first["activeAt"], "2026-01-31T12:00:00.123Z");
        assert_eq!(first["value"], "1e+04");
        assert_eq!(first["state"], "firing");
        assert_eq!(
            first["labels"],
            json!({
                "alertname": "TcplullBlackholed",
                "path": "nat",
                "severity": "critical",
                "owner": "api.service",
            })
        );
        assert_eq!(
            (&alerts[1]["state"], &alerts[1]["value"]),
            (&json!("pending"), &json!("3e+00"))
        );
    }

    #[test]
    fn values_are_written_as_in_go() {
        for (number, text) in [
            (0, "0e+00"),
            (7, "7e+00"),
            (125, "1.25e+02"),
            (10_000, "1e+04"),
            (12_345, "1.2345e+04"),
        ] {
            assert_eq!(value(number), text);
        }
    }
}
