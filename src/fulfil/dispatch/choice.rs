use crate::fulfil::Way;
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
}

impl Choice {
    /// Whether it is fetched or brought. O(1).
    #[must_use]
    pub const fn way(&self) -> Way {
        match self {
            Self::Pickup | Self::PickupAt(_) => Way::Pickup,
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
        }
    }
}
