//! Merging neighbours: cases with the right answer.

#![allow(clippy::unwrap_used, reason = "what can't be unwrapped fails the test")]

use catchment::id::{CustomerId, SiteId};
use catchment::money::Amount;
use catchment::presale::merge::{
    self, EXACT_MAX, Exactness, MergeError, ShortCommunity, ShortPledge, Walk,
};
use catchment::presale::{Combine, IfUnformed, Pieces, Threshold};
use catchment::units::Distance;

const PEOPLE: Threshold = Threshold {
    participants: Some(10),
    units: None,
    amount: None,
    combine: Combine::All,
};

/// A community of one pledge a customer, one unit each. Those `asked` consent.
fn community(
    site: u64,
    customers: impl Iterator<Item = u64>,
    asked: impl Fn(u64) -> bool,
) -> ShortCommunity {
    let pledge = |customer| ShortPledge {
        customer: CustomerId(customer),
        units: Pieces(1),
        amount: Amount(990),
        if_unformed: if asked(customer) {
            IfUnformed::MoveNearby
        } else {
            IfUnformed::Refund
        },
    };
    ShortCommunity {
        site: SiteId(site),
        threshold: PEOPLE,
        pledges: customers.map(pledge).collect(),
    }
}

/// A community whose customers all consent and are in no other.
fn own(site: u64, count: u64) -> ShortCommunity {
    community(site, site * 1_000..site * 1_000 + count, |_| true)
}

fn needs(threshold: Threshold, community: ShortCommunity) -> ShortCommunity {
    ShortCommunity {
        threshold,
        ..community
    }
}

fn people(count: u32) -> Threshold {
    Threshold {
        participants: Some(count),
        ..PEOPLE
    }
}

fn walks(pairs: &[(u64, u64, u64)]) -> Vec<Walk> {
    let walk = |&(one, other, millimetres)| Walk {
        sites: [SiteId(one), SiteId(other)],
        distance: Distance::from_millimetres(millimetres),
    };
    pairs.iter().map(walk).collect()
}

/// The groups as text: host, guests and participants.
#[track_caller]
fn check(case: &str, communities: &[ShortCommunity], pairs: &[(u64, u64, u64)], expected: &str) {
    let plan = merge::plan(communities, &walks(pairs)).unwrap();
    let groups: Vec<String> = plan
        .groups
        .iter()
        .map(|group| {
            let guests: Vec<String> = group
                .guests
                .iter()
                .map(|guest| guest.site.to_string())
                .collect();
            format!(
                "{}<{}={}",
                group.host,
                guests.join("+"),
                group.tally.participants
            )
        })
        .collect();
    assert_eq!(groups.join(" "), expected, "{case}");
}

#[test]
fn the_rules_and_their_ties() {
    check("nobody", &[], &[], "");
    check("alone", &[own(1, 9)], &[], "");
    check("too far", &[own(1, 6), own(2, 6)], &[], "");
    check("two", &[own(1, 6), own(2, 5)], &[(1, 2, 5)], "1<2=11");
    check(
        "the larger hosts",
        &[own(1, 5), own(2, 6)],
        &[(1, 2, 5)],
        "2<1=11",
    );
    check(
        "of equals the first",
        &[own(2, 5), own(1, 5)],
        &[(1, 2, 5)],
        "1<2=10",
    );
    // 39: a shared customer counts once, and may be the one that is missing.
    let shared = |last| {
        [
            community(1, 0..6, |_| true),
            community(2, 5..last, |_| true),
        ]
    };
    check("39 short by the shared one", &shared(9), &[(1, 2, 5)], "");
    check("39 just enough", &shared(10), &[(1, 2, 5)], "1<2=10");
    // 40: those of the guest who did not consent leave first; the host's own stay.
    let host = community(1, 0..6, |_| false);
    let guest = |last| community(2, 10..last, |customer| customer > 10);
    check(
        "40 too few walk",
        &[host.clone(), guest(14)],
        &[(1, 2, 5)],
        "",
    );
    check(
        "40 enough walk",
        &[host.clone(), guest(15)],
        &[(1, 2, 5)],
        "1<2=10",
    );
    let stays = community(2, 10..16, |_| false);
    check("40 nobody walks", &[host, stays], &[(1, 2, 5)], "");
    // 41: two hosts want one guest, which can't host itself.
    let rivals = |first, last| [first, needs(people(100), own(2, 4)), last];
    let (between, six) = ([(1, 2, 5), (2, 3, 1)], || own(1, 6));
    check(
        "41 the smaller host",
        &rivals(six(), own(3, 6)),
        &between,
        "1<2=10",
    );
    check(
        "41 the one with more people",
        &rivals(six(), own(3, 7)),
        &between,
        "3<2=11",
    );
    let loose = needs(people(9), six());
    check(
        "41 the one with less overshoot",
        &rivals(loose, own(3, 6)),
        &between,
        "3<2=10",
    );
}

