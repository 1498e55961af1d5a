//! Whom alerts are pushed to: `[[alertmanager]]`, and what is the same for all of them, `[notifications]`.

use super::duration::{ALERTMANAGER_TIMEOUT, LEASE, RESEND_INTERVAL};
use super::error::{Fault, Place, Problem};
use super::server_url::is_host;
use super::table::{Lined, Section, Text, string};
use super::url::AlertmanagerUrl;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::de::{DeTable, DeValue};

/// The most Alertmanagers: a cluster has three, and all of them are sent to.
const MOST: usize = 16;

/// The most labels of one's own.
const MOST_LABELS: usize = 16;

/// The longest value of a label, in bytes.
const LONGEST_VALUE: usize = 256;

/// The longest name of a label, in bytes.
const LONGEST_NAME: usize = 64;

/// Labels that an alert has already.
const TAKEN: [&str; 6] = [
    "alertname",
    "instance",
    "owner",
    "path",
    "path_owner",
    "severity",
];

/// As Prometheus has it.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// As Prometheus has it (`--rules.alert.resend-delay`).
const DEFAULT_RESEND: Duration = Duration::from_secs(60);

/// So many times the alert is sent before it is over by itself, as Prometheus has it: one that is lost is no flap.
const RESENDS_A_LEASE: u32 = 4;

const KEYS: &[&str] = &[
    "url",
    "timeout",
    "ca_file",
    "cert_file",
    "key_file",
    "server_name",
    "insecure_skip_verify",
    "username",
    "password_file",
    "credentials_file",
];

const NOTIFICATION_KEYS: &[&str] = &["resend_interval", "lease", "instance", "labels", "runbooks"];

/// The longest address of runbooks, in bytes.
const LONGEST_ADDRESS: usize = 512;

/// One Alertmanager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alertmanager {
    /// Where it is.
    pub url: AlertmanagerUrl,
    /// How long one request may take, its connection included. 1 s to 1 min.
    pub timeout: Duration,
    /// How its certificate is held against, and which one it is shown.
    pub tls: TlsFiles,
    /// How the daemon says who it is, if at all.
    pub login: Option<Login>,
}

/// TLS as a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// Who may have signed its certificate; those that this host trusts where there is none.
    pub ca: Option<NamedFile>,
    /// The certificate that it is shown, and its key.
    pub own: Option<(NamedFile, NamedFile)>,
    /// The name that its certificate must have, in place of the URL's host.
    pub server_name: Option<String>,
    /// Whatever certificate it shows is taken.
    pub insecure_skip_verify: bool,
}

/// How the daemon says who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// Basic authentication.
    Basic {
        /// Without a colon.
        username: String,
        /// The file that holds the password.
        password: NamedFile,
    },
    /// The file that holds a bearer token.
    Bearer(NamedFile),
}

/// A file that a key names. What is in it is read when it is needed, and never kept in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFile {
    /// The key.
    pub key: &'static str,
    /// An absolute path.
    pub path: PathBuf,
    /// Where the key stands, as messages begin.
    pub place: String,
}

/// What is the same whoever is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notifications {
    /// How often an alert that fires is sent again. 1 s to 10 min.
    pub resend_interval: Duration,
    /// How long an alert fires on that is not sent again: at least twice the interval, 1 h at the most.
    pub lease: Duration,
    /// The label `instance`; none for this host's name.
    pub instance: Option<String>,
    /// Labels that all alerts get besides.
    pub labels: BTreeMap<String, String>,
    /// What stands before `docs/` in `runbook_url`; empty for nothing.
    pub runbooks: String,
}

impl Default for Notifications {
    fn default() -> Self {
        Self {
            resend_interval: DEFAULT_RESEND,
            lease: DEFAULT_RESEND * RESENDS_A_LEASE,
            instance: None,
            labels: BTreeMap::new(),
            runbooks: String::new(),
        }
    }
}

