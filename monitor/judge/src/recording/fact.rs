//! Facts as JSON. Each mirror names every member of its original: one that is
//! missing here does not compile, so that no recording lacks it.

use super::text::{comm, kind, member};
use monitor_common::{Fact, Segment, Socket, kernel_members};
use monitor_model::owner::Owner;
use serde::{Deserialize, Serialize};

/// Members that are zero, or nothing, are left out.
pub(super) fn is_zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

macro_rules! mirror {
    ($(#[$meta:meta])* $name:ident of $original:literal {
        $($(#[$attribute:meta])* $member:ident: $type:ty,)*
    }) => {
        $(#[$meta])*
        #[derive(Serialize, Deserialize)]
        #[serde(remote = $original, deny_unknown_fields)]
        pub(super) struct $name {
            $(
                #[serde(default, skip_serializing_if = "is_zero")]
                $(#[$attribute])*
                $member: $type,
            )*
        }
    };
}

/// [`Fact`]. A fact without a socket is none.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Fact", deny_unknown_fields)]
pub(super) struct FactMirror {
    #[serde(with = "kind")]
    kind: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    flags: u32,
    time_ns: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    payload_idle_ns: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    packet_idle_ns: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    packet_idle_max_ns: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    path_id: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    pid: u32,
    #[serde(default, skip_serializing_if = "is_zero", with = "comm")]
    comm: [u8; 16],
    #[serde(default, skip_serializing_if = "is_zero")]
    old_state: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    new_state: u32,
    #[serde(default, skip_serializing_if = "is_zero", with = "SegmentMirror")]
    segment: Segment,
    #[serde(with = "SocketMirror")]
    socket: Socket,
}

mirror! {
    /// [`Segment`].
    SegmentMirror of "Segment" {
        seq: u32,
        ack: u32,
        payload_len: u32,
        tsval: u32,
        window: u16,
        tcp_flags: u8,
        ttl: u8,
        options: u8,
        reserved: [u8; 3],
    }
}

macro_rules! socket_mirror {
    (socket { $($(#[$doc:meta])* $name:ident: $type:ty { $($how:tt)* })* } $($rest:tt)*) => {
        mirror! {
            /// [`Socket`].
            SocketMirror of "Socket" {
                $(#[serde(with = "member")] $name: $type,)*
            }
        }
    };
}

kernel_members!(socket_mirror);

mirror! {
    /// [`Owner`].
    OwnerMirror of "Owner" {
        pid: Option<u32>,
        uid: Option<u32>,
        comm: Option<String>,
        unit: Option<String>,
        container: Option<String>,
        pod: Option<String>,
        workload: Option<String>,
        container_name: Option<String>,
        pod_name: Option<String>,
        namespace: Option<String>,
        cgroup: Option<String>,
        unknown: Option<String>,
    }
}
