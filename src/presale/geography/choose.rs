use crate::candidates::{Candidate, Filter, Rejection, Verdict};
use crate::geo::Position;
use crate::id::SiteId;
use crate::presale::{Campaign, CommunityProgress, CommunityStage, Overflow, Phase, Pieces};
use crate::site::{Neighbour, Network, Site};
use crate::units::Quantity;

impl Campaign {
    /// The community that a pledge of so many pieces from an address goes to: the nearest of those that take pledges
    /// and have room for it, whose site is eligible under the filter.
    ///
    /// Exact, ties go to the smallest site. A community takes pledges while it collects, and after it is confirmed
    /// until the close. Room is asked for where the policy refuses what is beyond a cap of a community; a waiting list
    /// has room for everybody. The answer goes into a command ([`NewPledge::site`](crate::presale::NewPledge)), so that
    /// a replay does not depend on a network.
    ///
    /// Costs as [`Network::nearest_eligible_site`]; O(communities) if there is none.
    ///
    /// # Errors
    ///
    /// [`NoCommunity`], the first reason in the order of its variants.
    ///
    /// ```
    /// use catchment::candidates::Filter;
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::{CampaignId, SiteId, SkuId, SupplierId};
    /// use catchment::limits::Limits;
    /// use catchment::money::{Amount, Currency};
    /// use catchment::presale::{CommunityTerms, NoCommunity, Policy, Presale, SupplierTerms, Terms, Threshold};
    /// use catchment::site::{Network, Site};
    /// use catchment::time::Timestamp;
    /// use catchment::units::{Distance, Quantity, Units};
    ///
    /// let (at, supplier) = (Timestamp::from_unix_millis, SupplierId(4));
    /// let mut presale = Presale::open(Terms {
    ///     id: CampaignId(1),
    ///     sku: SkuId(9),
    ///     currency: Currency::CNY,
    ///     unit_price: Amount(990),
    ///     opens_at: at(0),
    ///     closes_at: at(1_000),
    ///     horizon: at(9_000),
    ///     policy: Policy::new(Threshold::participants(10)),
    ///     suppliers: vec![SupplierTerms::new(supplier)],
    ///     communities: [2, 3].map(|site| CommunityTerms { site: SiteId(site), supplier, threshold: None }).into(),
    /// }, &Limits::default())?;
    /// presale.tick(at(0))?;
    ///
    /// let door = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// let network = Network::builder()
    ///     .site(Site::leader(SiteId(1), door(121.400)?, Units(60))) // the nearest, but no community of this campaign
    ///     .site(Site::leader(SiteId(2), door(121.405)?, Units(60)))
    ///     .site(Site::leader(SiteId(3), door(121.410)?, Units(60)))
    ///     .build()?;
    /// let (home, two) = (door(121.400)?, Quantity(2));
    /// let chosen = presale.campaign().nearest_community(&network, home, two, &Filter::default())?;
    /// assert_eq!(chosen.site, SiteId(2));
    ///
    /// let near = Filter::default().max_distance(Distance::from_metres(300));
    /// let none = presale.campaign().nearest_community(&network, home, two, &near);
    /// assert_eq!(none.unwrap_err().to_string(), "no community is eligible: site 2 at 476 m: too far: 476 m > 300 m");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn nearest_community(
        &self,
        network: &Network,
        from: Position,
        units: Quantity,
        filter: &Filter<'_>,
    ) -> Result<Neighbour, NoCommunity> {
        let phase = self.phase();
        if !matches!(phase, Phase::Open | Phase::ConfirmedOpen) {
            return Err(NoCommunity::NotOpen { phase });
        }
        let takes = |site: &Site| {
            let community = self.community(site.id);
            community.is_some_and(|community| {
                takes_pledges(&community) && self.lacks_room(&community, units).is_none()
            })
        };
        let both = |site: &Site| takes(site) && filter.predicate_holds(site);
        network
            .nearest_eligible_site(from, &filter.matching(&both))
            .ok_or_else(|| self.why_none(network, from, units, filter))
    }

    /// Why no community can be chosen: what speaks against the nearest.
    fn why_none(
        &self,
        network: &Network,
        from: Position,
        units: Quantity,
        filter: &Filter<'_>,
    ) -> NoCommunity {
        let taking: Vec<CommunityProgress> = self.communities().filter(takes_pledges).collect();
        if taking.is_empty() {
            return NoCommunity::NoneCollecting;
        }
        let on_map = taking.iter().filter_map(|community| {
            let site = network.site(community.terms.site)?;
            let distance = from.distance_to(site.position);
            Some((
                Neighbour {
                    distance,
                    site: site.id,
                },
                community,
            ))
        });
        let Some((neighbour, community)) = on_map.min_by_key(|(neighbour, _)| *neighbour) else {
            let site = taking[0].terms.site;
            return NoCommunity::NotInNetwork { site };
        };
        let judged = network.explain_site(from, neighbour.site, filter);
        let why = match judged {
            Some(Candidate {
                verdict: Verdict::Rejected(rejection),
                ..
            }) => Unchosen::Ineligible(rejection),
            // It is eligible and takes pledges: only room can be what it lacks.
            _ => Unchosen::Full {
                limit: self.lacks_room(community, units).unwrap_or(Pieces::ZERO),
            },
        };
        NoCommunity::NoneEligible { neighbour, why }
    }

    /// The cap that a community would exceed with so many pieces more, if that is refused.
    fn lacks_room(&self, community: &CommunityProgress, units: Quantity) -> Option<Pieces> {
        let policy = &self.terms().policy;
        let limit = policy.caps.per_community?;
        let pieces = Pieces::from(units);
        let claimed = community.held.units.checked_add(community.paid.units)?;
        let exceeds = claimed.checked_add(pieces).is_none_or(|sum| sum > limit);
        // Nobody waits for what could never come.
        let is_refused = policy.overflow == Overflow::Reject || pieces > limit;
        (exceeds && is_refused).then_some(limit)
    }
}