impl Alertmanager {
    /// One that only has a URL.
    fn at(url: AlertmanagerUrl) -> Self {
        Self {
            url,
            timeout: DEFAULT_TIMEOUT,
            tls: TlsFiles::default(),
            login: None,
        }
    }

    /// Every file that it names.
    fn files(&mut self) -> impl Iterator<Item = &mut NamedFile> {
        let own = self.tls.own.iter_mut().flat_map(|(cert, key)| [cert, key]);
        let login = self.login.as_mut().map(|login| match login {
            Login::Basic { password, .. } => password,
            Login::Bearer(token) => token,
        });
        self.tls.ca.iter_mut().chain(own).chain(login)
    }

    /// Its files were named in this one.
    pub(super) fn stands_in(&mut self, file: &Path) {
        for named in self.files() {
            named.place = format!("{}:{}", file.display(), named.place);
        }
    }

    /// What the log should say about it.
    pub(super) fn notes(&self) -> Vec<String> {
        let name = self.url.name();
        let mut notes = Vec::new();
        if self.tls.insecure_skip_verify {
            notes.push(format!(
                "alertmanager {name}: insecure_skip_verify takes any certificate, so anybody on the way can read and \
                 change what is sent"
            ));
        }
        if self.login.is_some() && !self.url.https() && !self.url.is_loopback() {
            notes.push(format!(
                "alertmanager {name}: its password or token goes over plain http, where anybody on the way can read it"
            ));
        }
        notes
    }
}

/// Reads all `[[alertmanager]]`.
pub(super) fn all<'a>(
    section: &mut Section<'a>,
    text: Text<'a>,
) -> Result<Vec<Alertmanager>, Fault> {
    let found = section.items("alertmanager", "").map_err(|fault| Fault {
        problem: Problem::AlertmanagerNotArray,
        ..fault
    })?;
    let Some(items) = found else {
        return Ok(Vec::new());
    };
    let mut all: Vec<Alertmanager> = Vec::new();
    for item in items.value {
        let place = Place::Line(item.line);
        let DeValue::Table(table) = item.value else {
            return Err(place.fault(Problem::AlertmanagerNotArray));
        };
        add(&mut all, one(place, table, text)?, place)?;
    }
    Ok(all)
}

/// What `--alertmanager.url` names.
pub(super) fn of_flags(urls: &[String]) -> Result<Vec<Alertmanager>, Fault> {
    const FLAG: Place = Place::Flag("--alertmanager.url");
    let mut all = Vec::new();
    for text in urls {
        let url = AlertmanagerUrl::parse(text).map_err(|problem| FLAG.fault(problem))?;
        add(&mut all, Alertmanager::at(url), FLAG)?;
    }
    Ok(all)
}

fn add(all: &mut Vec<Alertmanager>, one: Alertmanager, place: Place) -> Result<(), Fault> {
    if all.len() == MOST {
        return Err(place.fault(Problem::TooManyAlertmanagers { most: MOST }));
    }
    if all.iter().any(|other| other.url.name() == one.url.name()) {
        let name = one.url.name().to_owned();
        return Err(place.fault(Problem::AlertmanagerTwice { name }));
    }
    all.push(one);
    Ok(())
}

fn one<'a>(place: Place, table: DeTable<'a>, text: Text<'a>) -> Result<Alertmanager, Fault> {
    let mut section = Section::new(table, text, "in [[alertmanager]]", KEYS)?;
    let url = section
        .string(
            "url",
            "a URL in quotes such as \"http://alertmanager:9093\"",
        )?
        .ok_or_else(|| place.fault(Problem::NoUrl))?
        .try_map(|text| AlertmanagerUrl::parse(&text))?
        .value;
    let timeout = section.duration("timeout", &ALERTMANAGER_TIMEOUT)?;
    let tls = tls(&mut section, &url)?;
    let login = login(&mut section)?;
    Ok(Alertmanager {
        timeout: timeout.map_or(DEFAULT_TIMEOUT, |found| found.value),
        tls,
        login,
        ..Alertmanager::at(url)
    })
}

