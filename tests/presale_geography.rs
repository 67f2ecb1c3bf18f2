//! Campaigns on the map: nearest communities against a loop, sums against recounts, merges against the network.

use std::collections::{BTreeMap, BTreeSet};

use catchment::candidates::{Filter, Rejection};
use catchment::coverage::CoverageError;
use catchment::geo::{Cell, CellError, LngLat, Position, Resolution, ServiceArea};
use catchment::id::{CustomerId, SiteId};
use catchment::limits::Limits;
use catchment::money::Amount;
use catchment::presale::merge::MergeError;
use catchment::presale::{
    Action, Campaign, Caps, CellProgress, Closest, CommunityFailure, CommunityStage, Confirm,
    Decision, GeographyError, NoCommunity, Overflow, People, Phase, Pieces, PledgeState, Policy,
    Presale, ProgressMap, Stragglers, Threshold, Unchosen,
};
use catchment::site::{Neighbour, Network, Site, SiteStatus};
use catchment::time::Span;
use catchment::units::{Distance, Quantity, Units};
use proptest::prelude::*;

use crate::presale_town::{CLOSES, PRICE, WALK_MAX, accept, at, paid, policies, scripts, terms};

fn resolution(number: u8) -> Resolution {
    Resolution::new(number).expect("0 to 15")
}

/// A street along a parallel, with 190 m between whole numbers.
fn door(place: f64) -> Position {
    Position::new(LngLat {
        lng: 121.4 + 0.002 * place,
        lat: 31.2,
    })
    .expect("on Earth")
}

/// Sites 1 to 6 somewhere in the street, some of them paused, some with small service areas.
fn networks() -> impl Strategy<Value = Network> {
    proptest::collection::vec((0..30_u8, 0..6_u8), 6).prop_map(|places| {
        let sites = (1..).zip(places).map(|(id, (place, kind))| {
            let mut site = Site::leader(SiteId(id), door(place.into()), Units(60));
            match kind {
                0 => site.status = SiteStatus::Paused,
                1 => site.area = ServiceArea::Radius(Distance::from_metres(500)),
                _ => {}
            }
            site
        });
        Network::builder().sites(sites).build().expect("valid")
    })
}

/// The campaigns that pledges and random commands lead to, at any time of their lives.
fn campaigns() -> impl Strategy<Value = Presale> {
    let pledges = proptest::collection::vec((0..6_u64, 1..7_u64, 1..4_u32), 0..14);
    let tick = proptest::option::of(0..2 * CLOSES);
    (policies(), pledges, scripts(1, 40), tick).prop_map(|(policy, pledges, script, tick)| {
        let mut presale = paid(terms(1, 1..=6, policy), &pledges);
        for (_, at, command) in script {
            let _ = presale.apply(at, &command);
        }
        if let Some(tick) = tick {
            presale.tick(at(tick)).expect("within the horizon");
        }
        presale
    })
}

fn counts(state: PledgeState) -> bool {
    matches!(state, PledgeState::Active | PledgeState::Confirmed)
}

fn is_live(stage: CommunityStage) -> bool {
    matches!(
        stage,
        CommunityStage::Collecting | CommunityStage::Confirmed(_)
    )
}

/// A cell counted from scratch.
fn recount(campaign: &Campaign, sites: &[SiteId]) -> CellProgress {
    let mut cell = CellProgress::default();
    let mut people = BTreeSet::new();
    for site in sites {
        let community = campaign.community(*site).expect("known");
        cell.communities += 1;
        cell.formed += u32::from(community.is_formed);
        for pledge in campaign.pledges().filter(|pledge| pledge.site == *site) {
            if counts(pledge.state) {
                cell.pledges += 1;
                cell.units.0 += u64::from(pledge.units.0);
                cell.amount.0 += PRICE * u64::from(pledge.units.0);
                people.insert(pledge.customer);
            }
            cell.held += u64::from(pledge.state == PledgeState::Reserved);
        }
        if !community.is_formed && community.stage == CommunityStage::Collecting {
            let lacking = pieces_by_trying(&community.threshold, &community.paid);
            cell.lacking.0 += lacking.0;
            let closest = Closest {
                lacking,
                site: *site,
            };
            cell.closest = Some(cell.closest.map_or(closest, |other| other.min(closest)));
        }
    }
    cell.people = People::Distinct(people.len() as u64);
    cell
}

