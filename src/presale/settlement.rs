//! What a campaign that is over comes to: who gets what, who is owed what, what is ordered from whom.

use std::collections::BTreeMap;

use crate::geo::Position;
use crate::id::{CampaignId, CustomerId, OrderId, PaymentId, SiteId, SkuId, SupplierId};
use crate::money::Currency;
use crate::order::{Order, OrderLine, Wish};
use crate::presale::{
    Campaign, CommunityProgress, ConfirmedPieces, ConfirmedPledge, MoneyTotals, Phase, Pieces,
    PurchaseError, PurchaseOrder, Purchases, RefundView, purchases,
};
use crate::site::Network;
use crate::units::Quantity;

/// What a campaign that is over comes to, as things stand. Everything follows from what was frozen, and from returns,
/// refunds and deliveries since.
///
/// Nothing is lost on the way: what is confirmed at the sites is what is picked for them, orders are confirmed pieces
/// and less than a case of surplus, what suppliers bring is what customers get and what goes into stock, and of every
/// payment recorded = captured + due + refunded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Settlement {
    /// Which campaign.
    pub campaign: CampaignId,
    /// What was sold.
    pub sku: SkuId,
    /// The verdict: confirmed, failed and why, or cancelled.
    pub verdict: Phase,
    /// The communities in the order of their sites, each with its fate.
    pub communities: Vec<CommunityProgress>,
    /// The confirmed pledges that were not given back, the first to pay first.
    pub pledges: Vec<ConfirmedPledge>,
    /// The refunds that are not wholly paid out, by payment and then by number.
    pub refunds: Vec<RefundView>,
    /// What is ordered from each supplier, with the pick list of each site; and what falls short of an order.
    pub purchases: Purchases,
    /// Where the pieces of each supplier go, in the order of ids; of those with confirmed pieces.
    pub supplies: Vec<Supply>,
    /// Where the money is, by currency.
    pub money: BTreeMap<Currency, MoneyTotals>,
}

/// Where the pieces of a supplier go: of what it delivers (before it does, of what is ordered from it) customers are
/// `served`, and the rest goes into `stock`.
///
/// ```
/// use catchment::id::SupplierId;
/// use catchment::presale::{Pieces, Supply};
/// // 50 pieces in cases of 12, two of them given back; all 60 came.
/// let supply = Supply {
///     supplier: SupplierId(4),
///     confirmed: Pieces(50),
///     returned: Pieces(2),
///     ordered: Pieces(60),
///     delivered: Some(Pieces(60)),
///     served: Pieces(48),
///     stock: Pieces(12),
/// };
/// assert_eq!(supply.available(), Pieces(60));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Supply {
    /// Which supplier.
    pub supplier: SupplierId,
    /// What customers had confirmed.
    pub confirmed: Pieces,
    /// What they gave back of that since. The order stands.
    pub returned: Pieces,
    /// What is ordered; nothing if the supplier does not sell so little.
    pub ordered: Pieces,
    /// What came, once it has come.
    pub delivered: Option<Pieces>,
    /// What customers get, or would get if all came that is ordered.
    pub served: Pieces,
    /// What nobody gets: the rest of the last case, what was given back, and what came beyond the order.
    pub stock: Pieces,
}

impl Supply {
    /// What there is to give: what came, or before that what is ordered.
    #[must_use]
    pub const fn available(&self) -> Pieces {
        match self.delivered {
            Some(delivered) => delivered,
            None => self.ordered,
        }
    }
}

