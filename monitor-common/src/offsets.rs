//! Where in the running kernel's structures each member lies.

use crate::Record;

/// The offset of a member that the running kernel does not have.
pub const MISSING: u32 = u32::MAX;

/// How user space finds one of the [`Offsets`].
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// `structure.member.member…`. Members of anonymous structures and unions inside count
    /// as the structure's own; of an array its first element is meant.
    pub path: &'static str,
    /// What of it is wanted.
    pub part: MemberPart,
    /// Whether the kernel side can do without it: then it is [`MISSING`].
    pub optional: bool,
    /// Where it belongs.
    pub slot: fn(&mut Offsets) -> &mut u32,
}

/// What is wanted of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberPart {
    /// Its byte offset.
    Offset,
    /// Of a bit field so many bits wide, the offset of the byte that holds all of it.
    Byte(u32),
    /// Of such a field, its lowest bit in that byte; 0 where there is none.
    Shift(u32),
}

macro_rules! part {
    () => {
        MemberPart::Offset
    };
    (optional) => {
        MemberPart::Offset
    };
    (bits $width:literal) => {
        MemberPart::Byte($width)
    };
    (shift $width:literal) => {
        MemberPart::Shift($width)
    };
}

macro_rules! offsets {
    (
        socket { $($(#[$doc:meta])* $name:ident: $type:ty {
            $($path:literal $(as $kept:ident)? $(or($missing:expr))?)? $(by $owner:ident :: $method:ident)?
        })* }
        loaded { $($loaded:ident: $loaded_type:ty {
            $loaded_path:literal $(as $loaded_kept:ident)? $(or($loaded_missing:expr))?
        })* }
        reached { $($reached:ident { $reached_path:literal $($how:ident $($width:literal)?)? })* }
        hot { $($hot:ident: $hot_type:ty { $hot_path:literal })* }
    ) => {
        /// Byte offsets of kernel structure members, read from the running kernel's BTF and
        /// set as a read-only global before the load. The verifier then treats them as
        /// constants, and removes what hangs on a [`MISSING`] one. See
        /// [`crate::kernel_members`].
        ///
        /// What every healthy segment reads comes last: beside the settings, which follow it
        /// in memory, in as few cache lines as can be.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(C)]
        pub struct Offsets {
            $($(#[doc = concat!("`", $path, "`")] pub $name: u32,)?)*
            $(#[doc = concat!("`", $loaded_path, "`")] pub $loaded: u32,)*
            $(#[doc = concat!("`", $reached_path, "`" $(, ": ", stringify!($how))?)] pub $reached: u32,)*
            $(#[doc = concat!("`", $hot_path, "`")] pub $hot: u32,)*
        }

        impl Offsets {
            /// A kernel without any of them.
            pub const NONE: Self = Self {
                $($($name: { let _ = $path; MISSING },)?)*
                $($loaded: MISSING,)*
                $($reached: MISSING,)*
                $($hot: MISSING,)*
            };

            /// How each is found.
            pub const MEMBERS: &[Member] = &[
                $($(Member {
                    path: $path,
                    part: MemberPart::Offset,
                    optional: is_optional(&[$(stringify!($missing))?]),
                    slot: |offsets| &mut offsets.$name,
                },)?)*
                $(Member {
                    path: $loaded_path,
                    part: MemberPart::Offset,
                    optional: is_optional(&[$(stringify!($loaded_missing))?]),
                    slot: |offsets| &mut offsets.$loaded,
                },)*
                $(Member {
                    path: $reached_path,
                    part: part!($($how $($width)?)?),
                    optional: is_optional(&[$(stringify!($how))?]),
                    slot: |offsets| &mut offsets.$reached,
                },)*
                $(Member {
                    path: $hot_path,
                    part: MemberPart::Offset,
                    optional: false,
                    slot: |offsets| &mut offsets.$hot,
                },)*
            ];
        }
    };
}

kernel_members!(offsets);

const fn is_optional(words: &[&str]) -> bool {
    !words.is_empty()
}

// SAFETY: repr(C), u32 only.
unsafe impl Record for Offsets {}
