//! Policies as data: which sites may fill an order, and which of them is best.
//!
//! Conditions exclude: *hard* ones always, *soft* ones as long as a site is left that meets them. Rules rank: the first
//! that puts one site before another decides, then the cost in metres, then the smaller id. So a ranking is total, and
//! for every two neighbours in it there is one thing that decided, which it names.

mod canonical;
mod check;
mod radius;
mod rule;

pub use check::{RulesFault, RulesFaults, RulesProblem};
pub use radius::{RadiusRule, smallest_radius};
pub use rule::{Ahead, Condition, Contender, Excluded, ExcludedBy, RankBy, Ranked, Ranking};

use core::cmp::Ordering;

use crate::id::SiteId;
use crate::plan::{Cost, Preferences};
use crate::site::SiteKind;

/// What [`Rules`] are made of, unchecked.
///
/// More may be added: end with `..RulesData::default()`.
///
/// ```
/// let data = catchment::fulfil::RulesData::default();
/// assert!(data.rank.is_empty() && data.hard.is_empty() && data.soft.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct RulesData {
    /// What puts one site before another, the most important first.
    pub rank: Vec<RankBy>,
    /// What every site must meet.
    pub hard: Vec<Condition>,
    /// What sites should meet, the most important first: where none does, the last are relaxed first.
    pub soft: Vec<Condition>,
    /// What is worth how many metres, where the rules put sites equal.
    pub preferences: Preferences,
}

/// Which sites may fill an order, and which of them is best. Checked as a whole.
///
/// By default every site may, and the nearest is best.
///
/// ```
/// use catchment::fulfil::{Ahead, Condition, Contender, RankBy, Rules, RulesData};
/// use catchment::id::SiteId;
/// use catchment::site::{SiteKind, Tags};
/// use catchment::units::Distance;
///
/// let rules = Rules::new(RulesData {
///     rank: vec![RankBy::Bucket(Distance::from_metres(1_000)), RankBy::Kind(SiteKind::Store)],
///     soft: vec![Condition::Within(Distance::from_metres(5_000))],
///     ..RulesData::default()
/// })?;
/// let at = |id, kind, metres| Contender {
///     site: SiteId(id), kind, tags: Tags::NONE, distance: Distance::from_metres(metres), room: None, stock: None,
/// };
/// // Both are within the first kilometre, and there the store comes first.
/// let (leader, store) = (at(1, SiteKind::Leader, 200), at(2, SiteKind::Store, 900));
/// let ranking = rules.rank(&[leader, store], None);
/// assert_eq!(ranking.ranked[0].site, SiteId(2));
/// assert_eq!(ranking.ranked[0].ahead, Ahead::Rule(1));
///
/// // Nobody is within five kilometres.
/// let ranking = rules.rank(&[at(3, SiteKind::Store, 7_000)], None);
/// assert_eq!((ranking.ranked[0].site, ranking.relaxed), (SiteId(3), vec![0]));
/// # Ok::<(), catchment::fulfil::RulesFaults>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "RulesData", into = "RulesData"))]
pub struct Rules(RulesData);

impl Rules {
    /// The most rules in one list.
    pub const RULES_MAX: usize = 64;
    /// The most sites that one rule names.
    pub const SITES_MAX: usize = 1_000;

    /// Rules that make sense, alone and together. O(rules²) and O(n log n) in the sites that they name.
    ///
    /// # Errors
    ///
    /// [`RulesFaults`], which name every field that does not: those of `rank`, then `hard`, `soft` and `preferences`.
    pub fn new(data: RulesData) -> Result<Self, RulesFaults> {
        check::check(&data)?;
        Ok(Self(data))
    }

    /// What they are made of.
    #[must_use]
    pub const fn data(&self) -> &RulesData {
        &self.0
    }

    /// The sites that may fill an order, the best first.
    ///
    /// First only those that meet all soft rules. If there are none, a second pass relaxes as few of them as it takes,
    /// from the last one up, and names those that some ranked site breaks.
    /// O(n · rules + n log n) for n sites.
    #[must_use]
    pub fn rank(&self, contenders: &[Contender], home: Option<SiteId>) -> Ranking {
        let soft = contenders
            .iter()
            .filter_map(|contender| match self.first_broken(contender) {
                None => Some(self.0.soft.len()),
                Some(ExcludedBy::Soft(place)) => Some(place),
                Some(ExcludedBy::Hard(_)) => None,
            });
        let kept = soft.max().unwrap_or(self.0.soft.len());
        self.pass(contenders, home, kept)
    }

    /// The same with all soft rules relaxed at once: for an order that the sites of [`rank`](Self::rank) can't fill.
    #[must_use]
    pub fn rank_relaxed(&self, contenders: &[Contender], home: Option<SiteId>) -> Ranking {
        self.pass(contenders, home, 0)
    }

