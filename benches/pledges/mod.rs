//! A presale under load: what the benches of presales play.

use catchment::id::{
    CampaignId, CommandId, CustomerId, PaymentId, PledgeId, SiteId, SkuId, SupplierId,
};
use catchment::money::{Amount, Currency, Money};
use catchment::presale::{
    Action, CommunityTerms, IfUnformed, NewPayment, NewPledge, Policy, PresaleCommand,
    SupplierTerms, Terms, Threshold,
};
use catchment::time::{Span, Timestamp};
use catchment::units::Quantity;

/// The price of a piece.
pub(crate) const PRICE: Amount = Amount(990);

/// When a command comes: a thousand a second from the opening on.
pub(crate) fn instant(command: u64) -> Timestamp {
    Timestamp::from_unix_millis(1 + command.cast_signed())
}

/// When the campaign closes.
pub(crate) const CLOSE: Timestamp = Timestamp::from_unix_millis(7 * 86_400_000);

/// A campaign of so many communities that all form.
pub(crate) fn terms(campaign: u64, communities: u64) -> Terms {
    let policy = Policy {
        communities_min: communities as u32 / 2,
        // Everybody in the bench pays in time, however slow the machine.
        hold: Span::from_hours(24),
        ..Policy::new(Threshold::participants(5))
    };
    Terms {
        id: CampaignId(campaign),
        sku: SkuId(9),
        currency: Currency::CNY,
        unit_price: PRICE,
        opens_at: Timestamp::from_unix_millis(0),
        closes_at: CLOSE,
        horizon: Timestamp::from_unix_millis(30 * 86_400_000),
        policy,
        suppliers: vec![SupplierTerms::new(SupplierId(1))],
        communities: (0..communities)
            .map(|site| CommunityTerms {
                site: SiteId(site),
                supplier: SupplierId(1),
                threshold: None,
            })
            .collect(),
    }
}

/// The commands of so many customers who each pledge and, a thousand pledges later, pay. Ids are numbers without
/// order, as the halves of random keys would be; every customer is another.
pub(crate) fn commands(
    pledges: u64,
    communities: u64,
    first: u64,
) -> impl Iterator<Item = PresaleCommand> {
    /// How many pledges lie between a pledge and its payment.
    const DELAY: u64 = 1_000;
    (0..pledges + DELAY).flat_map(move |step| {
        let pledge = (step < pledges).then(|| pledge(first + step, communities));
        let payment = step.checked_sub(DELAY).map(|paid| payment(first + paid));
        [pledge, payment].into_iter().flatten()
    })
}

fn pledge(number: u64, communities: u64) -> PresaleCommand {
    let new = NewPledge {
        pledge: PledgeId(scattered(number)),
        customer: CustomerId(scattered(number ^ 0x5a5a_5a5a)),
        site: SiteId(scattered(number ^ 0x1234) % communities),
        units: units(number),
        if_unformed: IfUnformed::Refund,
    };
    PresaleCommand::new(CommandId(scattered(2 * number)), Action::Pledge(new))
}

fn payment(number: u64) -> PresaleCommand {
    let amount = Amount(PRICE.0 * u64::from(units(number).0));
    let new = NewPayment {
        payment: PaymentId(scattered(number ^ 0x0f0f_0f0f)),
        pledge: PledgeId(scattered(number)),
        money: Money {
            amount,
            currency: Currency::CNY,
        },
        paid_at: instant(2 * number),
    };
    PresaleCommand::new(
        CommandId(scattered(2 * number + 1)),
        Action::RecordPayment(new),
    )
}

fn units(number: u64) -> Quantity {
    Quantity(1 + (number % 3) as u32)
}

/// A number that looks like no other: a bijection of 64 bits, by a multiplication and a fold.
fn scattered(number: u64) -> u64 {
    let number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (number ^ (number >> 29)).wrapping_mul(0xd6e8_feb8_6659_fd93)
}
