//! The documented order of refusals, and what makes no sense at all.

use std::collections::BTreeSet;

use catchment::presale::{Action, Amendment, Malformed, MergedSites, Refusal, Threshold};

/// The place of a refusal in the documented order.
pub(crate) fn rank(refusal: &Refusal) -> usize {
    use Refusal as R;
    let order: [fn(&R) -> bool; 24] = [
        |refusal| matches!(refusal, R::NotOpenYet { .. }),
        |refusal| matches!(refusal, R::Closed),
        |refusal| matches!(refusal, R::AlreadyConfirmed),
        |refusal| matches!(refusal, R::NotConfirmed),
        |refusal| matches!(refusal, R::NothingToDecide),
        |refusal| matches!(refusal, R::PledgeExists),
        |refusal| matches!(refusal, R::PaymentExists),
        |refusal| matches!(refusal, R::UnknownPledge),
        |refusal| matches!(refusal, R::UnknownPayment),
        |refusal| matches!(refusal, R::UnknownRefund),
        |refusal| matches!(refusal, R::UnknownCommunity),
        |refusal| matches!(refusal, R::UnknownSupplier),
        |refusal| matches!(refusal, R::CommunityExists),
        |refusal| matches!(refusal, R::CommunityRemoved),
        |refusal| matches!(refusal, R::PledgeIs { .. }),
        |refusal| matches!(refusal, R::PaymentIs { .. }),
        |refusal| matches!(refusal, R::CapReached { .. }),
        |refusal| matches!(refusal, R::Overflow),
        |refusal| matches!(refusal, R::RefundTooLarge { .. }),
        |refusal| matches!(refusal, R::NotAnExtension { .. }),
        |refusal| matches!(refusal, R::AsksForMore),
        |refusal| matches!(refusal, R::NotEnough { .. }),
        |refusal| matches!(refusal, R::Merge(_)),
        |refusal| matches!(refusal, R::DeliveryExists),
    ];
    let place = order.iter().position(|is| is(refusal));
    place.expect("every refusal has its place")
}

/// What makes no sense in any state.
pub(crate) fn nonsense(action: &Action) -> Option<Malformed> {
    let empty = |threshold: &Threshold| {
        let Threshold {
            participants,
            units,
            amount,
            ..
        } = *threshold;
        let parts = [
            participants.map(u64::from),
            units.map(|units| units.0),
            amount.map(|amount| amount.0),
        ];
        let asks_zero = parts.contains(&Some(0));
        (parts == [None; 3] || asks_zero).then_some(Malformed::EmptyThreshold)
    };
    match action {
        Action::Pledge(new) if new.units.0 == 0 => Some(Malformed::NoUnits { pledge: new.pledge }),
        Action::RecordPayment(new) if new.money.amount.0 == 0 => Some(Malformed::NoMoney {
            payment: new.payment,
        }),
        Action::RecordRefund { amount, .. } | Action::RefundPart { amount, .. } => {
            (amount.0 == 0).then_some(Malformed::NoRefund)
        }
        Action::Amend(Amendment::CommunitiesMin { communities }) => {
            (*communities == 0).then_some(Malformed::EmptyThreshold)
        }
        Action::Amend(
            Amendment::Default { threshold } | Amendment::Community { threshold, .. },
        ) => empty(threshold),
        Action::AddCommunity(terms) => terms.threshold.as_ref().and_then(empty),
        Action::Merge { groups } => {
            let mut seen = BTreeSet::new();
            groups.iter().find_map(|MergedSites { host, guests }| {
                let mut repeated = !seen.insert(*host);
                for guest in guests {
                    repeated |= !seen.insert(guest.site);
                }
                (repeated || guests.is_empty()).then_some(Malformed::NoGroup { host: *host })
            })
        }
        _ => None,
    }
}
