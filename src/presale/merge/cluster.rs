use crate::id::{CustomerId, SiteId};
use crate::money::Amount;
use crate::presale::merge::{MergeError, ShortCommunity, Walk};
use crate::presale::{IfUnformed, Pieces, Tally, Threshold};
use crate::units::Distance;

/// A short community, summed up.
#[derive(Debug)]
pub(super) struct Member<'a> {
    pub(super) site: SiteId,
    pub(super) threshold: &'a Threshold,
    /// All its pledges: what it brings as a host.
    pub(super) whole: Tally,
    /// The pledges with if_unformed: what it brings as a guest.
    pub(super) moving: Tally,
    /// The pledges without.
    pub(super) leaving: Tally,
    /// Each customer once, in the order of ids, with the consent of any of their pledges.
    customers: Vec<(CustomerId, IfUnformed)>,
}

/// A connected component, or a part of one. Its communities are known by *place*, their rank in the order of site ids,
/// and its customers by number.
#[derive(Debug)]
pub(super) struct Cluster<'a> {
    pub(super) members: Vec<&'a Member<'a>>,
    /// By place, the places within the walking limit in their order.
    pub(super) near: Vec<Vec<(usize, Distance)>>,
    /// By place, the customers.
    pub(super) people: Vec<Vec<Person>>,
    /// How many different customers there are.
    pub(super) customers: usize,
}

/// A customer in a community.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person {
    pub(super) number: usize,
    /// Whether any of their pledges there has consent.
    pub(super) if_unformed: IfUnformed,
}

/// A group by places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Star {
    pub(super) host: usize,
    /// In their order.
    pub(super) guests: Vec<usize>,
}

impl Star {
    pub(super) fn places(&self) -> impl Iterator<Item = usize> {
        core::iter::once(self.host).chain(self.guests.iter().copied())
    }
}

impl<'a> Member<'a> {
    /// All communities in the order of their sites, if they are sound.
    pub(super) fn all(communities: &'a [ShortCommunity]) -> Result<Vec<Self>, MergeError> {
        let mut by_site: Vec<&ShortCommunity> = communities.iter().collect();
        by_site.sort_unstable_by_key(|community| community.site);
        if let Some(twice) = by_site.windows(2).find(|pair| pair[0].site == pair[1].site) {
            let site = twice[0].site;
            return Err(MergeError::DuplicateSite { site });
        }
        check_totals(communities)?;
        let short = |member: Self| {
            let site = member.site;
            let met = member.threshold.is_met_by(&member.whole);
            if met {
                Err(MergeError::NotShort { site })
            } else {
                Ok(member)
            }
        };
        by_site
            .into_iter()
            .map(|community| short(Self::of(community)))
            .collect()
    }

    /// O(p log p) for p pledges. The sums fit: `check_totals` has summed more.
    fn of(community: &'a ShortCommunity) -> Self {
        let [mut whole, mut moving, mut leaving] = [Tally::default(); 3];
        let mut pledged = Vec::with_capacity(community.pledges.len());
        for pledge in &community.pledges {
            let part = match pledge.if_unformed {
                IfUnformed::MoveNearby => &mut moving,
                IfUnformed::Refund => &mut leaving,
            };
            for tally in [&mut whole, part] {
                tally.units.0 += pledge.units.0;
                tally.amount.0 += pledge.amount.0;
            }
            pledged.push((pledge.customer, pledge.if_unformed));
        }
        pledged.sort_unstable();
        let mut customers = Vec::new();
        for same in pledged.chunk_by(|one, next| one.0 == next.0) {
            let any = |wish| same.iter().any(|pledge| pledge.1 == wish);
            whole.participants += 1;
            moving.participants += u32::from(any(IfUnformed::MoveNearby));
            leaving.participants += u32::from(any(IfUnformed::Refund));
            // Who would move is the greater, so the last entry holds for all of them.
            customers.extend(same.last());
        }
        Self {
            site: community.site,
            threshold: &community.threshold,
            whole,
            moving,
            leaving,
            customers,
        }
    }

    /// Whether it can be a guest.
    pub(super) fn can_move(&self) -> bool {
        self.moving.participants > 0
    }
}

/// Fails if a sum over any of the pledges could overflow.
fn check_totals(communities: &[ShortCommunity]) -> Result<(), MergeError> {
    let pledges: usize = communities
        .iter()
        .map(|community| community.pledges.len())
        .sum();
    if u32::try_from(pledges).is_err() {
        let limit = u32::MAX;
        return Err(MergeError::TooManyPledges { pledges, limit });
    }
    let mut all = communities.iter().flat_map(|community| &community.pledges);
    all.try_fold((0_u64, Amount::ZERO), |(units, amount), pledge| {
        Some((
            units.checked_add(pledge.units.0)?,
            amount.checked_add(pledge.amount)?,
        ))
    })
    .map(|_| ())
    .ok_or(MergeError::TotalTooLarge)
}

