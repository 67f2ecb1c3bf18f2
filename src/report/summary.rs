use core::fmt;
use std::collections::BTreeMap;

use crate::candidates::Verdict;
use crate::desk::Counter;
use crate::plan::{Cost, Method, Outcome, Plan, Proof, SiteLoad, Unassigned};
use crate::report::plan::filter_of;
use crate::report::{Align, Fairness, Ppm, Report, Spread, Table};
use crate::units::{Distance, Orders, Units, grouped};

/// What a plan comes to. `Display` is a screen of text.
///
/// ```
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::{OrderId, SiteId};
/// use catchment::order::Order;
/// use catchment::plan::{Router, Unassigned};
/// use catchment::report;
/// use catchment::site::{Network, Site};
/// use catchment::units::{Orders, Units};
///
/// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
/// let network = Network::builder().site(Site::leader(SiteId(1), at(121.40)?, Units(1))).build()?;
/// let orders = [1, 2].map(|id| Order::new(OrderId(id), at(121.41).expect("in range")));
/// let plan = Router::new(&network).route(&orders)?;
/// let summary = report::summary(&network, &orders, &plan)?;
/// assert_eq!(summary.unassigned[&Unassigned::NoRoom], Orders(1));
/// assert_eq!(summary.detour.map(|detour| detour.longest.to_string()).as_deref(), Some("0 m"));
/// assert!(summary.to_string().contains("    every eligible site is full         1\n"), "{summary}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Summary {
    /// How the plan was made.
    pub method: Method,
    /// What is proven of it.
    pub proof: Proof,
    /// All orders: those with a site and those without.
    pub orders: Orders,
    /// Orders with a site.
    pub assigned: Orders,
    /// Orders that go to the nearest eligible site.
    pub at_nearest: Orders,
    /// Orders without a site, by the reason.
    pub unassigned: BTreeMap<Unassigned, Orders>,
    /// Orders that no site may take, by what the site nearest to them has against it: the
    /// [name](crate::candidates::Rejection::name) of the rule. Orders in a network without sites are not among them.
    pub nearest_refuses: BTreeMap<String, Orders>,
    /// What the assigned orders cost together: walks and preferences.
    #[cfg_attr(feature = "serde", serde(rename = "cost_mm"))]
    pub cost: Cost,
    /// How far assigned orders are from their sites; `None` if there are none.
    pub walk: Option<Spread>,
    /// How much farther than to the nearest eligible site they go.
    pub detour: Option<Spread>,
    /// How full the sites are.
    pub loads: Loads,
    /// How evenly.
    pub fairness: Fairness,
}

/// How full all sites are together.
///
/// ```
/// use catchment::balance::Price;
/// use catchment::id::SiteId;
/// use catchment::plan::SiteLoad;
/// use catchment::report::{Loads, Ppm};
/// use catchment::units::Units;
/// let load = SiteLoad {
///     site: SiteId(1), capacity: Units(60), load: Units(45), locked: Units(0), price: Price::default(),
/// };
/// let loads = Loads::of(&[load]);
/// assert_eq!((loads.full, loads.fill()), (0, Some(Ppm(750_000))));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Loads {
    /// All sites.
    pub sites: u64,
    /// Sites that take anything in the window, by their capacity.
    pub taking: u64,
    /// Sites that have something.
    pub used: u64,
    /// Sites that take something and have no room left.
    pub full: u64,
    /// What all take together.
    pub capacity: u64,
    /// What all have together.
    pub load: u64,
    /// How much of it is beyond the capacity of its site: only by [`Method::Nearest`].
    pub beyond_capacity: u64,
}

/// Summaries in columns under their names, to compare methods or evenings.
///
/// ```
/// use catchment::plan::{Method, Router};
/// use catchment::report;
/// use catchment::site::Network;
/// let network = Network::builder().build()?;
/// let by = |method| Router::new(&network).method(method).route(&[]);
/// let greedy = report::summary(&network, &[], &by(Method::Greedy)?)?;
/// let balanced = report::summary(&network, &[], &by(Method::Balanced)?)?;
/// let table = report::side_by_side([("greedy", &greedy), ("balanced", &balanced)]);
/// assert!(table.to_string().starts_with("                    greedy  balanced\nAssigned"), "{table}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn side_by_side<'a>(named: impl IntoIterator<Item = (&'a str, &'a Summary)>) -> Table {
    let (names, summaries): (Vec<&str>, Vec<&Summary>) = named.into_iter().unzip();
    let columns = names.into_iter().map(|name| (name, Align::Right));
    let mut table = Table::new([("", Align::Left)].into_iter().chain(columns));
    let rows: [(&str, Cell); 12] = [
        ("Assigned", |one| count(one.assigned)),
        ("Unassigned", |one| count(one.unassigned())),
        ("Beyond capacity", |one| grouped(one.loads.beyond_capacity)),
        ("Full sites", |one| grouped(one.loads.full)),
        ("All walks", |one| kilometres(one.walk.map(|walk| walk.sum))),
        ("Mean walk", |one| length(one.walk.map(|walk| walk.mean()))),
        ("  95 % are within", |one| {
            length(one.walk.map(|walk| walk.p95))
        }),
        ("  farthest", |one| {
            length(one.walk.map(|walk| walk.longest))
        }),
        ("Mean detour", |one| {
            length(one.detour.map(|detour| detour.mean()))
        }),
        ("Fairness of load", |one| one.fairness.load.to_string()),
        ("  of fill", |one| one.fairness.fill.to_string()),
        ("Proven", |one| proven(one.proof).to_owned()),
    ];
    for (what, cell) in rows {
        let cells = summaries.iter().map(|summary| cell(summary));
        table.row([what.to_owned()].into_iter().chain(cells));
    }
    table
}

