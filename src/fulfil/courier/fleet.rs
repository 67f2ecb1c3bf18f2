use core::ops::Range;

use crate::faults::Faults;
use crate::fulfil::DeliveryWindows;
use crate::fulfil::courier::definition::{Courier, CourierKind, Parcels};
use crate::geo::{AreaError, CompiledArea, EARTH_RADIUS};
use crate::id::{CourierId, SiteId};
use crate::limits::Limits;
use crate::time::{Span, Window};
use crate::units::{Distance, Units};

/// The couriers that there are, and the windows in which they bring something. Checked as a whole.
///
/// ```
/// use catchment::fulfil::{Courier, CourierKind, DeliveryWindows, Fleet, Parcels};
/// use catchment::id::{CourierId, SiteId};
/// use catchment::limits::Limits;
/// use catchment::units::{Orders, Units};
///
/// let capacity = Parcels { orders: Orders(20), units: Units(60) };
/// let riders = Courier::new(CourierId(1), CourierKind::Riders { store: SiteId(7) }, capacity);
/// let carrier = Courier::new(CourierId(2), CourierKind::Carrier { preference: 0 }, capacity);
/// let fleet = Fleet::new(DeliveryWindows::default(), vec![carrier, riders.clone()], &Limits::default())?;
/// assert_eq!(fleet.courier(CourierId(1)), Some(&riders));
///
/// let twice = Fleet::new(DeliveryWindows::default(), vec![riders.clone(), riders], &Limits::default());
/// assert_eq!(twice.unwrap_err().to_string(), "1 fault: courier 1 is there twice");
/// # Ok::<(), catchment::fulfil::FleetFaults>(())
/// ```
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "RawFleet", into = "RawFleet"))]
pub struct Fleet {
    windows: DeliveryWindows,
    /// In the order of their ids; each with its exceptions in the order of the windows.
    couriers: Vec<Courier>,
    areas: Vec<CompiledArea>,
    /// By store and id.
    riders: Vec<(SiteId, u32)>,
    /// By preference and id.
    carriers: Vec<u32>,
}

impl Fleet {
    /// The fleet, its couriers given in any order.
    ///
    /// O(n log n) in the couriers, their exceptions and the corners and cells of their areas.
    ///
    /// # Errors
    ///
    /// [`FleetFaults`]: all that is wrong, in the order of the couriers' ids.
    pub fn new(
        windows: DeliveryWindows,
        mut couriers: Vec<Courier>,
        limits: &Limits,
    ) -> Result<Self, FleetFaults> {
        let mut faults = FleetFaults::none();
        let (count, limit) = (couriers.len(), limits.couriers_max);
        if count > limit {
            faults.push(FleetFault::TooManyCouriers {
                couriers: count,
                limit,
            });
            couriers.clear();
        }
        couriers.sort_by_key(|courier| courier.id);
        for pair in couriers.windows(2) {
            if pair[0].id == pair[1].id {
                faults.push(FleetFault::Repeated {
                    courier: pair[0].id,
                });
            }
        }
        let mut areas = Vec::with_capacity(couriers.len());
        for courier in &mut couriers {
            courier.exceptions.sort_by_key(|exception| exception.window);
            check(courier, &windows, &mut faults);
            match CompiledArea::compile(&courier.area, limits) {
                Ok(area) => areas.push(area),
                Err(fault) => faults.push(FleetFault::Area {
                    courier: courier.id,
                    fault,
                }),
            }
        }
        faults.into_result()?;
        Ok(Self::indexed(windows, couriers, areas))
    }

    /// When they bring something.
    #[must_use]
    pub const fn windows(&self) -> &DeliveryWindows {
        &self.windows
    }

    /// All couriers in the order of their ids.
    #[must_use]
    pub fn couriers(&self) -> &[Courier] {
        &self.couriers
    }

    /// One courier. O(log n).
    #[must_use]
    pub fn courier(&self, id: CourierId) -> Option<&Courier> {
        self.index(id).map(|index| &self.couriers[index])
    }

    /// What a courier takes in a window; `None` if the fleet does not have one of the two. O(log n).
    #[must_use]
    pub fn capacity(&self, courier: CourierId, window: Window) -> Option<Parcels> {
        self.windows.find(window)?;
        self.courier(courier)
            .map(|courier| capacity_of(courier, window))
    }

    pub(super) fn index(&self, id: CourierId) -> Option<usize> {
        self.couriers
            .binary_search_by_key(&id, |courier| courier.id)
            .ok()
    }

    pub(super) fn area(&self, courier: usize) -> &CompiledArea {
        &self.areas[courier]
    }

