//! Offsets of structure members, from the running kernel's BTF.

use super::error::KernelError;
use btf_rs::{Btf, BtfType, Type};
use monitor_common::{MISSING, Offsets};
use std::path::Path;

/// The running kernel's types.
pub struct KernelTypes {
    btf: Btf,
}

impl KernelTypes {
    /// Reads BTF from a file such as `/sys/kernel/btf/vmlinux`.
    ///
    /// # Errors
    ///
    /// [`KernelError::NoBtf`] where the file cannot be read or is no BTF.
    pub fn read(path: &Path) -> Result<Self, KernelError> {
        let no_btf = |reason: String| KernelError::NoBtf {
            path: path.to_owned(),
            reason,
        };
        let bytes = std::fs::read(path).map_err(|error| no_btf(error.to_string()))?;
        let btf = Btf::from_bytes(&bytes).map_err(|error| no_btf(error.to_string()))?;
        Ok(Self { btf })
    }

    /// All that the kernel side needs.
    ///
    /// # Errors
    ///
    /// [`KernelError::MissingMember`] for a member without which no fact would be
    /// true. What a single feature needs is [`MISSING`] instead.
    pub fn offsets(&self) -> Result<Offsets, KernelError> {
        let need = |path: &str| self.offset(path).ok_or_else(|| KernelError::missing(path));
        let want = |path: &str| self.offset(path).unwrap_or(MISSING);
        // Four bits; read by the byte, so they must lie in one.
        let snd_wscale = self
            .bits("tcp_sock.rx_opt.snd_wscale")
            .filter(|bits| bits % 8 <= 4);
        let saw_tstamp = self.bits("tcp_sock.rx_opt.saw_tstamp");
        Ok(Offsets {
            skc_family: need("sock_common.skc_family")?,
            skc_state: need("sock_common.skc_state")?,
            skc_daddr: need("sock_common.skc_daddr")?,
            skc_rcv_saddr: need("sock_common.skc_rcv_saddr")?,
            skc_v6_daddr: need("sock_common.skc_v6_daddr")?,
            skc_v6_rcv_saddr: need("sock_common.skc_v6_rcv_saddr")?,
            skc_dport: need("sock_common.skc_dport")?,
            skc_net: need("sock_common.skc_net")?,
            skc_flags: need("sock_common.skc_flags")?,
            skc_cookie: need("sock_common.skc_cookie")?,
            sk_err: need("sock.sk_err")?,
            sk_uid: need("sock.sk_uid")?,
            sk_dst_cache: need("sock.sk_dst_cache")?,
            sk_cgrp_data: want("sock.sk_cgrp_data.cgroup"),
            sk_bpf_storage: need("sock.sk_bpf_storage")?,
            sk_max_ack_backlog: need("sock.sk_max_ack_backlog")?,
            sk_pacing_rate: want("sock.sk_pacing_rate"),
            inet_sport: need("inet_sock.inet_sport")?,
            icsk_rto: need("inet_connection_sock.icsk_rto")?,
            icsk_retransmits: need("inet_connection_sock.icsk_retransmits")?,
            icsk_probes_out: need("inet_connection_sock.icsk_probes_out")?,
            icsk_user_timeout: need("inet_connection_sock.icsk_user_timeout")?,
            lrcvtime: need("inet_connection_sock.icsk_ack.lrcvtime")?,
            rcv_mss: want("inet_connection_sock.icsk_ack.rcv_mss"),
            lsndtime: need("tcp_sock.lsndtime")?,
            rcv_tstamp: need("tcp_sock.rcv_tstamp")?,
            tcp_clock_cache: need("tcp_sock.tcp_clock_cache")?,
            snd_una: need("tcp_sock.snd_una")?,
            snd_nxt: need("tcp_sock.snd_nxt")?,
            write_seq: need("tcp_sock.write_seq")?,
            rcv_nxt: need("tcp_sock.rcv_nxt")?,
            copied_seq: need("tcp_sock.copied_seq")?,
            snd_wnd: need("tcp_sock.snd_wnd")?,
            rcv_wnd: need("tcp_sock.rcv_wnd")?,
            packets_out: need("tcp_sock.packets_out")?,
            segs_in: need("tcp_sock.segs_in")?,
            segs_out: need("tcp_sock.segs_out")?,
            data_segs_in: need("tcp_sock.data_segs_in")?,
            data_segs_out: need("tcp_sock.data_segs_out")?,
            bytes_sent: need("tcp_sock.bytes_sent")?,
            bytes_retrans: need("tcp_sock.bytes_retrans")?,
            bytes_acked: need("tcp_sock.bytes_acked")?,
            bytes_received: need("tcp_sock.bytes_received")?,
            srtt_us: need("tcp_sock.srtt_us")?,
            rcv_wup: need("tcp_sock.rcv_wup")?,
            snd_wl1: need("tcp_sock.snd_wl1")?,
            rcv_tsval: want("tcp_sock.rx_opt.rcv_tsval"),
            total_retrans: need("tcp_sock.total_retrans")?,
            retrans_out: need("tcp_sock.retrans_out")?,
            rtt_min: self.rtt_min().unwrap_or(MISSING),
            tcp_header_len: want("tcp_sock.tcp_header_len"),
            snd_wscale: snd_wscale.map_or(MISSING, |bits| bits / 8),
            snd_wscale_shift: snd_wscale.map_or(0, |bits| bits % 8),
            saw_tstamp: saw_tstamp.map_or(MISSING, |bits| bits / 8),
            saw_tstamp_shift: saw_tstamp.map_or(0, |bits| bits % 8),
            bpf_sock_ops_cb_flags: want("tcp_sock.bpf_sock_ops_cb_flags"),
            keepalive_time: need("tcp_sock.keepalive_time")?,
            keepalive_intvl: need("tcp_sock.keepalive_intvl")?,
            keepalive_probes: need("tcp_sock.keepalive_probes")?,
            net_inum: need("net.ns.inum")?,
            net_keepalive_time: want("net.ipv4.sysctl_tcp_keepalive_time"),
            net_keepalive_intvl: want("net.ipv4.sysctl_tcp_keepalive_intvl"),
            net_keepalive_probes: want("net.ipv4.sysctl_tcp_keepalive_probes"),
            dst_dev: need("dst_entry.dev")?,
            dev_flags: need("net_device.flags")?,
            rt_uses_gateway: need("rtable.rt_uses_gateway")?,
            rt6i_flags: want("rt6_info.rt6i_flags"),
            cgroup_kn: want("cgroup.kn"),
            kernfs_id: want("kernfs_node.id"),
            skb_data: need("sk_buff.data")?,
            skb_len: need("sk_buff.len")?,
            skb_head: want("sk_buff.head"),
            skb_network_header: want("sk_buff.network_header"),
            socket_sk: need("socket.sk")?,
            task_tgid: need("task_struct.tgid")?,
            task_comm: need("task_struct.comm")?,
        })
    }

