//! Fulfilment: how an order that was accepted is filled, as small policies on top of the [`desk`](crate::desk).
//!
//! [`Rules`] rank the sites that may fill it. [`split`] divides an order that no single site can fill over the fewest.

mod rules;
mod split;

pub use rules::{
    Ahead, Condition, Contender, Excluded, ExcludedBy, RadiusRule, RankBy, Ranked, Ranking, Rules,
    RulesData, RulesFault, RulesFaults, RulesProblem, smallest_radius,
};
pub use split::{
    Basket, BasketFault, BasketFaults, Bundle, Missing, Part, Pieces, PricedLine, SourceFault,
    Sources, Split, SplitMode, SplitPolicy, SplitProof, Unsplit, split,
};
