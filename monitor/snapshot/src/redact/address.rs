//! Pseudonyms of addresses: two addresses that have a prefix in common have one as long in common afterwards, so networks stay
//! networks and the paths of a configuration still hold what they held. It is the scheme of Crypto-PAn (Xu, Fan, Ammar, Moon,
//! "Prefix-preserving IP address anonymization", ICNP 2002), with HMAC-SHA256 in place of AES.
//!
//! What kind of address it is stays: private ones stay in their network, loopback and multicast stay whole.

use crate::error::RedactError;
use ring::hmac;
use ring::rand::SystemRandom;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network: its address, to the left of 128 bits, and its length.
struct Network(u128, u32);

const fn v4(address: [u8; 4], length: u32) -> Network {
    Network((u32::from_be_bytes(address) as u128) << 96, length)
}

const fn v6(first: u16, length: u32) -> Network {
    Network((first as u128) << 112, length)
}

/// IPv4 networks that tell what kind of an address it is (IANA's registry of special-purpose addresses).
const KINDS_OF_V4: [Network; 8] = [
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 168, 0, 0], 16),
    v4([224, 0, 0, 0], 3),
];

/// IPv6 networks likewise. Global unicast is the last.
const KINDS_OF_V6: [Network; 6] = [
    v6(0, 64),
    Network(TRANSLATED, 96),
    v6(0xfc00, 7),
    v6(0xfe80, 10),
    v6(0xff00, 8),
    v6(0x2000, 3),
];

/// 64:ff9b::/96, below which NAT64 puts IPv4 addresses (RFC 6052).
const TRANSLATED: u128 = 0x0064_ff9b << 96;

/// ::ffff:0:0/96, below which sockets have IPv4 addresses.
const MAPPED: u128 = 0xffff << 32;

impl Network {
    fn holds(&self, address: u128) -> bool {
        (address ^ self.0) >> (128 - self.1) == 0
    }

    /// Whether it lies within the network of the first `length` bits of `address`, and is smaller.
    fn is_within(&self, address: u128, length: u32) -> bool {
        self.1 > length && (address ^ self.0).checked_shr(128 - length).unwrap_or(0) == 0
    }
}

/// A key, and with it a pseudonym for each address.
pub(super) struct Addresses {
    key: hmac::Key,
}