/// What a table says of a summary.
type Cell = fn(&Summary) -> String;

impl Report<'_> {
    /// The numbers of the plan. O(n log n) for n orders.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let plan: &Plan = self.plan;
        let assigned = || plan.decisions().iter().filter_map(|one| one.assigned());
        let detours: Vec<Distance> = self.detours().flatten().collect();
        let at_nearest = detours.iter().filter(|detour| **detour == Distance::ZERO);
        Summary {
            method: plan.method(),
            proof: plan.proof(),
            orders: orders(plan.decisions().len()),
            assigned: orders(detours.len()),
            at_nearest: orders(at_nearest.count()),
            unassigned: unassigned(plan),
            nearest_refuses: self.nearest_refuses(),
            cost: plan.total().cost,
            walk: Spread::of(assigned().map(|assigned| assigned.distance)),
            detour: Spread::of(detours),
            loads: Loads::of(plan.loads()),
            fairness: Fairness::of(plan.loads()),
        }
    }
}

impl Report<'_> {
    /// What the nearest sites have against orders that no site may take.
    fn nearest_refuses(&self) -> BTreeMap<String, Orders> {
        let mut by_rule: BTreeMap<String, Orders> = BTreeMap::new();
        let nowhere = Outcome::Unassigned(Unassigned::NoEligibleSite);
        for (order, _) in self.decided().filter(|(_, one)| one.outcome == nowhere) {
            let filter = filter_of(order, self.plan);
            let nearest = self.network.explain(order.position, 1, &filter).pop();
            if let Some(Verdict::Rejected(rule)) = nearest.map(|nearest| nearest.verdict) {
                by_rule.entry(rule.name().to_owned()).or_default().0 += 1;
            }
        }
        by_rule
    }
}

impl Summary {
    /// By which part this plan costs more than another, for example the best one: 0 if it costs the same. `None` if
    /// they can't be compared, because another number of orders has a site, capacities are exceeded or the other costs
    /// nothing; or if it costs less.
    ///
    /// ```
    /// use catchment::plan::Router;
    /// use catchment::report;
    /// use catchment::site::Network;
    /// let network = Network::builder().build()?;
    /// let nothing = report::summary(&network, &[], &Router::new(&network).route(&[])?)?;
    /// assert_eq!(nothing.excess_over(&nothing), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn excess_over(&self, other: &Self) -> Option<Ppm> {
        let beyond = self.loads.beyond_capacity + other.loads.beyond_capacity;
        let counts = |one: &Self| (one.orders, one.assigned);
        if beyond > 0 || counts(self) != counts(other) {
            return None;
        }
        let [own, other] = [self, other].map(|one| u64::try_from(one.cost.as_millimetres()));
        let (own, other) = (own.ok()?, other.ok()?);
        Ppm::of(own.checked_sub(other)?, other)
    }

    /// All orders without a site.
    #[must_use]
    pub fn unassigned(&self) -> Orders {
        let counts = self.unassigned.values().map(|orders| orders.0);
        Orders(counts.fold(0, u32::saturating_add))
    }

    fn rules_behind(&self, why: Unassigned) -> impl Iterator<Item = (&String, &Orders)> {
        let is_explained = why == Unassigned::NoEligibleSite;
        self.nearest_refuses.iter().filter(move |_| is_explained)
    }

    /// The share of all orders that have a site; `None` if there are no orders.
    #[must_use]
    pub fn assigned_share(&self) -> Option<Ppm> {
        Ppm::of(self.assigned.0.into(), self.orders.0.into())
    }
}

impl Loads {
    /// Adds up the loads of a plan. O(sites).
    #[must_use]
    pub fn of(loads: &[SiteLoad]) -> Self {
        let loads = loads.iter().map(|load| (load.capacity, load.load));
        loads.fold(Self::default(), Self::with)
    }

