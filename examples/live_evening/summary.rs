//! What came of the evening.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::Duration;

use catchment::candidates::Filter;
use catchment::desk::{Desk, OrderState, Policy, Step};
use catchment::order::Order;
use catchment::plan::{Cost, Method, Router};
use catchment::verify;

use crate::evening::Seen;
use crate::world::World;

/// Everybody who was answered has an order that the desk knows.
pub(crate) fn check_answers(
    desk: &Desk,
    answers: &Path,
    resume: bool,
) -> Result<(), Box<dyn Error>> {
    if !resume {
        if answers.exists() {
            std::fs::remove_file(answers)?;
        }
        return Ok(());
    }
    let text = std::fs::read_to_string(answers).unwrap_or_default();
    // The last line may be torn: its writer died.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut lost = 0;
    for line in whole.lines() {
        let order = catchment::id::OrderId(line.parse()?);
        lost += usize::from(desk.machine().order(order).is_none());
    }
    println!(
        "{} answers given before, {lost} of them lost",
        whole.lines().count()
    );
    if lost > 0 {
        Err("answers were lost".into())
    } else {
        Ok(())
    }
}

pub(crate) fn print(
    world: &World,
    policy: &Policy,
    desk: &Desk,
    steps: &[Step],
    seen: &[Seen],
    (troubles, took): (u64, Duration),
) -> Result<(), Box<dyn Error>> {
    let counter = desk.machine();
    let mut states: BTreeMap<OrderState, usize> = BTreeMap::new();
    for order in counter.orders() {
        *states.entry(order.state).or_default() += 1;
    }
    let stranded = counter
        .orders()
        .filter(|order| order.state.is_live() && order.site.is_none());
    println!(
        "{} orders in {took:.1?}, {troubles} troubles",
        world.orders.len()
    );
    for (state, count) in &states {
        println!("  {state:<12} {count:>8}");
    }
    println!("  {:<12} {:>8}", "stranded", stranded.count());
    let mut refused: BTreeMap<&str, usize> = BTreeMap::new();
    for (reason, count) in seen.iter().flat_map(|seen| &seen.refused) {
        *refused.entry(reason).or_default() += count;
    }
    for (reason, count) in &refused {
        println!("  refused: {reason} {count}");
    }
    let replayed: usize = seen.iter().map(|seen| seen.replayed).sum();
    println!("  answered from memory {replayed}");
    let mut spans: Vec<u64> = seen
        .iter()
        .flat_map(|seen| seen.spans.iter().copied())
        .collect();
    spans.sort_unstable();
    if let Some(last) = spans.len().checked_sub(1) {
        let share = |permille: usize| spans[last * permille / 1_000] as f64 / 1_000.0;
        let (half, tail, end) = (share(500), share(990), share(999));
        println!("  placing: p50 {half:.1} µs, p99 {tail:.1} µs, p99.9 {end:.1} µs");
    }
    regret(world, desk)?;

    let mut ids: Vec<_> = steps
        .iter()
        .filter_map(|step| Some(step.decided?.command))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let known: usize = states.values().sum();
    let new = world.orders.len() - refused.values().sum::<usize>();
    assert_eq!(known, new, "every order was taken or refused, once");
    verify::desk(&world.network, policy, steps)?;
    println!(
        "verified: {} steps, {} commands, nothing lost, nothing doubled",
        steps.len(),
        ids.len()
    );
    Ok(())
}

/// What all who have a place walk, against the best plan of the same orders with the sites that are left.
fn regret(world: &World, desk: &Desk) -> Result<(), Box<dyn Error>> {
    let counter = desk.machine();
    let network = counter.network();
    let mut walked = 0;
    let mut served: Vec<Order> = Vec::new();
    for shown in counter.orders().filter(|order| order.state.is_live()) {
        let order = &world.orders[shown.order.0 as usize];
        let Some(site) = shown.site else {
            continue;
        };
        if let Some(there) = network.explain_site(order.position, site, &Filter::default()) {
            walked += Cost::from(there.neighbour.distance).as_millimetres();
            served.push((**order).clone());
        }
    }
    let plan = Router::new(network)
        .method(Method::Balanced)
        .route(&served)?;
    let best = plan.total().cost.as_millimetres();
    let mean = |sum: i64| sum as f64 / 1_000.0 / served.len().max(1) as f64;
    println!(
        "  served {}: {:.1} m a walk, at best {:.1} m; regret {:.2} %",
        served.len(),
        mean(walked),
        mean(best),
        100.0 * (walked - best) as f64 / best.max(1) as f64,
    );
    Ok(())
}
