//! Who is told by Alertmanager: a receiver of its webhooks, which keeps what it is told.

use super::webhook::Webhook;
use crate::LabError;
use serde_json::Value;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

/// A message, by the path that it was sent to.
#[derive(Clone, Debug)]
struct Message {
    path: String,
    body: Value,
}

/// A running receiver. Dropping it ends it.
#[derive(Debug)]
pub struct Receiver {
    webhook: Webhook,
    messages: Arc<Mutex<Vec<Message>>>,
}

impl Receiver {
    /// Listens on a free port of `address`, in the calling thread's network namespace.
    ///
    /// # Errors
    /// If there is none.
    pub fn start(address: IpAddr) -> Result<Self, LabError> {
        let messages = Arc::<Mutex<Vec<Message>>>::default();
        let kept = Arc::clone(&messages);
        let webhook = Webhook::start(address, move |path, body| {
            // What is no JSON tells nothing.
            if let (Ok(body), Ok(mut kept)) = (serde_json::from_slice(body), kept.lock()) {
                kept.push(Message { path, body });
            }
        })?;
        Ok(Self { webhook, messages })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.webhook.address()
    }

    /// What was said on `path` so far: the status and the labels of each alert in each message, in order.
    pub fn told(&self, path: &str) -> Vec<(String, Value)> {
        let messages = self.messages.lock().map_or(Vec::new(), |kept| kept.clone());
        let of_it = messages.into_iter().filter(|message| message.path == path);
        of_it
            .flat_map(|message| {
                let alerts = message.body["alerts"].as_array().cloned();
                alerts.unwrap_or_default()
            })
            .map(|alert| {
                let status = alert["status"].as_str().unwrap_or_default().to_owned();
                (status, alert)
            })
            .collect()
    }
}