fn tls(section: &mut Section<'_>, url: &AlertmanagerUrl) -> Result<TlsFiles, Fault> {
    let ca = file(section, "ca_file")?;
    let cert = file(section, "cert_file")?;
    let key = file(section, "key_file")?;
    let server_name = section
        .string(
            "server_name",
            "a name in quotes such as \"alertmanager.example\"",
        )?
        .map(|found| found.try_map(server_name))
        .transpose()?;
    let skip = section.flag("insecure_skip_verify")?;
    let given = [
        ca.as_ref().map(|found| found.line),
        cert.as_ref().map(|found| found.line),
        key.as_ref().map(|found| found.line),
        server_name.as_ref().map(|found| found.line),
        skip.as_ref().map(|found| found.line),
    ];
    let wrong = |line, why| Err(Place::Line(line).fault(Problem::Alertmanager(why)));
    if let (false, Some(line)) = (url.https(), given.into_iter().flatten().min()) {
        return wrong(
            line,
            "this key is about TLS, and the url begins with http://; write https://, or leave the key out",
        );
    }
    let insecure_skip_verify = skip.is_some_and(|found| found.value);
    if let (true, Some(ca)) = (insecure_skip_verify, &ca) {
        return wrong(
            ca.line,
            "ca_file is of no use beside insecure_skip_verify = true, which takes any certificate; leave one of them out",
        );
    }
    let own = match (cert, key) {
        (Some(cert), Some(key)) => Some((cert.value, key.value)),
        (None, None) => None,
        (Some(alone), None) | (None, Some(alone)) => {
            return wrong(
                alone.line,
                "cert_file and key_file go together: name both, or none",
            );
        }
    };
    Ok(TlsFiles {
        ca: ca.map(|found| found.value),
        own,
        server_name: server_name.map(|found| found.value),
        insecure_skip_verify,
    })
}

fn server_name(text: String) -> Result<String, Problem> {
    if is_host(&text) || text.parse::<std::net::IpAddr>().is_ok() {
        Ok(text)
    } else {
        Err(Problem::ServerName { text })
    }
}

fn login(section: &mut Section<'_>) -> Result<Option<Login>, Fault> {
    let username = section
        .string("username", "a name in quotes")?
        .map(|found| found.try_map(username))
        .transpose()?;
    let password = file(section, "password_file")?;
    let token = file(section, "credentials_file")?;
    let wrong = |line, why| Err(Place::Line(line).fault(Problem::Alertmanager(why)));
    match (username, password, token) {
        (None, None, None) => Ok(None),
        (Some(username), Some(password), None) => Ok(Some(Login::Basic {
            username: username.value,
            password: password.value,
        })),
        (None, None, Some(token)) => Ok(Some(Login::Bearer(token.value))),
        (Some(Lined { line, .. }), None, None) | (None, Some(Lined { line, .. }), None) => wrong(
            line,
            "username and password_file go together: name both, or none",
        ),
        (_, _, Some(token)) => wrong(
            token.line,
            "credentials_file is for a bearer token, username and password_file are for basic authentication; keep one",
        ),
    }
}

/// RFC 7617: the first colon ends the name.
fn username(text: String) -> Result<String, Problem> {
    if text.is_empty() || text.contains(':') || text.contains(char::is_control) {
        return Err(Problem::Alertmanager(
            "username must not be empty, nor hold a colon or a control character",
        ));
    }
    Ok(text)
}

/// The file that `key` names.
fn file(section: &mut Section<'_>, key: &'static str) -> Result<Option<Lined<NamedFile>>, Fault> {
    let want = "a file name in quotes such as \"/etc/tcplull/alertmanager.pem\"";
    let Some(found) = section.string(key, want)? else {
        return Ok(None);
    };
    let place = found.line.to_string();
    let file = found.try_map(|text| {
        let path = PathBuf::from(&text);
        // Relative to what, is anybody's guess for a daemon.
        if path.is_absolute() {
            Ok(NamedFile { key, path, place })
        } else {
            Err(Problem::NamedFile { key, text })
        }
    });
    file.map(Some)
}

