use crate::id::{CustomerId, SiteId};
use crate::money::Amount;
use crate::presale::merge::{Consent, MergeError, ShortCommunity, ShortPledge, Walk};
use crate::presale::{Tally, Threshold};
use crate::units::Distance;

/// A short community, summed up.
#[derive(Debug)]
pub(super) struct Member<'a> {
    pub(super) site: SiteId,
    pub(super) threshold: &'a Threshold,
    /// All its pledges: what it brings as a host.
    pub(super) whole: Tally,
    /// The pledges with consent: what it brings as a guest.
    pub(super) moving: Tally,
    /// The pledges without.
    pub(super) leaving: Tally,
    /// Each customer once, in the order of ids, with the consent of any of their pledges.
    customers: Vec<(CustomerId, Consent)>,
}

/// A connected component. Its communities are known by *place*, their rank in the order of site ids, and its
/// customers by number.
#[derive(Debug)]
pub(super) struct Cluster<'a> {
    pub(super) members: Vec<Member<'a>>,
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
    pub(super) consent: Consent,
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

    fn of(community: &'a ShortCommunity) -> Self {
        let pledges = &community.pledges;
        let tally_of = |consent| {
            tally(
                pledges
                    .iter()
                    .filter(move |pledge| pledge.consent == consent),
            )
        };
        // Consent given comes last, so the last of a customer's entries holds for all of them.
        let mut customers: Vec<_> = pledges
            .iter()
            .map(|pledge| (pledge.customer, pledge.consent))
            .collect();
        customers.sort_unstable();
        customers.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                kept.1 = later.1;
            }
            same
        });
        Self {
            site: community.site,
            threshold: &community.threshold,
            whole: tally(pledges.iter()),
            moving: tally_of(Consent::Given),
            leaving: tally_of(Consent::Withheld),
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
            units.checked_add(pledge.units)?,
            amount.checked_add(pledge.amount)?,
        ))
    })
    .map(|_| ())
    .ok_or(MergeError::TotalTooLarge)
}

/// The sums fit: `check_totals` has summed more.
fn tally<'a>(pledges: impl Iterator<Item = &'a ShortPledge>) -> Tally {
    let mut customers = Vec::new();
    let mut tally = Tally::default();
    for pledge in pledges {
        customers.push(pledge.customer);
        tally.units += pledge.units;
        tally.amount.0 += pledge.amount.0;
    }
    customers.sort_unstable();
    customers.dedup();
    tally.participants = customers.len() as u32;
    tally
}

impl<'a> Cluster<'a> {
    /// The connected components, in the order of their first sites.
    pub(super) fn all(members: Vec<Member<'a>>, walks: &[Walk]) -> Vec<Self> {
        let near = adjacency(&members, walks);
        let component = components(&near);
        let count = component.iter().max().map_or(0, |last| last + 1);
        let mut parts: Vec<(Vec<Member<'a>>, Vec<usize>)> = Vec::new();
        parts.resize_with(count, Default::default);
        let mut place_of = Vec::with_capacity(members.len());
        for (index, member) in members.into_iter().enumerate() {
            let (members, indices) = &mut parts[component[index]];
            place_of.push(members.len());
            members.push(member);
            indices.push(index);
        }
        let near_in = |index: &usize| -> Vec<(usize, Distance)> {
            let near = near[*index].iter();
            near.map(|&(other, walk)| (place_of[other], walk)).collect()
        };
        parts
            .into_iter()
            .map(|(members, indices)| Self::of(members, indices.iter().map(near_in).collect()))
            .collect()
    }

    fn of(members: Vec<Member<'a>>, near: Vec<Vec<(usize, Distance)>>) -> Self {
        let mut rows =
            Vec::with_capacity(members.iter().map(|member| member.customers.len()).sum());
        for (place, member) in members.iter().enumerate() {
            let row = |&(customer, consent)| (customer, place, consent);
            rows.extend(member.customers.iter().map(row));
        }
        rows.sort_unstable();
        let mut people = vec![Vec::new(); members.len()];
        let mut customers = 0;
        for same in rows.chunk_by(|one, next| one.0 == next.0) {
            for &(_, place, consent) in same {
                let number = customers;
                people[place].push(Person { number, consent });
            }
            customers += 1;
        }
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
            person.consent == Consent::Given && self.group_of[person.number] != self.group
        });
        Tally {
            participants: self.tally.participants + new.count() as u32,
            units: self.tally.units + moving.units,
            amount: Amount(self.tally.amount.0 + moving.amount.0),
        }
    }

    /// Takes a guest in. O(its customers).
    pub(super) fn join(&mut self, guest: usize) {
        self.tally = self.with(guest);
        for person in &self.cluster.people[guest] {
            if person.consent == Consent::Given {
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

/// The number of each community's component, from 0 in the order of first members.
fn components(near: &[Vec<(usize, Distance)>]) -> Vec<usize> {
    let mut component = vec![None; near.len()];
    let mut count = 0;
    for first in 0..near.len() {
        if component[first].is_some() {
            continue;
        }
        component[first] = Some(count);
        let mut open = vec![first];
        while let Some(place) = open.pop() {
            for &(next, _) in &near[place] {
                if component[next].is_none() {
                    component[next] = Some(count);
                    open.push(next);
                }
            }
        }
        count += 1;
    }
    component.into_iter().flatten().collect()
}
