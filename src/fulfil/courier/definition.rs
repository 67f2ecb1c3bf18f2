use crate::geo::ServiceArea;
use crate::id::{CourierId, SiteId};
use crate::money::Amount;
use crate::time::{Span, Window};
use crate::units::{Distance, Orders, Units};

/// Somebody who brings orders to the door.
///
/// A courier starts without limits but for the capacity; set the fields that differ. A [`Fleet`](crate::fulfil::Fleet)
/// checks all of them.
///
/// ```
/// use catchment::fulfil::{Courier, CourierKind, Parcels, Tariff};
/// use catchment::id::{CourierId, SiteId};
/// use catchment::money::Amount;
/// use catchment::time::Span;
/// use catchment::units::{Orders, Units};
///
/// let capacity = Parcels { orders: Orders(20), units: Units(60) };
/// let mut riders = Courier::new(CourierId(1), CourierKind::Riders { store: SiteId(7) }, capacity);
/// riders.tariff = Tariff { base: Amount(300), per_kilometre: Amount(100) };
/// riders.promised = Span::from_minutes(45);
/// assert_eq!(riders.size_max, Units(u32::MAX));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Courier {
    /// The caller's number, unique in a fleet. Of two who are equally preferred, the smaller is asked first.
    pub id: CourierId,
    /// Whose they are.
    pub kind: CourierKind,
    /// Which addresses they go to; a radius is counted from the store.
    #[cfg_attr(feature = "serde", serde(default))]
    pub area: ServiceArea,
    /// The longest way from the store, as the crow flies.
    #[cfg_attr(feature = "serde", serde(default = "any_distance"))]
    pub distance_max: Distance,
    /// The largest order that they take.
    #[cfg_attr(feature = "serde", serde(default = "any_size"))]
    pub size_max: Units,
    /// What they cost.
    #[cfg_attr(feature = "serde", serde(default))]
    pub tariff: Tariff,
    /// Within which time from the store an order is at the door, at the latest.
    #[cfg_attr(feature = "serde", serde(default = "two_hours"))]
    pub promised: Span,
    /// What they take in one window.
    pub capacity: Parcels,
    /// Windows in which they take something else, or nothing; each once.
    #[cfg_attr(feature = "serde", serde(default))]
    pub exceptions: Vec<WindowCapacity>,
}

impl Courier {
    /// A courier who goes everywhere within two hours, for nothing.
    #[must_use]
    pub fn new(id: CourierId, kind: CourierKind, capacity: Parcels) -> Self {
        Self {
            id,
            kind,
            area: ServiceArea::Unlimited,
            distance_max: any_distance(),
            size_max: any_size(),
            tariff: Tariff::default(),
            promised: two_hours(),
            capacity,
            exceptions: Vec::new(),
        }
    }
}

const fn any_distance() -> Distance {
    Distance::MAX
}

const fn any_size() -> Units {
    Units(u32::MAX)
}

const fn two_hours() -> Span {
    Span::from_hours(2)
}

/// Whose a courier is.
///
/// ```
/// use catchment::fulfil::CourierKind;
/// use catchment::id::SiteId;
/// assert_ne!(CourierKind::Riders { store: SiteId(1) }, CourierKind::Carrier { preference: 1 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum CourierKind {
    /// The riders of one store (自有骑手), who bring nothing from elsewhere.
    Riders {
        /// Which.
        store: SiteId,
    },
    /// A third party (第三方配送), for all stores.
    Carrier {
        /// Whom to ask first: the smaller.
        preference: u32,
    },
}

/// So many orders, of so many units together: what a courier has, or may have, in one window.
///
/// ```
/// use catchment::fulfil::Parcels;
/// use catchment::units::{Orders, Units};
/// assert_eq!(Parcels::default(), Parcels { orders: Orders(0), units: Units(0) });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Parcels {
    /// How many orders.
    pub orders: Orders,
    /// How large they are together.
    pub units: Units,
}

impl Parcels {
    /// With one order more; `None` if that is more than can be counted.
    pub(crate) fn with(self, size: Units) -> Option<Self> {
        Some(Self {
            orders: Orders(self.orders.0.checked_add(1)?),
            units: Units(self.units.0.checked_add(size.0)?),
        })
    }

    /// With one order less.
    pub(crate) fn without(self, size: Units) -> Self {
        Self {
            orders: Orders(self.orders.0.saturating_sub(1)),
            units: Units(self.units.0.saturating_sub(size.0)),
        }
    }

    /// Whether neither number exceeds its limit.
    pub(crate) fn fits(self, limit: Self) -> bool {
        self.orders <= limit.orders && self.units <= limit.units
    }
}

/// What a courier takes in one window.
///
/// ```
/// use catchment::fulfil::{Parcels, WindowCapacity};
/// use catchment::time::{Timestamp, Window};
/// let noon = Window::new(Timestamp::from_unix_millis(0), Timestamp::from_unix_millis(7_200_000))?;
/// let day_off = WindowCapacity { window: noon, capacity: Parcels::default() };
/// assert_eq!(day_off.capacity.orders.0, 0);
/// # Ok::<(), catchment::time::WindowError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct WindowCapacity {
    /// In which.
    pub window: Window,
    /// How much.
    pub capacity: Parcels,
}

/// What a courier costs, in minor units.
///
/// ```
/// use catchment::fulfil::Tariff;
/// use catchment::money::Amount;
/// use catchment::units::Distance;
/// let tariff = Tariff { base: Amount(300), per_kilometre: Amount(100) };
/// assert_eq!(tariff.fee(Distance::ZERO), Some(Amount(300)));
/// assert_eq!(tariff.fee(Distance::from_metres(2_000)), Some(Amount(500)));
/// assert_eq!(tariff.fee(Distance::from_metres(2_001)), Some(Amount(600)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Tariff {
    /// For every order.
    pub base: Amount,
    /// For every kilometre that is begun.
    pub per_kilometre: Amount,
}

impl Tariff {
    /// The fee for a distance, or `None` if it does not fit 64 bits.
    #[must_use]
    pub const fn fee(&self, distance: Distance) -> Option<Amount> {
        let begun = distance.as_millimetres().div_ceil(1_000_000);
        match self.per_kilometre.checked_mul(begun) {
            Some(by_distance) => self.base.checked_add(by_distance),
            None => None,
        }
    }
}
