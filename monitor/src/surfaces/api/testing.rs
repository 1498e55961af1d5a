//! What there is to be asked, for tests of those who ask and who answer.

use super::{AlertQuery, ApiSource, ConnectionQuery, Rows};
use crate::text::tests::{agent, firing, row};
use monitor_model::alert::Alert;
use monitor_model::api::AgentState;

/// A daemon with an alert and so many connections; with none, they cannot be had.
pub(crate) struct SoMany(pub(crate) usize);

impl ApiSource for SoMany {
    fn metrics(&self) -> Result<String, String> {
        Ok("# metrics\n".to_owned())
    }

    fn ready(&self) -> Result<String, String> {
        Err("no sweep has completed yet".to_owned())
    }

    fn alerts(&self, _: &AlertQuery) -> Vec<Alert> {
        vec![firing()]
    }

    fn connections(&self, asked: &ConnectionQuery) -> Result<Rows, String> {
        match self.0 {
            0 => Err("the connections are out".to_owned()),
            count => Ok(Rows::new((0..count).map(|_| row())).first(asked.limit)),
        }
    }

    fn agent(&self) -> AgentState {
        agent()
    }
}