impl Settlement {
    /// Settles a campaign that is over. O(pledges + d log d) for d refunds due.
    ///
    /// # Errors
    ///
    /// [`SettlementError::NotOver`] before its verdict; [`SettlementError::Purchase`] if a supplier's whole cases do
    /// not fit 64 bits.
    ///
    /// ```
    /// use catchment::id::{CampaignId, SiteId, SkuId, SupplierId};
    /// use catchment::limits::Limits;
    /// use catchment::money::{Amount, Currency};
    /// use catchment::presale::{
    ///     CampaignFailure, CommunityTerms, Phase, Policy, Presale, Settlement, SettlementError, SupplierTerms, Terms,
    ///     Threshold,
    /// };
    /// use catchment::time::Timestamp;
    ///
    /// let at = Timestamp::from_unix_millis;
    /// let presale = Presale::open(Terms {
    ///     id: CampaignId(1),
    ///     sku: SkuId(9),
    ///     currency: Currency::CNY,
    ///     unit_price: Amount(990),
    ///     opens_at: at(0),
    ///     closes_at: at(1_000),
    ///     horizon: at(9_000),
    ///     policy: Policy::new(Threshold::participants(10)),
    ///     suppliers: vec![SupplierTerms::new(SupplierId(4))],
    ///     communities: vec![CommunityTerms { site: SiteId(17), supplier: SupplierId(4), threshold: None }],
    /// }, &Limits::default())?;
    ///
    /// let early = Settlement::of(presale.campaign());
    /// assert!(matches!(early, Err(SettlementError::NotOver { .. })));
    /// let settlement = Settlement::of(&presale.as_of(at(1_000)))?;
    /// assert_eq!(settlement.verdict, Phase::Failed(CampaignFailure::TooFewCommunities { formed: 0 }));
    /// assert!(settlement.purchases.orders.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(campaign: &Campaign) -> Result<Self, SettlementError> {
        let (terms, phase) = (campaign.terms(), campaign.phase());
        if !phase.is_terminal() {
            let campaign = terms.id;
            return Err(SettlementError::NotOver { campaign, phase });
        }
        let communities: Vec<CommunityProgress> = campaign.communities().collect();
        let confirmed = communities.iter().map(|community| ConfirmedPieces {
            supplier: community.terms.supplier,
            site: community.terms.site,
            units: community.confirmed,
        });
        let purchases = purchases(&terms.suppliers, confirmed.collect())?;
        let pledges: Vec<ConfirmedPledge> = campaign.confirmed_pledges().collect();
        let mut refunds: Vec<RefundView> = campaign.refunds_due().collect();
        refunds.sort_unstable_by_key(|refund| (refund.payment, refund.refund));
        Ok(Self {
            campaign: terms.id,
            sku: terms.sku,
            verdict: phase,
            supplies: supplies(campaign, &communities, &pledges, &purchases),
            communities,
            pledges,
            refunds,
            purchases,
            money: campaign.money(),
        })
    }

    /// What is due to be paid out, payment by payment in the order of ids: a refund belongs to a payment, never to a
    /// person.
    pub fn refunds_by_payment(&self) -> impl Iterator<Item = (PaymentId, &[RefundView])> {
        let same = |one: &RefundView, next: &RefundView| one.payment == next.payment;
        self.refunds
            .chunk_by(same)
            .map(|refunds| (refunds[0].payment, refunds))
    }

    /// The confirmed pledges as orders that a [`Router`](crate::plan::Router) can plan, the first to pay first.
    ///
    /// A pledge keeps its number, its customer and its site, which is a [`Wish::Site`]: the community picks up there
    /// and nowhere else. The order has one line of the pieces that the customer gets, and the size 1 of an order. Where
    /// the customer lives is the caller's to know; without a position it is that of the site. Pledges that a short
    /// delivery left nothing, or whose supplier nothing is ordered from, make no order.
    ///
    /// The numbers of pledges are unique in a campaign; whoever plans several together sees to it that they are unique
    /// in all of them. O(pledges · log sites).
    ///
    /// # Errors
    ///
    /// [`SettlementError::UnknownSite`] if the site of a pledge is not in the network.
    pub fn orders(
        &self,
        network: &Network,
        position_of: impl Fn(CustomerId) -> Option<Position>,
    ) -> Result<Vec<Order>, SettlementError> {
        let mut orders = Vec::with_capacity(self.pledges.len());
        for pledge in &self.pledges {
            let site = pledge.site;
            let quantity = served(pledge, &self.purchases);
            if quantity.0 == 0 {
                continue;
            }
            let found = network.site(site);
            let door = found.ok_or(SettlementError::UnknownSite { site })?.position;
            let position = position_of(pledge.customer).unwrap_or(door);
            let mut order = Order::new(OrderId::from(pledge.pledge), position);
            order.customer = Some(pledge.customer);
            order.wish = Wish::Site(site);
            order.lines = vec![OrderLine {
                sku: self.sku,
                quantity,
            }];
            orders.push(order);
        }
        Ok(orders)
    }
}

/// A campaign that can't be settled, or whose pledges can't become orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettlementError {
    /// The verdict has not fallen.
    #[error("campaign {campaign} is not over: {phase:?}")]
    NotOver {
        /// Which.
        campaign: CampaignId,
        /// Where it is in its life.
        phase: Phase,
    },
    /// The purchase orders can't be made.
    #[error(transparent)]
    Purchase(#[from] PurchaseError),
    /// A site that is not in the network, so that nobody knows where its customers pick up.
    #[error("site {site} is not in the network")]
    UnknownSite {
        /// Which.
        site: SiteId,
    },
}

impl SettlementError {
    /// Whether the same call can succeed later: once the campaign is over.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::NotOver { .. })
    }
}

/// Where the pieces of each supplier with confirmed pieces go.
fn supplies(
    campaign: &Campaign,
    communities: &[CommunityProgress],
    pledges: &[ConfirmedPledge],
    purchases: &Purchases,
) -> Vec<Supply> {
    let mut by_supplier: BTreeMap<SupplierId, Supply> = BTreeMap::new();
    for community in communities.iter().filter(|it| it.confirmed > Pieces::ZERO) {
        let supplier = community.terms.supplier;
        let supply = by_supplier.entry(supplier).or_insert(Supply {
            supplier,
            confirmed: Pieces::ZERO,
            returned: Pieces::ZERO,
            ordered: ordered(purchases, supplier).unwrap_or(Pieces::ZERO),
            delivered: None,
            served: Pieces::ZERO,
            stock: Pieces::ZERO,
        });
        // Sums of what the campaign has summed before.
        supply.confirmed.0 += community.confirmed.0;
        supply.returned.0 += community.returned.0;
    }
    for (supplier, units) in campaign.deliveries() {
        if let Some(supply) = by_supplier.get_mut(&supplier) {
            supply.delivered = Some(units);
        }
    }
    for pledge in pledges {
        if let Some(supply) = by_supplier.get_mut(&pledge.supplier) {
            supply.served.0 += u64::from(served(pledge, purchases).0);
        }
    }
    for supply in by_supplier.values_mut() {
        supply.stock = supply.available().saturating_sub(supply.served);
    }
    by_supplier.into_values().collect()
}

/// What a pledge gets, or would get if all came that is ordered.
fn served(pledge: &ConfirmedPledge, purchases: &Purchases) -> Quantity {
    let expected = || ordered(purchases, pledge.supplier).map_or(Quantity(0), |_| pledge.units);
    pledge.served.unwrap_or_else(expected)
}

/// How many pieces are ordered from a supplier; `None` if there is no order.
fn ordered(purchases: &Purchases, supplier: SupplierId) -> Option<Pieces> {
    let orders = &purchases.orders;
    let place = orders.binary_search_by_key(&supplier, PurchaseOrder::supplier);
    Some(orders[place.ok()?].ordered())
}
