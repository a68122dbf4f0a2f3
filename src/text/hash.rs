//! Hashes that stand for texts. Fixed, unseeded and the same on every machine, because
//! stored digests of different weeks and machines are merged by them.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Odd multiplier that spreads bits upwards: 2^64 divided by the golden ratio
/// (Knuth, The Art of Computer Programming, volume 3, section 6.4).
pub(crate) const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hash of the exact text, byte for byte.
#[must_use]
pub fn text_hash(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}

/// Hash of a text under a small tag that keeps kinds of texts apart.
#[must_use]
pub fn tagged_hash(tag: u8, text: &str) -> u64 {
    xxh3_64_with_seed(text.as_bytes(), u64::from(tag))
}

/// Finaliser that lets every input bit reach every output bit (the 64-bit step of
/// SplitMix, Steele, Lea and Flood, OOPSLA 2014).
#[must_use]
#[inline]
pub fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Extends a hash by one more number; the order of extension matters.
#[must_use]
#[inline]
pub fn extend(hash: u64, value: u64) -> u64 {
    mix(hash.wrapping_mul(GOLDEN).rotate_left(23) ^ value)
}