#[test]
fn what_comes_first() {
    // One large group would have 27 participants; two small ones have 24 and are two.
    let four = [own(1, 9), own(2, 3), own(3, 9), own(4, 3)];
    let path = [(1, 2, 1), (2, 3, 1), (3, 4, 1)];
    check("two groups", &four, &path, "1<2=12 3<4=12");
    // A guest is near its host, not near another guest.
    let line = [own(1, 4), own(2, 4), own(3, 4)];
    check("a star", &line, &[(1, 2, 1), (2, 3, 1)], "2<1+3=12");
    check(
        "not a chain",
        &[own(1, 8), own(2, 1), own(3, 1)],
        &[(1, 2, 1), (2, 3, 1)],
        "2<1+3=10",
    );
    let off = [own(1, 8), needs(people(11), own(2, 1)), own(3, 1)];
    check("not a chain either", &off, &[(1, 2, 1), (2, 3, 1)], "");
    // Who is near a group goes along, though the group needs nobody more.
    check(
        "along",
        &[own(1, 8), own(2, 2), own(3, 1)],
        &[(1, 2, 1), (1, 3, 1)],
        "1<2+3=11",
    );
    // Two hosts are there anyway, so the guest takes the shorter walk.
    let between = [own(1, 8), own(2, 2), own(3, 1), own(4, 2), own(5, 8)];
    let walks = [(1, 2, 1), (4, 5, 1), (1, 3, 7), (3, 5, 6)];
    check("the shorter walk", &between, &walks, "1<2=10 5<3+4=11");
    // A guest whose people are all in the host's community brings nobody.
    let same = [
        community(1, 0..8, |_| true),
        own(2, 2),
        community(3, 0..3, |_| true),
    ];
    check("nobody new", &same, &[(1, 2, 1), (1, 3, 1)], "1<2=10");
    // The host's threshold holds, whatever the guest would have needed.
    let eager = [needs(people(5), own(1, 4)), needs(people(100), own(2, 3))];
    check("the host's threshold", &eager, &[(1, 2, 1)], "1<2=7");
    // Units and money count as well, and an empty community can host.
    let units = Threshold {
        participants: None,
        units: Some(Pieces(7)),
        ..PEOPLE
    };
    let both = [needs(units, own(1, 0)), own(2, 3), own(3, 4)];
    check("an empty host", &both, &[(1, 2, 1), (1, 3, 1)], "1<2+3=7");
    let either = Threshold {
        amount: Some(Amount(1_980)),
        combine: Combine::Any,
        ..PEOPLE
    };
    check(
        "either",
        &[needs(either, own(1, 1)), own(2, 1)],
        &[(1, 2, 1)],
        "1<2=2",
    );
    check(
        "a walk to itself",
        &[own(1, 6)],
        &[(1, 1, 0), (1, 9, 1)],
        "",
    );
}

