//! What a container and its pod are called.

use super::controller::controller;

/// The longest name that is kept, in bytes: Kubernetes allows no longer one (a DNS subdomain, RFC 1123).
const LONGEST: usize = 253;

/// Names of a container; what is not known has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    /// The container's own.
    pub(super) container: Option<String>,
    /// Its pod's.
    pub(super) pod: Option<String>,
    /// The namespace of that in Kubernetes.
    pub(super) namespace: Option<String>,
    /// The pod's uid.
    pub(super) uid: Option<String>,
}

impl Named {
    /// Of texts that others wrote: empty ones are none, and long ones are cut.
    pub(super) fn new<T: AsRef<str>>(
        container: Option<T>,
        pod: Option<T>,
        namespace: Option<T>,
        uid: Option<T>,
    ) -> Self {
        Self {
            container: kept(container),
            pod: kept(pod),
            namespace: kept(namespace),
            uid: kept(uid),
        }
    }

    /// The same; this is the container's name where it has none.
    pub(super) fn or_container(mut self, name: &str) -> Self {
        self.container = self.container.or_else(|| kept(Some(name)));
        self
    }

    /// The same, completed from another source.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            container: self.container.or(other.container),
            pod: self.pod.or(other.pod),
            namespace: self.namespace.or(other.namespace),
            uid: self.uid.or(other.uid),
        }
    }

    /// What the pod is part of, as `namespace/controller`: where its name does not tell what made it, as
    /// `namespace/container`.
    pub(super) fn workload(&self) -> Option<String> {
        let (pod, namespace) = (self.pod.as_deref()?, self.namespace.as_deref()?);
        let name = controller(pod).or(self.container.as_deref())?;
        (!name.is_empty()).then(|| format!("{namespace}/{name}"))
    }
}

fn kept<T: AsRef<str>>(text: Option<T>) -> Option<String> {
    let text = text.as_ref()?.as_ref();
    let mut end = LONGEST.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (!text.is_empty()).then(|| text[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_others_are_cut_in_whole_letters_and_empty_ones_are_none() {
        let long = "é".repeat(5_000);
        let named = Named::new(Some(long.as_str()), Some(""), None, None);
        assert_eq!(named.container.map(|name| name.len()), Some(252));
        assert_eq!((named.pod, named.namespace), (None, None));
    }

    #[test]
    fn a_pod_that_somebody_named_is_told_by_its_container() {
        for (pod, container, expected) in [
            ("api-6d4cf56db6-x7k2p", Some("main"), Some("shop/api")),
            ("etcd-node-a", Some("etcd"), Some("shop/etcd")),
            ("etcd-node-a", None, None),
            ("-0", None, None),
        ] {
            let named = Named::new(container, Some(pod), Some("shop"), None);
            assert_eq!(named.workload().as_deref(), expected, "{pod}");
        }
        let docker = Named::new(Some("db"), None, None, None);
        assert_eq!(docker.workload(), None, "of no pod");
    }
}
