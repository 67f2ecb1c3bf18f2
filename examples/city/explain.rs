//! Why one order goes where it goes, in the words of a shopkeeper.

use std::fmt::{self, Write as _};

use catchment::balance::Price;
use catchment::id::SiteId;
use catchment::plan::{
    Assigned, Because, Considered, Cost, Exchange, Explanation, Merit, Outcome, Remedy, Step,
};
use catchment::site::Neighbour;
use catchment::units::Distance;

use crate::city::City;

/// Before every sentence.
const INDENT: &str = "  ";
/// How many of the considered sites are listed.
pub(crate) const LISTED_MAX: usize = 6;

/// An explanation with the names of the city.
pub(crate) struct InWords<'a> {
    pub(crate) city: &'a City,
    pub(crate) explanation: &'a Explanation,
}

impl fmt::Display for InWords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let explanation = self.explanation;
        let order = self.city.order_name(explanation.order);
        match &explanation.outcome {
            Outcome::Assigned(Assigned { site, .. }) => {
                writeln!(f, "Why order {order} goes to {}", self.site(*site))?;
            }
            Outcome::Unassigned(_) => writeln!(f, "Why order {order} goes nowhere")?,
        }
        self.write_reasons(f)?;
        self.write_considered(f)
    }
}

impl InWords<'_> {
    /// The sentences alone, without heading, list and indentation: one a line.
    pub(crate) fn reasons(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = self.write_reasons(&mut text);
        let lines: Vec<&str> = text.lines().map(|line| &line[INDENT.len()..]).collect();
        lines.join("\n")
    }

    fn write_reasons(&self, f: &mut dyn fmt::Write) -> fmt::Result {
        let explanation = self.explanation;
        match &explanation.outcome {
            Outcome::Assigned(assigned) => self.write_reason(f, assigned.distance)?,
            Outcome::Unassigned(why) => writeln!(f, "{INDENT}Because {why}.")?,
        }
        if let Some(exchange) = &explanation.exchange {
            self.write_exchange(f, exchange)?;
        }
        for remedy in &explanation.remedies {
            self.write_remedy(f, remedy)?;
        }
        Ok(())
    }

    fn site(&self, site: SiteId) -> &str {
        self.city.site_name(site)
    }

    fn place(&self, site: Option<SiteId>) -> &str {
        site.map_or("nowhere", |site| self.site(site))
    }

    fn write_reason(&self, f: &mut dyn fmt::Write, distance: Distance) -> fmt::Result {
        let detour = self.explanation.detour.unwrap_or(Distance::ZERO);
        match &self.explanation.because {
            Because::Nearest => writeln!(
                f,
                "  It is {distance} away, and no pickup point that may take the order is nearer."
            ),
            Because::NearestWasFull { nearest, .. } => {
                let Neighbour {
                    site,
                    distance: near,
                } = nearest;
                let nearest = self.site(*site);
                writeln!(
                    f,
                    "  The nearest that may take it is {nearest} at {near}, and that is full."
                )?;
                writeln!(f, "  So it goes {detour} farther, {distance} in all.")
            }
            other => writeln!(f, "  It is {distance} away, because {other}."),
        }
    }

    /// Who would have to move, and what all would pay for it.
    fn write_exchange(&self, f: &mut dyn fmt::Write, exchange: &Exchange) -> fmt::Result {
        let Some((first, others)) = exchange.steps.split_first() else {
            return Ok(());
        };
        let price = match (exchange.costs.unassigned, exchange.costs.cost) {
            (0, 0) => "all together would walk as far as now".to_owned(),
            (0, 1..500) => "all together would walk less than a metre more".to_owned(),
            (0, cost) => format!(
                "all together would walk {} more",
                Cost::from_millimetres(cost)
            ),
            (more, _) => format!("{more} more would go nowhere"),
        };
        let there = self.place(first.to);
        writeln!(
            f,
            "  For a place at {there} others would have to move, and {price}:"
        )?;
        for Step { order, from, to } in others {
            let order = self.city.order_name(*order);
            let (from, to) = (self.place(*from), self.place(*to));
            writeln!(f, "    order {order} from {from} to {to}")?;
        }
        Ok(())
    }

    fn write_remedy(&self, f: &mut dyn fmt::Write, remedy: &Remedy) -> fmt::Result {
        match remedy {
            Remedy::Capacity { site, more } => {
                writeln!(
                    f,
                    "  {more} more capacity at {} would help.",
                    self.site(*site)
                )
            }
            Remedy::Reach { site, more } => {
                let site = self.site(*site);
                writeln!(
                    f,
                    "  A service radius {more:#} longer at {site} would help."
                )
            }
            other => writeln!(f, "  {other} would help."),
        }
    }

    fn write_considered(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let considered = &self.explanation.considered;
        writeln!(f, "  Considered, nearest first:")?;
        for Considered { neighbour, merit } in considered.iter().take(LISTED_MAX) {
            let name = self.site(neighbour.site);
            let distance = neighbour.distance.to_string();
            writeln!(f, "    {name:<10}{distance:>10}   {}", verdict(merit))?;
        }
        match considered.len().saturating_sub(LISTED_MAX) {
            0 => Ok(()),
            more => writeln!(f, "    and {more} more"),
        }
    }
}

/// What there is to say of a site that was considered.
pub(crate) fn verdict(merit: &Merit) -> String {
    match merit {
        Merit::Rejected(rejection) => rejection.to_string(),
        Merit::Eligible { room, .. } if room.0 > 0 => "has room".to_owned(),
        Merit::Eligible { price, .. } => full(*price),
    }
}

/// That a site is full, and what one more place there would be worth.
pub(crate) fn full(price: Price) -> String {
    let mut text = "full".to_owned();
    let walk = Cost::from_millimetres(price.cost);
    // Writing to a string does not fail.
    let _ = match (price.unassigned, price.cost) {
        (0, 0) => Ok(()),
        (0, _) => write!(text, "; one more place there would save {walk}"),
        _ => write!(text, "; one more place there would serve one more order"),
    };
    text
}
