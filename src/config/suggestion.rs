//! "Did you mean": the known name nearest to an unknown one.

/// The nearest of `known` to `name`, when it is near enough to be a slip of the keys.
///
/// Near enough is an edit distance of at most a third of the longer name, which lets
/// through one slip in three letters and keeps unrelated names apart. Of equally near
/// names the first in order of the alphabet is taken, so that the answer is stable.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    near(name, known).min().map(|(_, candidate)| candidate)
}

/// The nearest few of `known` to `name`, each once, by the same rule.
#[must_use]
pub fn nearest_few<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    most: usize,
) -> Vec<&'a str> {
    let mut found: Vec<(usize, &str)> = near(name, known).collect();
    found.sort_unstable();
    found.dedup();
    found
        .into_iter()
        .take(most)
        .map(|(_, candidate)| candidate)
        .collect()
}

/// The names near enough, with their distance.
fn near<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> impl Iterator<Item = (usize, &'a str)> {
    let name_letters: Vec<char> = name.to_lowercase().chars().collect();
    known.into_iter().filter_map(move |candidate| {
        let letters: Vec<char> = candidate.to_lowercase().chars().collect();
        let limit = letters.len().max(name_letters.len()) / 3;
        // The distance is at least the difference in length; a name that long is not measured.
        if letters.len().abs_diff(name_letters.len()) > limit {
            return None;
        }
        let distance = edit_distance(&name_letters, &letters);
        (distance <= limit).then_some((distance, candidate))
    })
}

/// `; did you mean X?`, or nothing.
#[must_use]
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known)
        .map(|candidate| format!("; did you mean `{candidate}`?"))
        .unwrap_or_default()
}

/// Levenshtein distance over letters.
fn edit_distance(left: &[char], right: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, left_letter) in left.iter().enumerate() {
        let mut diagonal = line;
        let mut before = line + 1;
        let mut next = vec![before];
        for (right_letter, above) in right.iter().zip(row.iter().skip(1)) {
            let replaced = diagonal + usize::from(left_letter != right_letter);
            before = replaced.min(above + 1).min(before + 1);
            diagonal = *above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(left: &str, right: &str) -> usize {
        let left: Vec<char> = left.chars().collect();
        let right: Vec<char> = right.chars().collect();
        edit_distance(&left, &right)
    }

    #[test]
    fn distances_are_those_of_the_textbook() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("same", "same"), 0);
        assert_eq!(distance("flaw", "lawn"), 2);
    }

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        let known = ["batch_rows", "gap_minutes", "hub_degree"];
        assert_eq!(nearest("batch_row", known), Some("batch_rows"));
        assert_eq!(nearest("Hub_Degre", known), Some("hub_degree"));
        assert_eq!(nearest("temperature", known), None);
        assert_eq!(did_you_mean("zzz", known), "");
    }

    #[test]
    fn a_few_come_nearest_first_and_once() {
        let known = [
            "C-4fd85faae2",
            "C-4fd85faaff",
            "C-4fd85faae2",
            "T-0123456789",
        ];
        assert_eq!(
            nearest_few("C-4fd85faae3", known, 3),
            ["C-4fd85faae2", "C-4fd85faaff"]
        );
        assert!(nearest_few(&"x".repeat(100_000), known, 3).is_empty());
    }

    #[test]
    fn ties_go_to_the_first_name_in_the_alphabet() {
        assert_eq!(nearest("cast", ["cost", "cart"]), Some("cart"));
    }
}