/// Two or three hosts that each need one more, and as many guests between them that can't host.
#[test]
fn guests_between_hosts() {
    let host = |site| own(site, 9);
    let guest = |site, count| needs(people(100), own(site, count));
    // Walks count by those who walk: two people one metre and one six, not two three and one three.
    let pair = [host(1), guest(2, 2), guest(3, 1), host(4)];
    let far = [(1, 2, 3), (1, 3, 6), (2, 4, 1), (3, 4, 3)];
    check("less walking", &pair, &far, "1<3=10 4<2=11");
    // If all else is equal, the first guest has the first host, then the next guest.
    let alike = [host(1), guest(2, 1), guest(3, 1), host(4)];
    let near = [(1, 2, 1), (1, 3, 1), (2, 4, 1), (3, 4, 1)];
    check("the first guest", &alike, &near, "1<2=10 4<3=10");
    let ring = [
        (1, 3, 1),
        (2, 3, 1),
        (1, 4, 1),
        (6, 4, 1),
        (2, 5, 1),
        (6, 5, 1),
    ];
    let three = [
        host(1),
        host(2),
        guest(3, 1),
        guest(4, 1),
        guest(5, 1),
        host(6),
    ];
    check(
        "and no later one outweighs it",
        &three,
        &ring,
        "1<3=10 2<5=10 6<4=10",
    );
}

/// Groups too large to be planned again: what the greedy steps leave is what there is.
#[test]
fn large_groups_take_along_who_brings_somebody() {
    let spokes =
        |hub: u64, sites: core::ops::RangeInclusive<u64>| sites.map(move |site| (hub, site, 1));
    let ones = |sites: core::ops::RangeInclusive<u64>| sites.map(|site| own(site, 1));
    let names = |sites: core::ops::RangeInclusive<u64>| {
        let names: Vec<String> = sites.map(|site| site.to_string()).collect();
        names.join("+")
    };
    let hub = |site| needs(people(12), own(site, 1));

    // Eleven are enough. The twelfth brings one more, the thirteenth is the host's own customer.
    let known = needs(people(100), community(15, 1_000..1_001, |_| true));
    let communities: Vec<_> = [hub(1), known.clone()]
        .into_iter()
        .chain(ones(3..=14))
        .collect();
    let walks: Vec<_> = spokes(1, 3..=13).chain([(1, 14, 9), (1, 15, 1)]).collect();
    let expected = format!("1<{}=13", names(3..=14));
    check("one more", &communities, &walks, &expected);

    // The host's customer brings ten pieces at once, which nobody needs when those with the people are there.
    let mut pieces = known;
    pieces.pledges[0].units = Pieces(10);
    let both = Threshold {
        units: Some(Pieces(13)),
        ..people(13)
    };
    let communities = [needs(both, own(1, 1)), pieces]
        .into_iter()
        .chain(ones(3..=14));
    let communities: Vec<_> = communities.collect();
    let walks: Vec<_> = spokes(1, 3..=15).collect();
    check("an idler", &communities, &walks, &expected);

    // Between two groups, the shorter walk.
    let communities = [hub(1), hub(2)].into_iter().chain(ones(3..=25));
    let communities: Vec<_> = communities.collect();
    let walks = spokes(1, 3..=13)
        .chain(spokes(2, 14..=24))
        .chain([(1, 25, 7), (2, 25, 6)]);
    let walks: Vec<_> = walks.collect();
    let expected = format!("1<{}=12 2<{}=13", names(3..=13), names(14..=25));
    check("the shorter walk", &communities, &walks, &expected);
}

