//! What would be is what is, once it is so: every supposed plan is as good as a plan from scratch of the world that
//! was supposed, and every choice of sites is held against all choices.

use std::collections::BTreeSet;

use catchment::geo::Position;
use catchment::id::{OrderId, SiteId};
use catchment::limits::Limits;
use catchment::order::{Order, Wish};
use catchment::plan::{Cost, Costs, Method, Objective, Plan, Proof, Router, Total};
use catchment::report::{Gain, NextPlaces, Ppm, Report, Supposition, WhatIf, WhatIfError};
use catchment::site::{Change, Network, Site, SiteStatus};
use catchment::units::{Distance, Units};
use catchment::verify;

use crate::plans::{Case, World};
use crate::workload::{Random, degrees};

const WORLDS: [World; 3] = [World::Bare, World::Full, World::Sized];

fn suppose(case: &Case, suppositions: &[Supposition]) -> Result<WhatIf, WhatIfError> {
    let (network, plan) = (case.network(), case.route(Method::Balanced));
    let report = Report::of(&network, &case.orders, &plan).expect("they belong together");
    let what_if = report.what_if(suppositions)?;
    // The difference is that of two plans, and the parts belong together.
    let supposed = Report::of(what_if.network(), what_if.orders(), what_if.plan());
    let difference = supposed
        .expect("they belong together")
        .difference_from(&report);
    assert_eq!(&difference, what_if.difference());
    verify::plan(what_if.network(), what_if.orders(), what_if.plan()).expect("a true plan");
    Ok(what_if)
}

/// What is supposed of a case, by hand: the case as it then is.
fn supposed(case: &mut Case, random: &mut Random) -> Supposition {
    let some = |case: &Case, random: &mut Random| random.below(case.sites.len());
    match random.below(5) {
        0 => {
            let site = case.sites.remove(some(case, random));
            Change::Close(site.id).into()
        }
        1 => {
            let mut site = case.sites[some(case, random)].clone();
            site.id = SiteId(100);
            site.status = SiteStatus::Open;
            site.position = case
                .orders
                .first()
                .map_or(degrees(121.47, 31.23), |one| one.position);
            case.sites.push(site.clone());
            Change::Open(site).into()
        }
        2 => {
            let at = some(case, random);
            let site = &mut case.sites[at];
            site.capacity = Units(random.below(12) as u32);
            Change::SetCapacity {
                site: site.id,
                capacity: site.capacity,
            }
            .into()
        }
        3 => {
            let limit = Distance::from_metres(random.below(6_000) as u32);
            for order in &mut case.orders {
                order.wish = match order.wish {
                    Wish::Any => Wish::Within(limit),
                    Wish::Within(own) if own > limit => Wish::Within(limit),
                    wish => wish,
                };
            }
            Supposition::Within(limit)
        }
        _ => {
            // Every other order, by id: those at ranks 1, 3, 5.
            case.orders.sort_by_key(|order| order.id);
            let again: Vec<Order> = case.orders.iter().skip(1).step_by(2).cloned().collect();
            let last = case.orders.last().map_or(0, |order| order.id.0);
            for (mut order, id) in again.into_iter().zip(last + 1..) {
                order.id = OrderId(id);
                case.orders.push(order);
            }
            Supposition::MoreOrders(Ppm(500_000))
        }
    }
}

#[test]
fn what_would_be_is_what_a_plan_from_scratch_is() {
    for world in WORLDS {
        for seed in 0..80 {
            let mut random = Random::new(seed);
            let case = Case::draw(world, seed);
            let mut other = Case::draw(world, seed);
            let supposition = supposed(&mut other, &mut random);
            let what_if =
                suppose(&case, core::slice::from_ref(&supposition)).expect("it makes sense");
            let scratch = other.route(Method::Balanced);
            check_equal(
                what_if.plan(),
                &scratch,
                &format!("{world:?} {seed}: {supposition:?}"),
            );
        }
    }
}

