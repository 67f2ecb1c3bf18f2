//! Where the money is: held, captured, due for refund, refunded. Nothing else moves it.

use crate::id::{PaymentId, RefundId, SupplierId};
use crate::money::Amount;
use crate::presale::campaign::{Campaign, EventMismatch};
use crate::presale::records::{Cut, Delivery, NONE, PaymentRecord, RefundRecord};
use crate::presale::{
    BasisPoints, Claim, NewPayment, PaidPledge, Pieces, PledgeState, RefundCause, Share,
    ShortSupply, tier_refunds,
};

type Changed = Result<(), EventMismatch>;

impl Campaign {
    /// A payment that makes its pledge count.
    pub(super) fn activate(&mut self, new: &NewPayment) -> Changed {
        let pledge = self.known_pledge(new.pledge, PledgeState::Reserved)?;
        let payment = self.record(new, pledge)?;
        self.payments[payment].held = new.money.amount;
        self.unreserve(pledge);
        let record = &mut self.pledges[pledge];
        record.state = PledgeState::Active;
        record.payment = payment;
        self.count(pledge);
        self.settle_holds();
        Ok(())
    }

    /// A payment that is of no use.
    pub(super) fn bounce(&mut self, new: &NewPayment, why: RefundCause) -> Changed {
        let pledge = self.find_pledge(new.pledge).unwrap_or(NONE);
        let payment = self.record(new, pledge)?;
        self.add_refund(payment, why, 0, new.money.amount)
    }

    fn record(&mut self, new: &NewPayment, pledge: u32) -> Result<u32, EventMismatch> {
        if self.find_payment(new.payment).is_some() {
            return Err(EventMismatch::Payment {
                payment: new.payment,
            });
        }
        let record = PaymentRecord {
            id: new.payment,
            recorded: new.money.amount,
            held: Amount::ZERO,
            captured: Amount::ZERO,
            due: Amount::ZERO,
            refunded: Amount::ZERO,
            pledge,
            currency: new.money.currency,
            parts: 0,
        };
        let slot = self.payments.push(record).ok_or(EventMismatch::Overflow)?;
        self.slots_of_payments.insert(new.payment.0, slot);
        Ok(slot)
    }

    /// The payment of a confirmed pledge is the retailer's.
    pub(super) fn capture(&mut self, pledge: u32) {
        let payment = self.pledges[pledge].payment;
        if let Some(payment) = self.payments.get_mut(payment) {
            payment.captured.0 += core::mem::take(&mut payment.held).0;
        }
    }

    /// What is held for a pledge falls due.
    pub(super) fn release_held(&mut self, pledge: u32, cause: RefundCause) -> Changed {
        let slot = self.pledges[pledge].payment;
        let Some(payment) = self.payments.get_mut(slot) else {
            return Ok(());
        };
        let amount = core::mem::take(&mut payment.held);
        self.add_refund(slot, cause, 0, amount)
    }

    /// What is still captured for a pledge falls due.
    pub(super) fn refund_captured(&mut self, pledge: u32, cause: RefundCause) -> Changed {
        let slot = self.pledges[pledge].payment;
        let Some(payment) = self.payments.get_mut(slot) else {
            return Ok(());
        };
        let amount = core::mem::take(&mut payment.captured);
        self.add_refund(slot, cause, 0, amount)
    }

    pub(super) fn refund_part(&mut self, id: PaymentId, amount: Amount) -> Changed {
        let slot = self
            .find_payment(id)
            .ok_or(EventMismatch::Payment { payment: id })?;
        let payment = &mut self.payments[slot];
        let left = payment.captured.checked_sub(amount);
        payment.captured = left.ok_or(EventMismatch::Payment { payment: id })?;
        let line = payment.parts;
        payment.parts = line.checked_add(1).ok_or(EventMismatch::Overflow)?;
        self.add_refund(slot, RefundCause::Part, line, amount)
    }

