use crate::desk;
use crate::fulfil::{Fleet, OptionsPolicy, SplitPolicy};
use crate::ledger::{Canonical, Encoder};

/// How a dispatch decides. Fixed when it opens, except for what commands change.
///
/// More may be added: end with `..Terms::default()`.
///
/// ```
/// use catchment::fulfil::dispatch::Terms;
/// let terms = Terms::default();
/// assert!(terms.fleet.couriers().is_empty()); // so far all is fetched
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Terms {
    /// How the desk decides.
    pub desk: desk::Policy,
    /// Who brings what is not fetched.
    pub fleet: Fleet,
    /// What a buyer can have.
    pub service: Service,
}

/// What a buyer can have: how fast, and in how many parts.
///
/// ```
/// assert_eq!(catchment::fulfil::dispatch::Service::default().sites_asked, 120);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Service {
    /// How long sites pack, how fast couriers travel, and how far: what was [offered](crate::fulfil::Options) is held.
    pub options: OptionsPolicy,
    /// How many stores are asked for a delivery, those that the desk finds cheapest.
    pub stores_asked: usize,
    /// Whether an order that no single site can fill is divided, and over how many.
    pub split: SplitPolicy,
    /// How many sites are asked for the parts of an order, cheapest first. Of those that draw on one stock one counts, so
    /// it takes many to find a few stocks.
    pub sites_asked: usize,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            options: OptionsPolicy::default(),
            stores_asked: 8,
            split: SplitPolicy::default(),
            sites_asked: 120,
        }
    }
}

impl Canonical for Service {
    fn encode(&self, to: &mut Encoder) {
        self.options.encode(to);
        to.len(self.stores_asked);
        self.split.encode(to);
        to.len(self.sites_asked);
    }
}
