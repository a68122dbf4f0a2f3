//! Connected components by union-find, labelled by their smallest member.
//!
//! Source: R. E. Tarjan, J. van Leeuwen, "Worst-case Analysis of Set Union Algorithms", 1984
//! (linking by index with path halving). The smaller index is always the root, so the label
//! of a component does not depend on the order in which the links were added.

/// A partition of `0..n` that links can only coarsen.
#[derive(Debug, Clone)]
pub struct Components {
    parent: Vec<u32>,
}

impl Components {
    /// `size` components of one member each.
    #[must_use]
    pub fn new(size: u32) -> Self {
        Components {
            parent: (0..size).collect(),
        }
    }

    /// Number of members.
    #[must_use]
    pub fn size(&self) -> usize {
        self.parent.len()
    }

    fn parent_of(&self, member: u32) -> u32 {
        self.parent.get(member as usize).copied().unwrap_or(member)
    }

    /// Smallest member of the component; a number outside the partition is its own label.
    pub fn label(&mut self, member: u32) -> u32 {
        let mut current = member;
        loop {
            let above = self.parent_of(current);
            if above == current {
                return current;
            }
            let next = self.parent_of(above);
            if let Some(slot) = self.parent.get_mut(current as usize) {
                *slot = next;
            }
            current = next;
        }
    }

    /// Joins two components; true if they were apart. Members outside the partition are ignored.
    pub fn link(&mut self, left: u32, right: u32) -> bool {
        let size = self.parent.len();
        if left as usize >= size || right as usize >= size {
            return false;
        }
        let (left, right) = (self.label(left), self.label(right));
        if left == right {
            return false;
        }
        if let Some(slot) = self.parent.get_mut(left.max(right) as usize) {
            *slot = left.min(right);
        }
        true
    }

    /// Label of every member, in member order.
    #[must_use]
    pub fn labels(mut self) -> Vec<u32> {
        // parents are never larger than their children, so one ascending pass settles all
        for member in 0..self.parent.len() {
            let above = self.parent.get(member).copied().unwrap_or_default();
            let settled = self.parent_of(above);
            if let Some(slot) = self.parent.get_mut(member) {
                *slot = settled;
            }
        }
        self.parent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_the_smallest_members() {
        let mut parts = Components::new(7);
        assert!(parts.link(6, 4));
        assert!(parts.link(4, 2));
        assert!(!parts.link(2, 6));
        assert!(parts.link(5, 3));
        assert_eq!(parts.label(6), 2);
        assert_eq!(parts.labels(), vec![0, 1, 2, 3, 2, 3, 2]);
    }

    #[test]
    fn order_of_links_does_not_matter() {
        let links = [(9, 8), (1, 9), (3, 2), (7, 3), (5, 5), (0, 6), (2, 8)];
        let mut forwards = Components::new(10);
        let mut backwards = Components::new(10);
        for (left, right) in links {
            forwards.link(left, right);
        }
        for (left, right) in links.iter().rev() {
            backwards.link(*right, *left);
        }
        let labels = forwards.labels();
        assert_eq!(labels, backwards.labels());
        assert_eq!(labels, vec![0, 1, 1, 1, 4, 5, 0, 1, 1, 1]);
    }

    #[test]
    fn outsiders_are_ignored() {
        let mut parts = Components::new(2);
        assert!(!parts.link(0, 2));
        assert_eq!(parts.label(9), 9);
        assert_eq!(parts.labels(), vec![0, 1]);
        assert!(Components::new(0).labels().is_empty());
    }
}
