//! What a daemon answers, through each of its surfaces.

use super::Daemon;
use crate::LabError;
use crate::network::namespace::within;
use crate::testbed::place::FINDINGS;
use crate::testbed::run::finish;
use crate::testbed::wait::eventually;
use crate::testbed::{http, prometheus};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::net::SocketAddr;

impl Daemon {
    /// Status and body of an HTTP answer.
    ///
    /// # Errors
    /// If there is none.
    pub fn get(&self, path: &str) -> Result<(u16, String), LabError> {
        let get = || http::get(self.place.listen(), path);
        match &self.place.netns {
            Some(netns) => {
                within(netns, get).map_err(LabError::io("entering tcplull's namespace"))?
            }
            None => get(),
        }
    }

    /// The text of `/metrics`.
    ///
    /// # Errors
    /// If it is not served.
    pub fn metrics(&self) -> Result<String, LabError> {
        match self.get("/metrics")? {
            (200, text) => Ok(text),
            // Who asks there shows who they are; on the socket they are known.
            (401, _) => Ok(http::get_on(&self.place.socket(), "/metrics", "*/*")?.body),
            (code, body) => Err(self.failed(format!("answers /metrics with {code} {body}"))),
        }
    }

    /// The sum of a metric's series with these labels, `name` without its `tcplull_`.
    ///
    /// # Errors
    /// If there is none.
    pub fn metric(&self, name: &str, labels: &[(&str, &str)]) -> Result<f64, LabError> {
        let text = self.metrics()?;
        prometheus::sum(&text, &format!("tcplull_{name}"), labels)
            .ok_or_else(|| LabError::Daemon(format!("has no tcplull_{name} {labels:?} in {text}")))
    }

    /// How many sweeps there have been.
    ///
    /// # Errors
    /// If it does not say.
    pub fn sweeps(&self) -> Result<f64, LabError> {
        self.metric("sweeps_total", &[])
    }

    /// Waits until `count` whole sweeps have passed from now on.
    ///
    /// # Errors
    /// If they do not come.
    pub fn await_sweeps(&self, count: u32) -> Result<(), LabError> {
        // The one under way began before now.
        let enough = self.sweeps()? + f64::from(count + 1);
        eventually("the daemon has swept", || {
            let sweeps = self.sweeps()?;
            Ok((sweeps >= enough).then_some(()).ok_or(sweeps))
        })
    }

    /// What `tcplull <question> --json` answers: `ls` or `alerts`.
    ///
    /// # Errors
    /// If it fails, or prints what it should not.
    pub fn ask<T: DeserializeOwned>(&self, question: &str) -> Result<Vec<T>, LabError> {
        let ended = finish(&mut self.place.question(question))?;
        // 1 says that what it shows is wrong, as it mostly is here.
        if !matches!(ended.code, Some(0 | 1)) {
            return Err(self.failed(format!("{question}: {ended:?}")));
        }
        objects(ended.stdout.lines())
    }

    /// Waits until it has said this of itself; answers all that it has. A thread of its own writes that, so what it
    /// answers may come before.
    ///
    /// # Errors
    /// If it does not say it.
    pub fn await_log(&self, part: &str) -> Result<String, LabError> {
        eventually(&format!("the log says {part:?}"), || {
            let log = self.log()?;
            Ok(if log.contains(part) {
                Ok(log)
            } else {
                Err(log)
            })
        })
    }

    /// The one row of `ls` whose local address is `local`.
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub fn row(&self, local: SocketAddr) -> Result<Value, LabError> {
        let mut rows: Vec<Value> = self.ask("ls")?;
        rows.retain(|row| row["connection"]["local"] == local.to_string());
        match rows.pop() {
            Some(row) if rows.is_empty() => Ok(row),
            found => Err(self.failed(format!("has {local} in ls: {found:?} and {rows:?}"))),
        }
    }

    /// The whole lines that it wrote to standard output so far.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn finding_lines(&self) -> Result<Vec<String>, LabError> {
        let text = self.place.read(FINDINGS, u64::MAX)?;
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        Ok(whole.lines().map(str::to_owned).collect())
    }

    /// Findings so far whose local or remote address is `address`.
    ///
    /// # Errors
    /// If standard output holds anything but objects.
    pub fn findings_of(&self, address: SocketAddr) -> Result<Vec<Value>, LabError> {
        let lines = self.finding_lines()?;
        let mut findings: Vec<Value> = objects(lines.iter().map(String::as_str))?;
        let address = address.to_string();
        findings.retain(|finding| {
            let connection = &finding["connection"];
            connection["local"] == address || connection["remote"] == address
        });
        Ok(findings)
    }

    /// Waits for the finding about the connection with this local address that
    /// concludes `name`: a kind, or an outcome.
    ///
    /// # Errors
    /// If it does not come.
    pub fn await_finding(&self, local: SocketAddr, name: &str) -> Result<Value, LabError> {
        eventually(&format!("{local} is found {name}"), || {
            let findings = self.findings_of(local)?;
            let mut found = findings.iter().filter(|finding| {
                finding["connection"]["local"] == local.to_string()
                    && (finding["kind"] == name || finding["outcome"] == name)
            });
            Ok(found.next().cloned().ok_or_else(|| format!("{findings:?}")))
        })
    }
}

/// One JSON object a line, and nothing else.
fn objects<'a, T: DeserializeOwned>(
    lines: impl Iterator<Item = &'a str>,
) -> Result<Vec<T>, LabError> {
    let object = |line: &str| {
        let failed =
            |why: &str| LabError::Daemon(format!("wrote what it should not ({why}): {line}"));
        if !line.starts_with('{') {
            return Err(failed("no object"));
        }
        serde_json::from_str(line).map_err(|error| failed(&error.to_string()))
    };
    lines.map(object).collect()
}
