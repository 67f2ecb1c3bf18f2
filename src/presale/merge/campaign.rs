//! From a frozen campaign to a plan, and from a plan to the command that carries it out.

use crate::money::Amount;
use crate::presale::merge::{
    MergeError, MergeGroup, MergePlan, ShortCommunity, ShortPledge, plan, walks,
};
use crate::presale::{
    Action, Campaign, CommunityStage, Decision, GuestSite, MergedSites, Phase, PledgeState,
    Stragglers,
};
use crate::site::Network;

impl Campaign {
    /// The communities that are under their threshold, in the order of their sites, with the pledges that count: what
    /// [`plan`] plans for. Where nobody has paid there is nobody to be at home, and no community here.
    ///
    /// O(communities + their pledges).
    #[must_use]
    pub fn short_communities(&self) -> Vec<ShortCommunity> {
        let short = self.communities().filter(|community| {
            community.stage == CommunityStage::Collecting
                && !community.is_formed
                && community.paid.participants > 0
        });
        let price = self.terms().unit_price;
        short
            .map(|community| {
                let site = community.terms.site;
                let active = self
                    .pledges_at(site)
                    .filter(|pledge| pledge.state == PledgeState::Active);
                let pledges = active.map(|pledge| ShortPledge {
                    customer: pledge.customer,
                    units: pledge.units.into(),
                    // It was checked to fit when the pledge was made.
                    amount: price
                        .checked_mul(pledge.units.0.into())
                        .unwrap_or(Amount(u64::MAX)),
                    if_unformed: pledge.if_unformed,
                });
                ShortCommunity {
                    site,
                    threshold: community.threshold,
                    pledges: pledges.collect(),
                }
            })
            .collect()
    }

    /// Which neighbours the campaign could merge, as the network measures their walks. Nothing happens before the plan
    /// comes back as a command ([`MergePlan::action`]); the campaign accepts it until the decision is due.
    ///
    /// One radius search for each short community, and what [`plan`] costs.
    ///
    /// # Errors
    ///
    /// [`MergeError::NothingToDecide`] unless the campaign awaits this decision, [`MergeError::UnknownSite`] if a short
    /// community's site is not in the network.
    ///
    /// ```
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::{CampaignId, CommandId, CustomerId, PaymentId, PledgeId, SiteId, SkuId, SupplierId};
    /// use catchment::limits::Limits;
    /// use catchment::money::{Amount, Currency, Money};
    /// use catchment::presale::{
    ///     Action, CommunityTerms, IfUnformed, NewPayment, NewPledge, Phase, Policy, Presale, PresaleCommand,
    ///     Stragglers, SupplierTerms, Terms, Threshold,
    /// };
    /// use catchment::site::{Network, Site};
    /// use catchment::time::{Span, Timestamp};
    /// use catchment::units::{Distance, Quantity, Units};
    ///
    /// let at = Timestamp::from_unix_millis;
    /// let supplier = SupplierId(4);
    /// let stragglers = Stragglers::Merge { walk_max: Distance::from_metres(300), within: Span::from_hours(2) };
    /// let mut presale = Presale::open(Terms {
    ///     id: CampaignId(1),
    ///     sku: SkuId(9),
    ///     currency: Currency::CNY,
    ///     unit_price: Amount(990),
    ///     opens_at: at(0),
    ///     closes_at: at(1_000_000),
    ///     horizon: at(1_000_000_000),
    ///     policy: Policy { stragglers, ..Policy::new(Threshold::participants(2)) },
    ///     suppliers: vec![SupplierTerms::new(supplier)],
    ///     communities: [1, 2].map(|site| CommunityTerms { site: SiteId(site), supplier, threshold: None }).into(),
    /// }, &Limits::default())?;
    ///
    /// // One pays here and one there; two are needed.
    /// for number in [1, 2] {
    ///     let pledge = PledgeId(number);
    ///     let pledged = Action::Pledge(NewPledge {
    ///         pledge,
    ///         customer: CustomerId(number),
    ///         site: SiteId(number),
    ///         units: Quantity(1),
    ///         if_unformed: IfUnformed::MoveNearby,
    ///     });
    ///     presale.apply(at(10), &PresaleCommand::new(CommandId(2 * number), pledged))?;
    ///     let money = Money { amount: Amount(990), currency: Currency::CNY };
    ///     let paid = Action::RecordPayment(NewPayment { payment: PaymentId(number), pledge, money, paid_at: at(10) });
    ///     presale.apply(at(10), &PresaleCommand::new(CommandId(2 * number + 1), paid))?;
    /// }
    /// presale.tick(at(1_000_000))?;
    ///
    /// let door = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// let network = Network::builder()
    ///     .site(Site::leader(SiteId(1), door(121.400)?, Units(60)))
    ///     .site(Site::leader(SiteId(2), door(121.402)?, Units(60)))
    ///     .build()?;
    /// let plan = presale.campaign().plan_merge(&network)?;
    /// assert_eq!((plan.groups[0].host, plan.groups[0].guests[0].site), (SiteId(1), SiteId(2)));
    ///
    /// presale.apply(at(1_000_000), &PresaleCommand::new(CommandId(9), plan.action()))?;
    /// assert_eq!(presale.campaign().phase(), Phase::Confirmed);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan_merge(&self, network: &Network) -> Result<MergePlan, MergeError> {
        let (
            Stragglers::Merge { walk_max, .. },
            Phase::Deciding {
                decision: Decision::Merge,
                ..
            },
        ) = (self.terms().policy.stragglers, self.phase())
        else {
            return Err(MergeError::NothingToDecide);
        };
        let short = self.short_communities();
        let sites: Vec<_> = short.iter().map(|community| community.site).collect();
        plan(&short, &walks(network, &sites, walk_max)?)
    }
}

impl MergePlan {
    /// The command that carries the plan out; of an empty plan, the one that rejects merging. O(n).
    #[must_use]
    pub fn action(&self) -> Action {
        Action::Merge {
            groups: self.groups.iter().map(MergedSites::from).collect(),
        }
    }
}

impl From<&MergeGroup> for MergedSites {
    /// What the campaign has to be told: who walks where, and how far. What they bring it knows itself.
    fn from(group: &MergeGroup) -> Self {
        let guests = group.guests.iter().map(|guest| GuestSite {
            site: guest.site,
            walk: guest.walk,
        });
        Self {
            host: group.host,
            guests: guests.collect(),
        }
    }
}
