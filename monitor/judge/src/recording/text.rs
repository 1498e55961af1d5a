//! Addresses, names and kinds as people read them, without losing a bit.

/// A member of a socket: a number as it is; an address as text, IPv4 where it fills the first
/// four bytes only, else IPv6.
pub(super) mod member {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    pub(in super::super) trait Member: Sized {
        fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
        fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
    }

    macro_rules! numbers {
        ($($number:ty)*) => {
            $(impl Member for $number {
                fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    self.serialize(serializer)
                }

                fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    Self::deserialize(deserializer)
                }
            })*
        };
    }

    numbers!(u8 u16 u32 u64);

    impl Member for [u8; 16] {
        fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let [a, b, c, d, rest @ ..] = *self;
            if rest == [0; 12] {
                serializer.collect_str(&Ipv4Addr::new(a, b, c, d))
            } else {
                serializer.collect_str(&Ipv6Addr::from(*self))
            }
        }

        fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            let address = text
                .parse()
                .map_err(|_| D::Error::custom("no IP address"))?;
            Ok(match address {
                IpAddr::V4(address) => {
                    let [a, b, c, d] = address.octets();
                    [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
                }
                IpAddr::V6(address) => address.octets(),
            })
        }
    }

    pub(in super::super) fn serialize<T: Member, S: Serializer>(
        member: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        member.write(serializer)
    }

    pub(in super::super) fn deserialize<'de, T: Member, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        T::read(deserializer)
    }
}

/// A task's name without the NULs that fill it up. Bytes that are not printable
/// ASCII, and backslashes, are written as `\xNN`.
pub(super) mod comm {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};
    use std::fmt::Write;

    pub(in super::super) fn serialize<S: Serializer>(
        bytes: &[u8; 16],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let end = bytes.iter().rposition(|byte| *byte != 0);
        let mut text = String::new();
        for byte in bytes.iter().take(end.map_or(0, |last| last + 1)) {
            match byte {
                b'\\' => text.push_str("\\x5c"),
                b' '..=b'~' => text.push(char::from(*byte)),
                _ => write!(text, "\\x{byte:02x}").map_err(serde::ser::Error::custom)?,
            }
        }
        serializer.serialize_str(&text)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<[u8; 16], D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| D::Error::custom("no task's name of at most 16 bytes"))
    }

    fn parse(text: &str) -> Option<[u8; 16]> {
        let mut bytes = [0; 16];
        let mut places = bytes.iter_mut();
        let mut rest = text.as_bytes();
        while let [first, after @ ..] = rest {
            let place = places.next()?;
            (*place, rest) = match (first, after) {
                (b'\\', [b'x', high, low, after @ ..]) => (hex(*high)? << 4 | hex(*low)?, after),
                (b' '..=b'[' | b']'..=b'~', after) => (*first, after),
                _ => return None,
            };
        }
        Some(bytes)
    }

    fn hex(digit: u8) -> Option<u8> {
        let value = char::from(digit).to_digit(16)?;
        u8::try_from(value).ok()
    }
}

/// A kind of fact by its name; a number that this build does not know stays one.
pub(super) mod kind {
    use monitor_common::FactKind;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Kind {
        Number(u32),
        Name(String),
    }

    pub(in super::super) fn serialize<S: Serializer>(
        number: &u32,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match FactKind::from_number(*number) {
            Some(kind) => serializer.serialize_str(kind.name()),
            None => serializer.serialize_u32(*number),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<u32, D::Error> {
        match Kind::deserialize(deserializer)? {
            Kind::Number(number) => Ok(number),
            Kind::Name(text) => FactKind::ALL
                .into_iter()
                .find(|kind| kind.name() == text)
                .map(|kind| kind as u32)
                .ok_or_else(|| D::Error::custom("no kind of fact that this build knows")),
        }
    }
}
