//! The resources of the API: one file each, and one line each in [`RESOURCES`].

mod agent;
mod alerts;
mod check;
mod connection;
mod connections;
mod cuts;
mod findings;
mod found;
mod heal_stop;
mod health;
mod history;
mod metrics;
mod openapi;
mod paths;

use super::resource::Resource;
pub(super) use alerts::shown_to;
pub use health::is_health;
pub(super) use metrics::METRICS;

/// All of them. What is here is routed, documented and tested.
pub(super) const RESOURCES: &[Resource] = &[
    connections::RESOURCE,
    connection::RESOURCE,
    findings::RESOURCE,
    alerts::RESOURCE,
    paths::RESOURCE,
    found::RESOURCE,
    history::RESOURCE,
    agent::RESOURCE,
    check::RESOURCE,
    cuts::RESOURCE,
    heal_stop::RESOURCE,
    openapi::RESOURCE,
    metrics::RESOURCE,
    health::ALIVE,
    health::READY,
];

/// Whether an answer at this path lasts: a stream, or a long list.
pub fn lasts(path: &str) -> bool {
    let mut all = RESOURCES.iter();
    all.any(|one| one.lasts && matches(one.path, path))
}

/// Whether a path is that of a resource, whose parameters stand in braces.
fn matches(pattern: &str, path: &str) -> bool {
    let mut words = path.split('/');
    let mut all = pattern.split('/');
    let same = all.all(|wanted| {
        let word = words.next();
        word.is_some_and(|word| wanted.starts_with('{') || wanted == word)
    });
    same && words.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_from_its_resource_whatever_stands_for_its_parameters() {
        assert!(matches(
            "/api/v1/connections/{id}",
            "/api/v1/connections/a:b"
        ));
        for path in [
            "/api/v1/connections",
            "/api/v1/connections/a/b",
            "/api/v1/alerts/a",
            "",
        ] {
            assert!(!matches("/api/v1/connections/{id}", path), "{path}");
        }
        assert!(lasts("/api/v1/findings") && lasts("/api/v1/connections"));
        assert!(!lasts("/metrics") && !lasts("/api/v1/findings/x"));
    }
}
