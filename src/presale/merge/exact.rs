//! The best packing of stars into a component of few communities.

use core::cmp::Reverse;
use core::ops::Add;

use crate::money::Amount;
use crate::presale::merge::EXACT_MAX;
use crate::presale::merge::cluster::{Cluster, Member, Star};
use crate::presale::merge::measure::overshoot;
use crate::presale::{IfUnformed, Pieces, Tally, Threshold};

/// A set of communities: bit i is the community at place i.
type Set = usize;

/// What a plan is worth; the greater is better. The order of the fields is the order of the module's page, and every
/// field of two groups together is the sum of theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Worth {
    groups: u32,
    participants: u64,
    moved: Reverse<u64>,
    overshoot: Reverse<[u64; 3]>,
    /// One bit for each host, the first place highest: of two sets of equal size, that with the first of all hosts
    /// that are not in both is greater.
    hosts: u64,
    /// Participants times millimetres.
    walking: Reverse<u128>,
    /// One digit to base 16 for each guest, the first place highest; the earlier its host, the greater the digit.
    guests: u64,
}

/// A star and what it is worth.
#[derive(Clone, Copy)]
struct Formed {
    worth: Worth,
    host: usize,
}

/// The best packing inside a set: the star that its first community is in, if any, and the worth of all stars.
#[derive(Clone, Copy)]
struct Packed {
    worth: Worth,
    first: Set,
}

/// The best packing for every set. What decides most comparisons is in tables of its own, which fit the fastest cache:
/// measured, half the time.
struct Packings {
    formed: Vec<Option<Formed>>,
    formed_heads: Vec<u64>,
    packed: Vec<Packed>,
    packed_heads: Vec<u64>,
}

/// The best plan of a component of at most [`EXACT_MAX`] communities.
pub(super) fn stars(cluster: &Cluster<'_>) -> Vec<Star> {
    let count = cluster.members.len();
    debug_assert!(count <= EXACT_MAX, "tables have an entry for each set");
    let packings = Packings::of(formed(cluster));
    let mut stars = Vec::new();
    let mut open: Set = (1 << count) - 1;
    while open != 0 {
        let first = packings.packed[open].first;
        if let Some(Formed { host, .. }) = packings.formed[first] {
            let guests = places(first & !(1 << host)).collect();
            stars.push(Star { host, guests });
            open &= !first;
        } else {
            open &= open - 1;
        }
    }
    stars
}

impl Packings {
    fn of(formed: Vec<Option<Formed>>) -> Self {
        let nothing = Packed {
            worth: Worth::NOTHING,
            first: 0,
        };
        let heads = formed.iter();
        let heads = heads.map(|formed| formed.map_or(0, |formed| formed.worth.head()));
        let mut packings = Self {
            formed_heads: heads.collect(),
            packed: vec![nothing],
            packed_heads: vec![0],
            formed,
        };
        for set in 1..packings.formed.len() {
            let best = packings.best_in(set);
            packings.packed_heads.push(best.worth.head());
            packings.packed.push(best);
        }
        packings
    }

    /// The best packing inside a set, where that of every smaller set is known.
    fn best_in(&self, set: Set) -> Packed {
        let lowest = set & set.wrapping_neg();
        let others = set ^ lowest;
        let mut best = Packed {
            worth: self.packed[others].worth,
            first: 0,
        };
        let mut best_head = best.worth.head();
        let mut with = others;
        while with != 0 {
            let star = with | lowest;
            with = (with - 1) & others;
            let head = self.formed_heads[star] + self.packed_heads[set ^ star];
            if head < best_head {
                continue;
            }
            if let Some(formed) = &self.formed[star] {
                let worth = formed.worth + self.packed[set ^ star].worth;
                if worth > best.worth {
                    best = Packed { worth, first: star };
                    best_head = head;
                }
            }
        }
        best
    }
}

/// For each set of communities the best host under whom all the others form a group.
fn formed(cluster: &Cluster<'_>) -> Vec<Option<Formed>> {
    let count = cluster.members.len();
    let all: Set = (1 << count) - 1;
    let moving = moving(cluster);
    let signatures = signatures(cluster);
    let mut formed: Vec<Option<Formed>> = vec![None; 1 << count];
    let mut absent = vec![0_u32; 1 << count];
    let mut moves = vec![Worth::NOTHING; 1 << count];
    for host in 0..count {
        let Member {
            threshold, whole, ..
        } = cluster.members[host];
        let near = cluster.near[host].iter().map(|(place, _)| *place);
        let near = near.filter(|place| cluster.members[*place].can_move());
        let near: Set = near.fold(0, |set, place| set | 1 << place);
        count_absent(host, &signatures, &mut absent);
        let mut guests: Set = 0;
        loop {
            // The next larger subset of those near; the smaller ones have been seen when it comes.
            guests = guests.wrapping_sub(near) & near;
            if guests == 0 {
                break;
            }
            let last = guests.trailing_zeros() as usize;
            moves[guests] = moves[guests & (guests - 1)] + Worth::of_move(cluster, host, last);
            let tally = Tally {
                participants: cluster.customers as u32 - absent[all ^ guests],
                units: Pieces(whole.units.0 + moving[guests].units.0),
                amount: Amount(whole.amount.0 + moving[guests].amount.0),
            };
            if threshold.is_met_by(&tally) {
                let worth = moves[guests] + Worth::of_host(host, threshold, &tally);
                let best = &mut formed[guests | 1 << host];
                if best.is_none_or(|best| worth > best.worth) {
                    *best = Some(Formed { worth, host });
                }
            }
        }
    }
    formed
}