/// Two best plans have one value, one proof, and the same least prices, which are unique.
fn check_equal(plan: &Plan, scratch: &Plan, what: &str) {
    assert_eq!(
        (plan.total(), plan.proof()),
        (scratch.total(), scratch.proof()),
        "{what}"
    );
    let prices = |plan: &Plan| -> Vec<_> {
        let loads = plan.loads().iter();
        loads
            .map(|load| (load.site, load.capacity, load.price))
            .collect()
    };
    assert_eq!(prices(plan), prices(scratch), "{what}");
    let settings = |plan: &Plan| (plan.method(), plan.objective(), plan.preferences().clone());
    assert_eq!(settings(plan), settings(scratch), "{what}");
    let unassigned = |plan: &Plan| plan.total().unassigned;
    assert_eq!(unassigned(plan), unassigned(scratch), "{what}");
    if !matches!(plan.proof(), Proof::Optimal) {
        assert_eq!(
            plan.decisions(),
            scratch.decisions(),
            "{what}: nothing to begin at"
        );
    }
}

#[test]
fn several_suppositions_hold_together() {
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let case = Case::draw(World::Full, seed);
        let mut other = Case::draw(World::Full, seed);
        let capacity = Units(3);
        let first = other.sites[0].id;
        other.sites[0].capacity = capacity;
        let suppositions = [
            Change::SetCapacity {
                site: first,
                capacity,
            }
            .into(),
            {
                // Sites are left as they are now.
                let mut again = supposed(&mut other, &mut random);
                while matches!(again, Supposition::Change(_)) {
                    let mut fresh = Case::draw(World::Full, seed);
                    fresh.sites[0].capacity = capacity;
                    again = supposed(&mut fresh, &mut random);
                    other = fresh;
                }
                again
            },
        ];
        let what_if = suppose(&case, &suppositions).expect("they make sense");
        check_equal(
            what_if.plan(),
            &other.route(Method::Balanced),
            &format!("{suppositions:?}"),
        );
    }
}

#[test]
fn nobody_moves_for_nothing() {
    for world in WORLDS {
        for seed in 0..60 {
            let case = Case::draw(world, seed);
            let nothing = [Vec::new(), vec![Supposition::MoreOrders(Ppm(0))]];
            for suppositions in nothing {
                let what_if = suppose(&case, &suppositions).expect("it makes sense");
                assert!(what_if.difference().is_empty(), "{world:?} {seed}");
            }
            // Room where there is some already is of no use to anybody.
            let plan = case.route(Method::Balanced);
            let Some(load) = plan.loads().iter().find(|load| load.room().0 > 0) else {
                continue;
            };
            let site = case
                .sites
                .iter()
                .find(|site| site.id == load.site)
                .expect("a site");
            let capacity = Units(site.capacity.0 + 5);
            let more = Change::SetCapacity {
                site: load.site,
                capacity,
            };
            if world == World::Bare {
                let what_if = suppose(&case, &[more.into()]).expect("it makes sense");
                assert!(what_if.difference().is_empty(), "{world:?} {seed}");
            }
        }
    }
}

