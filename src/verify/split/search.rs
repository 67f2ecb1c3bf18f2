//! Everything tried: all sets of sites, and all ways to share among them.

use core::cmp::Reverse;

use crate::id::SiteId;
use crate::verify::SplitTask;
use crate::verify::split::goods::Count;

/// More sets of sites than that are not tried.
const SETS_MAX: u64 = 50_000;

/// More ways to share among one set are not tried.
const SHARES_MAX: u32 = 20_000;

/// How good a set of sites is: how many, how far together, and their ids.
pub(super) type Key = (usize, u128, Vec<SiteId>);

/// How good these sites are.
pub(super) fn key(task: &SplitTask<'_>, sites: &[usize]) -> Key {
    let stock = sites.iter().map(|place| &task.stock[*place]);
    let distance = stock
        .clone()
        .map(|stock| u128::from(stock.distance.as_millimetres()));
    let mut ids: Vec<SiteId> = stock.map(|stock| stock.site).collect();
    ids.sort_unstable();
    (sites.len(), distance.sum(), ids)
}

/// The best sites that together have so much, each with a part of enough value, of all sets up to `most` sites; `None`
/// if there are none, or so many sets that not all are tried.
pub(super) fn best(
    task: &SplitTask<'_>,
    count: &Count,
    wanted: &[u32],
    most: usize,
) -> Option<Key> {
    let all = task.stock.len();
    let most = most.min(all);
    let mut sets = 0_u64;
    for size in 1..=most {
        sets = sets.saturating_add(choose(all, size));
        if sets > SETS_MAX {
            return None;
        }
        let mut found: Option<Key> = None;
        each_set(all, size, &mut |sites| {
            let key = key(task, sites);
            if found.as_ref().is_none_or(|best| key < *best) && can(task, count, wanted, sites) {
                found = Some(key);
            }
        });
        if found.is_some() {
            return found;
        }
    }
    None
}

/// The site where the fewest pieces are missing; of several the nearest, then the one with the smallest id.
pub(super) fn fewest_missing(task: &SplitTask<'_>, count: &Count) -> Option<Key> {
    let pieces = |place: usize| -> u64 {
        let pieces = count.pieces(&count.has[place], task.lines.len());
        pieces.into_iter().map(u64::from).sum()
    };
    let places = (0..task.stock.len()).map(|place| (Reverse(pieces(place)), key(task, &[place])));
    places.min().map(|(_, key)| key)
}

/// Whether these sites surely can: each gives a part of enough value, if there are several.
fn can(task: &SplitTask<'_>, count: &Count, wanted: &[u32], sites: &[usize]) -> bool {
    let is_enough = wanted.iter().enumerate().all(|(item, wanted)| {
        let sum: u64 = sites
            .iter()
            .map(|site| u64::from(count.has[*site][item]))
            .sum();
        sum >= u64::from(*wanted)
    });
    let minimum = task.policy.part_value_min.0;
    if !is_enough || sites.len() == 1 || minimum == 0 {
        return is_enough;
    }
    let mut sharing = Sharing {
        count,
        sites,
        minimum,
        worth: vec![0; sites.len()],
        steps: SHARES_MAX,
    };
    sharing.item(wanted, 0)
}

/// A search through all ways to share the goods.
struct Sharing<'a> {
    count: &'a Count,
    sites: &'a [usize],
    minimum: u64,
    /// What each gives so far.
    worth: Vec<u64>,
    steps: u32,
}

impl Sharing<'_> {
    /// Shares one kind of goods, and then those after it.
    fn item(&mut self, wanted: &[u32], item: usize) -> bool {
        match wanted.get(item) {
            Some(sets) => self.site(wanted, (item, *sets), 0),
            None => self.worth.iter().all(|worth| *worth >= self.minimum),
        }
    }

    /// What a site gives of these goods, and then those after it.
    fn site(&mut self, wanted: &[u32], (item, left): (usize, u32), at: usize) -> bool {
        let Some(site) = self.sites.get(at) else {
            return left == 0 && self.item(wanted, item + 1);
        };
        let worth = self.count.goods[item].worth;
        let most = self.count.has[*site][item].min(left);
        for sets in (0..=most).rev() {
            if self.steps == 0 {
                return false;
            }
            self.steps -= 1;
            let before = self.worth[at];
            self.worth[at] = before.saturating_add(worth.saturating_mul(sets.into()));
            let is_it = self.site(wanted, (item, left - sets), at + 1);
            self.worth[at] = before;
            if is_it {
                return true;
            }
        }
        false
    }
}

/// How many sets of so many there are.
fn choose(all: usize, size: usize) -> u64 {
    (0..size).fold(1_u64, |sets, at| {
        sets.saturating_mul((all - at) as u64) / (at as u64 + 1)
    })
}

/// Every set of so many of all.
fn each_set(all: usize, size: usize, then: &mut impl FnMut(&[usize])) {
    let mut set: Vec<usize> = (0..size).collect();
    loop {
        then(&set);
        let Some(at) = (0..size).rev().find(|at| set[*at] < all - size + at) else {
            return;
        };
        set[at] += 1;
        for later in at + 1..size {
            set[later] = set[later - 1] + 1;
        }
    }
}
