//! Shannon entropy of counts and the Jensen-Shannon divergence between two of them, in bits.
//!
//! Sources: C. E. Shannon, 1948; J. Lin, "Divergence Measures Based on the Shannon Entropy", 1991.

/// Entropy in bits of the shares that `counts` make up; 0 for an empty or single-valued list.
#[must_use]
pub fn entropy_bits(counts: &[u64]) -> f64 {
    let total: f64 = counts.iter().map(|count| *count as f64).sum();
    entropy_of_shares(counts.iter().map(|count| *count as f64 / total))
}

/// Entropy over its greatest value for the number of cells given (empty cells count): 0 to 1.
#[must_use]
pub fn normalised_entropy(counts: &[u64]) -> f64 {
    if counts.len() < 2 {
        return 0.0;
    }
    (entropy_bits(counts) / (counts.len() as f64).log2()).clamp(0.0, 1.0)
}

/// Jensen-Shannon divergence in bits, 0 (same shares) to 1 (nothing in common).
///
/// Cells are matched by position and a shorter list counts as zeros beyond its end.
/// Nothing can be said about an empty list: the divergence is 0 then.
#[must_use]
pub fn jensen_shannon(left: &[u64], right: &[u64]) -> f64 {
    let left_total: f64 = left.iter().map(|count| *count as f64).sum();
    let right_total: f64 = right.iter().map(|count| *count as f64).sum();
    if left_total <= 0.0 || right_total <= 0.0 {
        return 0.0;
    }
    let share = |counts: &[u64], total: f64, cell: usize| {
        counts.get(cell).map_or(0.0, |count| *count as f64 / total)
    };
    let cells = left.len().max(right.len());
    let middle = entropy_of_shares((0..cells).map(|cell| {
        f64::midpoint(
            share(left, left_total, cell),
            share(right, right_total, cell),
        )
    }));
    (middle - f64::midpoint(entropy_bits(left), entropy_bits(right))).clamp(0.0, 1.0)
}

fn entropy_of_shares(shares: impl Iterator<Item = f64>) -> f64 {
    let negated: f64 = shares
        .filter(|share| *share > 0.0)
        .map(|share| share * share.log2())
        .sum();
    (-negated).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() < 1e-12,
            "found {found}, expected {expected}"
        );
    }

    #[test]
    fn entropy_by_hand() {
        close(entropy_bits(&[]), 0.0);
        close(entropy_bits(&[0, 0]), 0.0);
        close(entropy_bits(&[7]), 0.0);
        close(entropy_bits(&[5, 5, 5, 5]), 2.0);
        close(entropy_bits(&[2, 1, 1]), 1.5);
        close(normalised_entropy(&[5, 5, 5, 5]), 1.0);
        close(normalised_entropy(&[5, 5, 0, 0]), 0.5);
        close(normalised_entropy(&[5]), 0.0);
    }

    #[test]
    fn divergence_by_hand() {
        close(jensen_shannon(&[3, 1], &[6, 2]), 0.0);
        close(jensen_shannon(&[1], &[0, 9]), 1.0);
        // shares (1, 0) and (1/2, 1/2): H(3/4, 1/4) - 1/2
        let expected = -(0.75 * 0.75_f64.log2() + 0.25 * 0.25_f64.log2()) - 0.5;
        close(jensen_shannon(&[4], &[2, 2]), expected);
        close(jensen_shannon(&[], &[2, 2]), 0.0);
    }
}