    /// What it costs to choose a site, in metres: the distance and what preferences add to it. O(log n) in preferences
    /// for single sites.
    #[must_use]
    pub fn cost(&self, contender: &Contender, home: Option<SiteId>) -> Cost {
        let preferences = &self.0.preferences;
        let by_kind = match contender.kind {
            SiteKind::Store => preferences.store,
            SiteKind::Leader => preferences.leader,
        };
        let own = preferences
            .sites
            .get(&contender.site)
            .copied()
            .unwrap_or_default();
        let added =
            [contender.distance, by_kind, own].map(|part| Cost::from(part).as_millimetres());
        let sum = added.into_iter().fold(0, i64::saturating_add);
        let is_home = home == Some(contender.site);
        let saved = if is_home {
            Cost::from(preferences.home)
        } else {
            Cost::ZERO
        };
        Cost::from_millimetres(sum - saved.as_millimetres())
    }

    /// Whether they neither exclude nor rank anything: the nearest is best.
    pub(super) fn is_plain(&self) -> bool {
        let RulesData {
            rank,
            hard,
            soft,
            preferences,
        } = &self.0;
        let has_rules = !(rank.is_empty() && hard.is_empty() && soft.is_empty());
        !has_rules && *preferences == Preferences::default()
    }

    /// The places of a site under all rules that rank, of which everything is known; a rule without an opinion puts all
    /// equal.
    pub(super) fn places(&self, contender: &Contender, home: Option<SiteId>) -> Vec<u64> {
        let rules = self.0.rank.iter();
        rules
            .map(|rule| rule.place(contender, home).unwrap_or(0))
            .collect()
    }

    /// The first condition that a site breaks, hard ones before soft ones.
    fn first_broken(&self, contender: &Contender) -> Option<ExcludedBy> {
        let broken = |conditions: &[Condition]| {
            conditions
                .iter()
                .position(|condition| !condition.is_met(contender))
        };
        let hard = broken(&self.0.hard).map(ExcludedBy::Hard);
        hard.or_else(|| broken(&self.0.soft).map(ExcludedBy::Soft))
    }

    /// One pass in which only the first `kept` of the soft rules count.
    fn pass(&self, contenders: &[Contender], home: Option<SiteId>, kept: usize) -> Ranking {
        let mut ranking = Ranking::default();
        let mut passed = Vec::with_capacity(contenders.len());
        for contender in contenders {
            match self.first_broken(contender) {
                Some(by) if by < ExcludedBy::Soft(kept) => {
                    let site = contender.site;
                    ranking.excluded.push(Excluded { site, by });
                }
                _ => passed.push(contender),
            }
        }
        let lifted = (0..).zip(&self.0.soft).skip(kept);
        let broken =
            lifted.filter(|(_, soft)| passed.iter().any(|contender| !soft.is_met(contender)));
        ranking.relaxed = broken.map(|(place, _)| place).collect();
        ranking.ranked = self.sorted(&passed, home);
        ranking
    }

    fn sorted(&self, contenders: &[&Contender], home: Option<SiteId>) -> Vec<Ranked> {
        let opinion = |rule: &RankBy| {
            let places = contenders
                .iter()
                .map(|contender| rule.place(contender, home));
            places.collect::<Option<Vec<u64>>>()
        };
        // By rule, then by site; none for a rule that abstains.
        let opinions: Vec<Option<Vec<u64>>> = self.0.rank.iter().map(opinion).collect();
        let costs: Vec<Cost> = contenders
            .iter()
            .map(|contender| self.cost(contender, home))
            .collect();
        let compare = |a: usize, b: usize| -> (Ordering, Ahead) {
            for (rule, places) in opinions.iter().enumerate() {
                if let Some(places) = places
                    && places[a] != places[b]
                {
                    return (places[a].cmp(&places[b]), Ahead::Rule(rule));
                }
            }
            match costs[a].cmp(&costs[b]) {
                Ordering::Equal => (contenders[a].site.cmp(&contenders[b].site), Ahead::Id),
                unequal => (unequal, Ahead::Cost),
            }
        };
        let mut order: Vec<usize> = (0..contenders.len()).collect();
        order.sort_by(|a, b| compare(*a, *b).0);
        let ahead = |place: usize| match order.get(place + 1) {
            Some(next) => compare(order[place], *next).1,
            None => Ahead::OfNobody,
        };
        let ranked = order.iter().enumerate().map(|(place, index)| Ranked {
            site: contenders[*index].site,
            distance: contenders[*index].distance,
            cost: costs[*index],
            ahead: ahead(place),
        });
        ranked.collect()
    }
}

impl TryFrom<RulesData> for Rules {
    type Error = RulesFaults;

    fn try_from(data: RulesData) -> Result<Self, RulesFaults> {
        Self::new(data)
    }
}

impl From<Rules> for RulesData {
    fn from(rules: Rules) -> Self {
        rules.0
    }
}
