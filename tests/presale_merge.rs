//! Merging neighbours: the plan is the best of all there are, and whatever is planned is sound.

#![allow(clippy::unwrap_used, reason = "what can't be unwrapped fails the test")]

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use catchment::geo::{LngLat, Position};
use catchment::id::{CustomerId, SiteId};
use catchment::money::Amount;
use catchment::presale::merge::{
    self, EXACT_MAX, Exactness, MergeError, MergePlan, ShortCommunity, ShortPledge, Walk,
};
use catchment::presale::{Combine, IfUnformed, Pieces, Tally, Threshold};
use catchment::site::{Network, Site};
use catchment::units::{Distance, Units};
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct World {
    communities: Vec<ShortCommunity>,
    walks: Vec<Walk>,
}

impl World {
    fn plan(&self) -> MergePlan {
        merge::plan(&self.communities, &self.walks).unwrap()
    }

    fn at(&self, site: SiteId) -> &ShortCommunity {
        let found = self.communities.iter().find(|short| short.site == site);
        found.unwrap()
    }

    /// The shortest walk between two sites.
    fn walk(&self, one: SiteId, other: SiteId) -> Option<Distance> {
        let joins = |walk: &&Walk| walk.sites == [one, other] || walk.sites == [other, one];
        self.walks
            .iter()
            .filter(joins)
            .map(|walk| walk.distance)
            .min()
    }

    fn within(&self, limit: u64) -> Self {
        let mut world = self.clone();
        world
            .walks
            .retain(|walk| walk.distance.as_millimetres() <= limit);
        world
    }
}

fn tally<'a>(pledges: impl IntoIterator<Item = &'a ShortPledge>) -> Tally {
    let mut people = BTreeSet::new();
    let mut sum = Tally::default();
    for pledge in pledges {
        people.insert(pledge.customer);
        sum.units.0 += pledge.units.0;
        sum.amount.0 += pledge.amount.0;
    }
    sum.participants = people.len() as u32;
    sum
}

fn asking(community: &ShortCommunity, wish: IfUnformed) -> Vec<&ShortPledge> {
    let pledges = community.pledges.iter();
    pledges
        .filter(|pledge| pledge.if_unformed == wish)
        .collect()
}

fn group(world: &World, host: SiteId, guests: &[SiteId]) -> Tally {
    let guests = guests
        .iter()
        .flat_map(|guest| asking(world.at(*guest), IfUnformed::MoveNearby));
    tally(world.at(host).pledges.iter().chain(guests))
}

// ---- worlds ----

fn thresholds() -> impl Strategy<Value = Threshold> {
    let part = |most: u64| proptest::option::weighted(0.4, 1..=most);
    (1..9_u32, part(14), part(60), any::<bool>(), any::<bool>()).prop_map(
        |(people, units, amount, any_part, by_people)| Threshold {
            participants: (by_people || units.is_none() && amount.is_none()).then_some(people),
            units: units.map(Pieces),
            amount: amount.map(Amount),
            combine: if any_part { Combine::Any } else { Combine::All },
        },
    )
}

fn pledges(customers: u64) -> impl Strategy<Value = Vec<ShortPledge>> {
    let pledge =
        (0..customers, 1..4_u64, 1..9_u64, 0..4).prop_map(|(customer, units, amount, consent)| {
            ShortPledge {
                customer: CustomerId(customer),
                units: Pieces(units),
                amount: Amount(amount),
                if_unformed: if consent == 0 {
                    IfUnformed::Refund
                } else {
                    IfUnformed::MoveNearby
                },
            }
        });
    proptest::collection::vec(pledge, 0..6)
}

/// Up to so many short communities, with few distances, few customers and few ids, so that much is shared and ties
/// are frequent.
fn worlds(communities_max: usize, density: f64) -> impl Strategy<Value = World> {
    (2..=communities_max)
        .prop_flat_map(move |count| {
            let community = (thresholds(), pledges(4 * count as u64));
            let pairs = count * (count - 1) / 2;
            (
                proptest::collection::vec(community, count),
                proptest::collection::vec(proptest::option::weighted(density, 1..5_u64), pairs),
                Just(
                    (0..count as u64)
                        .map(|site| 10 + 7 * site)
                        .collect::<Vec<_>>(),
                )
                .prop_shuffle(),
            )
        })
        .prop_map(|(communities, distances, sites)| {
            let pairs = (0..sites.len()).flat_map(|one| (0..one).map(move |other| [one, other]));
            let walks = pairs.zip(distances).filter_map(|(pair, distance)| {
                let distance = Distance::from_millimetres(distance?);
                Some(Walk {
                    sites: pair.map(|place| SiteId(sites[place])),
                    distance,
                })
            });
            let walks = walks.collect();
            let communities = communities.into_iter().zip(&sites);
            let communities = communities
                .map(|((threshold, pledges), site)| ShortCommunity {
                    site: SiteId(*site),
                    threshold,
                    pledges,
                })
                .filter(|short| !short.threshold.is_met_by(&tally(&short.pledges)))
                .collect();
            World { communities, walks }
        })
}

