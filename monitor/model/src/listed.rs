//! Enums that follow from a list which others read too.

/// The enum of a list, with `ALL` and `name()`: the name in JSON is that of the file behind the variant.
macro_rules! listed {
    ($(#[doc = $about:literal])* $enum:ident: $($(#[doc = $doc:literal])* $variant:ident $name:ident,)*) => {
        $(#[doc = $about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $enum {
            $($(#[doc = $doc])* $variant,)*
        }

        impl $enum {
            /// All of them, in the order of the list.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name, as in JSON.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($name),)*
                }
            }
        }
    };
}
