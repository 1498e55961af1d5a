//! What a killed daemon of an earlier build left, made by hand: names, sizes and numbers are of
//! that time, and must not follow when the code of today changes.

use super::sock_ops::call;
use aya::maps::{Map, MapData, SkStorage};
use libtest_mimic::Failed;
use nix::mount::{MsFlags, mount};
use std::fs;
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::path::Path;

/// Commands and numbers of include/uapi/linux/bpf.h.
const BPF_MAP_CREATE: libc::c_long = 0;
const BPF_BTF_LOAD: libc::c_long = 18;
const BPF_MAP_TYPE_SK_STORAGE: u32 = 24;
const BPF_F_NO_PREALLOC: u32 = 1;

/// The callbacks that every build so far has set: bits 3, 4 and 6.
pub const CALLBACKS: u32 = 0b101_1000;

/// BTF (include/uapi/linux/btf.h): the header, an integer of 4 bytes, one of 8, no names.
const TYPES: [u32; 14] = [
    0x0001_eb9f,
    24,
    0,
    32,
    32,
    4,
    0,
    1 << 24,
    4,
    32,
    0,
    1 << 24,
    8,
    64,
];

/// The start of `union bpf_attr` for a map.
#[repr(C)]
#[derive(Default)]
struct Create {
    kind: u32,
    key_bytes: u32,
    value_bytes: u32,
    entries: u32,
    flags: u32,
    inner: u32,
    node: u32,
    name: [u8; 16],
    device: u32,
    types: u32,
    key_type: u32,
    value_type: u32,
}

/// The start of `union bpf_attr` for BTF.
#[repr(C)]
struct LoadTypes {
    types: u64,
    log: u64,
    bytes: u32,
    log_bytes: u32,
    log_level: u32,
    flags: u32,
}

/// Makes the place at `pins` and pins the map there, in which `socket`, whose callbacks are set,
/// is said to be watched.
pub fn leave_behind(pins: &Path, socket: &TcpStream) -> Result<(), Failed> {
    fs::create_dir_all(pins)?;
    let none: Option<&str> = None;
    mount(Some("tcplull"), pins, Some("bpf"), MsFlags::empty(), none)?;
    let mut bytes: Vec<u8> = TYPES.iter().flat_map(|word| word.to_ne_bytes()).collect();
    // No names, but the empty one.
    bytes.extend([0; 4]);
    let types = call(
        BPF_BTF_LOAD,
        &LoadTypes {
            types: bytes.as_ptr() as u64,
            log: 0,
            bytes: bytes.len().try_into()?,
            log_bytes: 0,
            log_level: 0,
            flags: 0,
        },
    )?;
    let map = call(
        BPF_MAP_CREATE,
        &Create {
            kind: BPF_MAP_TYPE_SK_STORAGE,
            key_bytes: 4,
            value_bytes: 8,
            flags: BPF_F_NO_PREALLOC,
            name: *b"MARKS\0\0\0\0\0\0\0\0\0\0\0",
            types: types.as_raw_fd().try_into()?,
            key_type: 1,
            value_type: 2,
            ..Create::default()
        },
    )?;
    let map = MapData::from_fd(map)?;
    map.pin(pins.join("marks_v1"))?;
    let mut marks: SkStorage<_, [u32; 2]> = SkStorage::try_from(Map::SkStorage(map))?;
    // Which callbacks are its own, and that they are set.
    Ok(marks.insert(socket, [CALLBACKS, 1], 0)?)
}
