//! Idle timeouts of known middleboxes, each with its source. A box whose
//! timeout or behaviour has no reliable source is left out.

use monitor_common::PathClock::{self, Packets, Payload};
use std::time::Duration;

/// A known middlebox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// As it is written in the configuration.
    pub name: &'static str,
    /// Idle timeout, as delivered by the vendor.
    pub timeout: Duration,
    /// What keeps an entry alive.
    pub clock: PathClock,
    /// What the box is, what its timeout can be set to, and how expiry looks.
    pub note: &'static str,
    /// Whether it may sit between hosts of one subnet, where a path of /0 does
    /// not apply: then `remote` has to name the subnet's prefix.
    pub within_subnet: bool,
}

/// The preset with this name.
pub fn find(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

const fn box_between_subnets(
    name: &'static str,
    seconds: u64,
    clock: PathClock,
    note: &'static str,
) -> Preset {
    Preset {
        name,
        timeout: Duration::from_secs(seconds),
        clock,
        note,
        within_subnet: false,
    }
}

const fn box_within_subnet(
    name: &'static str,
    seconds: u64,
    clock: PathClock,
    note: &'static str,
) -> Preset {
    Preset {
        within_subnet: true,
        ..box_between_subnets(name, seconds, clock, note)
    }
}

/// Every preset, by vendor.
pub const PRESETS: &[Preset] = &[
    // Azure documentation: load-balancer-tcp-idle-timeout, load-balancer-tcp-reset.
    // A private frontend lies in a subnet that its clients may share.
    box_within_subnet(
        "azure-load-balancer",
        240,
        Packets,
        "Azure Load Balancer (rules to 100 min): drops silently; RST to both ends at expiry where the rule opts in",
    ),
    // cloudfoundry/docs-bosh#299; Azure/AKS#1052.
    box_between_subnets(
        "azure-snat",
        240,
        Packets,
        "Azure outbound SNAT and instance public addresses (4 to 30 min): drops silently",
    ),
    // Azure documentation: nat-gateway-resource.
    box_between_subnets(
        "azure-nat-gateway",
        240,
        Packets,
        "Azure NAT Gateway (4 to 120 min): silent, then RST to the sender of the next packet",
    ),
    // AKS API reference: load balancer profile, idleTimeoutInMinutes.
    box_between_subnets(
        "azure-aks-outbound",
        1800,
        Packets,
        "outbound load balancer of an AKS cluster (4 to 120 min): as Azure Load Balancer",
    ),
    // Elastic Load Balancing user guide; announcement of 2024-09-03.
    box_within_subnet(
        "aws-nlb",
        350,
        Packets,
        "AWS Network Load Balancer (60 to 6000 s): silent, then RST on the next packet from either side",
    ),
    // Elastic Load Balancing documentation.
    box_within_subnet(
        "aws-classic-elb",
        60,
        Payload,
        "AWS Classic Load Balancer (1 to 4000 s): the balancer closes",
    ),
    // Amazon VPC documentation.
    box_between_subnets(
        "aws-nat-gateway",
        350,
        Packets,
        "AWS NAT Gateway (fixed): RST on the next packet from inside, never a FIN",
    ),
    // AWS API reference of the Gateway Load Balancer.
    box_between_subnets(
        "aws-gateway-load-balancer",
        350,
        Packets,
        "AWS Gateway Load Balancer (60 to 6000 s): the flow is removed and its packets dropped",
    ),
    // AWS API reference of the Network Firewall.
    box_between_subnets(
        "aws-network-firewall",
        350,
        Packets,
        "AWS Network Firewall (60 to 6000 s): the flow is removed and its packets dropped",
    ),
    // Amazon EC2 API reference: connection tracking of security groups, which
    // sit at each network interface.
    box_within_subnet(
        "aws-security-group",
        432_000,
        Packets,
        "AWS security group tracking before Nitro v6: drops silently",
    ),
    // The same reference.
    box_within_subnet(
        "aws-security-group-nitro-v6",
        350,
        Packets,
        "AWS security group tracking on Nitro v6: drops silently",
    ),
    // Compute Engine troubleshooting guide; pgjdbc/pgjdbc#1508. The firewall
    // sits at each network interface.
    box_within_subnet(
        "gcp-vpc-firewall",
        600,
        Packets,
        "Google Cloud VPC firewall tracking: drops silently",
    ),
    // Google Cloud load balancing documentation.
    box_between_subnets(
        "gcp-application-lb-client",
        610,
        Payload,
        "Google Cloud application load balancer, towards clients: the balancer closes",
    ),
    // The same documentation.
    box_between_subnets(
        "gcp-application-lb-backend",
        600,
        Payload,
        "Google Cloud application load balancer, towards backends: the balancer closes",
    ),
    // Cloudflare documentation: connection limits.
    box_between_subnets(
        "cloudflare-client",
        400,
        Payload,
        "Cloudflare proxy, towards clients: the proxy closes",
    ),
    // The same documentation.
    box_between_subnets(
        "cloudflare-origin",
        900,
        Payload,
        "Cloudflare proxy, towards the origin: the proxy closes",
    ),
    // Linux: Documentation/networking/nf_conntrack-sysctl.rst. A host's own
    // firewall, or a bridge, tracks between neighbours too.
    box_within_subnet(
        "linux-conntrack",
        432_000,
        Packets,
        "Linux connection tracking, established: silent; with nf_conntrack_tcp_loose=1 a flow may be taken up again",
    ),
    // moby/moby#31208, moby/moby#37822.
    box_within_subnet(
        "ipvs",
        900,
        Packets,
        "Linux IPVS and Docker Swarm: a remote peer hangs; on one host RST",
    ),
    // projectcalico/calico 3.34: felix/bpf/conntrack/timeouts/timeouts.go (TCPEstablished), cleanup.go; what has no entry
    // any more, bpf-gpl/tc.c (mid-flow miss). It sits at each pod's interface.
    box_within_subnet(
        "calico-ebpf",
        3600,
        Packets,
        "Calico's eBPF data plane (bpfConntrackTimeouts.tcpEstablished; \"Auto\": as Linux): silent; a flow without an entry is dropped",
    ),
    // cilium/cilium: bpf-ct-timeout-regular-tcp and -service-tcp in daemon/cmd/daemon_main.go, since #27665;
    // bpf/lib/conntrack.h (each packet renews it; without an entry a packet is a new flow). It sits at each pod's
    // interface.
    box_within_subnet(
        "cilium-ebpf",
        8000,
        Packets,
        "Cilium's eBPF data plane (6 h before August 2023): silent; the next packet is a new flow, of a service perhaps to another backend",
    ),
    // docker/for-mac#5886.
    box_between_subnets(
        "docker-desktop",
        300,
        Payload,
        "Docker Desktop (vpnkit): FIN; keepalive probes do not count",
    ),
    // Cisco ASA configuration guide.
    box_between_subnets(
        "cisco-asa",
        3600,
        Packets,
        "Cisco ASA: silent; RST only where configured",
    ),
    // FortiGate administration guide.
    box_between_subnets(
        "fortigate",
        3600,
        Packets,
        "FortiGate: the session is removed",
    ),
    // Juniper SRX documentation.
    box_between_subnets(
        "juniper-srx",
        1800,
        Packets,
        "Juniper SRX: the session is removed",
    ),
    // OpenBSD pf.conf(5): tcp.established.
    box_between_subnets(
        "pf",
        86_400,
        Packets,
        "OpenBSD and FreeBSD pf: the state is removed",
    ),
    // Envoy documentation: TCP proxy, idle_timeout. A sidecar shares its client's subnet.
    box_within_subnet("envoy", 3600, Payload, "Envoy TCP proxy: the proxy closes"),
    // nginx documentation: ngx_stream_proxy_module, proxy_timeout.
    box_within_subnet(
        "nginx-stream",
        600,
        Payload,
        "nginx stream proxy: the proxy closes",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::duration::TIMEOUT;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_timeouts_configurable() {
        let names: HashSet<_> = PRESETS.iter().map(|preset| preset.name).collect();
        assert_eq!(names.len(), PRESETS.len());
        for preset in PRESETS {
            assert!(TIMEOUT.check(preset.timeout).is_ok(), "{}", preset.name);
            assert_ne!(preset.name, "auto");
        }
    }

    #[test]
    fn the_azure_entry_of_the_story_is_four_minutes_on_packets() {
        let preset = find("azure-snat").unwrap();
        assert_eq!(preset.timeout, Duration::from_secs(240));
        assert_eq!(preset.clock, Packets);
        assert!(!preset.within_subnet);
    }
}
