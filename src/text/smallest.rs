//! The smallest distinct numbers of many, without sorting the many.

/// The smallest distinct values of what was taken in, slice by slice.
#[derive(Debug, Default)]
pub(crate) struct Smallest {
    values: Vec<u64>,
    few: Vec<u64>,
    limit: usize,
    repeats: usize,
}

impl Smallest {
    /// Empty, for so many values. `repeats` says how often a value stands in a slice, about:
    /// it changes how fast the choice is, not what is chosen.
    pub(crate) fn clear(&mut self, limit: usize, repeats: usize) {
        self.values.clear();
        self.limit = limit;
        self.repeats = repeats;
    }

    /// The values, ascending.
    pub(crate) fn values(&self) -> &[u64] {
        &self.values
    }

    /// Takes in the values of a slice.
    pub(crate) fn take(&mut self, slice: &[u64]) {
        if self.limit == 0 || slice.is_empty() {
            return;
        }
        let held = match self.values.last() {
            // What is not below the largest of enough cannot be among the smallest.
            Some(largest) if self.values.len() >= self.limit => *largest,
            _ => u64::MAX,
        };
        // Hashes are even, so the wanted ones nearly always lie in a small share of the range,
        // and only those need sorting. Half more than the limit is enough in about 49 of 50 cases.
        // Values held from before may lie above the bound: then some in between may be missing.
        let mut wanted = (self.limit.saturating_mul(3) / 2 + 2).saturating_mul(self.repeats);
        while wanted < slice.len() {
            let share = u64::MAX / slice.len() as u64 * wanted as u64;
            let bound = share.min(held);
            self.below(slice, bound);
            let is_enough = self
                .few
                .get(self.limit - 1)
                .is_some_and(|value| *value <= bound);
            if is_enough || bound == held {
                std::mem::swap(&mut self.few, &mut self.values);
                return;
            }
            wanted = wanted.saturating_mul(4);
        }
        self.below(slice, held);
        std::mem::swap(&mut self.few, &mut self.values);
    }

    /// Puts into `few` the smallest of what is held and of what in `slice` is at most `bound`.
    fn below(&mut self, slice: &[u64], bound: u64) {
        let held = self.values.len();
        self.few.clear();
        self.few.extend_from_slice(&self.values);
        self.few.resize(held + slice.len(), 0);
        let mut count = held;
        for &value in slice {
            if let Some(slot) = self.few.get_mut(count) {
                *slot = value;
            }
            // Without a branch: which values pass is as good as random.
            count += usize::from(value <= bound);
        }
        self.few.truncate(count);
        self.few.sort_unstable();
        self.few.dedup();
        self.few.truncate(self.limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::hash::mix;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn they_are_the_smallest_however_the_values_come(
            count in 0_u64..400,
            kinds in 1_u64..500,
            limit in 0_usize..40,
            repeats in 1_usize..4,
            piece in 1_usize..500,
            even in any::<bool>(),
        ) {
            let values: Vec<u64> = (0..count)
                .map(|number| number * number % kinds)
                .map(|value| if even { mix(value) } else { u64::MAX - value })
                .collect();
            let mut smallest = Smallest::default();
            smallest.clear(limit, repeats);
            values.chunks(piece).for_each(|slice| smallest.take(slice));
            let mut sorted = values;
            sorted.sort_unstable();
            sorted.dedup();
            sorted.truncate(limit);
            prop_assert_eq!(smallest.values(), &sorted[..]);
        }
    }
}
