use crate::desk::OrderState;
use crate::id::{OrderId, SiteId, SkuId};
use crate::units::{Quantity, Units};

/// Why the desk refuses a command, as things stand. Nothing has changed but that the command's id is used.
///
/// Refusals are checked in the order of the variants: of several that hold, the first is given.
///
/// ```
/// use catchment::desk::Refusal;
/// use catchment::id::{OrderId, SiteId};
/// use catchment::units::Units;
/// let full = Refusal::SiteFull { site: SiteId(17), room: Units(0) };
/// assert_eq!(full.to_string(), "site 17 has room for 0 more");
/// assert!(full.is_transient());
/// assert!(!Refusal::KnownOrder { order: OrderId(1) }.is_transient());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Refusal {
    /// An order with this id was placed before.
    #[error("order {order} was placed before")]
    KnownOrder {
        /// The id.
        order: OrderId,
    },
    /// The desk has as many orders as it may.
    #[error("the desk has {limit} orders, which is the limit")]
    TooManyOrders {
        /// [`Limits::orders_max`](crate::limits::Limits::orders_max).
        limit: usize,
    },
    /// No such order was placed.
    #[error("no order {order}")]
    UnknownOrder {
        /// The id.
        order: OrderId,
    },
    /// The order is past that, or not yet there.
    #[error("order {order} is {state}")]
    WrongState {
        /// Which.
        order: OrderId,
        /// Where it stands.
        state: OrderState,
    },
    /// The order has no place at the moment.
    #[error("order {order} is stranded")]
    Stranded {
        /// Which.
        order: OrderId,
    },
    /// The site is not in the network.
    #[error("no site {site}")]
    UnknownSite {
        /// The id.
        site: SiteId,
    },
    /// The order is not at the site that rejects it.
    #[error("order {order} is not at site {site}")]
    NotThere {
        /// Which order.
        order: OrderId,
        /// Who rejects it.
        site: SiteId,
    },
    /// The site is no leader, and only leaders have customers.
    #[error("site {site} is no leader")]
    NoLeader {
        /// Which.
        site: SiteId,
    },
    /// The changes don't fit the network.
    #[error("changes do not fit the network: {faults} faults")]
    UnsoundChanges {
        /// How many things are wrong with them.
        faults: u32,
    },
    /// The chosen site may not take the order.
    #[error("site {site} may not take the order")]
    NotEligible {
        /// The site.
        site: SiteId,
    },
    /// No site may take the order, full or not: none is open in the window, offers what the order asks for, serves its
    /// address, and has as much capacity in all as the order is large.
    ///
    /// It counts as transient, as sites open, and larger or nearer ones may be
    /// [adopted](crate::desk::Action::Adopt). It does not say which of this it was: an order that is larger than any
    /// site there will ever be is refused so too, and to try that again is in vain.
    /// [`Counter::explain`](crate::desk::Counter::explain) says what each site lacks.
    #[error("no site may take the order")]
    NoEligibleSite,
    /// The chosen site has no room.
    #[error("site {site} has room for {room} more")]
    SiteFull {
        /// The site.
        site: SiteId,
        /// What it still takes.
        room: Units,
    },
    /// No site that may take the order has room.
    #[error("every site that may take the order is full")]
    EverySiteFull,
    /// The goods are not there: at the chosen site, or at the nearest that has room.
    #[error("site {site} has {free} pieces of sku {sku} to promise")]
    OutOfStock {
        /// The site.
        site: SiteId,
        /// The first article of which there is too little.
        sku: SkuId,
        /// What may still be promised.
        free: Quantity,
    },
    /// Goods that orders hold can't be sold.
    #[error("site {site} has {unheld} pieces of sku {sku} that no order holds")]
    HeldForOrders {
        /// The site.
        site: SiteId,
        /// The article.
        sku: SkuId,
        /// What nobody holds.
        unheld: Quantity,
    },
    /// More pieces than can be counted.
    #[error("more pieces of sku {sku} at site {site} than can be counted")]
    TooManyPieces {
        /// The site.
        site: SiteId,
        /// The article.
        sku: SkuId,
    },
}

impl Refusal {
    /// Whether the same wish, under a new command id, may succeed later: when places or goods become free, or a site
    /// opens.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Stranded { .. }
                | Self::NotEligible { .. }
                | Self::NoEligibleSite
                | Self::SiteFull { .. }
                | Self::EverySiteFull
                | Self::OutOfStock { .. }
                | Self::HeldForOrders { .. }
        )
    }
}
