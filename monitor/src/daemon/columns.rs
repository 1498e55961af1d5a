//! Rows of bytes turned into columns and back: what is the same from row to row stands together then, and packs well.

use std::array::from_fn;

/// What stands there in rows of `width` bytes, column by column; of that, with the number of the rows as width, the rows
/// again.
pub(super) fn columns(bytes: &[u8], width: usize) -> Vec<u8> {
    let mut all = vec![0; bytes.len()];
    let rows = bytes.len().checked_div(width).unwrap_or_default();
    // By squares, which take a fraction of the time that the same takes byte by byte; those only remain beside them.
    let squares = (rows - rows % SIDE, width - width % SIDE);
    for row in (0..squares.0).step_by(SIDE) {
        for column in (0..squares.1).step_by(SIDE) {
            let lines = turned(from_fn(|line| {
                let mut square = [0; SIDE];
                square.copy_from_slice(&bytes[(row + line) * width + column..][..SIDE]);
                u64::from_le_bytes(square)
            }));
            for (line, bytes) in lines.iter().enumerate() {
                all[(column + line) * rows + row..][..SIDE].copy_from_slice(&bytes.to_le_bytes());
            }
        }
    }
    for row in 0..rows {
        let beside = if row < squares.0 { squares.1 } else { 0 };
        for column in beside..width {
            all[column * rows + row] = bytes[row * width + column];
        }
    }
    all
}

/// Bytes of a number, and numbers of a square.
const SIDE: usize = size_of::<u64>();

/// A square of bytes, a number a line with its lowest byte first, with columns for lines: it swaps the quarters that lie
/// beside the diagonal, then those of each quarter, and theirs.
fn turned(mut lines: [u64; SIDE]) -> [u64; SIDE] {
    for (apart, mask) in [
        (4, 0x0000_0000_ffff_ffff),
        (2, 0x0000_ffff_0000_ffff),
        (1, 0x00ff_00ff_00ff_00ff),
    ] {
        for upper in (0..SIDE).filter(|line| line & apart == 0) {
            let (one, other) = (lines[upper], lines[upper + apart]);
            let shift = 8 * apart;
            lines[upper] = (one & mask) | ((other & mask) << shift);
            lines[upper + apart] = ((one >> shift) & mask) | (other & !mask);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn columns_are_the_rows_turned_and_turned_again_the_rows(
            rows in 0_usize..40,
            width in 1_usize..40,
            seed in any::<u8>(),
        ) {
            let bytes: Vec<u8> = (0..rows * width)
                .map(|place| (place as u8).wrapping_mul(31) ^ (place >> 8) as u8 ^ seed)
                .collect();
            let turned = columns(&bytes, width);
            for (place, byte) in bytes.iter().enumerate() {
                prop_assert_eq!(turned[place % width * rows + place / width], *byte);
            }
            prop_assert_eq!(columns(&turned, rows), bytes);
        }
    }
}
