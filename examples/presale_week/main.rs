//! A week of a watermelon presale: 60 communities, 50 are needed, and nobody's money gets lost.
//!
//! ```text
//! cargo run --release --example presale_week
//! ```
//!
//! Leaders and customers live in the seeded city ([`world`]). In the course of a week customers pledge, pay, pay late,
//! step back, and messages come twice ([`script`]). 49 communities form by themselves; two neighbours that are short
//! are merged, which makes 50, and the campaign is confirmed. Its twin has the same week without merging: 49 are not
//! enough, and everybody is refunded. Every claim that is printed was asserted.

// A program talks to people; only the library keeps quiet.
#![allow(clippy::print_stdout)]

mod play;
mod script;
#[path = "../seeded/mod.rs"]
#[allow(dead_code, reason = "of the city only the leaders are needed here")]
mod seeded;
mod world;

use std::error::Error;

use catchment::limits::Limits;
use catchment::money::Currency;
use catchment::order::check_batch;
use catchment::plan::Router;
use catchment::presale::{Campaign, CampaignFailure, Phase, RefundCause, Settlement, Stragglers};
use catchment::time::Span;
use catchment::units::Distance;
use catchment::verify;

use crate::play::{Told, Week};
use crate::world::{NEEDED, World};

/// As far as neighbours of a community that did not form may be asked to walk.
const WALK_MAX: Distance = Distance::from_metres(800);

fn main() -> Result<(), Box<dyn Error>> {
    let world = World::draw()?;
    let script = script::write(&world);
    println!(
        "{} leaders, {} customers, {} messages in a week; {NEEDED} communities of {} are needed.\n",
        world.network.len(),
        world.customers(),
        script.len(),
        world::PARTICIPANTS_MIN,
    );

    let merging = Stragglers::Merge {
        walk_max: WALK_MAX,
        within: Span::from_hours(12),
    };
    let week = Week::play(&world, world.terms(1, merging), &script, Told::Aloud)?;
    settle(&world, week)?;

    println!("\nThe twin: the same week, but nobody is asked to walk.");
    let twin = Week::play(
        &world,
        world.terms(2, Stragglers::Refund),
        &script,
        Told::Quietly,
    )?;
    fail(twin)
}

/// The campaign is confirmed: what is ordered, who is refunded, and where the goods go.
fn settle(world: &World, mut week: Week) -> Result<(), Box<dyn Error>> {
    let campaign = week.presale.campaign();
    assert_eq!(campaign.phase(), Phase::Confirmed);
    let settlement = Settlement::of(campaign)?;

    println!("\n| purchase order | pieces |\n| --- | ---: |");
    for order in &settlement.purchases.orders {
        let picked: u64 = order.picks().iter().map(|pick| pick.units.0).sum();
        assert_eq!(
            picked,
            order.confirmed().0,
            "pick lists are what was confirmed"
        );
        assert_eq!(
            order.ordered().0,
            picked + order.surplus().0,
            "nothing else is ordered"
        );
        println!(
            "| confirmed, for {} sites | {} |",
            order.picks().len(),
            order.confirmed()
        );
        println!("| surplus of the last case | {} |", order.surplus());
        println!(
            "| ordered, {} cases of {} | {} |",
            order.cases(),
            order.case_size(),
            order.ordered()
        );
    }

    // The supplier is ten pieces short: the last to pay go without and are refunded.
    let confirmed: u64 = settlement
        .purchases
        .orders
        .iter()
        .map(|order| order.confirmed().0)
        .sum();
    week.deliver(confirmed - 10)?;
    let by_cause = refunds(week.presale.campaign());
    assert!(
        by_cause
            .iter()
            .any(|(cause, _)| *cause == RefundCause::ShortSupply)
    );
    println!("\n| refunds | number | fen |\n| --- | ---: | ---: |");
    for (cause, (number, fen)) in &by_cause {
        println!("| {cause:?} | {number} | {fen} |");
    }

    week.pay_out()?;
    let total = conserved(week.presale.campaign());
    assert!(total.captured > 0 && total.due == 0 && total.held == 0);
    println!(
        "\nOf {} fen, {} are captured and {} refunded: nothing else is left anywhere.",
        total.recorded, total.captured, total.refunded
    );

    // One world, one id: what was pledged is an order that the router can plan.
    let homes = world.homes();
    let settlement = Settlement::of(week.presale.campaign())?;
    let orders = settlement.orders(&world.network, |customer| homes.get(&customer).copied())?;
    check_batch(&orders, &Limits::default())?;
    let plan = Router::new(&world.network).route(&orders)?;
    verify::plan(&world.network, &orders, &plan)?;
    assert_eq!(
        plan.total().unassigned.0,
        0,
        "every site has room for its community"
    );
    println!(
        "{} pledges are orders now, each at the site that was promised.",
        orders.len()
    );
    Ok(())
}

/// 49 are not 50: everybody is refunded, those who had formed too.
fn fail(mut twin: Week) -> Result<(), Box<dyn Error>> {
    let formed = NEEDED - 1;
    let failure = Phase::Failed(CampaignFailure::TooFewCommunities { formed });
    assert_eq!(twin.presale.campaign().phase(), failure);
    twin.pay_out()?;
    let total = conserved(twin.presale.campaign());
    assert_eq!(
        (total.refunded, total.captured, total.due),
        (total.recorded, 0, 0)
    );
    println!(
        "{formed} communities form, and all {} fen are refunded.",
        total.refunded
    );
    Ok(())
}

type Refunds = std::collections::BTreeMap<RefundCause, (usize, u64)>;

fn refunds(campaign: &Campaign) -> Refunds {
    let mut by_cause = Refunds::new();
    for refund in campaign.refunds_due() {
        let (number, fen) = by_cause.entry(refund.cause).or_default();
        *number += 1;
        *fen += refund.money.amount.0;
    }
    by_cause
}

/// That every payment is somewhere, and where.
fn conserved(campaign: &Campaign) -> catchment::presale::MoneyTotals {
    for payment in campaign.payments() {
        let parts = [
            payment.held,
            payment.captured,
            payment.due,
            payment.refunded,
        ];
        let sum: u64 = parts.iter().map(|part| part.0).sum();
        assert_eq!(
            payment.recorded.0, sum,
            "payment {} is whole",
            payment.payment
        );
    }
    campaign.money()[&Currency::CNY]
}