impl Addresses {
    /// With a key of their own.
    pub(super) fn new() -> Result<Self, RedactError> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new());
        let key = key.map_err(|_| RedactError::Key)?;
        Ok(Self { key })
    }

    /// The pseudonym of an address, which is none of itself.
    pub(super) fn address(&self, address: IpAddr) -> IpAddr {
        match address {
            IpAddr::V4(address) => self.v4(address).into(),
            IpAddr::V6(address) => self.v6(address).into(),
        }
    }

    /// That of a network's address, whose other bits stay 0.
    pub(super) fn network(&self, address: IpAddr, length: u32) -> IpAddr {
        match self.address(address) {
            IpAddr::V4(found) => {
                let mask = u32::MAX.checked_shl(32 - length.min(32)).unwrap_or(0);
                Ipv4Addr::from_bits(found.to_bits() & mask).into()
            }
            IpAddr::V6(found) => {
                let mask = u128::MAX.checked_shl(128 - length.min(128)).unwrap_or(0);
                Ipv6Addr::from_bits(found.to_bits() & mask).into()
            }
        }
    }

    fn v4(&self, address: Ipv4Addr) -> Ipv4Addr {
        let bits = u128::from(address.to_bits()) << 96;
        if address.is_loopback() || address.octets()[0] == 0 || KINDS_OF_V4[7].holds(bits) {
            return address;
        }
        let bits = self.changed(4, bits, 32, &KINDS_OF_V4);
        Ipv4Addr::from_bits((bits >> 96) as u32)
    }

    fn v6(&self, address: Ipv6Addr) -> Ipv6Addr {
        let bits = address.to_bits();
        for embedded in [MAPPED, TRANSLATED] {
            if bits >> 32 == embedded >> 32 {
                let inner = self.v4(Ipv4Addr::from_bits(bits as u32));
                return Ipv6Addr::from_bits(embedded | u128::from(inner.to_bits()));
            }
        }
        if KINDS_OF_V6[0].holds(bits) || address.is_multicast() {
            return address;
        }
        Ipv6Addr::from_bits(self.changed(6, bits, 128, &KINDS_OF_V6))
    }

    /// Each bit is flipped or not, as the bits before it and the key have it; never above a network of `kinds`, and always
    /// the last.
    fn changed(&self, family: u8, address: u128, length: u32, kinds: &[Network]) -> u128 {
        let bytes = address.to_be_bytes();
        let mut changed = 0;
        for (index, byte) in bytes.iter().take(length as usize / 8).enumerate() {
            // One bit for each node of the tree of this byte's bits: 255 of the 256 that come out.
            let mut known = vec![family];
            known.extend(&bytes[..index]);
            let tree = hmac::sign(&self.key, &known);
            let mut node = 1;
            for bit in 0..8 {
                let depth = index as u32 * 8 + bit;
                let is = u128::from(byte >> (7 - bit) & 1);
                let drawn = tree.as_ref()[node / 8] >> (node % 8) & 1;
                let fixed = kinds.iter().any(|kind| kind.is_within(address, depth));
                let flips = depth + 1 == length || (drawn == 1 && !fixed);
                changed |= (is ^ u128::from(flips)) << (127 - depth);
                node = node * 2 + is as usize;
            }
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn common(one: IpAddr, other: IpAddr) -> u32 {
        match (one, other) {
            (IpAddr::V4(one), IpAddr::V4(other)) => {
                (one.to_bits() ^ other.to_bits()).leading_zeros()
            }
            (IpAddr::V6(one), IpAddr::V6(other)) => {
                (one.to_bits() ^ other.to_bits()).leading_zeros()
            }
            _ => panic!("the family is another"),
        }
    }

    fn kind(address: IpAddr) -> Option<usize> {
        let (bits, kinds) = match address {
            IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, &KINDS_OF_V4[..]),
            IpAddr::V6(address) => (address.to_bits(), &KINDS_OF_V6[..]),
        };
        kinds.iter().position(|kind| kind.holds(bits))
    }

    fn addresses() -> impl Strategy<Value = [IpAddr; 2]> {
        // Often near one another.
        let v4 = (any::<u32>(), any::<u32>(), 0..32_u32).prop_map(|(one, other, shift)| {
            [one, one ^ (other >> shift)].map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)))
        });
        let v6 = (any::<u128>(), any::<u128>(), 0..128_u32).prop_map(|(one, other, shift)| {
            [one, one ^ (other >> shift)].map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits)))
        });
        prop_oneof![v4, v6]
    }

    proptest! {
        #[test]
        fn prefixes_and_kinds_stay_and_the_address_does_not([one, other] in addresses()) {
            let addresses = Addresses::new().unwrap();
            let (a, b) = (addresses.address(one), addresses.address(other));
            prop_assert_eq!(common(a, b), common(one, other));
            prop_assert_eq!(kind(a), kind(one));
            prop_assert_eq!(addresses.address(one), a, "the same again");
            let stays = matches!(one, IpAddr::V4(one) if one.is_loopback() || one.to_bits() < 1 << 24 || one.to_bits() >> 29 == 7)
                || matches!(one, IpAddr::V6(one) if one.is_multicast() || one.to_bits() >> 64 == 0);
            prop_assert_eq!(a == one, stays);
        }
    }

    #[test]
    fn an_address_within_one_of_ipv6_has_the_same_pseudonym() {
        let addresses = Addresses::new().unwrap();
        let plain: Ipv4Addr = "10.1.2.3".parse().unwrap();
        let IpAddr::V4(found) = addresses.address(plain.into()) else {
            panic!("another family");
        };
        assert_eq!(
            addresses.address(plain.to_ipv6_mapped().into()),
            found.to_ipv6_mapped()
        );
        let translated = |inner: Ipv4Addr| -> IpAddr {
            Ipv6Addr::from_bits(TRANSLATED | u128::from(inner.to_bits())).into()
        };
        assert_eq!(addresses.address(translated(plain)), translated(found));
    }

    #[test]
    fn what_was_in_a_network_still_is() {
        let addresses = Addresses::new().unwrap();
        for (network, length, inside) in [
            ("20.0.0.0", 8, "20.1.2.3"),
            ("10.1.0.0", 16, "10.1.200.1"),
            ("0.0.0.0", 0, "8.8.8.8"),
            ("2001:db8::", 32, "2001:db8:1::2"),
        ] {
            let network = addresses.network(network.parse().unwrap(), length);
            let inside = addresses.address(inside.parse().unwrap());
            assert!(common(network, inside) >= length, "{network} {inside}");
        }
    }

    #[test]
    fn another_key_has_other_pseudonyms() {
        let address = "2001:db8::1".parse().unwrap();
        let one = Addresses::new().unwrap().address(address);
        assert_ne!(one, Addresses::new().unwrap().address(address));
    }
}
