//! Act three: the same orders one by one, each told its pickup point at once, while messages come twice and the
//! busiest pickup point closes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use catchment::desk::{Action, Command, Desk, Event, Policy, Refusal, Step};
use catchment::id::{CommandId, OrderId, SiteId};
use catchment::ledger::{Answer, Outcome};
use catchment::order::Order;
use catchment::plan::Router;
use catchment::site::Change;
use catchment::time::Timestamp;
use catchment::units::Distance;
use catchment::verify;

use crate::acts::{Evening, Told, clock, grouped, mean, numbers};
use crate::progress::Progress;

/// Commands of one kind have ids of their own.
const CONFIRM: u64 = 1 << 40;
const CLOSE: u64 = 2 << 40;
/// One message in so many comes twice.
const TWICE_ONE_IN: u64 = 20;
/// One command in so many is measured.
const MEASURED_ONE_IN: usize = 8;

/// The desk on its way through the evening.
struct Live {
    desk: Desk,
    /// What a service would store: enough to rebuild the desk, and to check it.
    log: Vec<Step>,
    placed: usize,
    /// Because nobody serves the address.
    unserved: usize,
    /// Because all who do are full.
    full: usize,
    twice: usize,
    took: Vec<Duration>,
}

/// Plays the evening, has its log checked, and compares it with the plan that knew all orders beforehand.
pub(super) fn play(evening: Evening<'_>) -> Told {
    let orders = evening.in_time();
    let policy = Policy::default();
    let mut live = Live {
        desk: Desk::open(evening.network.clone(), policy.clone()),
        log: Vec::new(),
        placed: 0,
        unserved: 0,
        full: 0,
        twice: 0,
        took: Vec::new(),
    };
    let progress = Progress::placing(orders.len());
    let mut closed = None;
    for (number, (at, order)) in orders.iter().enumerate() {
        if number == orders.len() * 3 / 4 {
            closed = Some(live.close_busiest(*at)?);
        }
        live.take(number, *at, order)?;
        progress.advance(1);
    }
    assert_eq!(
        live.placed + live.unserved + live.full,
        orders.len(),
        "every order is placed or refused, once"
    );
    let full = live
        .desk
        .machine()
        .sites()
        .filter(|site| site.load > site.capacity);
    assert_eq!(full.count(), 0, "no place was promised twice");
    verify::desk(evening.network, &policy, &live.log)?;
    live.tell(evening, &orders, closed)
}

/// What a closing did.
struct Closed {
    site: SiteId,
    at: Timestamp,
    moved: usize,
    stranded: usize,
}

impl Live {
    /// An order comes, is told where it goes, and is paid for.
    fn take(
        &mut self,
        number: usize,
        at: Timestamp,
        order: &Order,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let command = Command::place(CommandId(order.id.0), Arc::new(order.clone()));
        let started = Instant::now();
        let answer = self.desk.apply(at, &command)?;
        if number.is_multiple_of(MEASURED_ONE_IN) {
            self.took.push(started.elapsed());
        }
        let counted = match answer.outcome() {
            Outcome::Accepted => &mut self.placed,
            Outcome::Refused(Refusal::NoEligibleSite) => &mut self.unserved,
            Outcome::Refused(_) => &mut self.full,
        };
        *counted += 1;
        let accepted = answer.outcome().is_accepted();
        self.keep(answer);
        if order.id.0.is_multiple_of(TWICE_ONE_IN) {
            let again = self.desk.apply(at, &command)?;
            assert!(
                matches!(again, Answer::Replayed { .. }),
                "the same message again is no other order"
            );
            self.twice += 1;
        }
        if accepted {
            let confirm = Action::Confirm { order: order.id };
            let answer = self
                .desk
                .apply(at, &Command::new(CommandId(CONFIRM + order.id.0), confirm))?;
            assert!(
                answer.outcome().is_accepted(),
                "what is held can be confirmed"
            );
            self.keep(answer);
        }
        Ok(())
    }