/// Sells one piece after the other to people who are new until the threshold is met.
fn pieces_by_trying(threshold: &Threshold, paid: &catchment::presale::Tally) -> Pieces {
    let mut tally = *paid;
    let mut sold = 0;
    while !threshold.is_met_by(&tally) {
        tally.participants += 1;
        tally.units.0 += 1;
        tally.amount.0 += PRICE;
        sold += 1;
    }
    Pieces(sold)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn maps_conserve_at_every_resolution(presale in campaigns(), network in networks(), at in 0..16_u8) {
        let campaign = presale.campaign();
        let fine = ProgressMap::of(campaign, &network, Resolution::FINEST).expect("few cells");
        let map = ProgressMap::of(campaign, &network, resolution(at)).expect("few cells");
        let mut by_cell: BTreeMap<Cell, Vec<SiteId>> = BTreeMap::new();
        for community in campaign.communities().filter(|community| is_live(community.stage)) {
            let site = community.terms.site;
            let position = network.site(site).expect("in the network").position;
            let cell = Cell::at(position, Resolution::FINEST).parent(resolution(at)).expect("coarser");
            by_cell.entry(cell).or_default().push(site);
        }
        let expected: Vec<_> = by_cell.iter().map(|(cell, sites)| (*cell, recount(campaign, sites))).collect();
        prop_assert_eq!(map.iter().collect::<Vec<_>>(), expected);
        prop_assert!(map.iter().all(|(cell, progress)| map.get(cell) == progress));

        // Rolled up it is the same, but for people; and nothing is lost.
        let rolled = fine.roll_up(resolution(at)).expect("coarser");
        prop_assert_eq!(rolled.iter().len(), map.iter().len());
        for ((cell, rolled), (other, made)) in rolled.iter().zip(map.iter()) {
            prop_assert_eq!(cell, other);
            prop_assert_eq!(CellProgress { people: made.people, ..rolled }, made);
            match rolled.people {
                People::Distinct(count) => prop_assert_eq!(People::Distinct(count), made.people),
                People::AtMost(count) => prop_assert!(count >= made.people.count()),
            }
        }
        let (total, progress) = (map.total(), campaign.progress());
        prop_assert_eq!((total.units, total.amount), (progress.units, progress.amount));
        prop_assert_eq!(total.held, u64::from(progress.held.pledges));
        let paid = campaign.pledges().filter(|pledge| counts(pledge.state));
        prop_assert_eq!(total.pledges, paid.count() as u64);
        if !matches!(progress.phase, Phase::Failed(_) | Phase::Cancelled) {
            let confirmed_or_collecting = campaign.communities().filter(|it| is_live(it.stage) && it.is_formed);
            prop_assert_eq!(total.formed as usize, confirmed_or_collecting.count());
        }
    }

    #[test]
    fn the_nearest_community_is_that_of_the_loop(
        presale in campaigns(),
        network in networks(),
        from in -5..35_i8,
        limit in proptest::option::of(0..2_000_u32),
        units in 1..4_u32,
        banned in 0..8_u64,
    ) {
        let campaign = presale.campaign();
        let from = door(from.into());
        let allowed = |site: &Site| site.id.0 != banned;
        let mut filter = Filter::default().matching(&allowed);
        if let Some(limit) = limit {
            filter = filter.max_distance(Distance::from_metres(limit));
        }
        let taking = campaign.communities().filter(|community| is_live(community.stage));
        let eligible = |site: &SiteId| {
            let alone = |other: &Site| other.id == *site && allowed(other);
            network.nearest_eligible_site(from, &filter.matching(&alone))
        };
        let expected: Option<Neighbour> = taking.filter_map(|community| eligible(&community.terms.site)).min();
        let found = campaign.nearest_community(&network, from, Quantity(units), &filter);
        let is_open = matches!(campaign.phase(), Phase::Open | Phase::ConfirmedOpen);
        match found {
            Ok(found) => prop_assert_eq!((true, Some(found)), (is_open, expected)),
            Err(NoCommunity::NotOpen { phase }) => prop_assert_eq!((false, campaign.phase()), (is_open, phase)),
            Err(NoCommunity::NoneCollecting) => {
                prop_assert!(!campaign.communities().any(|community| is_live(community.stage)));
            }
            Err(NoCommunity::NoneEligible { neighbour, why }) => {
                prop_assert_eq!(expected, None);
                let taking = campaign.communities().filter(|community| is_live(community.stage));
                let nearest = taking.map(|community| {
                    let site = community.terms.site;
                    let distance = from.distance_to(network.site(site).expect("in the network").position);
                    Neighbour { distance, site }
                });
                prop_assert_eq!(Some(neighbour), nearest.min());
                let is_rejected = matches!(why, Unchosen::Ineligible(_));
                prop_assert!(is_rejected, "{:?}", why);
            }
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn a_plan_of_the_campaign_is_accepted(
        pledges in proptest::collection::vec((0..8_u64, 1..7_u64, 1..4_u32), 1..24),
        threshold in 2..6_u32,
        units in proptest::option::of(3..9_u64),
        script in scripts(1, 16),
        network in networks(),
    ) {
        let threshold = Threshold { units: units.map(Pieces), ..Threshold::participants(threshold) };
        let mut presale = paid(terms(1, 1..=6, merging(threshold)), &pledges);
        prop_assert_eq!(presale.campaign().plan_merge(&network), Err(MergeError::NothingToDecide));
        for (_, then, command) in script {
            let _ = presale.apply(then.min(at(CLOSES - 1)), &command);
        }
        let close = presale.campaign().closes_at();
        presale.tick(close).expect("within the horizon");
        let is_asked = matches!(presale.campaign().phase(), Phase::Deciding { decision: Decision::Merge, .. });
        let short = presale.campaign().short_communities();
        prop_assert_eq!(is_asked, short.len() >= 2 && !presale.campaign().phase().is_terminal());
        if !is_asked {
            return Ok(());
        }
        let before = presale.campaign().progress();
        let plan = presale.campaign().plan_merge(&network).expect("all sites are known");
        for group in &plan.groups {
            for guest in &group.guests {
                prop_assert!(guest.walk <= Distance::from_metres(WALK_MAX));
            }
        }
        accept(&mut presale, close.as_unix_millis(), plan.action());
        let campaign = presale.campaign();
        let (mut units, mut leaving) = (Pieces::ZERO, Pieces::ZERO);
        for group in &plan.groups {
            let host = campaign.community(group.host).expect("known");
            prop_assert!(host.is_formed);
            prop_assert_eq!(host.at_freeze, Some(group.tally));
            units.0 += group.tally.units.0;
            for guest in &group.guests {
                let stage = campaign.community(guest.site).expect("known").stage;
                prop_assert_eq!(stage, CommunityStage::MergedInto(group.host));
                leaving.0 += guest.leaving.units.0;
            }
        }
        for site in &plan.left {
            let stage = campaign.community(*site).expect("known").stage;
            let why = [CommunityFailure::UnderThreshold, CommunityFailure::CampaignFailed];
            prop_assert!(why.iter().any(|why| stage == CommunityStage::Failed(*why)), "{:?}", stage);
        }
        prop_assert_eq!(campaign.progress().formed, before.formed + plan.groups.len() as u32);
        let gathered: u64 = short.iter().flat_map(|short| &short.pledges).map(|pledge| pledge.units.0).sum();
        let left = plan.left.iter().filter_map(|site| short.iter().find(|short| short.site == *site));
        let left: u64 = left.flat_map(|short| &short.pledges).map(|pledge| pledge.units.0).sum();
        prop_assert_eq!(gathered, units.0 + leaving.0 + left);
    }
}

fn merging(threshold: Threshold) -> Policy {
    Policy {
        stragglers: Stragglers::Merge {
            walk_max: Distance::from_metres(WALK_MAX),
            within: Span::from_millis(500),
        },
        ..Policy::new(threshold)
    }
}

/// Six sites in a row.
fn row() -> Network {
    let sites = (1..=6_u8).map(|id| Site::leader(SiteId(id.into()), door(id.into()), Units(60)));
    Network::builder().sites(sites).build().expect("valid")
}

#[test]
fn who_has_no_community_is_told_why() {
    let campaign =
        |policy: Policy, pledges: &[(u64, u64, u32)]| paid(terms(1, 2..=3, policy), pledges);
    let policy = Policy::new(Threshold::participants(2));
    let capped = Policy {
        caps: Caps {
            per_community: Some(Pieces(3)),
            ..Caps::default()
        },
        ..policy.clone()
    };
    let check =
        |presale: &Presale, network: &Network, units, expected: Result<u64, NoCommunity>| {
            let found = presale.campaign().nearest_community(
                network,
                door(1.0),
                Quantity(units),
                &Filter::default(),
            );
            assert_eq!(found.map(|found| found.site.0), expected);
        };
    let distance = door(1.0).distance_to(door(2.0));
    let full = NoCommunity::NoneEligible {
        neighbour: Neighbour {
            distance,
            site: SiteId(2),
        },
        why: Unchosen::Full { limit: Pieces(3) },
    };
    assert_eq!(
        full.to_string(),
        "no community is eligible: site 2 at 190 m: full: cap of 3 pieces"
    );
    assert!(full.is_transient());
    let row = row();
    let one = [(1, 2, 2)];
    check(&campaign(policy.clone(), &one), &row, 2, Ok(2));
    check(&campaign(capped.clone(), &one), &row, 1, Ok(2));
    check(&campaign(capped.clone(), &one), &row, 2, Ok(3));
    check(&campaign(capped.clone(), &one), &row, 4, Err(full.clone()));
    check(
        &campaign(capped.clone(), &[(1, 2, 2), (1, 3, 2)]),
        &row,
        2,
        Err(full.clone()),
    );
    let waiting = Policy {
        overflow: Overflow::Waitlist,
        ..capped
    };
    check(&campaign(waiting.clone(), &one), &row, 2, Ok(2));
    check(&campaign(waiting.clone(), &one), &row, 3, Ok(2));
    check(&campaign(waiting, &one), &row, 4, Err(full));

    let empty = Network::builder().build().expect("valid");
    let site = SiteId(2);
    check(
        &campaign(policy.clone(), &one),
        &empty,
        1,
        Err(NoCommunity::NotInNetwork { site }),
    );
    let mut removed = campaign(policy.clone(), &[]);
    let mut early = Presale::open(terms(1, 2..=3, policy), &Limits::default()).expect("sound");
    check(
        &early,
        &row,
        1,
        Err(NoCommunity::NotOpen {
            phase: Phase::Scheduled,
        }),
    );
    for site in [2, 3].map(SiteId) {
        accept(&mut early, 0, Action::RemoveCommunity { site });
    }
    check(&early, &row, 1, Err(NoCommunity::NoneCollecting));
    removed.tick(at(CLOSES)).expect("within the horizon");
    let phase = removed.campaign().phase();
    assert!(phase.is_terminal());
}

#[test]
fn it_helps_to_wait_for_the_opening_and_for_room() {
    let (site, distance) = (SiteId(2), Distance::ZERO);
    let neighbour = Neighbour { distance, site };
    let none = |why| NoCommunity::NoneEligible { neighbour, why };
    let full = Unchosen::Full { limit: Pieces(3) };
    let rejected = Unchosen::Ineligible(Rejection::Paused);
    for (error, is_transient) in [
        (none(full), true),
        (none(rejected), false),
        (NoCommunity::NoneCollecting, false),
        (NoCommunity::NotInNetwork { site }, false),
        (
            NoCommunity::NotOpen {
                phase: Phase::Scheduled,
            },
            true,
        ),
        (
            NoCommunity::NotOpen {
                phase: Phase::Closing,
            },
            false,
        ),
    ] {
        assert_eq!(error.is_transient(), is_transient, "{error}");
    }
    assert!(!GeographyError::UnknownSite { site }.is_transient());
    assert!(!MergeError::UnknownSite { site }.is_transient());
    assert!(MergeError::NothingToDecide.is_transient());
}

/// Nobody is at home where nobody has paid: such a community neither moves nor hosts.
#[test]
fn a_community_without_pledges_is_not_merged() {
    let mut presale = paid(
        terms(1, 1..=6, merging(Threshold::participants(2))),
        &[(1, 1, 1), (2, 4, 1), (3, 6, 1), (4, 6, 1)],
    );
    presale.tick(at(CLOSES)).expect("within the horizon");
    let short = presale.campaign().short_communities();
    let sites: Vec<u64> = short.iter().map(|community| community.site.0).collect();
    assert_eq!(sites, [1, 4]);
}

#[test]
fn confirmed_communities_take_pledges_until_the_close() {
    let policy = Policy {
        confirm: Confirm::OnReach,
        ..Policy::new(Threshold::participants(1))
    };
    let presale = paid(terms(1, 2..=3, policy), &[(1, 2, 1)]);
    assert_eq!(presale.campaign().phase(), Phase::ConfirmedOpen);
    let found =
        presale
            .campaign()
            .nearest_community(&row(), door(1.0), Quantity(1), &Filter::default());
    assert_eq!(found.map(|found| found.site), Ok(SiteId(2)));
}

#[test]
fn people_in_two_cells_are_one_above() {
    let policy = Policy::new(Threshold::participants(3));
    // Customer 1 is in both communities, far apart.
    let presale = paid(
        terms(1, 1..=2, policy),
        &[(1, 1, 2), (2, 1, 1), (1, 2, 1), (1, 2, 5)],
    );
    let sites =
        [(1, 0.0), (2, 300.0)].map(|(id, place)| Site::leader(SiteId(id), door(place), Units(60)));
    let network = Network::builder().sites(sites).build().expect("valid");
    let fine = ProgressMap::of(presale.campaign(), &network, resolution(9)).expect("few");
    let people = |map: &ProgressMap| {
        map.iter()
            .map(|(_, cell)| cell.people)
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(
        people(&fine),
        BTreeSet::from([People::Distinct(1), People::Distinct(2)])
    );
    assert_eq!(
        people(&fine.roll_up(resolution(0)).expect("coarser")),
        BTreeSet::from([People::AtMost(3)])
    );
    let coarse = ProgressMap::of(presale.campaign(), &network, resolution(0)).expect("few");
    assert_eq!(people(&coarse), BTreeSet::from([People::Distinct(2)]));
    let total = coarse.total();
    assert_eq!(
        (total.pledges, total.units, total.amount),
        (4, Pieces(9), Amount(9 * PRICE))
    );
    assert_eq!(
        total.closest,
        Some(Closest {
            lacking: Pieces(1),
            site: SiteId(1)
        })
    );
    assert_eq!(total.lacking, Pieces(3));
    assert_eq!(
        presale
            .campaign()
            .pledges_at(SiteId(2))
            .next()
            .map(|pledge| pledge.customer),
        Some(CustomerId(1))
    );

    let (from, to) = (resolution(0), resolution(9));
    assert_eq!(
        coarse.roll_up(to),
        Err(CoverageError::Finer { from, to }.into())
    );
}

#[test]
fn maps_have_limits_and_need_their_sites() {
    let presale = paid(
        terms(1, 1..=6, Policy::new(Threshold::participants(3))),
        &[],
    );
    let few = Limits {
        map_cells_max: 2,
        ..Limits::default()
    };
    let network = Network::builder()
        .limits(few)
        .sites(row().sites().cloned())
        .build()
        .expect("valid");
    let refused = ProgressMap::of(presale.campaign(), &network, Resolution::FINEST);
    let too_many = CellError::TooMany {
        cells: 3,
        cells_max: 2,
    };
    assert_eq!(refused, Err(GeographyError::Map(too_many.into())));
    assert!(ProgressMap::of(presale.campaign(), &network, Resolution::COARSEST).is_ok());
    let empty = Network::builder().build().expect("valid");
    let unknown = ProgressMap::of(presale.campaign(), &empty, Resolution::COARSEST);
    assert_eq!(
        unknown,
        Err(GeographyError::UnknownSite { site: SiteId(1) })
    );
}

#[cfg(feature = "geojson")]
#[test]
fn maps_read_back() {
    use geojson::FeatureCollection;

    let presale = paid(
        terms(1, 1..=6, Policy::new(Threshold::participants(2))),
        &[(1, 1, 2), (2, 1, 1), (1, 3, 4)],
    );
    let map = ProgressMap::of(presale.campaign(), &row(), resolution(9)).expect("few");
    let text = map.to_geojson();
    assert_eq!(text, map.clone().to_geojson());
    let features = text.parse::<FeatureCollection>().expect("GeoJSON").features;
    assert_eq!(features.len(), map.iter().len());
    for (feature, (cell, progress)) in features.iter().zip(map.iter()) {
        let number = |name: &str| feature.property(name).expect("a property").as_u64();
        assert_eq!(feature.property("cell"), Some(&cell.to_string().into()));
        assert_eq!(number("units"), Some(progress.units.0));
        assert_eq!(number("amount"), Some(progress.amount.0));
        assert_eq!(number("lacking"), Some(progress.lacking.0));
        assert_eq!(number("people"), Some(progress.people.count()));
        assert_eq!(
            number("closest_site"),
            progress.closest.map(|closest| closest.site.0)
        );
        assert_eq!(feature.property("people_exact"), Some(&true.into()));
        assert!(feature.geometry.is_some());
    }
}
