//! What is reported of presales is what the campaigns say of themselves, pledge by pledge and step by step.

use catchment::id::CampaignId;
use catchment::ledger::Answer;
use catchment::limits::Limits;
use catchment::presale::{Campaign, Event, Phase, PledgeState, PresaleBook, PresaleStep};
use catchment::report::{CampaignRow, CommunityRow, FormingRow, campaigns, forming};
use catchment::time::Span;
use proptest::prelude::*;

use crate::presale_town::{CLOSES, at, policies, scripts, terms};

fn check_rows(campaign: &Campaign) {
    let (row, communities) = (CampaignRow::of(campaign), CommunityRow::of(campaign));
    let progress = campaign.progress();
    assert_eq!(
        (row.formed, row.missing),
        (progress.formed, progress.missing)
    );
    assert_eq!(row.communities as usize, communities.len());
    let count = |state| {
        campaign
            .pledges()
            .filter(|pledge| pledge.state == state)
            .count() as u64
    };
    let states = [
        (PledgeState::Waiting, row.waiting),
        (PledgeState::Reserved, row.reserved),
        (PledgeState::Active, row.active),
        (PledgeState::Confirmed, row.confirmed),
        (PledgeState::Returned, row.returned),
        (PledgeState::Withdrawn, row.withdrawn),
        (PledgeState::Expired, row.expired),
        (PledgeState::Failed, row.failed),
    ];
    for (state, found) in states {
        assert_eq!(found, count(state), "{state}");
    }
    assert_eq!(
        row.pieces.0,
        communities.iter().map(|one| one.pieces.0).sum::<u64>()
    );
    assert_eq!(
        row.amount_minor.0,
        communities
            .iter()
            .map(|one| one.amount_minor.0)
            .sum::<u64>()
    );
    if row.reserved > 0 {
        assert_eq!(
            row.reserved,
            communities
                .iter()
                .map(|one| u64::from(one.held))
                .sum::<u64>()
        );
    }
    for found in &communities {
        let shown = campaign.community(found.site).expect("a community");
        assert_eq!(
            (found.is_formed, found.epoch),
            (shown.is_formed, shown.epoch)
        );
        let is_short = found.missing_participants > 0 || found.missing_pieces.0 > 0;
        assert!(!found.is_formed || !is_short || found.stage != "collecting");
    }
    let phase = serde_name(&progress.phase);
    assert_eq!(row.phase, phase);
    assert!(communities.is_sorted_by_key(|one| one.site));
}

/// The name of a variant, as `Debug` spells it, in snake case.
fn serde_name(phase: &Phase) -> String {
    let text = format!("{phase:?}");
    let word: String = text
        .chars()
        .take_while(|letter| letter.is_alphabetic())
        .collect();
    let mut name = String::new();
    for letter in word.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

fn check_forming(campaign: &Campaign, steps: &[PresaleStep]) {
    let count = |is: fn(&Event) -> bool| {
        steps
            .iter()
            .flat_map(PresaleStep::all_events)
            .filter(|event| is(event))
            .count() as u64
    };
    for every in [0, 1, 333, 1_000_000_000] {
        let rows = forming(steps, Span::from_millis(every));
        let sum = |field: fn(&FormingRow) -> u64| rows.iter().map(field).sum::<u64>();
        assert_eq!(
            sum(|row| row.pledged),
            count(|event| matches!(event, Event::Pledged { .. }))
        );
        assert_eq!(
            sum(|row| row.paid),
            count(|event| matches!(event, Event::PaymentHeld { .. }))
        );
        assert_eq!(sum(|row| row.pledged), campaign.pledges().count() as u64);
        assert!(rows.is_sorted_by(|one, next| one.from_ms < next.from_ms));
        let last = rows.last().map_or(0, |row| row.formed);
        assert_eq!(last, u64::from(campaign.progress().formed));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn reports_of_presales_say_what_campaigns_say(
        policy in policies(),
        script in scripts(2, 120),
        has_ended in any::<bool>(),
    ) {
        let mut book = PresaleBook::new(Limits::default());
        for id in 1..=2 {
            book.open(terms(id, 1..=6, policy.clone())).expect("sound terms");
        }
        let mut steps: [Vec<PresaleStep>; 2] = Default::default();
        let mut keep = |campaign: CampaignId, step| steps[campaign.0 as usize - 1].push(step);
        for (campaign, at, command) in &script {
            if let Ok(Answer::Decided(step)) = book.apply(*at, *campaign, command) {
                keep(*campaign, step);
            }
        }
        if has_ended {
            for (campaign, step) in book.tick(at(20 * CLOSES)) {
                keep(campaign, step.expect("within the horizon"));
            }
        }
        let rows = campaigns(&book);
        prop_assert_eq!(rows.iter().map(|row| row.campaign.0).collect::<Vec<_>>(), [1, 2]);
        for ((id, presale), steps) in book.presales().zip(&steps) {
            let campaign = presale.campaign();
            prop_assert_eq!(campaign.terms().id, id);
            check_rows(campaign);
            check_forming(campaign, steps);
        }
    }
}