    pub(super) fn pay_refund(&mut self, id: RefundId, amount: Amount) -> Changed {
        let mismatch = EventMismatch::Refund { refund: id };
        let slot = self.refund_slot(id).ok_or(mismatch)?;
        let refund = &mut self.refunds[slot];
        let remaining = refund.amount.0 - refund.paid.0;
        if amount.0 > remaining {
            return Err(mismatch);
        }
        refund.paid.0 += amount.0;
        let payment = refund.payment;
        let payment = &mut self.payments[payment];
        payment.due.0 -= amount.0;
        payment.refunded.0 += amount.0;
        Ok(())
    }

    /// The difference between the price that was paid and that of the tier that was reached.
    pub(super) fn refund_tier(&mut self, discount: BasisPoints) -> Changed {
        if discount == BasisPoints::default() {
            return Ok(());
        }
        let (slots, paid): (Vec<u32>, Vec<PaidPledge>) = self
            .captured()
            .map(|(slot, payment, pledge)| {
                (
                    slot,
                    PaidPledge {
                        pledge: self.pledges[pledge].id,
                        paid: payment.recorded,
                    },
                )
            })
            .unzip();
        for (slot, share) in slots.into_iter().zip(tier_refunds(&paid, discount)) {
            // The price falls for everybody alike; of a payment that was given back in part there may be less left.
            let captured = &mut self.payments[slot].captured;
            let refund = share.refund.min(*captured);
            captured.0 -= refund.0;
            self.add_refund(slot, RefundCause::TierPrice, 0, refund)?;
        }
        Ok(())
    }

    /// Shares out what a supplier delivered: who paid first is served first, and who is not is refunded.
    pub(super) fn share_out(&mut self, supplier: SupplierId, delivered: Pieces) -> Changed {
        let of_supplier = |pledge: u32| {
            let community = self.pledges[pledge].community;
            self.group(community).terms.supplier == supplier
        };
        let (slots, claims): (Vec<u32>, Vec<Claim>) = self
            .captured()
            .filter(|(_, _, pledge)| of_supplier(*pledge))
            .map(|(slot, payment, pledge)| {
                let pledge = &self.pledges[pledge];
                let (pledge, units) = (pledge.id, pledge.units);
                (
                    slot,
                    Claim {
                        pledge,
                        units,
                        paid: payment.captured,
                    },
                )
            })
            .unzip();
        let shares: Vec<Share> = ShortSupply::new(delivered, claims.iter().copied()).collect();
        let cut = shares
            .iter()
            .zip(&claims)
            .position(|(share, claim)| share.units < claim.units);
        let cut = cut.map(|place| Cut {
            at: slots[place],
            kept: shares[place].units,
        });
        let units = delivered;
        self.deliveries.insert(supplier, Delivery { units, cut });
        for (slot, share) in slots.into_iter().zip(shares) {
            self.payments[slot].captured.0 -= share.refund.0;
            self.add_refund(slot, RefundCause::ShortSupply, 0, share.refund)?;
        }
        Ok(())
    }

    /// The payments of confirmed pledges, the first to come first: (slot, payment, slot of the pledge).
    pub(super) fn captured(&self) -> impl Iterator<Item = (u32, &PaymentRecord, u32)> {
        (0_u32..)
            .zip(self.payments.iter())
            .filter_map(|(slot, payment)| {
                let pledge = self.pledges.get(payment.pledge)?;
                let is_confirmed = pledge.state == PledgeState::Confirmed && pledge.payment == slot;
                is_confirmed.then_some((slot, payment, payment.pledge))
            })
    }

    pub(super) fn refund_slot(&self, id: RefundId) -> Option<u32> {
        let slot = u32::try_from(id.0.checked_sub(1)?).ok()?;
        self.refunds.get(slot).map(|_| slot)
    }

    /// A refund of money that was taken from where it lay. Nothing is no refund.
    fn add_refund(
        &mut self,
        payment: u32,
        cause: RefundCause,
        line: u16,
        amount: Amount,
    ) -> Changed {
        if amount == Amount::ZERO {
            return Ok(());
        }
        let record = RefundRecord {
            amount,
            paid: Amount::ZERO,
            payment,
            cause,
            line,
        };
        self.refunds.push(record).ok_or(EventMismatch::Overflow)?;
        self.payments[payment].due.0 += amount.0;
        Ok(())
    }
}
