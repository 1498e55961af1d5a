//! When a record was written, by two clocks: the wall clock, which people ask by and which may step, and the clock of this
//! boot, which does not.

/// The kernel's name of one boot of one host (`/proc/sys/kernel/random/boot_id`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct BootId(pub [u8; 16]);

impl BootId {
    /// Reads it as the kernel writes it: 32 hexadecimal digits in five groups.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text
            .trim()
            .bytes()
            .filter(|byte| *byte != b'-')
            .take(33)
            .collect();
        if digits.len() != 32 {
            return None;
        }
        let mut id = [0; 16];
        for (byte, pair) in id.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair).ok()?;
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        Some(Self(id))
    }
}

/// One moment on both clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// The wall clock (CLOCK_REALTIME), ns since 1970.
    pub wall_unix_ns: i64,
    /// CLOCK_BOOTTIME, in ns: it counts suspend, and is never set.
    pub boot_ns: u64,
    /// The boot that `boot_ns` counts from.
    pub boot_id: BootId,
}

impl Moment {
    /// How long before this moment `earlier` was, in ns; 0 where it is later. Within one boot the wall clock has no say.
    pub fn since(&self, earlier: &Self) -> u64 {
        if self.boot_id == earlier.boot_id {
            self.boot_ns.saturating_sub(earlier.boot_ns)
        } else {
            let ns = i128::from(self.wall_unix_ns) - i128::from(earlier.wall_unix_ns);
            u64::try_from(ns.max(0)).unwrap_or(u64::MAX)
        }
    }

    /// When `other` was, in ns since 1970, as the wall clock is set at this moment: of the same boot by the clock that
    /// does not step, else as it was noted.
    pub fn wall_of(&self, other: &Self) -> i64 {
        if self.boot_id != other.boot_id {
            return other.wall_unix_ns;
        }
        let ago = i128::from(self.boot_ns) - i128::from(other.boot_ns);
        i64::try_from(i128::from(self.wall_unix_ns) - ago).unwrap_or(other.wall_unix_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(wall_s: i64, boot_s: u64, boot: u8) -> Moment {
        Moment {
            wall_unix_ns: wall_s * 1_000_000_000,
            boot_ns: boot_s * 1_000_000_000,
            boot_id: BootId([boot; 16]),
        }
    }

    #[test]
    fn a_boot_is_read_as_the_kernel_writes_it() {
        let id = BootId::parse("00112233-4455-6677-8899-aabbccddeeff\n").unwrap();
        assert_eq!(id.0[..3], [0, 0x11, 0x22]);
        let long = "0".repeat(1_000_000);
        for wrong in [
            "",
            "x",
            "0011",
            "zz112233-4455-6677-8899-aabbccddeeff",
            &long,
        ] {
            assert_eq!(BootId::parse(wrong), None);
        }
    }

    #[test]
    fn a_step_of_the_wall_clock_changes_no_age_within_a_boot() {
        // Written while the clock stood at 1970, asked for after it was set.
        let (written, now) = (at(10, 100, 1), at(1_800_000_000, 160, 1));
        assert_eq!(now.since(&written), 60_000_000_000);
        assert_eq!(now.wall_of(&written), 1_799_999_940_000_000_000);
        let other_boot = at(1_800_000_000 - 5, 900, 2);
        assert_eq!(now.since(&other_boot), 5_000_000_000);
        assert_eq!(now.wall_of(&other_boot), other_boot.wall_unix_ns);
    }

    #[test]
    fn no_clock_is_too_far_off() {
        let (first, last) = (
            at(0, 0, 1),
            Moment {
                wall_unix_ns: i64::MAX,
                boot_ns: u64::MAX,
                boot_id: BootId([1; 16]),
            },
        );
        let before = Moment {
            wall_unix_ns: i64::MIN,
            boot_ns: 0,
            boot_id: BootId([2; 16]),
        };
        assert_eq!(first.since(&last), 0);
        assert_eq!(last.since(&before), u64::MAX);
        let _ = (
            first.wall_of(&last),
            last.wall_of(&before),
            before.wall_of(&first),
        );
    }
}
