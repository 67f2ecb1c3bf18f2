//! Act one: a buyer chooses a pickup point before paying (选择自提点). Which are there to choose from?

use catchment::candidates::{Filter, Verdict};
use catchment::report::{Align, Table};

use crate::acts::{Evening, indented};
use crate::lookups;

/// How many pickup points are offered.
const OFFERED: usize = 3;
/// How many are looked at for the reasons why nearer ones are not offered.
const CONSIDERED: usize = 8;

/// Suggests pickup points for the first address, and says why nearer ones are not among them.
pub(super) fn suggest(evening: Evening<'_>) -> String {
    let Evening {
        city,
        network,
        orders,
        ..
    } = evening;
    // An address with something to tell: enough to choose from, and something nearer that is not.
    let order = orders.iter().find(|order| {
        let near = network.explain(order.position, CONSIDERED, &Filter::default());
        let offered = near
            .iter()
            .enumerate()
            .filter(|(_, site)| site.verdict == Verdict::Eligible);
        offered
            .map(|(place, _)| place)
            .nth(OFFERED - 1)
            .is_some_and(|last| last >= OFFERED)
    });
    let order = order.unwrap_or(&orders[0]);
    let filter = Filter::for_order(order);
    let offered = network.nearest_eligible(order.position, OFFERED, &filter);
    let mut all = lookups::eligible_by_scan(city, order.position);
    all.truncate(OFFERED);
    assert_eq!(offered, all, "what a scan of all pickup points finds");

    let mut table = Table::new([("", Align::Left), ("", Align::Right), ("", Align::Left)]);
    let last = offered.last().copied();
    for candidate in network.explain(order.position, CONSIDERED, &filter) {
        let neighbour = candidate.neighbour;
        if last.is_some_and(|last| neighbour > last) {
            break;
        }
        let place = offered.iter().position(|offered| *offered == neighbour);
        let says = match (&candidate.verdict, place) {
            (Verdict::Rejected(why), _) => format!("not offered: {why}"),
            (_, Some(place)) => format!("offered as number {}", place + 1),
            _ => continue,
        };
        let name = city.site_name(neighbour.site);
        table.row([
            format!("{name:<10}"),
            format!("{:>9}", neighbour.distance.to_string()),
            says,
        ]);
    }
    format!(
        "Act one: where the buyer of order {} may pick up\n\n{}",
        city.order_name(order.id),
        indented(&table),
    )
}
