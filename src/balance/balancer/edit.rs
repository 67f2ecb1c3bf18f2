use crate::balance::{Candidate, Price, ProblemError, Total};

/// A change to a plan that is kept optimal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Edit {
    /// One more order.
    Add {
        /// Its candidates.
        row: Vec<Candidate>,
        /// What it costs to leave it unassigned: needed under
        /// [`UnassignedAtEach`](crate::balance::Objective::UnassignedAtEach), without meaning otherwise.
        unassigned_at: Option<i64>,
    },
    /// This order goes away, locked or not.
    Remove {
        /// The order's number.
        order: u32,
    },
    /// The candidates of this order, or their costs, change.
    SetRow {
        /// The order's number.
        order: u32,
        /// Its candidates from now on.
        row: Vec<Candidate>,
    },
    /// This site gets another capacity; 0 closes it.
    SetCapacity {
        /// The site's slot.
        site: u32,
        /// Its capacity from now on.
        capacity: u32,
    },
    /// This order stays where it is, whatever comes. It still takes its unit of capacity, but leaves the total.
    Lock {
        /// The order's number.
        order: u32,
    },
    /// This order may move again, and does if it would be better off elsewhere.
    Unlock {
        /// The order's number.
        order: u32,
    },
}

impl Edit {
    /// One more order with these candidates.
    #[must_use]
    pub fn add(row: impl IntoIterator<Item = Candidate>) -> Self {
        Self::Add {
            row: row.into_iter().collect(),
            unassigned_at: None,
        }
    }
}

/// What a change did, or would do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changed {
    /// The number of the order that was added, removed, locked or unlocked, or whose row changed.
    pub order: Option<u32>,
    /// All orders that are elsewhere than before, by number. An order that was added comes from no site, and one that
    /// was removed goes to none.
    pub moved: Vec<Moved>,
    /// The value of the plan before.
    pub before: Total,
    /// The value of the plan after.
    pub after: Total,
}

/// An order that has moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Moved {
    /// Which.
    pub order: u32,
    /// The site where it was; `None` if it was not there, or unassigned.
    pub from: Option<u32>,
    /// The site where it is; `None` if it is not there any more, or unassigned.
    pub to: Option<u32>,
}

/// What one unit of a site's capacity is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Marginal {
    /// What one more place would save: the site's least optimal price.
    pub one_more: Price,
    /// What one place less would cost: its greatest. `None` if there is no place to lose, because the capacity is 0
    /// or locked orders take all of it.
    pub one_less: Option<Price>,
}

/// Why a change can't be made. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// No order has this number, or not any more.
    #[error("no order {order}")]
    NoSuchOrder {
        /// The number.
        order: u32,
    },
    /// The order is locked already, or locked and so not to be changed.
    #[error("order {order} is locked")]
    Locked {
        /// The order.
        order: u32,
    },
    /// The order is not locked.
    #[error("order {order} is not locked")]
    NotLocked {
        /// The order.
        order: u32,
    },
    /// More orders are locked at the site than it would have room for.
    #[error("capacity {capacity} of site {site} is too small for the {locked} orders locked there")]
    TooManyLocked {
        /// The site.
        site: u32,
        /// The capacity asked for.
        capacity: u32,
        /// The orders locked there.
        locked: u32,
    },
    /// The order needs a price for being unassigned.
    #[error("order {order} needs a price for being unassigned")]
    PriceMissing {
        /// The number that the order would have had.
        order: u32,
    },
    /// A site or a number that no problem can have.
    #[error(transparent)]
    Problem(#[from] ProblemError),
}
