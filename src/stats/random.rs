//! A small seeded generator and stable hashes: same seed, same draws, on every machine.
//!
//! Source: D. Blackman, S. Vigna, "Scrambled Linear Pseudorandom Number Generators", 2021
//! (xoshiro256++ seeded by splitmix64); D. Lemire, "Fast Random Integer Generation in an
//! Interval", 2019 (unbiased draws below a bound). Hash: XXH3, 64 bit.

use xxhash_rust::xxh3::Xxh3;

/// Hexadecimal digits of a stable id: 40 bits, so that 100,000 ids collide with a chance of about 0.5 %.
const ID_DIGITS: u32 = 10;

/// Splitmix64: turns any seed, also a small one, into well-mixed words.
#[derive(Debug, Clone)]
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}

/// Deterministic generator, not for secrets.
#[derive(Debug, Clone)]
pub struct Random {
    state: [u64; 4],
}

impl Random {
    /// A generator for this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut seeder = SplitMix64(seed);
        Random {
            state: [seeder.next(), seeder.next(), seeder.next(), seeder.next()],
        }
    }

    /// A generator for a named purpose, independent of draws made for other purposes.
    #[must_use]
    pub fn for_purpose(seed: u64, purpose: &str) -> Self {
        Random::new(seed ^ stable_hash(&[purpose]))
    }

    /// Next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let c2 = c ^ a;
        let d2 = d ^ b;
        self.state = [a ^ d2, b ^ c2, c2 ^ (b << 17), d2.rotate_left(45)];
        result
    }

    /// Uniform in `0..bound`, without bias; 0 where the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        let mut product = u128::from(self.next_u64()) * u128::from(bound);
        if (product as u64) < bound {
            let unfair = bound.wrapping_neg() % bound;
            while (product as u64) < unfair {
                product = u128::from(self.next_u64()) * u128::from(bound);
            }
        }
        (product >> 64) as u64
    }

    /// Uniform in [0, 1) with 53 random bits.
    pub fn unit_f64(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Fisher-Yates shuffle: every order is equally likely.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }
}

/// Stable 64-bit hash of a tuple of texts; `["ab", "c"]` and `["a", "bc"]` differ.
#[must_use]
pub fn stable_hash(parts: &[&str]) -> u64 {
    let mut hasher = Xxh3::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.digest()
}

/// Short id that stays the same from run to run, such as `C-7f3a91c204`.
#[must_use]
pub fn stable_id(prefix: &str, parts: &[&str]) -> String {
    let shortened = stable_hash(parts) >> (64 - 4 * ID_DIGITS);
    format!("{prefix}-{shortened:0width$x}", width = ID_DIGITS as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reference_sequences() {
        // splitmix64 and xoshiro256++ as published by their authors
        let mut seeder = SplitMix64(1_234_567);
        assert_eq!(seeder.next(), 6_457_827_717_110_365_317);
        assert_eq!(seeder.next(), 3_203_168_211_198_807_973);
        let mut random = Random {
            state: [1, 2, 3, 4],
        };
        let expected = [
            41_943_041,
            58_720_359,
            3_588_806_011_781_223,
            3_591_011_842_654_386,
        ];
        for value in expected {
            assert_eq!(random.next_u64(), value);
        }
    }

    #[test]
    fn draws_are_in_range_and_even() {
        let mut random = Random::new(7);
        let mut seen = [0_u32; 6];
        for _ in 0..60_000 {
            seen[random.below(6) as usize] += 1;
        }
        // sd of each cell is 91; six of them stay within 5 sd
        assert!(
            seen.iter().all(|count| (9_540..10_460).contains(count)),
            "{seen:?}"
        );
        assert_eq!(random.below(0), 0);
        assert_eq!(random.below(1), 0);
        assert!(random.below(u64::MAX) < u64::MAX);
        assert!((0..1000).all(|_| (0.0..1.0).contains(&random.unit_f64())));
    }

    #[test]
    fn shuffle_keeps_items_and_repeats_with_the_seed() {
        let mut first: Vec<u32> = (0..100).collect();
        let mut second = first.clone();
        Random::new(3).shuffle(&mut first);
        Random::new(3).shuffle(&mut second);
        assert_eq!(first, second);
        assert_ne!(first, (0..100).collect::<Vec<_>>());
        first.sort_unstable();
        assert_eq!(first, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn ids_are_stable_and_separate_parts() {
        assert_ne!(stable_hash(&["ab", "c"]), stable_hash(&["a", "bc"]));
        assert_ne!(stable_hash(&["a"]), stable_hash(&["a", ""]));
        let id = stable_id("C", &["payment", "card-1"]);
        assert_eq!(id, stable_id("C", &["payment", "card-1"]));
        assert_eq!(id.len(), 12);
        assert!(id.starts_with("C-"));
    }

    #[test]
    fn purposes_draw_apart() {
        let one = Random::for_purpose(1, "rewire").next_u64();
        assert_ne!(one, Random::for_purpose(1, "jitter").next_u64());
        assert_eq!(one, Random::for_purpose(1, "rewire").next_u64());
    }
}