/// Reads `[notifications]`.
pub(super) fn notifications<'a>(
    table: DeTable<'a>,
    text: Text<'a>,
) -> Result<Notifications, Fault> {
    let mut section = Section::new(table, text, "in [notifications]", NOTIFICATION_KEYS)?;
    let resend = section.duration("resend_interval", &RESEND_INTERVAL)?;
    let resend_interval = resend.map_or(DEFAULT_RESEND, |found| found.value);
    let lease = match section.duration("lease", &LEASE)? {
        None => resend_interval * RESENDS_A_LEASE,
        Some(lease) if lease.value < resend_interval * 2 => {
            return Err(lease.fault(Problem::Lease {
                lease: lease.value,
                least: resend_interval * 2,
            }));
        }
        Some(lease) => lease.value,
    };
    let instance = section
        .string("instance", "a name in quotes such as \"node-7\"")?
        .map(|found| found.try_map(instance))
        .transpose()?;
    let want = "a table such as { cluster = \"north\" }";
    let labels = match section.table("labels", want)? {
        None => BTreeMap::new(),
        Some(table) => labels(table, text)?,
    };
    let runbooks = section
        .string(
            "runbooks",
            "an address such as \"https://wiki.example/tcplull/\"",
        )?
        .map(|found| found.try_map(runbooks))
        .transpose()?;
    Ok(Notifications {
        resend_interval,
        lease,
        instance: instance.map(|found| found.value),
        labels,
        runbooks: runbooks.map_or_else(String::new, |found| found.value),
    })
}

/// Reads `--alertmanager.instance`, or the key.
pub(super) fn instance(text: String) -> Result<String, Problem> {
    if is_value(&text) {
        Ok(text)
    } else {
        Err(Problem::LabelValue {
            name: "instance".to_owned(),
            most: LONGEST_VALUE,
        })
    }
}

/// An address that `docs/` can be put behind.
fn runbooks(text: String) -> Result<String, Problem> {
    let rest = ["https://", "http://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    let is_address = rest.is_some_and(|rest| !rest.is_empty())
        && text.len() <= LONGEST_ADDRESS
        && !text.contains(|c: char| c.is_whitespace() || monitor_model::format::is_unseen(c));
    match (is_address, text.ends_with('/')) {
        (false, _) => Err(Problem::Runbooks { text }),
        (true, true) => Ok(text),
        (true, false) => Ok(text + "/"),
    }
}

fn labels<'a>(table: DeTable<'a>, text: Text<'a>) -> Result<BTreeMap<String, String>, Fault> {
    let mut labels = BTreeMap::new();
    for (key, value) in table {
        let place = Place::Line(text.line(&key.span()));
        let name = key.into_inner().into_owned();
        if labels.len() == MOST_LABELS {
            return Err(place.fault(Problem::TooManyLabels { most: MOST_LABELS }));
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let is_name = (1..=LONGEST_NAME).contains(&name.len())
            && name.bytes().all(plain)
            && !name.starts_with(|first: char| first.is_ascii_digit())
            && !name.starts_with("__");
        if !is_name || TAKEN.contains(&name.as_str()) {
            return Err(place.fault(Problem::LabelName { name }));
        }
        let value = string(value.into_inner(), "labels", "a table of strings")
            .map_err(|problem| place.fault(problem))?;
        if !is_value(&value) {
            let most = LONGEST_VALUE;
            return Err(place.fault(Problem::LabelValue { name, most }));
        }
        labels.insert(name, value);
    }
    Ok(labels)
}

/// `text` as the value of a label that `key` names.
pub(super) fn value(key: &str, text: String) -> Result<String, Problem> {
    if is_value(&text) {
        return Ok(text);
    }
    let (name, most) = (key.to_owned(), LONGEST_VALUE);
    Err(Problem::LabelValue { name, most })
}

fn is_value(text: &str) -> bool {
    (1..=LONGEST_VALUE).contains(&text.len()) && !text.contains(monitor_model::format::is_unseen)
}