// ---- the oracle ----

/// The host of each guest.
type Hosts = BTreeMap<SiteId, SiteId>;

/// What a plan is worth, the least being the best, or nothing if it is not allowed.
fn rank(world: &World, hosts: &Hosts) -> Option<impl Ord + use<>> {
    let mut groups: BTreeMap<SiteId, Vec<SiteId>> = BTreeMap::new();
    for (guest, host) in hosts {
        groups.entry(*host).or_default().push(*guest);
    }
    let (mut participants, mut moved, mut walking) = (0, 0, 0);
    let mut over = [0; 3];
    for (host, guests) in &groups {
        let threshold = &world.at(*host).threshold;
        let sum = group(world, *host, guests);
        if hosts.contains_key(host) || !threshold.is_met_by(&sum) {
            return None;
        }
        participants += sum.participants;
        over[0] += threshold
            .participants
            .map_or(0, |need| sum.participants.saturating_sub(need).into());
        over[1] += threshold
            .units
            .map_or(0, |need| sum.units.saturating_sub(need).0);
        over[2] += threshold
            .amount
            .map_or(0, |need| sum.amount.0.saturating_sub(need.0));
        for guest in guests {
            let people = tally(asking(world.at(*guest), IfUnformed::MoveNearby)).participants;
            moved += people;
            walking += u64::from(people) * world.walk(*guest, *host)?.as_millimetres();
        }
    }
    let mut sites: Vec<SiteId> = world.communities.iter().map(|short| short.site).collect();
    sites.sort_unstable();
    let names: Vec<SiteId> = sites
        .iter()
        .map(|site| hosts.get(site).copied().unwrap_or(SiteId(u64::MAX)))
        .collect();
    let host_ids: Vec<SiteId> = groups.keys().copied().collect();
    Some((
        Reverse((groups.len(), participants)),
        moved,
        over,
        host_ids,
        walking,
        names,
    ))
}

/// The best of all assignments of communities to hosts, whole world at once.
fn best_of_all(world: &World) -> Hosts {
    let mut open = vec![Hosts::new()];
    for short in &world.communities {
        let can_move = !asking(short, IfUnformed::MoveNearby).is_empty();
        let hosts = world.communities.iter().filter(|host| {
            can_move && host.site != short.site && world.walk(short.site, host.site).is_some()
        });
        let hosts: Vec<SiteId> = hosts.map(|host| host.site).collect();
        let mut longer = open.clone();
        for plan in &open {
            longer.extend(hosts.iter().map(|host| {
                let mut plan = plan.clone();
                plan.insert(short.site, *host);
                plan
            }));
        }
        open = longer;
    }
    let ranked = open
        .into_iter()
        .filter_map(|plan| Some((rank(world, &plan)?, plan)));
    ranked.min().unwrap().1
}

fn hosts(plan: &MergePlan) -> Hosts {
    let groups = plan.groups.iter();
    groups
        .flat_map(|group| group.guests.iter().map(|guest| (guest.site, group.host)))
        .collect()
}

// ---- what every plan must be ----

