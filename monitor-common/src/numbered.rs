//! Enums whose numbers are part of the contract, each written once.

/// Defines such an enum: its `ALL` and `from_number` follow from the one list, and its `name`
/// where names are given.
macro_rules! numbered {
    ($(#[$meta:meta])* pub enum $name:ident: $number:ident {
        $($(#[$doc:meta])* $variant:ident = $value:literal => $text:literal,)*
    }) => {
        numbered! {
            $(#[$meta])* pub enum $name: $number {
                $($(#[$doc])* $variant = $value,)*
            }
        }

        impl $name {
            /// Its name, as recordings and users have it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
    ($(#[$meta:meta])* pub enum $name:ident: $number:ident {
        $($(#[$doc:meta])* $variant:ident = $value:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr($number)]
        pub enum $name {
            $($(#[$doc])* $variant = $value,)*
        }

        impl $name {
            /// Every one, in the order of its number.
            pub const ALL: [Self; [$($value),*].len()] = [$(Self::$variant),*];

            /// The one with this number, if there is one.
            pub const fn from_number(number: $number) -> Option<Self> {
                match number {
                    $($value => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}