#[test]
fn who_is_repeated_is_a_rule() {
    let home = degrees(121.47, 31.23);
    let network = Network::builder()
        .site(Site::store(SiteId(1), home, Units(1)))
        .build();
    let network = network.expect("one site");
    let check = |orders: u64, more: Ppm, expected: &[u64]| {
        let mut orders: Vec<Order> = (0..orders)
            .map(|id| Order::new(OrderId(10 * id), home))
            .collect();
        for order in &mut orders {
            // What tells an order from the others, whatever its id.
            order.lines = vec![];
            order.home = Some(SiteId(order.id.0));
        }
        let largest = orders.iter().map(|order| order.id.0).max().unwrap_or(0);
        orders.reverse();
        let plan = Router::new(&network).route(&orders).expect("sound orders");
        let report = Report::of(&network, &orders, &plan).expect("they belong together");
        let what_if = report
            .what_if(&[Supposition::MoreOrders(more)])
            .expect("it makes sense");
        let new: Vec<&Order> = what_if
            .orders()
            .iter()
            .filter(|one| one.id.0 > largest)
            .collect();
        let of: Vec<u64> = new.iter().filter_map(|order| Some(order.home?.0)).collect();
        assert_eq!(of, expected);
        assert!(
            new.iter()
                .zip(largest + 1..)
                .all(|(order, id)| order.id.0 == id)
        );
        assert_eq!(what_if.orders().len(), orders.len() + expected.len());
    };
    check(10, Ppm(200_000), &[40, 90]);
    check(3, Ppm(1_000_000), &[0, 10, 20]);
    check(3, Ppm(2_500_000), &[0, 0, 10, 10, 10, 20, 20]);
    check(4, Ppm(0), &[]);
    check(0, Ppm(500_000), &[]);
}

#[test]
fn suppositions_that_make_no_sense_are_refused() {
    let case = Case::draw(World::Bare, 3);
    let refused = |supposition: Supposition| suppose(&case, &[supposition]).err();
    let unknown = refused(Change::Close(SiteId(99)).into());
    assert!(matches!(unknown, Some(WhatIfError::Network(_))));

    let limits = Limits {
        orders_max: 5,
        ..Limits::default()
    };
    let home = degrees(121.47, 31.23);
    let network = Network::builder()
        .limits(limits)
        .site(Site::store(SiteId(1), home, Units(9)));
    let network = network.build().expect("one site");
    let check = |ids: [u64; 4], more: Ppm, expected: WhatIfError| {
        let orders = ids.map(|id| Order::new(OrderId(id), home));
        let plan = Router::new(&network).route(&orders).expect("sound orders");
        let report = Report::of(&network, &orders, &plan).expect("they belong together");
        assert_eq!(
            report.what_if(&[Supposition::MoreOrders(more)]).err(),
            Some(expected)
        );
    };
    let orders = 4 + u64::MAX / 250_000;
    check(
        [1, 2, 3, 4],
        Ppm(500_000),
        WhatIfError::TooManyOrders {
            orders: 6,
            limit: 5,
        },
    );
    check(
        [1, 2, 3, 4],
        Ppm(u64::MAX),
        WhatIfError::TooManyOrders { orders, limit: 5 },
    );
    let largest = OrderId(u64::MAX);
    check(
        [1, 2, 3, u64::MAX],
        Ppm(250_000),
        WhatIfError::NoIdLeft { largest },
    );
}

/// The last sites of a case, which are to be chosen from.
fn split(mut case: Case, candidates: usize) -> Option<(Case, Vec<Site>)> {
    if case.sites.len() <= candidates {
        return None;
    }
    let candidates = case.sites.split_off(case.sites.len() - candidates);
    Some((case, candidates))
}

/// The value with some sites more, and by how much it is better than another.
fn total_with(case: &Case, more: &[Site]) -> Total {
    let sites = case.sites.iter().chain(more).cloned();
    let network = Network::builder()
        .sites(sites)
        .build()
        .expect("sound sites");
    let like = case.route(Method::Balanced);
    let plan = Router::like(&network, &like).route(&case.orders);
    plan.expect("a sound batch").total()
}

fn gain(case: &Case, before: Total, after: Total) -> Gain {
    let value = |total: Total| {
        let (unassigned, cost) = (i64::from(total.unassigned.0), total.cost.as_millimetres());
        match case.objective {
            Objective::UnassignedAt(price) => {
                (0, cost + unassigned * Cost::from(price).as_millimetres())
            }
            _ => (unassigned, cost),
        }
    };
    let (before, after) = (value(before), value(after));
    Gain {
        orders: before.0 - after.0,
        cost: Cost::from_millimetres(before.1 - after.1),
    }
}