    fn keep(&mut self, answer: Answer<Event, Refusal>) {
        if let Answer::Decided(step) = answer {
            self.log.push(step);
        }
    }

    /// The pickup point with most orders closes; only those orders move.
    fn close_busiest(&mut self, at: Timestamp) -> Result<Closed, Box<dyn std::error::Error>> {
        let busiest = self
            .desk
            .machine()
            .sites()
            .max_by_key(|site| (site.load, std::cmp::Reverse(site.site)));
        let busiest = busiest.ok_or("there is no pickup point")?;
        let mut before: Vec<OrderId> = self.at_site(busiest.site).collect();
        before.sort_unstable();
        let close = Action::Adopt {
            changes: vec![Change::Close(busiest.site)],
        };
        let answer = self
            .desk
            .apply(at, &Command::new(CommandId(CLOSE), close))?;
        let (mut moved, mut stranded) = (Vec::new(), Vec::new());
        for event in answer.events() {
            match event {
                Event::Moved { order, .. } => moved.push(*order),
                Event::Stranded { order, .. } => stranded.push(*order),
                _ => {}
            }
        }
        self.keep(answer);
        let mut touched = [&*moved, &*stranded].concat();
        touched.sort_unstable();
        assert_eq!(
            touched, before,
            "its own orders go elsewhere, and no others"
        );
        Ok(Closed {
            site: busiest.site,
            at,
            moved: moved.len(),
            stranded: stranded.len(),
        })
    }

    fn at_site(&self, site: SiteId) -> impl Iterator<Item = OrderId> + '_ {
        let orders = self.desk.machine().orders();
        orders
            .filter(move |order| order.site == Some(site))
            .map(|order| order.order)
    }

    fn tell(
        mut self,
        evening: Evening<'_>,
        orders: &[(Timestamp, &Order)],
        closed: Option<Closed>,
    ) -> Told {
        let mut served = Vec::new();
        let mut walks = Vec::new();
        for shown in self.desk.machine().orders() {
            let order = &evening.orders[shown.order.0 as usize];
            if let Some(site) = shown.site {
                walks.push(order.position.distance_to(evening.city.site(site).position));
                served.push(order.clone());
            }
        }
        let best = Router::new(self.desk.machine().network()).route(&served)?;
        let best_walks: Vec<Distance> = best
            .decisions()
            .iter()
            .filter_map(|decision| Some(decision.assigned()?.distance))
            .collect();
        assert_eq!(
            best_walks.len(),
            walks.len(),
            "the plan has a place for all who have one"
        );
        assert!(
            mean(&best_walks) <= mean(&walks),
            "no promise at once is better than the best plan"
        );
        self.took.sort_unstable();
        let median = self.took[self.took.len() / 2];
        let table = numbers([
            ("Orders, one by one", grouped(orders.len())),
            ("Placed and confirmed", grouped(self.placed)),
            ("Refused: nobody serves them", grouped(self.unserved)),
            ("Refused: all are full", grouped(self.full)),
            ("Messages that came twice", grouped(self.twice)),
            ("Mean walk", mean(&walks).to_string()),
            ("  of the best plan for them", mean(&best_walks).to_string()),
            (
                "To place one (median)",
                format!("{:.1} µs", median.as_secs_f64() * 1e6),
            ),
        ]);
        let which = match evening.orders.len() {
            all if all > orders.len() => format!("the first {} orders", grouped(orders.len())),
            _ => "the same orders".to_owned(),
        };
        let closing = closed.map_or(String::new(), |closed| {
            let stranded = match closed.stranded {
                0 => "all found another place".to_owned(),
                some => format!("{some} of them found no other place"),
            };
            format!(
                "  At {} {} closed; its {} orders moved and no others, and {stranded}.\n",
                clock(closed.at),
                evening.city.site_name(closed.site),
                closed.moved + closed.stranded,
            )
        });
        Ok(format!(
            "\nAct three: {which}, live\n\n{table}{closing}  \
             No place was promised twice: the log of {} steps was checked by code that shares none with the desk.\n",
            grouped(self.log.len()),
        ))
    }
}