impl<'a> Cluster<'a> {
    /// The connected components, in the order of their first sites.
    pub(super) fn all(members: &'a [Member<'a>], walks: &[Walk]) -> Vec<Self> {
        let near = adjacency(members, walks);
        let members: Vec<&Member<'a>> = members.iter().collect();
        let components = components(&near);
        let components = components.iter();
        components
            .map(|places| Self::of(&members, &near, places))
            .collect()
    }

    /// Some of the communities as if there were no others; their places are those in the list, which is sorted.
    pub(super) fn part(&self, places: &[usize]) -> Self {
        Self::of(&self.members, &self.near, places)
    }

    fn of(members: &[&'a Member<'a>], near: &[Vec<(usize, Distance)>], places: &[usize]) -> Self {
        let members: Vec<&Member<'a>> = places.iter().map(|place| members[*place]).collect();
        let near = places.iter().map(|place| {
            let near = near[*place].iter();
            near.filter_map(|(other, walk)| Some((places.binary_search(other).ok()?, *walk)))
                .collect()
        });
        let near = near.collect();
        let (people, customers) = people(&members);
        Self {
            members,
            near,
            people,
            customers,
        }
    }

    /// How far it is between two places that are near.
    pub(super) fn walk(&self, host: usize, guest: usize) -> Distance {
        let near = &self.near[host];
        let found = near.binary_search_by_key(&guest, |(place, _)| *place);
        near[found.expect("a guest is near its host")].1
    }

    /// What a group comes to.
    pub(super) fn tally(&self, star: &Star) -> Tally {
        let mut gathering = Gathering::new(self);
        gathering.begin(star.host);
        for guest in &star.guests {
            gathering.join(*guest);
        }
        gathering.tally
    }
}

/// Who is in a group while it grows.
#[derive(Debug)]
pub(super) struct Gathering<'a> {
    cluster: &'a Cluster<'a>,
    pub(super) tally: Tally,
    /// By customer, the last group they were in.
    group_of: Vec<usize>,
    group: usize,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(cluster: &'a Cluster<'a>) -> Self {
        Self {
            cluster,
            tally: Tally::default(),
            group_of: vec![0; cluster.customers],
            group: 0,
        }
    }

    /// The host alone. O(its customers).
    pub(super) fn begin(&mut self, host: usize) {
        self.group += 1;
        for person in &self.cluster.people[host] {
            self.group_of[person.number] = self.group;
        }
        self.tally = self.cluster.members[host].whole;
    }

    /// What the group would come to with one more guest. O(its customers).
    pub(super) fn with(&self, guest: usize) -> Tally {
        let moving = &self.cluster.members[guest].moving;
        let people = self.cluster.people[guest].iter();
        let new = people.filter(|person| {
            person.if_unformed == IfUnformed::MoveNearby
                && self.group_of[person.number] != self.group
        });
        Tally {
            participants: self.tally.participants + new.count() as u32,
            units: Pieces(self.tally.units.0 + moving.units.0),
            amount: Amount(self.tally.amount.0 + moving.amount.0),
        }
    }

    /// Takes a guest in. O(its customers).
    pub(super) fn join(&mut self, guest: usize) {
        self.tally = self.with(guest);
        for person in &self.cluster.people[guest] {
            if person.if_unformed == IfUnformed::MoveNearby {
                self.group_of[person.number] = self.group;
            }
        }
    }
}

/// For each community the others within the walking limit, in their order, each once.
fn adjacency(members: &[Member<'_>], walks: &[Walk]) -> Vec<Vec<(usize, Distance)>> {
    let place = |site| {
        members
            .binary_search_by_key(&site, |member| member.site)
            .ok()
    };
    let mut near = vec![Vec::new(); members.len()];
    for walk in walks {
        let [one, other] = walk.sites.map(place);
        if let (Some(one), Some(other)) = (one, other)
            && one != other
        {
            near[one].push((other, walk.distance));
            near[other].push((one, walk.distance));
        }
    }
    for near in &mut near {
        near.sort_unstable();
        near.dedup_by_key(|(place, _)| *place);
    }
    near
}

/// The connected components, each in its order, in the order of their first members.
fn components(near: &[Vec<(usize, Distance)>]) -> Vec<Vec<usize>> {
    let mut seen = vec![false; near.len()];
    let mut components = Vec::new();
    for first in 0..near.len() {
        if seen[first] {
            continue;
        }
        seen[first] = true;
        let mut component = vec![first];
        let mut next = 0;
        while let Some(&place) = component.get(next) {
            for &(other, _) in &near[place] {
                if !seen[other] {
                    seen[other] = true;
                    component.push(other);
                }
            }
            next += 1;
        }
        component.sort_unstable();
        components.push(component);
    }
    components
}

/// For each community its customers by number, and how many numbers there are.
fn people(members: &[&Member<'_>]) -> (Vec<Vec<Person>>, usize) {
    let mut rows = Vec::with_capacity(members.iter().map(|member| member.customers.len()).sum());
    for (place, member) in members.iter().enumerate() {
        let row = |&(customer, if_unformed)| (customer, place, if_unformed);
        rows.extend(member.customers.iter().map(row));
    }
    // Each community's are in order already, which this sort makes use of.
    rows.sort();
    let mut people = vec![Vec::new(); members.len()];
    let mut customers = 0;
    for same in rows.chunk_by(|one, next| one.0 == next.0) {
        for &(_, place, if_unformed) in same {
            let number = customers;
            people[place].push(Person {
                number,
                if_unformed,
            });
        }
        customers += 1;
    }
    (people, customers)
}