fn next_places(case: &Case, candidates: &[Site], wanted: usize) -> NextPlaces {
    let (network, plan) = (case.network(), case.route(Method::Balanced));
    let report = Report::of(&network, &case.orders, &plan).expect("they belong together");
    report
        .next_places(candidates, wanted)
        .expect("they can be opened")
}

/// Step by step every candidate, each by a plan from scratch.
fn naive(case: &Case, candidates: &[Site], wanted: usize) -> Vec<(SiteId, Gain, Total)> {
    let mut chosen: Vec<Site> = Vec::new();
    let mut picks = Vec::new();
    let mut total = total_with(case, &[]);
    while picks.len() < wanted {
        let left = candidates
            .iter()
            .filter(|site| chosen.iter().all(|other| other.id != site.id));
        let tried = left.map(|site| {
            let with: Vec<Site> = chosen.iter().chain([site]).cloned().collect();
            let after = total_with(case, &with);
            (
                gain(case, total, after),
                core::cmp::Reverse(site.id),
                after,
                site,
            )
        });
        let best = tried.max_by_key(|(gain, id, ..)| (*gain, *id));
        let Some((gain, _, after, site)) = best.filter(|best| best.0 > Gain::default()) else {
            break;
        };
        picks.push((site.id, gain, after));
        chosen.push(site.clone());
        total = after;
    }
    picks
}

/// The largest gain of any so many candidates.
fn best_choice(case: &Case, candidates: &[Site], wanted: usize) -> Gain {
    let before = total_with(case, &[]);
    let choices = (0_u32..1 << candidates.len()).filter(|set| set.count_ones() as usize <= wanted);
    let gains = choices.map(|set| {
        let member = |place: &usize| set >> place & 1 == 1;
        let sites = (0..candidates.len())
            .filter(member)
            .map(|place| candidates[place].clone());
        gain(case, before, total_with(case, &sites.collect::<Vec<_>>()))
    });
    gains.max().unwrap_or_default()
}

#[test]
fn next_places_are_those_of_trying_everything() {
    let (mut plans, mut tries) = (0, 0);
    for world in WORLDS {
        for seed in 0..50 {
            let Some((case, candidates)) = split(Case::draw(world, seed), 5) else {
                continue;
            };
            let found = next_places(&case, &candidates, 3);
            let picks = found
                .picks
                .iter()
                .map(|pick| (pick.site, pick.gain, pick.total));
            let expected = naive(&case, &candidates, 3);
            assert_eq!(picks.collect::<Vec<_>>(), expected, "{world:?} {seed}");
            if world == World::Sized {
                continue;
            }
            plans += found.plans;
            tries += 5 + 4 + 3;
            let best = best_choice(&case, &candidates, 3);
            let bound = found.bound.expect("orders of one size");
            assert!(
                found.gain() <= best || world == World::Full,
                "{world:?} {seed}"
            );
            assert!(best <= bound, "{world:?} {seed}: {best} > {bound}");
            if world == World::Bare {
                check_guarantee(&case, found.gain(), best);
            }
        }
    }
    assert!(
        plans * 2 < tries,
        "{plans} plans where {tries} would have done"
    );
}

/// (1 − 1/e) of the best, of what the guarantee is for.
fn check_guarantee(case: &Case, found: Gain, best: Gain) {
    let enough = |found: i64, best: i64| found as f64 >= (1.0 - (-1.0_f64).exp()) * best as f64;
    let is_priced = matches!(case.objective, Objective::UnassignedAt(_));
    if is_priced || best.orders == 0 {
        assert!(enough(
            found.cost.as_millimetres(),
            best.cost.as_millimetres()
        ));
    } else {
        assert!(enough(found.orders, best.orders));
    }
}