#[test]
fn one_customer_may_move_and_leave() {
    let mut guest = own(2, 4);
    let mut second = guest.pledges[0];
    second.if_unformed = IfUnformed::Refund;
    second.units = Pieces(3);
    guest.pledges.push(second);
    let communities = [own(1, 6), guest];
    let plan = merge::plan(&communities, &walks(&[(2, 1, 9), (1, 2, 4), (1, 2, 6)])).unwrap();
    let group = &plan.groups[0];
    assert_eq!(
        (group.host, group.tally.participants, group.tally.units),
        (SiteId(1), 10, Pieces(10))
    );
    let guest = &group.guests[0];
    assert_eq!(
        (guest.moving.participants, guest.moving.units),
        (4, Pieces(4))
    );
    assert_eq!(
        (guest.leaving.participants, guest.leaving.units),
        (1, Pieces(3))
    );
    assert_eq!(guest.walk, Distance::from_millimetres(4)); // the shortest of those named
    assert_eq!(group.moved(), 4);
}

#[test]
fn a_dozen_is_exact_and_one_more_is_not() {
    for (count, exactness) in [
        (2, Exactness::Exact),
        (EXACT_MAX as u64, Exactness::Exact),
        (EXACT_MAX as u64 + 1, Exactness::Greedy),
    ] {
        let communities: Vec<_> = (1..=count).map(|site| own(site, 5)).collect();
        let chain: Vec<_> = (1..count).map(|site| (site, site + 1, 1)).collect();
        let plan = merge::plan(&communities, &walks(&chain)).unwrap();
        assert_eq!(plan.components.len(), 1);
        assert_eq!(plan.components[0].exactness, exactness, "{count}");
        assert_eq!(plan.components[0].sites.len() as u64, count);
        assert_eq!(plan.groups.len() as u64, count / 2);
    }
}

#[test]
fn a_host_may_have_many_guests() {
    let mut communities: Vec<_> = (2..=31).map(|site| own(site, 3)).collect();
    communities.push(needs(people(91), own(1, 1)));
    let spokes: Vec<_> = (2..=31).map(|site| (1, site, site)).collect();
    let plan = merge::plan(&communities, &walks(&spokes)).unwrap();
    assert_eq!((plan.groups.len(), plan.groups[0].guests.len()), (1, 30));
    assert_eq!(plan.groups[0].tally.participants, 91);
    assert_eq!(plan.left, []);
    communities[30] = needs(people(92), own(1, 1));
    assert_eq!(
        merge::plan(&communities, &walks(&spokes)).unwrap().groups,
        []
    );
}

#[test]
fn calls_that_make_no_sense() {
    let fails = |communities: &[ShortCommunity], message: &str| {
        let error = merge::plan(communities, &[]).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(!error.is_transient());
        error
    };
    let twice = [own(5, 1), own(3, 10), own(5, 1)];
    let duplicate = fails(&twice, "site 5 has more than one community");
    assert_eq!(duplicate, MergeError::DuplicateSite { site: SiteId(5) });
    fails(
        &[own(4, 10), own(3, 11)],
        "the community at site 3 meets its threshold alone",
    );
    let total = "the units or amounts of all communities together do not fit into 64 bits";
    let mut units = [own(1, 2), own(2, 1)];
    units[0].pledges[1].units = Pieces(u64::MAX);
    fails(&units, total);
    let mut amounts = [own(1, 2), own(2, 1)];
    amounts[1].pledges[0].amount = Amount(u64::MAX);
    fails(&amounts, total);
    amounts[1].pledges[0].amount = Amount(u64::MAX - 1_980);
    assert!(merge::plan(&amounts, &walks(&[(1, 2, u64::MAX)])).is_ok());
}

#[cfg(feature = "serde")]
#[test]
fn a_plan_can_be_stored() {
    let communities = [own(1, 6), own(2, 5), own(3, 1)];
    let plan = merge::plan(&communities, &walks(&[(1, 2, 5)])).unwrap();
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(
        serde_json::from_str::<merge::MergePlan>(&text).unwrap(),
        plan
    );
    let stored = serde_json::to_string(&communities).unwrap();
    let again: Vec<ShortCommunity> = serde_json::from_str(&stored).unwrap();
    assert_eq!(merge::plan(&again, &walks(&[(1, 2, 5)])).unwrap(), plan);
}
