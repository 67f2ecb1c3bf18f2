use crate::fulfil::{Way, WindowWish};
use crate::id::SiteId;
use crate::ledger::{Canonical, Encoder};

/// How the buyer wants to get an order.
///
/// ```
/// use catchment::fulfil::Way;
/// use catchment::fulfil::dispatch::Choice;
/// use catchment::id::SiteId;
/// assert_eq!(Choice::PickupAt(SiteId(17)).way(), Way::Pickup);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Choice {
    /// Fetched, wherever the desk's rules and the order's wish say.
    Pickup,
    /// Fetched at this site (自提点) and no other.
    PickupAt(SiteId),
    /// Brought, from the store from which it is there in the earliest window; of several, the desk's cheapest.
    Deliver {
        /// When.
        when: WindowWish,
    },
    /// Brought from this store and no other.
    DeliverFrom {
        /// Which.
        store: SiteId,
        /// When.
        when: WindowWish,
    },
}

impl Choice {
    /// Whether it is fetched or brought. O(1).
    #[must_use]
    pub const fn way(&self) -> Way {
        match self {
            Self::Pickup | Self::PickupAt(_) => Way::Pickup,
            Self::Deliver { .. } | Self::DeliverFrom { .. } => Way::Delivery,
        }
    }

    /// The same at one site.
    pub(super) const fn at(&self, site: SiteId) -> Self {
        match *self {
            Self::Pickup | Self::PickupAt(_) => Self::PickupAt(site),
            Self::Deliver { when } | Self::DeliverFrom { when, .. } => {
                Self::DeliverFrom { store: site, when }
            }
        }
    }
}

impl Canonical for Choice {
    fn encode(&self, to: &mut Encoder) {
        match self {
            Self::Pickup => to.u8(0),
            Self::PickupAt(site) => {
                to.u8(1);
                to.u64(site.0);
            }
            Self::Deliver { when } => {
                to.u8(2);
                encode_when(*when, to);
            }
            Self::DeliverFrom { store, when } => {
                to.u8(3);
                to.u64(store.0);
                encode_when(*when, to);
            }
        }
    }
}

fn encode_when(when: WindowWish, to: &mut Encoder) {
    let window = match when {
        WindowWish::Earliest => None,
        WindowWish::In(window) => Some(window),
    };
    to.option(window, |to, window| {
        to.i64(window.opens_at().as_unix_millis());
        to.i64(window.closes_at().as_unix_millis());
    });
}
