//! Little-endian numbers at an offset, and the checksum of the format. Nothing here panics: what is not there is `None`.

/// The `N` bytes at `at`.
fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>().copied()
}

/// The byte at `at`.
pub(super) fn u8_at(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(at).copied()
}

/// The 16-bit number at `at`.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_le_bytes)
}

/// The 32-bit number at `at`.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

/// The 64-bit number at `at`.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    array(bytes, at).map(u64::from_le_bytes)
}

/// A length or offset of the file as an index. Saturates where the machine is narrower than the number, which no file reaches.
pub(super) fn index(n: impl TryInto<usize>) -> usize {
    n.try_into().unwrap_or(usize::MAX)
}

/// An index as the 32-bit number it is kept as; the limit on the file's size keeps it from saturating.
pub(super) fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The remainders of the reflected polynomial 0xEDB88320 for every byte.
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::cast_possible_truncation)] // Runs in the compiler only.
const REMAINDERS: [u32; 256] = {
    let mut table = [0_u32; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut remainder = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            remainder = if remainder & 1 == 1 { (remainder >> 1) ^ 0xEDB8_8320 } else { remainder >> 1 };
            bit += 1;
        }
        table[byte] = remainder;
        byte += 1;
    }
    table
};

/// CRC-32 as in zlib of `parts` in a row.
fn crc32_of(parts: &[&[u8]]) -> u32 {
    !parts.iter().copied().flatten().fold(u32::MAX, |state, byte| {
        let [low, ..] = state.to_le_bytes();
        REMAINDERS.get(usize::from(low ^ byte)).copied().unwrap_or_default() ^ (state >> 8)
    })
}

/// CRC-32 as in zlib.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    crc32_of(&[bytes])
}

/// CRC-32 of `bytes` with the four bytes at `hole`, where the checksum itself is stored, taken as zero.
pub(super) fn checksum(bytes: &[u8], hole: usize) -> u32 {
    let (before, rest) = bytes.split_at_checked(hole).unwrap_or((bytes, &[]));
    crc32_of(&[before, &[0; 4], rest.get(4..).unwrap_or_default()])
}

/// As [`checksum`], as if the first byte were `first`.
pub(super) fn checksum_as(first: u8, bytes: &[u8], hole: usize) -> u32 {
    let (before, rest) = bytes.split_at_checked(hole).unwrap_or((bytes, &[]));
    crc32_of(&[&[first], before.get(1..).unwrap_or_default(), &[0; 4], rest.get(4..).unwrap_or_default()])
}

/// Whether the checksum stored at `hole` is that of `bytes`; the two numbers, stored and computed, where it is not.
pub(super) fn verify(bytes: &[u8], hole: usize) -> Result<(), (u32, u32)> {
    let stored = u32_at(bytes, hole).unwrap_or_default();
    let computed = checksum(bytes, hole);
    if stored == computed { Ok(()) } else { Err((stored, computed)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_zlib() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(checksum(b"ab\xff\xff\xff\xffcd", 2), crc32(b"ab\0\0\0\0cd"));
        assert_eq!(verify(&[0, 1], 0), Err((0, crc32(&[0; 4]))));
    }

    #[test]
    fn what_is_not_there_is_none() {
        assert_eq!(u32_at(&[1, 2, 3], 0), None);
        assert_eq!(u16_at(&[1, 2, 3], 1), Some(0x0302));
        assert_eq!(u64_at(&[0; 8], usize::MAX), None);
    }
}
