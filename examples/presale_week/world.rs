//! Sixty leaders of the seeded city, who lives near them, and the terms of the presale.

use std::collections::BTreeMap;
use std::error::Error;

use catchment::geo::{LngLat, Position};
use catchment::id::{CampaignId, CustomerId, SiteId, SkuId, SupplierId};
use catchment::money::{Amount, Currency};
use catchment::presale::{
    BasisPoints, CommunityTerms, Confirm, Pieces, Policy, Stragglers, SupplierTerms, Terms,
    Threshold, Tier, Tiers,
};
use catchment::site::{Network, Site, SiteStatus};
use catchment::time::{Span, Timestamp};
use catchment::units::Distance;

use crate::seeded::{Blueprint, SplitMix64};

/// Monday, 15 June 2026, 08:00 in Shanghai.
pub(crate) const OPENS_AT: Timestamp = Timestamp::from_unix_millis(1_781_481_600_000);
/// "Until Sunday evening": the exclusive instant, Sunday, 20:00.
pub(crate) const CLOSES_AT: Timestamp = Timestamp::from_unix_millis(1_782_043_200_000);
pub(crate) const GRACE: Span = Span::from_hours(1);
pub(crate) const HOLD: Span = Span::from_minutes(15);

pub(crate) const COMMUNITIES: usize = 60;
pub(crate) const NEEDED: u32 = 50;
pub(crate) const PARTICIPANTS_MIN: u32 = 10;
/// 29.90 yuan a watermelon.
pub(crate) const PRICE: Amount = Amount(2_990);
pub(crate) const SUPPLIER: SupplierId = SupplierId(1);
const WATERMELON: SkuId = SkuId(9);

/// Leaders this near to one another would share their neighbours.
const APART_MIN: Distance = Distance::from_metres(200);
/// How far from a leader the neighbours live, in degrees: at most some 45 m either way.
const NEIGHBOURHOOD: f64 = 0.000_4;

/// Leaders and their neighbours.
pub(crate) struct World {
    pub(crate) network: Network,
    /// Where people live who would pledge, by the leader next to them.
    pub(crate) communities: Vec<Neighbourhood>,
}

/// People round a leader.
pub(crate) struct Neighbourhood {
    pub(crate) site: SiteId,
    /// How many of them pay in time and stay.
    pub(crate) faithful: u64,
    /// How many change their minds, pay late or never.
    pub(crate) fickle: u64,
    /// Where they live, the faithful first.
    pub(crate) homes: Vec<Position>,
}

impl World {
    /// Draws the city, chooses leaders and moves people in.
    pub(crate) fn draw() -> Result<Self, Box<dyn Error>> {
        let blueprint = Blueprint {
            seed: 2026,
            homes: 0,
            leaders: 800,
            stores: 0,
        };
        let drawn = blueprint.draw()?;
        let mut chosen: Vec<Site> = Vec::new();
        for (_, mut site) in drawn.sites {
            let is_apart = |other: &Site| site.position.distance_to(other.position) >= APART_MIN;
            if chosen.len() < COMMUNITIES
                && site.status == SiteStatus::Open
                && chosen.iter().all(is_apart)
            {
                site.id = SiteId(chosen.len() as u64 + 1);
                chosen.push(site);
            }
        }
        let network = Network::builder().sites(chosen.iter().cloned()).build()?;
        let communities = people(&chosen)?;
        for community in &communities {
            for home in &community.homes {
                // The network chooses the community of an address.
                let nearest = network.nearest_site(*home).expect("there are leaders");
                assert_eq!(
                    nearest.site, community.site,
                    "neighbours are nearest to their leader"
                );
            }
        }
        Ok(Self {
            network,
            communities,
        })
    }

    pub(crate) fn customers(&self) -> usize {
        self.communities
            .iter()
            .map(|community| community.homes.len())
            .sum()
    }

    /// Where customers live, who are numbered from 1 in the order of their communities.
    pub(crate) fn homes(&self) -> BTreeMap<CustomerId, Position> {
        let homes = self
            .communities
            .iter()
            .flat_map(|community| &community.homes);
        (1..).map(CustomerId).zip(homes.copied()).collect()
    }

    /// The presale of the week.
    pub(crate) fn terms(&self, id: u64, stragglers: Stragglers) -> Terms {
        let tiers = [(500, 200), (1_000, 500)].map(|(units, points)| Tier {
            units_min: Pieces(units),
            discount: BasisPoints::new(points).expect("less than everything"),
        });
        let policy = Policy {
            communities_min: NEEDED,
            confirm: Confirm::AtClose,
            hold: HOLD,
            grace: GRACE,
            stragglers,
            tiers: Tiers::new(tiers.to_vec()).expect("ascending"),
            ..Policy::new(Threshold::participants(PARTICIPANTS_MIN))
        };
        let communities = self.communities.iter().map(|community| CommunityTerms {
            site: community.site,
            supplier: SUPPLIER,
            threshold: None,
        });
        Terms {
            id: CampaignId(id),
            sku: WATERMELON,
            currency: Currency::CNY,
            unit_price: PRICE,
            opens_at: OPENS_AT,
            closes_at: CLOSES_AT,
            horizon: Timestamp::from_unix_millis(CLOSES_AT.as_unix_millis() + 30 * 86_400_000),
            policy,
            suppliers: vec![SupplierTerms {
                case_size: 12.try_into().expect("more than nothing"),
                units_min: Pieces(600),
                ..SupplierTerms::new(SUPPLIER)
            }],
            communities: communities.collect(),
        }
    }
}

/// Eleven neighbourhoods stay short; the two that are nearest to each other among all would do together.
fn people(leaders: &[Site]) -> Result<Vec<Neighbourhood>, Box<dyn Error>> {
    let mut pairs = Vec::new();
    for (place, one) in leaders.iter().enumerate() {
        for other in &leaders[place + 1..] {
            pairs.push((one.position.distance_to(other.position), one.id, other.id));
        }
    }
    let &(_, one, other) = pairs.iter().min().expect("there are leaders");
    let mut random = SplitMix64(17);
    let mut short = COMMUNITIES as u32 - NEEDED - 1;
    let mut communities = Vec::new();
    for leader in leaders {
        let faithful = if leader.id == one || leader.id == other {
            6
        } else if short > 0 {
            short -= 1;
            // Too few even with a neighbour.
            1 + random.below(4)
        } else {
            u64::from(PARTICIPANTS_MIN) + random.below(7)
        };
        // Those who step back must not make a community form that is to stay short.
        let fickle = random.below(4);
        let homes = (0..faithful + fickle).map(|_| near(leader.position, &mut random));
        let homes = homes.collect::<Result<_, _>>()?;
        communities.push(Neighbourhood {
            site: leader.id,
            faithful,
            fickle,
            homes,
        });
    }
    Ok(communities)
}

fn near(leader: Position, random: &mut SplitMix64) -> Result<Position, Box<dyn Error>> {
    let mut shift = || (random.below(2_001) as f64 / 1_000.0 - 1.0) * NEIGHBOURHOOD;
    let (lng, lat) = (leader.lng(), leader.lat());
    Ok(Position::new(LngLat {
        lng: lng + shift(),
        lat: lat + shift(),
    })?)
}
