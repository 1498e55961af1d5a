//! A file made by hand, and what is wrong with others.

use super::*;

/// Types and strings, as a file has them.
#[derive(Default)]
struct Written {
    types: Vec<u32>,
    strings: Vec<u8>,
}

impl Written {
    fn new() -> Self {
        Self {
            types: Vec::new(),
            strings: vec![0],
        }
    }

    fn string(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let at = self.strings.len();
        self.strings.extend(text.bytes().chain([0]));
        u32::try_from(at).unwrap()
    }

    /// A type of this kind; `parts` are what follows it, one of them counted.
    fn add(&mut self, kind: u32, name: &str, refers_to: u32, parts: &[[u32; 3]]) {
        let name = self.string(name);
        let count = u32::try_from(parts.len()).unwrap();
        self.types.extend([name, kind << 24 | count, refers_to]);
        self.types.extend(parts.concat());
    }

    fn member(&mut self, name: &str, of: u32, bits: u32) -> [u32; 3] {
        [self.string(name), of, bits]
    }

    fn bytes(&self) -> Vec<u8> {
        let types = 4 * u32::try_from(self.types.len()).unwrap();
        let strings = u32::try_from(self.strings.len()).unwrap();
        let mut bytes = MAGIC.to_ne_bytes().to_vec();
        bytes.extend([1, 0]);
        let header = [24, 0, types, types, strings];
        bytes.extend(
            header
                .iter()
                .chain(&self.types)
                .flat_map(|word| word.to_ne_bytes()),
        );
        bytes.extend(&self.strings);
        bytes
    }
}

/// `struct sock { int; union { struct { int deep; }; } ; const inner_t inner; }` and what is in it.
fn file() -> Written {
    let mut file = Written::new();
    // 1: int, with the word that follows it.
    file.add(1, "int", 4, &[]);
    file.types.push(32);
    // 2 and 3: an anonymous structure in an anonymous union.
    let deep = file.member("deep", 1, 32);
    file.add(4, "", 8, &[deep]);
    let anonymous = file.member("", 2, 0);
    file.add(5, "", 8, &[anonymous]);
    // 4 to 6: a structure behind a typedef and a qualifier.
    let x = file.member("x", 1, 64);
    file.add(4, "inner", 16, &[x]);
    file.add(8, "inner_t", 4, &[]);
    file.add(10, "", 5, &[]);
    // 7: all of it.
    let parts = [("first", 1, 0), ("", 3, 64), ("inner", 6, 128)];
    let parts = parts.map(|(name, of, bits)| file.member(name, of, bits));
    file.add(4, "sock", 32, &parts);
    // 8 to 10: what a tracepoint's typedef looks like.
    file.types.extend([0, 13 << 24 | 2, 0, 0, 1, 0, 1]);
    file.add(2, "", 8, &[]);
    file.add(8, "btf_trace_x", 9, &[]);
    file
}

#[test]
fn members_are_found_through_anonymous_ones_typedefs_and_qualifiers() {
    let btf = Btf::parse(file().bytes()).unwrap();
    let sock = btf.find(Kind::Struct, "sock").unwrap();
    assert_eq!(btf.member(sock, "first"), Some((0, 1)));
    assert_eq!(btf.member(sock, "deep"), Some((96, 1)));
    let (bits, inner) = btf.member(sock, "inner").unwrap();
    assert_eq!(bits, 128);
    let inner = btf.stripped(inner).unwrap();
    assert_eq!(btf.member(inner, "x"), Some((64, 1)));
    for none in ["", "x", "fir", "firsts"] {
        assert_eq!(btf.member(sock, none), None, "{none}");
    }
    assert_eq!(btf.find(Kind::Union, "sock"), None);
    let typedef = btf.find(Kind::Typedef, "btf_trace_x").unwrap();
    let prototype = btf.referred(btf.referred(typedef).unwrap()).unwrap();
    assert_eq!(btf.arguments(prototype), Some(2));
    assert_eq!(btf.arguments(typedef), None);
}

#[test]
fn types_in_a_circle_end() {
    let mut file = Written::new();
    // 1 and 2: typedefs of each other. 3: a structure whose 4,000 anonymous members are itself.
    file.add(8, "one", 2, &[]);
    file.add(8, "other", 1, &[]);
    file.add(4, "snake", 8, &vec![[0, 3, 0]; 4_000]);
    let btf = Btf::parse(file.bytes()).unwrap();
    assert_eq!(btf.stripped(1), None);
    let snake = btf.find(Kind::Struct, "snake").unwrap();
    assert_eq!(btf.member(snake, "tail"), None);
}

#[test]
fn what_is_no_btf_is_told_by_its_fault() {
    let good = file().bytes();
    let with = |at: usize, bytes: &[u8]| {
        let mut bad = good.clone();
        bad[at..at + bytes.len()].copy_from_slice(bytes);
        Btf::parse(bad).unwrap_err()
    };
    assert_eq!(Btf::parse(Vec::new()).unwrap_err(), BtfError::Magic);
    assert_eq!(with(0, b"no"), BtfError::Magic);
    let swapped = MAGIC.swap_bytes().to_ne_bytes();
    assert_eq!(with(0, &swapped), BtfError::ByteOrder);
    assert_eq!(with(2, &[2]), BtfError::Version(2));
    assert_eq!(with(4, &20_u32.to_ne_bytes()), BtfError::Cut);
    assert_eq!(with(12, &u32::MAX.to_ne_bytes()), BtfError::Cut);
    assert_eq!(with(28, &(31_u32 << 24).to_ne_bytes()), BtfError::Kind(31));
    for length in 0..good.len() {
        assert!(Btf::parse(good[..length].to_vec()).is_err(), "{length}");
    }
}
