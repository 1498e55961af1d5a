//! The headers that a web configuration adds to answers.

use super::error::{Fault, WebProblem};
use super::form::Text;
use axum::http::{HeaderName, HeaderValue, header};
use std::collections::BTreeMap;

/// Those that can be set, and the values that they may have; none: any.
static ALLOWED: [(&str, HeaderName, &[&str]); 5] = [
    (
        "Content-Security-Policy",
        header::CONTENT_SECURITY_POLICY,
        &[],
    ),
    (
        "Strict-Transport-Security",
        header::STRICT_TRANSPORT_SECURITY,
        &[],
    ),
    (
        "X-Content-Type-Options",
        header::X_CONTENT_TYPE_OPTIONS,
        &["nosniff"],
    ),
    (
        "X-Frame-Options",
        header::X_FRAME_OPTIONS,
        &["deny", "sameorigin"],
    ),
    ("X-XSS-Protection", header::X_XSS_PROTECTION, &[]),
];

/// The headers that are to be set; one with an empty value is not.
pub(super) fn headers(
    form: &BTreeMap<String, Text>,
) -> Result<Vec<(HeaderName, HeaderValue)>, Fault> {
    let mut headers = Vec::new();
    for (name, text) in form {
        let value = &text.value;
        let known = ALLOWED.iter().find(|(known, ..)| known == name);
        let Some((_, header, values)) = known else {
            let name = name.clone();
            return Err(text.fault(WebProblem::Header { name }));
        };
        if value.is_empty() {
            continue;
        }
        let wrong = |right: String| {
            let (name, value) = (name.clone(), value.clone());
            text.fault(WebProblem::HeaderValue { name, value, right })
        };
        if !values.is_empty() && !values.contains(&value.as_str()) {
            return Err(wrong(values.join(" or ")));
        }
        let value = HeaderValue::from_str(value)
            .map_err(|_| wrong("one line of visible characters".to_owned()))?;
        headers.push((header.clone(), value));
    }
    Ok(headers)
}