    /// Adds up the loads of a desk as it is now. O(sites).
    ///
    /// ```
    /// use catchment::desk::{Desk, Policy};
    /// use catchment::report::{Fairness, Loads, Ppm};
    /// use catchment::site::Network;
    /// let desk = Desk::open(Network::builder().build()?, Policy::default());
    /// assert_eq!(Loads::at_desk(desk.machine()), Loads::default());
    /// assert_eq!(Fairness::at_desk(desk.machine()).load, Ppm::ONE);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn at_desk(counter: &Counter) -> Self {
        let sites = counter.sites().map(|site| (site.capacity, site.load));
        sites.fold(Self::default(), Self::with)
    }

    /// The sum with one site more.
    fn with(self, (capacity, load): (Units, Units)) -> Self {
        let takes = capacity.0 > 0;
        Self {
            sites: self.sites + 1,
            taking: self.taking + u64::from(takes),
            used: self.used + u64::from(load.0 > 0),
            full: self.full + u64::from(takes && load >= capacity),
            capacity: self.capacity + u64::from(capacity.0),
            load: self.load + u64::from(load.0),
            beyond_capacity: self.beyond_capacity + u64::from(load.0.saturating_sub(capacity.0)),
        }
    }

    /// Load by capacity; `None` if nothing is taken anywhere.
    #[must_use]
    pub fn fill(&self) -> Option<Ppm> {
        Ppm::of(self.load, self.capacity)
    }
}

fn unassigned(plan: &Plan) -> BTreeMap<Unassigned, Orders> {
    let mut by_reason: BTreeMap<Unassigned, Orders> = BTreeMap::new();
    for decision in plan.decisions() {
        if let Outcome::Unassigned(why) = decision.outcome {
            by_reason.entry(why).or_default().0 += 1;
        }
    }
    by_reason
}

/// The number of orders of a batch fits into 32 bits.
fn orders(number: usize) -> Orders {
    Orders(number as u32)
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counts = Table::new([("", Align::Left), ("", Align::Right)]);
        let mut row = |what: &str, number: String| counts.row([what.to_owned(), number]);
        row("Orders", count(self.orders));
        row("  assigned", count(self.assigned));
        row("    to the nearest eligible site", count(self.at_nearest));
        row("  unassigned", count(self.unassigned()));
        for (why, orders) in &self.unassigned {
            row(&format!("    {why}"), count(*orders));
            for (rule, orders) in self.rules_behind(*why) {
                row(
                    &format!("      nearest: {}", rule.replace('_', " ")),
                    count(*orders),
                );
            }
        }
        row("Sites", grouped(self.loads.sites));
        row("  in use", grouped(self.loads.used));
        row("  full", grouped(self.loads.full));
        row("Load", grouped(self.loads.load));
        row("  of a capacity of", grouped(self.loads.capacity));
        if self.loads.beyond_capacity > 0 {
            row("  beyond capacity", grouped(self.loads.beyond_capacity));
        }
        row("  fairness of load", self.fairness.load.to_string());
        row("  fairness of fill", self.fairness.fill.to_string());
        row("Proven", proven(self.proof).to_owned());
        write!(f, "{counts}")?;

        let ranks = ["mean", "50 %", "90 %", "95 %", "99 %", "longest"];
        let columns = ranks.into_iter().map(|rank| (rank, Align::Right));
        let mut spreads = Table::new([("", Align::Left)].into_iter().chain(columns));
        for (what, spread) in [("Walk", self.walk), ("Detour", self.detour)] {
            if let Some(spread) = spread {
                let Spread {
                    p50,
                    p90,
                    p95,
                    p99,
                    longest,
                    ..
                } = spread;
                let lengths = [spread.mean(), p50, p90, p95, p99, longest];
                let cells = lengths.into_iter().map(|length| length.to_string());
                spreads.row([what.to_owned()].into_iter().chain(cells));
            }
        }
        if spreads.is_empty() {
            Ok(())
        } else {
            write!(f, "\n{spreads}")
        }
    }
}

fn count(orders: Orders) -> String {
    grouped(orders.0.into())
}

fn length(length: Option<Distance>) -> String {
    length.map_or_else(|| "none".to_owned(), |length| length.to_string())
}

/// Whole kilometres.
fn kilometres(length: Option<Distance>) -> String {
    let millimetres = length.map_or(0, Distance::as_millimetres);
    format!(
        "{} km",
        grouped(millimetres.saturating_add(500_000) / 1_000_000)
    )
}

pub(super) const fn proven(proof: Proof) -> &'static str {
    match proof {
        Proof::Optimal => "optimal",
        Proof::OverListedCandidates => "optimal over listed sites",
        Proof::Bounded { .. } => "bounded",
        Proof::Nothing => "nothing",
    }
}
