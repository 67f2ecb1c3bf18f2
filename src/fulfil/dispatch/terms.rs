use crate::desk;
use crate::fulfil::{Fleet, SplitPolicy};
use crate::ledger::{Canonical, Encoder};
use crate::time::Span;
use crate::units::Distance;

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
/// assert_eq!(catchment::fulfil::dispatch::Service::default().sites_asked, 30);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Service {
    /// From which stores, and how fast.
    pub delivery: Delivery,
    /// Whether an order that no single site can fill is divided, and over how many.
    pub split: SplitPolicy,
    /// How many sites are asked for the parts of an order, cheapest first.
    pub sites_asked: usize,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            delivery: Delivery::default(),
            split: SplitPolicy::default(),
            sites_asked: 30,
        }
    }
}

impl Canonical for Service {
    fn encode(&self, to: &mut Encoder) {
        self.delivery.encode(to);
        self.split.encode(to);
        to.len(self.sites_asked);
    }
}

/// From how many stores something could be brought, and how long it takes.
///
/// ```
/// use catchment::fulfil::dispatch::Delivery;
/// use catchment::time::Span;
/// use catchment::units::Distance;
/// let delivery = Delivery { per_kilometre: Span::from_minutes(4), ..Delivery::default() };
/// assert_eq!(delivery.travel(Distance::from_metres(2_500)), Span::from_minutes(10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Delivery {
    /// How long a store packs.
    pub preparation: Span,
    /// How long a courier travels a kilometre as the crow flies.
    pub per_kilometre: Span,
    /// How many stores are asked for an order, cheapest first.
    pub stores_max: usize,
}

impl Delivery {
    /// How long a courier travels, in whole milliseconds, rounded up. O(1).
    #[must_use]
    pub const fn travel(&self, distance: Distance) -> Span {
        const KILOMETRE: u128 = 1_000_000;
        let pace = self.per_kilometre.as_millis() as u128;
        let millis = (distance.as_millimetres() as u128 * pace).div_ceil(KILOMETRE);
        let most = u64::MAX as u128;
        Span::from_millis(if millis < most {
            millis as u64
        } else {
            u64::MAX
        })
    }
}

impl Default for Delivery {
    /// A quarter of an hour to pack, 15 km/h through the town, eight stores.
    fn default() -> Self {
        Self {
            preparation: Span::from_minutes(15),
            per_kilometre: Span::from_minutes(4),
            stores_max: 8,
        }
    }
}

impl Canonical for Delivery {
    fn encode(&self, to: &mut Encoder) {
        to.u64(self.preparation.as_millis());
        to.u64(self.per_kilometre.as_millis());
        to.len(self.stores_max);
    }
}
