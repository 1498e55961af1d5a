//! One HTTP request, one answer.

use super::wait::BOUND;
use crate::LabError;
use std::net::SocketAddr;

/// Status and body of the answer, whatever the status.
///
/// # Errors
/// If there is no answer.
pub fn get(listen: SocketAddr, path: &str) -> Result<(u16, String), LabError> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(BOUND))
        .http_status_as_error(false)
        .proxy(None)
        .build()
        .into();
    let url = format!("http://{listen}{path}");
    let asked = || -> Result<_, ureq::Error> {
        let mut answer = agent.get(&url).call()?;
        Ok((
            answer.status().as_u16(),
            answer.body_mut().read_to_string()?,
        ))
    };
    asked().map_err(|error| LabError::io(format!("asking {url}"))(error.into_io()))
}
