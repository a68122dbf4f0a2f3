//! A small seeded generator: the same seed gives the same stream on every machine,
//! and streams of different accounts do not depend on each other.

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hashes two words into one (the finaliser of SplitMix64, public domain, Steele et al. 2014).
pub(crate) const fn mix(left: u64, right: u64) -> u64 {
    let mut word = left.rotate_left(29) ^ right.wrapping_mul(GOLDEN);
    word = word.wrapping_add(GOLDEN);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// Hashes a name into a word (FNV-1a, then mixed).
pub(crate) const fn name_hash(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    mix(hash, 0x5eed)
}

/// A share between zero and one derived from a word.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn share(word: u64) -> f64 {
    (word >> 11) as f64 / (1_u64 << 53) as f64
}

/// One stream of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// Uniform in `[0, 1)`.
    pub(crate) fn unit(&mut self) -> f64 {
        share(self.next())
    }

    /// Uniform below `limit`; zero where the limit is zero.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }

    pub(crate) fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Standard normal (Box and Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    pub(crate) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }

    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// Poisson; a rounded normal above 40, where the two are close.
    pub(crate) fn poisson(&mut self, mean: f64) -> u64 {
        if mean <= 0.0 || !mean.is_finite() {
            return 0;
        }
        if mean > 40.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as u64;
        }
        let limit = (-mean).exp();
        let mut product = self.unit();
        let mut count = 0;
        while product > limit {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// Position drawn by a table of rising cumulative weights.
    pub(crate) fn weighted(&mut self, cumulative: &[f64]) -> usize {
        let total = cumulative.last().copied().unwrap_or(0.0);
        let draw = self.unit() * total;
        cumulative
            .partition_point(|&edge| edge <= draw)
            .min(cumulative.len().saturating_sub(1))
    }

    /// One of `items`; the first where the draw falls outside, which it cannot.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let at = self.index(items.len());
        items.get(at)
    }
}

/// Rising cumulative sums of weights, for [`Random::weighted`].
pub(crate) fn cumulative(weights: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut total = 0.0;
    weights
        .into_iter()
        .map(|weight| {
            total += weight;
            total
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let draw = |seed| {
            let mut random = Random::new(seed);
            (0..5).map(|_| random.next()).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert_ne!(mix(1, 2), mix(2, 1));
    }

    #[test]
    fn poisson_has_its_mean() {
        let mut random = Random::new(1);
        for mean in [0.3, 4.0, 90.0] {
            let total: u64 = (0..20_000).map(|_| random.poisson(mean)).sum();
            let measured = total as f64 / 20_000.0;
            assert!(
                (measured - mean).abs() < 0.05 * mean + 0.02,
                "{mean} gave {measured}"
            );
        }
    }

    #[test]
    fn weighted_follows_the_weights() {
        let table = cumulative([1.0, 0.0, 3.0]);
        let mut random = Random::new(3);
        let mut counts = [0; 3];
        for _ in 0..4_000 {
            counts[random.weighted(&table)] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((900..1100).contains(&counts[0]), "{counts:?}");
    }
}