/// Whether pledges may be made while the campaign is open.
fn takes_pledges(community: &CommunityProgress) -> bool {
    matches!(
        community.stage,
        CommunityStage::Collecting | CommunityStage::Confirmed(_)
    )
}

/// Why no community can be chosen for an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoCommunity {
    /// The campaign takes no pledges now.
    #[error("campaign is not open: {phase:?}")]
    NotOpen {
        /// Where it is in its life.
        phase: Phase,
    },
    /// No community takes pledges.
    #[error("no community takes pledges")]
    NoneCollecting,
    /// No community that takes pledges is at a site of the network.
    #[error("site {site} and those of all other communities are not in the network")]
    NotInNetwork {
        /// The first of them.
        site: SiteId,
    },
    /// None is eligible, or has room.
    #[error("no community is eligible: site {} at {}: {why}", .neighbour.site, .neighbour.distance)]
    NoneEligible {
        /// The nearest community that takes pledges.
        neighbour: Neighbour,
        /// What speaks against it.
        why: Unchosen,
    },
}

impl NoCommunity {
    /// Whether the same call can succeed later without anybody's changing the terms, the network or the filter: before
    /// the opening, and where a place may become free.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::NotOpen { phase } => matches!(phase, Phase::Scheduled),
            Self::NoneEligible { why, .. } => matches!(why, Unchosen::Full { .. }),
            Self::NoneCollecting | Self::NotInNetwork { .. } => false,
        }
    }
}

/// What speaks against a community.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unchosen {
    /// Its site does not meet a demand of the filter.
    #[error("{0}")]
    Ineligible(Rejection),
    /// It has no room for so many pieces.
    #[error("full: cap of {limit} pieces")]
    Full {
        /// [`Caps::per_community`](crate::presale::Caps::per_community).
        limit: Pieces,
    },
}