#[test]
fn what_a_site_gains_shrinks_as_others_open() {
    for seed in 0..60 {
        let Some((case, candidates)) = split(Case::draw(World::Bare, seed), 4) else {
            continue;
        };
        let [other, more @ ..] = candidates.as_slice() else {
            continue;
        };
        let mut gains = Vec::new();
        for open in 0..=more.len() {
            let without = total_with(&case, &more[..open]);
            let with: Vec<Site> = more[..open].iter().chain([other]).cloned().collect();
            gains.push(gain(&case, without, total_with(&case, &with)));
        }
        assert!(
            gains.is_sorted_by(|one, next| one >= next),
            "seed {seed}: {gains:?}"
        );
    }
}

#[test]
fn candidates_that_cannot_be_opened_are_refused() {
    let (network, home): (Network, Position) = {
        let home = degrees(121.47, 31.23);
        let network = Network::builder()
            .site(Site::store(SiteId(1), home, Units(9)))
            .build();
        (network.expect("one site"), home)
    };
    let orders = [Order::new(OrderId(1), home)];
    let plan = Router::new(&network).route(&orders).expect("sound orders");
    let report = Report::of(&network, &orders, &plan).expect("they belong together");
    let site = |id| Site::leader(SiteId(id), home, Units(1));
    for candidates in [vec![site(1)], vec![site(2), site(2)]] {
        let refused = report.next_places(&candidates, 1).err();
        assert!(matches!(refused, Some(WhatIfError::Network(_))));
    }
    let none = report
        .next_places(&[site(2), site(3)], 2)
        .expect("they can be opened");
    assert_eq!((none.picks.len(), none.bound), (0, Some(Gain::default())));
    let wanted: BTreeSet<SiteId> = none.picks.iter().map(|pick| pick.site).collect();
    assert!(wanted.is_empty());
}

/// Own costs that are distances choose as distances do, with a bound or without; others are held against all choices.
#[test]
fn next_places_by_own_costs_are_those_of_trying_everything() {
    struct Roads {
        is_bounded: bool,
    }
    impl Costs for Roads {
        fn cost(&self, order: &Order, site: &Site, distance: Distance) -> Option<Cost> {
            let bend = (order.id.0 * 7 + site.id.0 * 13) % 5;
            let walk = distance.as_millimetres() * (2 + bend) / 2;
            (bend != 3).then(|| Cost::from(Distance::from_millimetres(walk)))
        }
        fn least_per_kilometre(&self) -> Option<Distance> {
            self.is_bounded.then_some(Distance::from_metres(1_000))
        }
    }
    for seed in 0..40 {
        let Some((case, candidates)) = split(Case::draw(World::Full, seed), 4) else {
            continue;
        };
        for is_bounded in [true, false] {
            let roads = Roads { is_bounded };
            let total = |more: &[&Site]| {
                let sites = case.sites.iter().chain(more.iter().copied()).cloned();
                let network = Network::builder().sites(sites).build();
                let network = network.expect("sound sites");
                let plan = case.router(&network).costs(&roads).route(&case.orders);
                plan.expect("a sound batch").total()
            };
            let network = case.network();
            let plan = case.router(&network).costs(&roads).route(&case.orders);
            let plan = plan.expect("a sound batch");
            let report = Report::of(&network, &case.orders, &plan).expect("they belong together");
            let found = report.next_places_by_costs(&candidates, 2, &roads);
            let found = found.expect("they can be opened");
            assert_eq!(found.bound.is_some(), is_bounded);
            let mut chosen: Vec<&Site> = Vec::new();
            for pick in &found.picks {
                let before = total(&chosen);
                let gain_of = |site: &Site| {
                    let with: Vec<&Site> = chosen.iter().copied().chain([site]).collect();
                    gain(&case, before, total(&with))
                };
                let site = candidates.iter().find(|site| site.id == pick.site);
                let site = site.expect("a candidate");
                assert_eq!(pick.gain, gain_of(site), "seed {seed}");
                let left = candidates.iter().filter(|other| !chosen.contains(other));
                let most = left.map(gain_of).max();
                assert_eq!(Some(pick.gain), most, "seed {seed}");
                chosen.push(site);
            }
        }
    }
}
