//! The random logs come everywhere: what never happens can't be compared.

use std::collections::BTreeMap;
use std::fmt::Debug;

use catchment::id::RefundId;
use catchment::presale::Event;
use rayon::prelude::*;

use super::run::{Log, begin, go_on};
use super::worlds::Seeded;

/// Everything that can happen, by name. `NotEnough` is not among the refusals: a campaign that is not enough has failed
/// before anybody is asked.
const ALL: &str = "
    Opened Pledged/Reserved Pledged/Waiting Promoted PledgeExpired Withdrawn Returned PaymentHeld PaymentUnusable
    PledgeConfirmed CommunityFormed/Joined CommunityFormed/Amended CommunityFormed/Merged CommunityUnformed/Left
    CommunityAdded CommunityMerged CommunityConfirmed/Formed CommunityConfirmed/Merged
    CommunityConfirmed/FulfilledAnyway CommunityFailed/UnderThreshold CommunityFailed/SupplierMinimum
    CommunityFailed/SupplierSurplus CommunityFailed/CampaignFailed CommunityFailed/Cancelled CommunityFailed/Removed
    Amended/Community Amended/Default Amended/CommunitiesMin Extended/Operator Extended/Stragglers Reached Closed
    Frozen DecisionAwaited/Merge DecisionAwaited/Verdict MergeDecided/none MergeDecided/some Confirmed/0
    Confirmed/discount Failed/TooFewCommunities Failed/OverallUnmet Failed/Rejected Failed/Undecided Cancelled
    RefundPaid RefundFailed PartRefunded Delivered
    Refused/NotOpenYet Refused/Closed Refused/AlreadyConfirmed Refused/NotConfirmed Refused/NothingToDecide
    Refused/PledgeExists Refused/PaymentExists Refused/UnknownPledge Refused/UnknownPayment Refused/UnknownRefund
    Refused/UnknownCommunity Refused/UnknownSupplier Refused/CommunityExists Refused/CommunityRemoved
    Refused/PledgeIs/Confirmed Refused/PledgeIs/Expired Refused/PledgeIs/Failed Refused/PledgeIs/Returned
    Refused/PledgeIs/Withdrawn Refused/PledgeIs/Active Refused/PledgeIs/Reserved Refused/PledgeIs/Waiting
    Refused/PaymentIs/Held Refused/PaymentIs/RefundDue Refused/PaymentIs/Refunded Refused/CapReached/Customer
    Refused/CapReached/Community Refused/CapReached/Campaign Refused/Overflow Refused/RefundTooLarge
    Refused/NotAnExtension Refused/AsksForMore Refused/Merge/NotUnderThreshold Refused/Merge/TooFar
    Refused/Merge/StaysUnder Refused/DeliveryExists
    Due/UnknownPledge Due/SecondPayment Due/WrongAmount Due/NoPlace Due/TooLate Due/Withdrawn Due/Failed Due/Returned
    Due/TierPrice Due/ShortSupply Due/Part";

#[test]
fn everything_that_can_happen_happens() {
    let logs = (0..10_000_u64).into_par_iter().map(|seed| {
        let mut draw = Seeded(!seed << 20);
        let mut log = begin(&mut draw);
        go_on(&mut draw, &mut log);
        let mut seen = BTreeMap::new();
        note(&log, &mut seen);
        seen
    });
    let seen = logs.reduce(BTreeMap::new, |mut seen, more| {
        for (name, times) in more {
            *seen.entry(name).or_insert(0) += times;
        }
        seen
    });
    let never: Vec<&str> = ALL
        .split_whitespace()
        .filter(|name| !seen.contains_key(*name))
        .collect();
    assert!(never.is_empty(), "{never:?} of {seen:#?}");
    let unknown: Vec<_> = seen
        .keys()
        .filter(|name| !ALL.split_whitespace().any(|known| known == *name))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

fn note(log: &Log, seen: &mut BTreeMap<String, u32>) {
    let mut add = |name: String| *seen.entry(name).or_insert(0) += 1;
    for step in &log.steps {
        for event in step.all_events() {
            add(name_of(event));
        }
        let outcome = step.decided.map(|decided| decided.outcome);
        if let Some(refusal) = outcome.as_ref().and_then(|outcome| outcome.refusal()) {
            use catchment::presale::Refusal as R;
            add(match refusal {
                R::PledgeIs { state } => format!("Refused/PledgeIs/{state:?}"),
                R::PaymentIs { state } => format!("Refused/PaymentIs/{state:?}"),
                R::CapReached { cap, .. } => format!("Refused/CapReached/{cap:?}"),
                R::Merge(fault) => format!("Refused/Merge/{fault:?}"),
                other => format!("Refused/{}", first_word(other)),
            });
        }
    }
    for refund in log.presale.campaign().refunds_from(RefundId(1)) {
        add(format!("Due/{:?}", refund.cause));
    }
}

fn first_word(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    let end = text.find(|letter: char| !letter.is_alphanumeric());
    text[..end.unwrap_or(text.len())].to_owned()
}

fn name_of(event: &Event) -> String {
    let detail = match event {
        Event::Pledged { place, .. } => first_word(place),
        Event::CommunityFormed { because, .. } | Event::CommunityUnformed { because, .. } => {
            first_word(because)
        }
        Event::CommunityConfirmed { how, .. } => first_word(how),
        Event::CommunityFailed { why, .. } => first_word(why),
        Event::Amended(amendment) => first_word(amendment),
        Event::Extended { why, .. } => first_word(why),
        Event::DecisionAwaited { decision, .. } => first_word(decision),
        Event::MergeDecided { groups: 0 } => "none".to_owned(),
        Event::MergeDecided { .. } => "some".to_owned(),
        Event::Confirmed { discount, .. } if discount.get() == 0 => "0".to_owned(),
        Event::Confirmed { .. } => "discount".to_owned(),
        Event::Failed { why } => first_word(why),
        _ => return first_word(event),
    };
    format!("{}/{detail}", first_word(event))
}
