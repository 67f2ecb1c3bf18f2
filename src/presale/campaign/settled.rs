//! Who gets what of a confirmed campaign.

use crate::id::{CustomerId, PaymentId, PledgeId, SiteId, SupplierId};
use crate::money::Amount;
use crate::presale::Pieces;
use crate::presale::campaign::Campaign;
use crate::presale::records::{Cut, PledgeRecord};
use crate::units::Quantity;

impl Campaign {
    /// The confirmed pledges that were not given back, the first to pay first. O(payments).
    pub fn confirmed_pledges(&self) -> impl Iterator<Item = ConfirmedPledge> {
        self.captured().map(|(slot, payment, pledge)| {
            let pledge = &self.pledges[pledge];
            let community = self.group(pledge.community);
            ConfirmedPledge {
                pledge: pledge.id,
                customer: self.customers[pledge.customer].id,
                site: community.site(),
                supplier: community.terms.supplier,
                units: pledge.units,
                served: self.served(slot, pledge),
                payment: payment.id,
                captured: payment.captured,
            }
        })
    }

    /// What suppliers have delivered, in the order of their ids.
    pub fn deliveries(&self) -> impl Iterator<Item = (SupplierId, Pieces)> {
        let deliveries = self.deliveries.iter();
        deliveries.map(|(supplier, delivery)| (*supplier, delivery.units))
    }

    /// What a pledge got of its supplier's delivery; `None` before it came.
    fn served(&self, payment: u32, pledge: &PledgeRecord) -> Option<Quantity> {
        let supplier = self.group(pledge.community).terms.supplier;
        let delivery = self.deliveries.get(&supplier)?;
        Some(match delivery.cut {
            Some(Cut { at, kept }) if payment == at => kept,
            Some(Cut { at, .. }) if payment > at => Quantity(0),
            _ => pledge.units,
        })
    }
}

/// A confirmed pledge, for reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ConfirmedPledge {
    /// Its number: that of the order that it becomes.
    pub pledge: PledgeId,
    /// Whose it is.
    pub customer: CustomerId,
    /// Where it is picked up; after a merge, at the host.
    pub site: SiteId,
    /// Who delivers there.
    pub supplier: SupplierId,
    /// How many pieces were confirmed.
    pub units: Quantity,
    /// How many of them came with the supplier's delivery; `None` before it.
    pub served: Option<Quantity>,
    /// What paid it.
    pub payment: PaymentId,
    /// What the retailer keeps of that.
    pub captured: Amount,
}