    /// Byte offset of `structure.member.member…`. Members of anonymous structures
    /// and unions inside count as the structure's own.
    fn offset(&self, path: &str) -> Option<u32> {
        // A bit field has no byte to read.
        self.bits(path)
            .filter(|bits| bits.is_multiple_of(8))
            .map(|bits| bits / 8)
    }

    /// `tcp_sock.rtt_min` keeps three samples; the first is the smallest
    /// (`minmax_get` in include/linux/win_minmax.h).
    fn rtt_min(&self) -> Option<u32> {
        Some(self.offset("tcp_sock.rtt_min.s")? + self.offset("minmax_sample.v")?)
    }

    /// Offset in bits, likewise.
    fn bits(&self, path: &str) -> Option<u32> {
        let (structure, members) = path.split_once('.')?;
        let mut current = self
            .btf
            .resolve_types_by_name(structure)
            .ok()?
            .into_iter()
            .find(|found| matches!(found, Type::Struct(_)))?;
        let mut bits = 0;
        for member in members.split('.') {
            let (at, found) = self.member(&current, member)?;
            bits += at;
            current = found;
        }
        Some(bits)
    }

    /// Bit offset and type of a member, with qualifiers and names stripped.
    fn member(&self, of: &Type, name: &str) -> Option<(u32, Type)> {
        let (Type::Struct(of) | Type::Union(of)) = of else {
            return None;
        };
        for member in &of.members {
            let member_name = self.btf.resolve_name(member).unwrap_or_default();
            if member_name == name {
                return Some((member.bit_offset(), self.plain(member)?));
            }
            if member_name.is_empty()
                && let Some((at, found)) = self.member(&self.plain(member)?, name)
            {
                return Some((member.bit_offset() + at, found));
            }
        }
        None
    }

    fn plain(&self, of: &dyn BtfType) -> Option<Type> {
        let mut found = self.btf.resolve_chained_type(of).ok()?;
        loop {
            found = match &found {
                Type::Typedef(of) => self.btf.resolve_chained_type(of).ok()?,
                Type::Const(of) => self.btf.resolve_chained_type(of).ok()?,
                Type::Volatile(of) => self.btf.resolve_chained_type(of).ok()?,
                Type::TypeTag(of) => self.btf.resolve_chained_type(of).ok()?,
                _ => return Some(found),
            };
        }
    }

    /// How many arguments a tracepoint hands to its programs; `None` where the
    /// kernel does not have it.
    pub fn tracepoint_arguments(&self, tracepoint: &str) -> Option<usize> {
        let name = format!("btf_trace_{tracepoint}");
        let typedef = self
            .btf
            .resolve_types_by_name(&name)
            .ok()?
            .into_iter()
            .next()?;
        let pointer = self.btf.resolve_chained_type(typedef.as_btf_type()?).ok()?;
        match self.btf.resolve_chained_type(pointer.as_btf_type()?).ok()? {
            // The first parameter is the tracepoint's own data.
            Type::FuncProto(prototype) => prototype.parameters.len().checked_sub(1),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_without_btf_is_told_with_the_file_and_the_remedy() {
        let error = KernelTypes::read(Path::new("/nonexistent/vmlinux"))
            .err()
            .unwrap();
        let message = error.to_string();
        assert!(message.contains("/nonexistent/vmlinux"), "{message}");
        assert!(message.contains("CONFIG_DEBUG_INFO_BTF"), "{message}");
    }
}