/// The units and amounts that move if all communities of a set are guests.
fn moving(cluster: &Cluster<'_>) -> Vec<Tally> {
    let mut moving = vec![Tally::default()];
    for set in 1..1 << cluster.members.len() {
        let set: Set = set;
        let mut tally = moving[set & (set - 1)];
        let first = &cluster.members[set.trailing_zeros() as usize].moving;
        tally.units.0 += first.units.0;
        tally.amount.0 += first.amount.0;
        moving.push(tally);
    }
    moving
}

/// For each customer the set of communities where they pledged, and where they consented.
fn signatures(cluster: &Cluster<'_>) -> Vec<(Set, Set)> {
    let mut signatures = vec![(0, 0); cluster.customers];
    for (place, people) in cluster.people.iter().enumerate() {
        for person in people {
            let (pledged, consented) = &mut signatures[person.number];
            *pledged |= 1 << place;
            if person.if_unformed == IfUnformed::MoveNearby {
                *consented |= 1 << place;
            }
        }
    }
    signatures
}

/// For each set, how many customers did not pledge at the host and consented nowhere outside the set: those who are
/// absent if the guests are all communities outside.
fn count_absent(host: usize, signatures: &[(Set, Set)], absent: &mut [u32]) {
    absent.fill(0);
    for (pledged, consented) in signatures {
        if pledged & 1 << host == 0 {
            absent[*consented] += 1;
        }
    }
    // Yates: after the pass of a bit, an entry has the sum over its subsets that differ in the bits so far.
    let mut bit: Set = 1;
    while bit < absent.len() {
        for set in 0..absent.len() {
            if set & bit != 0 {
                absent[set] += absent[set ^ bit];
            }
        }
        bit <<= 1;
    }
}

fn places(set: Set) -> impl Iterator<Item = usize> {
    let mut open = set;
    core::iter::from_fn(move || {
        let place = (open != 0).then_some(open.trailing_zeros() as usize);
        open &= open.wrapping_sub(1);
        place
    })
}

impl Worth {
    const NOTHING: Self = Self {
        groups: 0,
        participants: 0,
        moved: Reverse(0),
        overshoot: Reverse([0; 3]),
        hosts: 0,
        walking: Reverse(0),
        guests: 0,
    };

    /// The first two fields in one number that orders and adds up as they do: participants are fewer than the pledges,
    /// which have 32 bits.
    fn head(&self) -> u64 {
        u64::from(self.groups) << 40 | self.participants
    }

    /// Of a group without what its guests walk.
    fn of_host(host: usize, threshold: &Threshold, tally: &Tally) -> Self {
        Self {
            groups: 1,
            participants: u64::from(tally.participants),
            overshoot: Reverse(overshoot(threshold, tally)),
            hosts: 1 << (EXACT_MAX - 1 - host),
            ..Self::NOTHING
        }
    }

    /// Of what one guest walks.
    fn of_move(cluster: &Cluster<'_>, host: usize, guest: usize) -> Self {
        let moved = cluster.members[guest].moving.participants;
        let walk = cluster.walk(host, guest).as_millimetres();
        Self {
            moved: Reverse(u64::from(moved)),
            walking: Reverse(u128::from(moved) * u128::from(walk)),
            guests: ((EXACT_MAX - host) as u64) << (4 * (EXACT_MAX - 1 - guest)),
            ..Self::NOTHING
        }
    }
}

impl Add for Worth {
    type Output = Self;

    /// No sum overflows: all pledges together have been summed before, and participants times millimetres have 96 bits.
    fn add(self, other: Self) -> Self {
        let (these, those) = (self.overshoot.0, other.overshoot.0);
        Self {
            groups: self.groups + other.groups,
            participants: self.participants + other.participants,
            moved: Reverse(self.moved.0 + other.moved.0),
            overshoot: Reverse(core::array::from_fn(|part| these[part] + those[part])),
            hosts: self.hosts + other.hosts,
            walking: Reverse(self.walking.0 + other.walking.0),
            guests: self.guests + other.guests,
        }
    }
}
