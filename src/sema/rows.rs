//! A row of things for each index, all in one piece of memory.
//!
//! A `Vec` of `Vec`s takes several times as much where there are many short rows. Invariant: once made,
//! rows neither grow nor shrink.

use std::ops::{Index, Range};

/// Rows, each of its own length.
#[derive(Debug)]
pub(super) struct Rows<T> {
    items: Vec<T>,
    /// Where each row ends; the first starts at 0.
    ends: Vec<u32>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { items: Vec::new(), ends: Vec::new() }
    }
}

impl<T> Rows<T> {
    /// Puts what `visit` is told of into so many rows, each in the order in which it came. What
    /// `each` tells must be the same both times that it is called: the first is to count.
    pub(super) fn of(count: usize, blank: T, each: impl Fn(&mut dyn FnMut(usize, T))) -> Self
    where
        T: Clone,
    {
        let mut ends = vec![0_u32; count];
        each(&mut |row, _| ends[row] += 1);
        // From here on where the row's next item goes, which is its end when all are there.
        let mut start = 0;
        for end in &mut ends {
            start += std::mem::replace(end, start);
        }
        let mut items = vec![blank; start as usize];
        each(&mut |row, item| {
            items[ends[row] as usize] = item;
            ends[row] += 1;
        });
        Self { items, ends }
    }

    /// Adds a row behind the last one.
    pub(super) fn push(&mut self, row: impl IntoIterator<Item = T>) {
        self.items.extend(row);
        self.ends.push(u32::try_from(self.items.len()).unwrap_or(u32::MAX));
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[T]> {
        (0..self.len()).map(|row| &self[row])
    }

    /// All items, row by row.
    pub(super) fn items(&self) -> &[T] {
        &self.items
    }

    fn range(&self, row: usize) -> Range<usize> {
        let start = row.checked_sub(1).map_or(0, |above| self.ends[above]);
        start as usize..self.ends[row] as usize
    }
}

impl<T> Index<usize> for Rows<T> {
    type Output = [T];

    fn index(&self, row: usize) -> &[T] {
        &self.items[self.range(row)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_keeps_its_order() {
        let told = [(2, 'a'), (0, 'b'), (2, 'c'), (0, 'd'), (3, 'e')];
        let rows = Rows::of(5, ' ', |visit| told.iter().for_each(|(row, item)| visit(*row, *item)));
        let found: Vec<String> = rows.iter().map(|row| row.iter().collect()).collect();
        assert_eq!(found, ["bd", "", "ac", "e", ""]);
    }

    #[test]
    fn rows_can_be_added() {
        let mut rows = Rows::default();
        rows.push([1, 2]);
        rows.push([]);
        rows.push([3]);
        assert_eq!((&rows[0], &rows[1], &rows[2]), (&[1, 2][..], &[][..], &[3][..]));
        assert_eq!(rows.items(), [1, 2, 3]);
    }
}
