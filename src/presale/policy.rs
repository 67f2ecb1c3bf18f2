//! The rules of a campaign that the retailer chooses.

use crate::ledger::{Canonical, Encoder};
use crate::presale::{Pieces, Threshold, Tiers};
use crate::time::Span;
use crate::units::Distance;

/// The rules of one campaign. Fixed when it opens.
///
/// ```
/// use catchment::presale::{Confirm, Policy, Threshold};
/// let policy = Policy { communities_min: 50, ..Policy::new(Threshold::participants(10)) };
/// assert_eq!(policy.confirm, Confirm::AtClose);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Policy {
    /// When a community forms that has no threshold of its own.
    pub threshold: Threshold,
    /// How many communities must form.
    pub communities_min: u32,
    /// What all formed communities together must gather besides.
    #[cfg_attr(feature = "serde", serde(default))]
    pub overall: Option<Threshold>,
    /// When the campaign confirms.
    #[cfg_attr(feature = "serde", serde(default))]
    pub confirm: Confirm,
    /// How long a place is kept for a customer who has not paid yet.
    pub hold: Span,
    /// How long after the close a payment made before it may still arrive. By default not at all: every payment that
    /// comes at or after the close is due for refund.
    #[cfg_attr(feature = "serde", serde(default))]
    pub grace: Span,
    /// What becomes of communities under their threshold when the campaign confirms.
    #[cfg_attr(feature = "serde", serde(default))]
    pub stragglers: Stragglers,
    /// How many pieces may be claimed.
    #[cfg_attr(feature = "serde", serde(default))]
    pub caps: Caps,
    /// What becomes of a pledge beyond a cap.
    #[cfg_attr(feature = "serde", serde(default))]
    pub overflow: Overflow,
    /// Lower prices for larger campaigns.
    #[cfg_attr(feature = "serde", serde(default))]
    pub tiers: Tiers,
}

impl Policy {
    /// One community at this threshold is enough; payment within 15 minutes; no grace after the close; every other rule
    /// has its default.
    #[must_use]
    pub fn new(threshold: Threshold) -> Self {
        Self {
            threshold,
            communities_min: 1,
            overall: None,
            confirm: Confirm::default(),
            hold: Span::from_minutes(15),
            grace: Span::ZERO,
            stragglers: Stragglers::default(),
            caps: Caps::default(),
            overflow: Overflow::default(),
            tiers: Tiers::default(),
        }
    }
}

impl Canonical for Policy {
    fn encode(&self, to: &mut Encoder) {
        self.threshold.encode(to);
        to.u32(self.communities_min);
        to.option(self.overall, |to, overall| overall.encode(to));
        self.confirm.encode(to);
        to.u64(self.hold.as_millis());
        to.u64(self.grace.as_millis());
        self.stragglers.encode(to);
        self.caps.encode(to);
        to.u8(self.overflow as u8);
        self.tiers.encode(to);
    }
}

/// When a campaign confirms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Confirm {
    /// At its close, all at once: the default.
    #[default]
    AtClose,
    /// As soon as enough communities have formed whose suppliers would deliver. Those are confirmed for good; later
    /// ones join as they form and their suppliers' orders are large enough, until the close.
    OnReach,
    /// By an operator, who may refuse, within so much time after the close; then it fails.
    Manual {
        /// How long the operator has.
        within: Span,
    },
}

impl Canonical for Confirm {
    fn encode(&self, to: &mut Encoder) {
        match self {
            Self::AtClose => to.u8(0),
            Self::OnReach => to.u8(1),
            Self::Manual { within } => {
                to.u8(2);
                to.u64(within.as_millis());
            }
        }
    }
}

/// What becomes of communities under their threshold when the campaign confirms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Stragglers {
    /// Their pledges fail and are refunded: the default.
    #[default]
    Refund,
    /// An operator may merge neighbours before the verdict; a merged group counts as one community.
    Merge {
        /// How far from its own site a guest may be asked to walk.
        walk_max: Distance,
        /// How long the operator has; without an answer nothing is merged.
        within: Span,
    },
    /// They have so much more time from the end of the grace on, once, if the campaign confirms without them. So have
    /// communities that formed but whose supplier would be asked for too little.
    ExtendOnce {
        /// How much.
        by: Span,
    },
    /// They are served all the same, if anybody has paid there. Called virtual completion (虚拟成团) elsewhere, where
    /// invented members fill the group; here it is flagged and adds nobody and nothing.
    FulfilAnyway,
}

impl Canonical for Stragglers {
    fn encode(&self, to: &mut Encoder) {
        match self {
            Self::Refund => to.u8(0),
            Self::Merge { walk_max, within } => {
                to.u8(1);
                to.u64(walk_max.as_millimetres());
                to.u64(within.as_millis());
            }
            Self::ExtendOnce { by } => {
                to.u8(2);
                to.u64(by.as_millis());
            }
            Self::FulfilAnyway => to.u8(3),
        }
    }
}

/// How many pieces may be claimed, by pledges that are reserved, paid or confirmed. `None` limits nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Caps {
    /// By one customer, in all communities together.
    pub per_customer: Option<Pieces>,
    /// In one community.
    pub per_community: Option<Pieces>,
    /// In the whole campaign.
    pub per_campaign: Option<Pieces>,
}

impl Canonical for Caps {
    fn encode(&self, to: &mut Encoder) {
        for cap in [self.per_customer, self.per_community, self.per_campaign] {
            to.option(cap, |to, cap| to.u64(cap.0));
        }
    }
}

/// What becomes of a pledge beyond a cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Overflow {
    /// It is refused: the default.
    #[default]
    Reject,
    /// It waits until there is room, and may only then be paid. In each community the first to come is the first to be
    /// served, and nobody overtakes; of several communities, the one whose first came first. What is beyond a cap by
    /// itself is refused.
    Waitlist,
}

impl Canonical for crate::presale::SupplierTerms {
    fn encode(&self, to: &mut Encoder) {
        to.u64(self.supplier.0);
        to.u32(self.case_size.get());
        to.u64(self.units_min.0);
        to.u8(self.surplus as u8);
    }
}

impl Canonical for Tiers {
    fn encode(&self, to: &mut Encoder) {
        to.len(self.as_slice().len());
        for tier in self.as_slice() {
            to.u64(tier.units_min.0);
            to.u32(u32::from(tier.discount.get()));
        }
    }
}
