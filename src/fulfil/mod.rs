//! Fulfilment: what a buyer may choose, how an order is filled, and what becomes of it afterwards, as small policies on
//! top of the [`desk`](crate::desk).
//!
//! An [`OptionsFinder`] says what a buyer may choose. [`Rules`] rank the sites that may fill an order. [`split`] divides
//! one that no single site can fill over the fewest. [`Couriers`] bring what is not fetched. A [`dispatch`] does all of
//! it, and follows each order through its [`Life`].

mod courier;
pub mod dispatch;
mod life;
mod options;
mod rules;
mod split;
mod window;

pub use courier::*;
pub use life::{Deed, Life, Way};
pub use options::*;
pub use rules::{
    Ahead, Condition, Contender, Excluded, ExcludedBy, RadiusRule, RankBy, Ranked, Ranking, Rules,
    RulesData, RulesFault, RulesFaults, RulesProblem, smallest_radius,
};
pub use split::{
    Basket, BasketFault, BasketFaults, Bundle, Missing, Part, Pieces, PricedLine, SourceFault,
    Sources, Split, SplitMode, SplitPolicy, SplitProof, Unsplit, split,
};
pub use window::*;
