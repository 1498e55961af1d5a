//! The web configuration: TLS, who may ask and how often, and headers, in the format of Prometheus' exporter-toolkit, so
//! that one file serves all exporters of a host. It is read at each connection and each request; one that has gone bad is
//! no reason to stop.

mod client_certs;
mod error;
mod form;
mod headers;
mod limit;
mod names;
mod read;
mod tls;
mod users;

#[cfg(test)]
mod tests;

use axum::http::{HeaderName, HeaderValue};
pub use error::{WebError, WebProblem};
use limit::RateLimit;
use read::{Reader, Seen};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
pub(super) use tls::Tls;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::timeout;
pub(super) use users::{Doorkeeper, Users};

/// How long a request waits for the files to be read. A file system that hangs costs no more.
const LONGEST_LOOK: Duration = Duration::from_secs(2);

/// What a web configuration says now.
pub(super) struct Settings {
    pub(super) tls: Option<Tls>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) users: Users,
}

/// A web configuration as it is now, whenever that is.
pub struct WebConfig {
    file: PathBuf,
    open_health: bool,
    /// Read at the start only.
    limit: Option<RateLimit>,
    is_tls: bool,
    latest: Mutex<Latest>,
    pub(super) doorkeeper: Doorkeeper,
}

/// What the last look found.
struct Latest {
    seen: Arc<Seen>,
    /// Nothing where it is bad.
    settings: Option<Arc<Settings>>,
    /// Of the last one that was good.
    tls: Option<Tls>,
    /// A look under way: there is never more than one, however long it takes.
    look: Option<JoinHandle<Option<Loaded>>>,
    hangs: bool,
    /// What was last said in the log, so that it is said once.
    told: Option<String>,
}

/// What reading all of it comes to.
struct Loaded {
    seen: Seen,
    settings: Result<Settings, WebError>,
    limit: Option<RateLimit>,
}

/// What is in force for a connection or a request.
pub(super) struct Now {
    /// Nothing where the configuration is bad: no page is served by it.
    pub(super) settings: Option<Arc<Settings>>,
    /// TLS is spoken by the last one that was good, so that clients can be told.
    pub(super) tls: Option<Tls>,
}

impl WebConfig {
    /// Reads the configuration. Where health is open, it takes no certificate to ask for it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn load(file: &Path, open_health: bool) -> Result<Self, WebError> {
        let Loaded {
            seen,
            settings,
            limit,
        } = load(file, open_health, true);
        let settings = settings?;
        let tls = settings.tls.clone();
        Ok(Self {
            file: file.to_owned(),
            open_health,
            limit,
            is_tls: tls.is_some(),
            latest: Mutex::new(Latest {
                seen: Arc::new(seen),
                settings: Some(Arc::new(settings)),
                tls,
                look: None,
                hangs: false,
                told: None,
            }),
            doorkeeper: Doorkeeper::default(),
        })
    }

    /// Whether TLS is served: for as long as the daemon lives.
    pub fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// Whether one more request may be answered now.
    pub(super) fn has_room(&self) -> bool {
        self.limit.as_ref().is_none_or(RateLimit::admits)
    }

    /// What it says now. Files are read on another thread, and only once for all who ask meanwhile.
    pub(super) async fn now(&self) -> Now {
        let mut latest = self.latest.lock().await;
        let latest = &mut *latest;
        let look = latest.look.get_or_insert_with(|| {
            let (file, open_health, is_tls) = (self.file.clone(), self.open_health, self.is_tls);
            let seen = Arc::clone(&latest.seen);
            tokio::task::spawn_blocking(move || look_again(&file, &seen, open_health, is_tls))
        });
        // Where one waits in vain, the next in the queue need not.
        let bound = if latest.hangs {
            Duration::ZERO
        } else {
            LONGEST_LOOK
        };
        let found = timeout(bound, look).await;
        if found.is_ok() {
            latest.look = None;
        }
        match found {
            Ok(Ok(None)) if latest.hangs => {
                latest.hangs = false;
                // It is as it was before, so that is read once more.
                latest.seen = Arc::default();
            }
            Ok(Ok(None)) => {}
            Ok(Ok(Some(loaded))) => latest.take(loaded),
            Ok(Err(error)) => {
                latest.bad(format!("reading the web configuration broke off: {error}"));
                latest.seen = Arc::default();
            }
            Err(_) => {
                latest.hangs = true;
                let problem = WebProblem::Hangs(LONGEST_LOOK.as_secs());
                latest.bad(format!("{}: {problem}", self.file.display()));
            }
        }
        Now {
            settings: latest.settings.clone(),
            tls: latest.tls.clone(),
        }
    }
}

/// What a bad configuration means.
const UNTIL_THEN: &str = "HTTP requests are answered 500 until it is right";

impl Latest {
    fn take(&mut self, loaded: Loaded) {
        self.seen = Arc::new(loaded.seen);
        self.hangs = false;
        match loaded.settings {
            Ok(settings) => self.good(settings),
            Err(error) => self.bad(error.to_string()),
        }
    }

    fn good(&mut self, settings: Settings) {
        match &settings.tls {
            Some(tls) if self.tls.is_some() => self.tls = Some(tls.clone()),
            Some(_) => {
                self.tell("TLS is in the web configuration now: restart to serve it".to_owned())
            }
            None => {}
        }
        if self.settings.is_none() {
            self.tell("the web configuration is right again".to_owned());
        }
        self.settings = Some(Arc::new(settings));
    }

    fn bad(&mut self, error: String) {
        self.settings = None;
        self.tell(format!("{error}; {UNTIL_THEN}"));
    }

    fn tell(&mut self, line: String) {
        if self.told.as_ref() != Some(&line) {
            tracing::warn!("{line}");
            self.told = Some(line);
        }
    }
}

/// Reads all of it again where any of it has changed.
fn look_again(file: &Path, seen: &Seen, open_health: bool, is_tls: bool) -> Option<Loaded> {
    if seen.is_still_so() {
        return None;
    }
    let mut loaded = load(file, open_health, false);
    loaded.settings = loaded.settings.and_then(|settings| {
        if is_tls && settings.tls.is_none() {
            return Err(WebError {
                file: file.to_owned(),
                line: None,
                problem: WebProblem::TlsGone,
            });
        }
        Ok(settings)
    });
    Some(loaded)
}

fn load(file: &Path, open_health: bool, at_start: bool) -> Loaded {
    let mut reader = Reader::new(file);
    let mut limit = None;
    let settings = settings(&mut reader, &mut limit, open_health, at_start);
    Loaded {
        settings: settings.map_err(|fault| fault.in_file(file)),
        seen: reader.seen,
        limit,
    }
}

fn settings(
    reader: &mut Reader<'_>,
    limit: &mut Option<RateLimit>,
    open_health: bool,
    at_start: bool,
) -> Result<Settings, error::Fault> {
    let form = form::parse(&reader.configuration()?)?;
    let http = form.http_server_config.unwrap_or_default();
    let users = form.basic_auth_users.unwrap_or_default();
    let tls = form.tls_server_config.unwrap_or_default();
    *limit = RateLimit::new(&form.rate_limit.unwrap_or_default())?;
    Ok(Settings {
        headers: headers::headers(&http.headers.unwrap_or_default())?,
        users: Users::new(&users, at_start)?,
        tls: tls::build(&tls, http.http2.unwrap_or(true), open_health, reader)?,
    })
}