    /// Whoever brings something from a store, those to ask first first. O(log n) to begin.
    pub(super) fn of_store(&self, store: SiteId) -> impl Iterator<Item = usize> + '_ {
        let own = self.riders_of(store).map(|at| self.riders[at].1 as usize);
        own.chain(self.carriers.iter().map(|courier| *courier as usize))
    }

    fn riders_of(&self, store: SiteId) -> Range<usize> {
        let first = self.riders.partition_point(|(of, _)| *of < store);
        let own = self.riders[first..]
            .iter()
            .take_while(|(of, _)| *of == store);
        first..first + own.count()
    }

    fn indexed(windows: DeliveryWindows, couriers: Vec<Courier>, areas: Vec<CompiledArea>) -> Self {
        let mut riders = Vec::new();
        let mut carriers = Vec::new();
        for (index, courier) in (0..).zip(&couriers) {
            match courier.kind {
                CourierKind::Riders { store } => riders.push((store, index)),
                CourierKind::Carrier { preference } => carriers.push((preference, index)),
            }
        }
        // The index goes by id.
        riders.sort_unstable();
        carriers.sort_unstable();
        Self {
            windows,
            couriers,
            areas,
            riders,
            carriers: carriers.into_iter().map(|(_, index)| index).collect(),
        }
    }
}

/// What a courier of the fleet takes in a window.
pub(super) fn capacity_of(courier: &Courier, window: Window) -> Parcels {
    if courier.exceptions.is_empty() {
        return courier.capacity;
    }
    let found = courier
        .exceptions
        .binary_search_by_key(&window, |exception| exception.window);
    found.map_or(courier.capacity, |at| courier.exceptions[at].capacity)
}

/// Half the Earth's circumference, rounded up: no trip is longer.
pub(super) const FARTHEST: Distance =
    Distance::from_millimetres(EARTH_RADIUS.as_millimetres() / 7 * 22 + 22);

fn check(courier: &Courier, windows: &DeliveryWindows, faults: &mut FleetFaults) {
    let id = courier.id;
    if courier.promised == Span::ZERO {
        faults.push(FleetFault::NoTime { courier: id });
    }
    if courier.size_max == Units(0) {
        faults.push(FleetFault::NoSize { courier: id });
    }
    if courier
        .tariff
        .fee(courier.distance_max.min(FARTHEST))
        .is_none()
    {
        faults.push(FleetFault::Tariff { courier: id });
    }
    for exception in &courier.exceptions {
        let window = exception.window;
        if windows.find(window).is_none() {
            faults.push(FleetFault::UnknownWindow {
                courier: id,
                window,
            });
        }
    }
    for pair in courier.exceptions.windows(2) {
        if pair[0].window == pair[1].window {
            faults.push(FleetFault::RepeatedWindow {
                courier: id,
                window: pair[0].window,
            });
        }
    }
}

impl PartialEq for Fleet {
    fn eq(&self, other: &Self) -> bool {
        // All else follows from these.
        self.windows == other.windows && self.couriers == other.couriers
    }
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
struct RawFleet {
    windows: DeliveryWindows,
    couriers: Vec<Courier>,
}

impl TryFrom<RawFleet> for Fleet {
    type Error = FleetFaults;

    /// Within the default limits.
    fn try_from(raw: RawFleet) -> Result<Self, FleetFaults> {
        Self::new(raw.windows, raw.couriers, &Limits::default())
    }
}

impl From<Fleet> for RawFleet {
    fn from(fleet: Fleet) -> Self {
        Self {
            windows: fleet.windows,
            couriers: fleet.couriers,
        }
    }
}

/// Everything that is wrong with a fleet.
pub type FleetFaults = Faults<FleetFault>;

/// One thing wrong with a fleet.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FleetFault {
    /// More couriers than the limit. No courier was looked at.
    #[error("{couriers} couriers, limit is {limit}")]
    TooManyCouriers {
        /// How many there are.
        couriers: usize,
        /// [`Limits::couriers_max`].
        limit: usize,
    },
    /// Two couriers have one id.
    #[error("courier {courier} is there twice")]
    Repeated {
        /// Which.
        courier: CourierId,
    },
    /// A courier promises to be everywhere in no time.
    #[error("courier {courier} promises a span of 0 s")]
    NoTime {
        /// Which.
        courier: CourierId,
    },
    /// A courier takes no order, however small.
    #[error("courier {courier} takes orders of size 0 at most")]
    NoSize {
        /// Which.
        courier: CourierId,
    },
    /// The fee for the longest way does not fit 64 bits.
    #[error("tariff of courier {courier} is too high to be counted")]
    Tariff {
        /// Which.
        courier: CourierId,
    },
    /// A courier has an exception for a window that the fleet does not have.
    #[error(
        "courier {courier} has an exception for an unknown window from {} to {}",
        window.opens_at(), window.closes_at()
    )]
    UnknownWindow {
        /// Which courier.
        courier: CourierId,
        /// Which window.
        window: Window,
    },
    /// A courier has two exceptions for one window.
    #[error(
        "courier {courier} has two exceptions for the window from {} to {}",
        window.opens_at(), window.closes_at()
    )]
    RepeatedWindow {
        /// Which courier.
        courier: CourierId,
        /// Which window.
        window: Window,
    },
    /// The area of a courier can't be.
    #[error("courier {courier}: {fault}")]
    Area {
        /// Which.
        courier: CourierId,
        /// What is wrong with it.
        fault: AreaError,
    },
}
