use std::collections::BTreeSet;

use crate::faults::Faults;
use crate::fulfil::rules::{Condition, RankBy, Rules, RulesData};
use crate::id::SiteId;
use crate::plan::Preferences;
use crate::site::Tags;
use crate::units::{Distance, Quantity, Units};

/// Everything that is wrong with rules.
pub type RulesFaults = Faults<RulesFault>;

/// A field of [`RulesData`] that makes no sense.
///
/// ```
/// use catchment::fulfil::{RankBy, Rules, RulesData, RulesProblem};
/// use catchment::units::Distance;
/// let rank = vec![RankBy::Home, RankBy::Bucket(Distance::ZERO)];
/// let faults = Rules::new(RulesData { rank, ..RulesData::default() }).unwrap_err();
/// assert_eq!(faults.kept()[0].problem, RulesProblem::NoWidth);
/// assert_eq!(faults.to_string(), "1 fault: rank[1]: buckets without width");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct RulesFault {
    /// Which: `rank[1]`, or `preferences.sites[17]`.
    pub field: String,
    /// What is wrong with it.
    pub problem: RulesProblem,
}

/// What can be wrong with a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RulesProblem {
    /// More rules than a list may have. Nothing else of the list was looked at.
    #[error("{rules} rules, limit is {limit}")]
    TooManyRules {
        /// Those there are.
        rules: usize,
        /// [`Rules::RULES_MAX`].
        limit: usize,
    },
    /// The rule is an earlier one again, so that it never decides.
    #[error("the same as {list}[{place}]")]
    Repeated {
        /// The list of the earlier one.
        list: &'static str,
        /// Its place.
        place: usize,
    },
    /// No site is both a store and a leader.
    #[error("another kind than hard[{place}], so that no site is left")]
    TwoKinds {
        /// The place of the hard rule.
        place: usize,
    },
    /// A rule about no tag.
    #[error("no tags")]
    NoTags,
    /// All distances would be in a bucket of their own, or in none.
    #[error("buckets without width")]
    NoWidth,
    /// A rule that any site meets.
    #[error("asks for 0")]
    AsksForNothing,
    /// A list without a site.
    #[error("no sites")]
    NoSites,
    /// A site is named twice.
    #[error("site {site} twice")]
    RepeatedSite {
        /// Which.
        site: SiteId,
    },
    /// A list of too many sites.
    #[error("{sites} sites, limit is {limit}")]
    TooManySites {
        /// Those named.
        sites: usize,
        /// [`Rules::SITES_MAX`].
        limit: usize,
    },
    /// A preference is worth more than the way to anywhere.
    #[error("worth {worth}, limit is {limit}")]
    WorthTooMuch {
        /// How much.
        worth: Distance,
        /// [`Preferences::WORTH_MAX`].
        limit: Distance,
    },
}

/// All faults: those of each list in its order, then those of the preferences.
pub(super) fn check(data: &RulesData) -> Result<(), RulesFaults> {
    let mut faults = RulesFaults::none();
    let RulesData {
        rank,
        hard,
        soft,
        preferences,
    } = data;
    if is_short("rank", rank.len(), &mut faults) {
        for (place, rule) in rank.iter().enumerate() {
            let field = format!("rank[{place}]");
            let same = rank[..place].iter().position(|earlier| earlier == rule);
            repeated(&field, "rank", same, &mut faults);
            fault(field, rank_problem(rule), &mut faults);
        }
    }
    let hard_is_short = is_short("hard", hard.len(), &mut faults);
    if hard_is_short {
        conditions("hard", hard, &[], &mut faults);
    }
    if is_short("soft", soft.len(), &mut faults) && hard_is_short {
        conditions("soft", soft, hard, &mut faults);
    }
    worths(preferences, &mut faults);
    faults.into_result()
}

fn is_short(list: &str, rules: usize, faults: &mut RulesFaults) -> bool {
    let limit = Rules::RULES_MAX;
    let problem = (rules > limit).then_some(RulesProblem::TooManyRules { rules, limit });
    fault(list.to_owned(), problem, faults);
    problem.is_none()
}

fn fault(field: String, problem: Option<RulesProblem>, faults: &mut RulesFaults) {
    if let Some(problem) = problem {
        faults.push(RulesFault { field, problem });
    }
}

fn repeated(field: &str, list: &'static str, place: Option<usize>, faults: &mut RulesFaults) {
    let problem = place.map(|place| RulesProblem::Repeated { list, place });
    fault(field.to_owned(), problem, faults);
}

/// The faults of a list of conditions, of which those in `hard` are asked before.
fn conditions(
    list: &'static str,
    conditions: &[Condition],
    hard: &[Condition],
    faults: &mut RulesFaults,
) {
    for (place, condition) in conditions.iter().enumerate() {
        let field = format!("{list}[{place}]");
        let earlier = &conditions[..place];
        let same = |among: &[Condition]| among.iter().position(|other| other == condition);
        repeated(&field, "hard", same(hard), faults);
        repeated(&field, list, same(earlier), faults);
        // A soft rule of another kind than an earlier soft one is relaxed when it comes to that.
        let asked_before = if list == "hard" { earlier } else { hard };
        let other_kind = asked_before
            .iter()
            .position(|other| match (other, condition) {
                (Condition::Kind(kind), Condition::Kind(own)) => kind != own,
                _ => false,
            });
        fault(
            field.clone(),
            other_kind.map(|place| RulesProblem::TwoKinds { place }),
            faults,
        );
        fault(field, condition_problem(condition), faults);
    }
}

fn rank_problem(rule: &RankBy) -> Option<RulesProblem> {
    match rule {
        RankBy::Tags(Tags::NONE) => Some(RulesProblem::NoTags),
        RankBy::Bucket(Distance::ZERO) => Some(RulesProblem::NoWidth),
        RankBy::Sites(sites) => sites_problem(sites),
        _ => None,
    }
}

fn condition_problem(condition: &Condition) -> Option<RulesProblem> {
    match condition {
        Condition::Tags(Tags::NONE) => Some(RulesProblem::NoTags),
        Condition::Room(Units(0)) | Condition::Stock(Quantity(0)) => {
            Some(RulesProblem::AsksForNothing)
        }
        Condition::Among(sites) | Condition::Not(sites) => sites_problem(sites),
        _ => None,
    }
}

fn sites_problem(sites: &[SiteId]) -> Option<RulesProblem> {
    let limit = Rules::SITES_MAX;
    if sites.is_empty() {
        return Some(RulesProblem::NoSites);
    }
    if sites.len() > limit {
        let sites = sites.len();
        return Some(RulesProblem::TooManySites { sites, limit });
    }
    let mut known = BTreeSet::new();
    let repeated = sites.iter().copied().find(|site| !known.insert(*site));
    repeated.map(|site| RulesProblem::RepeatedSite { site })
}

fn worths(preferences: &Preferences, faults: &mut RulesFaults) {
    let limit = Preferences::WORTH_MAX;
    let Preferences {
        home,
        store,
        leader,
        sites,
    } = preferences;
    let named = [("home", home), ("store", store), ("leader", leader)];
    let named = named.map(|(name, worth)| (name.to_owned(), *worth));
    let sites = sites
        .iter()
        .map(|(site, worth)| (format!("sites[{site}]"), *worth));
    for (name, worth) in named.into_iter().chain(sites) {
        let problem = (worth > limit).then_some(RulesProblem::WorthTooMuch { worth, limit });
        fault(format!("preferences.{name}"), problem, faults);
    }
}
