use std::sync::Arc;

/// A vector whose versions share what they have in common.
///
/// Elements lie in pages behind `Arc`s. A clone copies the page pointers; a write copies the one page it falls in, if
/// another version still holds it. With the usual number of elements a page both are a few microseconds at a million
/// elements, where a flat copy takes tens of milliseconds: that number is about √(10⁶ · size of an `Arc` / size of a
/// record), so that pointers and page cost about as much to copy.
#[derive(Clone, Debug)]
pub(crate) struct Paged<T, const PAGE: usize = 256> {
    pages: Vec<Arc<[T]>>,
}

impl<T, const PAGE: usize> Default for Paged<T, PAGE> {
    fn default() -> Self {
        Self { pages: Vec::new() }
    }
}

impl<T: Clone, const PAGE: usize> Paged<T, PAGE> {
    pub(crate) fn from_iter(elements: impl Iterator<Item = T>) -> Self {
        let mut paged = Self { pages: Vec::new() };
        let mut elements = elements.peekable();
        while elements.peek().is_some() {
            paged.pages.push(elements.by_ref().take(PAGE).collect());
        }
        paged
    }

    pub(crate) fn len(&self) -> usize {
        match self.pages.split_last() {
            Some((last, full)) => full.len() * PAGE + last.len(),
            None => 0,
        }
    }

    #[inline]
    pub(crate) fn get(&self, at: u32) -> Option<&T> {
        self.pages.get(at as usize / PAGE)?.get(at as usize % PAGE)
    }

    /// The element to be changed, its page unshared first. O(page) and O(1) while the page is not shared.
    pub(crate) fn get_mut(&mut self, at: u32) -> Option<&mut T> {
        Arc::make_mut(self.pages.get_mut(at as usize / PAGE)?).get_mut(at as usize % PAGE)
    }

    /// Adds an element at the end. O(page).
    pub(crate) fn push(&mut self, element: T) {
        match self.pages.last_mut() {
            Some(last) if last.len() < PAGE => {
                *last = last
                    .iter()
                    .cloned()
                    .chain(core::iter::once(element))
                    .collect();
            }
            _ => self.pages.push(Arc::new([element])),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.pages.iter().flat_map(|page| page.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_share_pages_and_differ_where_written() {
        for count in [0, 1, 255, 256, 257, 1000_u32] {
            let old = Paged::<_>::from_iter(0..count);
            let mut new = old.clone();
            for at in (0..count).step_by(100) {
                if let Some(element) = new.get_mut(at) {
                    *element += 5_000;
                }
            }
            new.push(count);
            assert_eq!((old.len(), new.len()), (count as usize, count as usize + 1));
            assert!(old.iter().copied().eq(0..count));
            assert!(new.iter().copied().eq((0..=count).map(|at| {
                if at % 100 == 0 && at < count {
                    at + 5_000
                } else {
                    at
                }
            })));
            assert_eq!((old.get(count), new.get(count)), (None, Some(&count)));
        }
    }
}