/// Groups are stars that meet their thresholds; every community and every pledge is somewhere exactly once.
fn check_sound(world: &World, plan: &MergePlan) {
    let mut seen = Vec::new();
    let (mut units, mut amount) = (0, 0);
    for merged in &plan.groups {
        seen.push(merged.host);
        assert!(!merged.guests.is_empty());
        assert!(merged.guests.is_sorted_by_key(|guest| guest.site));
        for guest in &merged.guests {
            seen.push(guest.site);
            assert_eq!(Some(guest.walk), world.walk(guest.site, merged.host));
            assert_eq!(
                guest.moving,
                tally(asking(world.at(guest.site), IfUnformed::MoveNearby))
            );
            assert_eq!(
                guest.leaving,
                tally(asking(world.at(guest.site), IfUnformed::Refund))
            );
            assert!(guest.moving.participants > 0);
            units += guest.leaving.units.0;
            amount += guest.leaving.amount.0;
        }
        let guests: Vec<SiteId> = merged.guests.iter().map(|guest| guest.site).collect();
        assert_eq!(merged.tally, group(world, merged.host, &guests));
        assert!(world.at(merged.host).threshold.is_met_by(&merged.tally));
        units += merged.tally.units.0;
        amount += merged.tally.amount.0;
    }
    for site in &plan.left {
        let stays = tally(&world.at(*site).pledges);
        units += stays.units.0;
        amount += stays.amount.0;
    }
    let whole = tally(world.communities.iter().flat_map(|short| &short.pledges));
    assert_eq!((units, amount), (whole.units.0, whole.amount.0));

    assert!(plan.groups.is_sorted_by_key(|group| group.host));
    assert!(plan.left.is_sorted());
    seen.extend(&plan.left);
    seen.sort_unstable();
    let mut sites: Vec<SiteId> = world.communities.iter().map(|short| short.site).collect();
    sites.sort_unstable();
    assert_eq!(seen, sites);
    for component in &plan.components {
        let exact = component.sites.len() <= EXACT_MAX;
        assert_eq!(component.exactness == Exactness::Exact, exact);
        assert!(component.sites.len() > 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_plan_is_better(world in worlds(6, 0.6)) {
        let plan = world.plan();
        check_sound(&world, &plan);
        prop_assert_eq!(hosts(&plan), best_of_all(&world));
    }

    #[test]
    fn large_components_conserve(world in worlds(30, 0.2)) {
        check_sound(&world, &world.plan());
    }

    #[test]
    fn no_order_of_the_input_matters(world in worlds(16, 0.4), turn in 0..16_usize) {
        let mut other = world.clone();
        for list in &mut other.communities {
            list.pledges.reverse();
        }
        let count = other.communities.len().max(1);
        other.communities.rotate_left(turn % count);
        other.walks.reverse();
        for walk in other.walks.iter_mut().step_by(2) {
            walk.sites.reverse();
        }
        prop_assert_eq!(world.plan(), other.plan());
    }

    #[test]
    fn a_longer_walk_never_forms_fewer_groups(world in worlds(9, 0.7)) {
        let groups: Vec<usize> = (0..5).map(|limit| world.within(limit).plan().groups.len()).collect();
        prop_assert!(groups.is_sorted(), "{groups:?}");
        prop_assert_eq!(groups[0], 0);
    }

    #[test]
    fn one_more_consent_never_forms_fewer_groups(world in worlds(9, 0.5), which in any::<prop::sample::Index>()) {
        let before = world.plan().groups.len();
        let mut asked = world;
        let mut pledges: Vec<_> = asked.communities.iter_mut().flat_map(|short| &mut short.pledges).collect();
        if !pledges.is_empty() {
            let which = which.index(pledges.len());
            pledges[which].if_unformed = IfUnformed::MoveNearby;
        }
        prop_assert!(asked.plan().groups.len() >= before);
    }

    #[test]
    fn worlds_apart_are_planned_apart(one in worlds(14, 0.3), other in worlds(14, 0.3)) {
        let mut both = one.clone();
        let far = |site: SiteId| SiteId(site.0 + 1_000);
        for mut short in other.communities.clone() {
            short.site = far(short.site);
            both.communities.push(short);
        }
        both.walks.extend(other.walks.iter().map(|walk| Walk { sites: walk.sites.map(far), ..*walk }));
        let mut expected = hosts(&one.plan());
        expected.extend(hosts(&other.plan()).into_iter().map(|(guest, host)| (far(guest), far(host))));
        prop_assert_eq!(hosts(&both.plan()), expected);
    }

    #[test]
    fn walks_are_those_of_the_loop(
        places in proptest::collection::vec((-20..20_i32, -20..20_i32), 1..25),
        limit in 0..3_000_u32,
    ) {
        let at = |(lng, lat): (i32, i32)| Position::new(LngLat {
            lng: f64::from(lng).mul_add(0.002, if lng < 0 { 180.0 } else { -180.0 }),
            lat: 31.2 + f64::from(lat) * 0.002,
        }).unwrap();
        let sites = (1..).zip(&places).map(|(id, place)| Site::leader(SiteId(id), at(*place), Units(1)));
        let sites: Vec<Site> = sites.collect();
        let network = Network::builder().sites(sites.clone()).build().unwrap();
        // Every third site has no community.
        let asked: Vec<&Site> = sites.iter().filter(|site| site.id.0 % 3 != 0).collect();
        let limit = Distance::from_metres(limit);
        let mut expected = Vec::new();
        for (place, one) in asked.iter().enumerate() {
            for other in &asked[place + 1..] {
                let distance = other.position.distance_to(one.position);
                if distance <= limit {
                    expected.push(Walk { sites: [one.id, other.id], distance });
                }
            }
        }
        let ids: Vec<SiteId> = asked.iter().rev().map(|site| site.id).collect();
        prop_assert_eq!(merge::walks(&network, &ids, limit), Ok(expected));
    }
}

#[test]
fn a_site_nobody_knows_has_no_walks() {
    let network = Network::builder().build().unwrap();
    let unknown = merge::walks(&network, &[SiteId(9), SiteId(4)], Distance::MAX);
    assert_eq!(unknown, Err(MergeError::UnknownSite { site: SiteId(4) }));
    assert_eq!(merge::walks(&network, &[], Distance::MAX), Ok(Vec::new()));
}
