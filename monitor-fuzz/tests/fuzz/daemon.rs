//! A daemon that has nothing to tell.

use monitor::surfaces::api::{AlertQuery, Api, ApiSource, ConnectionQuery, Feed, Rows};
use monitor_model::alert::Alert;
use monitor_model::api::{AgentClients, AgentPrivileges, AgentState, AgentSweeps};
use monitor_model::listing::ConnectionRow;
use monitor_model::time::Timestamp;
use std::sync::Arc;

struct Daemon;

/// Its API.
pub fn api() -> Api {
    Api::new(Arc::new(Daemon), Feed::default(), Arc::default())
}

impl ApiSource for Daemon {
    fn metrics(&self) -> Result<String, String> {
        Ok("tcplull_up 1\n".to_owned())
    }

    fn ready(&self) -> Result<String, String> {
        Ok("ready".to_owned())
    }

    fn alerts(&self, _: &AlertQuery) -> Vec<Alert> {
        Vec::new()
    }

    fn connections(&self, _: &ConnectionQuery) -> Result<Rows, String> {
        Ok(Rows::new(Vec::<ConnectionRow>::new()))
    }

    fn agent(&self) -> AgentState {
        AgentState {
            version: String::new(),
            kernel: String::new(),
            started: Timestamp::of(0),
            watching: String::new(),
            hooks: Vec::new(),
            ready: true,
            readiness: String::new(),
            paths: Vec::new(),
            privileges: AgentPrivileges::default(),
            sweeps: AgentSweeps::default(),
            clients: AgentClients::default(),
        }
    }
}
