//! Typed ids: a site's id can never be passed where an order's is meant.
//!
//! Every id is the caller's own number. Services whose ids are strings keep a table from string to number at
//! the edge (the `city` example does); inside, eight bytes compare and hash faster and order the same everywhere. What
//! is printed has the caller's own names again with [`DisplayWith`].

use core::fmt;
use std::borrow::Cow;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(transparent))]
        pub struct $name(pub u64);

        impl From<u64> for $name {
            fn from(number: u64) -> Self {
                Self(number)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    };
}

id! {
    /// A pickup point: a store (门店) or a community leader (团长).
    ///
    /// Wherever two sites are equally good, the smaller id wins.
    ///
    /// ```
    /// use catchment::id::SiteId;
    /// assert!(SiteId(7) < SiteId(17));
    /// assert_eq!(format!("{} {:?}", SiteId(7), SiteId(7)), "7 site-7");
    /// ```
    SiteId, "site-"
}
id! {
    /// One order.
    ///
    /// ```
    /// use catchment::id::OrderId;
    /// assert_eq!(OrderId::from(4711).to_string(), "4711");
    /// ```
    OrderId, "order-"
}
id! {
    /// Who placed an order.
    ///
    /// ```
    /// use catchment::id::CustomerId;
    /// assert_eq!(format!("{:?}", CustomerId(3)), "customer-3");
    /// ```
    CustomerId, "customer-"
}
id! {
    /// A stock-keeping unit: one article that can be ordered.
    ///
    /// ```
    /// use catchment::id::SkuId;
    /// assert_eq!(format!("{:?}", SkuId(9)), "sku-9");
    /// ```
    SkuId, "sku-"
}
id! {
    /// One order to a state machine: whoever sends a command makes its id, and sends the same id with the same body
    /// when it repeats the command.
    ///
    /// Ids need not be consecutive. A service whose idempotency keys are strings keeps a table, or takes 64 bits of a
    /// good hash of the key: two of a million are then equal with probability 3·10⁻⁸, and the second is refused.
    ///
    /// ```
    /// use catchment::id::CommandId;
    /// assert_eq!(format!("{:?}", CommandId(12)), "command-12");
    /// ```
    CommandId, "command-"
}
id! {
    /// A presale (预售): one article, offered to many communities at once.
    ///
    /// ```
    /// use catchment::id::CampaignId;
    /// assert_eq!(format!("{:?}", CampaignId(5)), "campaign-5");
    /// ```
    CampaignId, "campaign-"
}
id! {
    /// One customer's promise to buy in a presale, and the id of the order that it becomes.
    ///
    /// ```
    /// use catchment::id::{OrderId, PledgeId};
    /// assert_eq!(format!("{:?}", PledgeId(88)), "pledge-88");
    /// assert_eq!(OrderId::from(PledgeId(88)), OrderId(88));
    /// ```
    PledgeId, "pledge-"
}
id! {
    /// One payment, as the payment service numbers it.
    ///
    /// ```
    /// use catchment::id::PaymentId;
    /// assert_eq!(format!("{:?}", PaymentId(2)), "payment-2");
    /// ```
    PaymentId, "payment-"
}
id! {
    /// One refund of a campaign, numbered by the campaign from 1 in the order in which refunds fell due.
    ///
    /// ```
    /// use catchment::id::RefundId;
    /// assert_eq!(format!("{:?}", RefundId(1)), "refund-1");
    /// ```
    RefundId, "refund-"
}
id! {
    /// Who delivers an article to the sites.
    ///
    /// ```
    /// use catchment::id::SupplierId;
    /// assert_eq!(format!("{:?}", SupplierId(4)), "supplier-4");
    /// ```
    SupplierId, "supplier-"
}
id! {
    /// Who brings orders to the door: the riders of a store (骑手), or a carrier.
    ///
    /// ```
    /// use catchment::id::CourierId;
    /// assert_eq!(format!("{:?}", CourierId(6)), "courier-6");
    /// ```
    CourierId, "courier-"
}

impl From<PledgeId> for OrderId {
    /// One world, one id: a settled pledge is an order under its own number.
    fn from(pledge: PledgeId) -> Self {
        Self(pledge.0)
    }
}

/// What the caller calls sites and orders, for everything that prints them: see [`DisplayWith`].
///
/// What a service does not name is printed as its number. A closure from a [`SiteId`] to a `String` names sites alone.
///
/// ```
/// use std::borrow::Cow;
/// use catchment::id::{Names, OrderId, SiteId};
///
/// struct Codes(Vec<String>);
///
/// impl Names for Codes {
///     fn site(&self, site: SiteId) -> Cow<'_, str> {
///         self.0.get(site.0 as usize).map_or(Cow::Borrowed("?"), |code| Cow::Borrowed(code))
///     }
/// }
///
/// let codes = Codes(vec!["SH-HP-017".to_owned()]);
/// assert_eq!((codes.site(SiteId(0)), codes.order(OrderId(7))), (Cow::from("SH-HP-017"), Cow::from("7")));
/// let streets = |site: SiteId| format!("Nanjing Road {}", 100 + site.0);
/// assert_eq!(streets.site(SiteId(7)), "Nanjing Road 107");
/// ```
pub trait Names {
    /// The name of a site.
    fn site(&self, site: SiteId) -> Cow<'_, str> {
        Cow::Owned(site.to_string())
    }

    /// The name of an order.
    fn order(&self, order: OrderId) -> Cow<'_, str> {
        Cow::Owned(order.to_string())
    }
}

impl<F: Fn(SiteId) -> String> Names for F {
    fn site(&self, site: SiteId) -> Cow<'_, str> {
        Cow::Owned(self(site))
    }
}

/// No names: the numbers themselves, as `Display` prints them.
///
/// ```
/// use catchment::id::{Names, Numbers, SiteId};
/// assert_eq!(Numbers.site(SiteId(17)), "17");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers;

impl Names for Numbers {}

/// A sentence (or table) about sites and orders that can be printed with the caller's names for them: explanations,
/// decisions, the lines of reports.
///
/// ```
/// use catchment::id::{DisplayWith, OrderId, SiteId};
/// use catchment::plan::{Assigned, Cost, Decision, Outcome};
/// use catchment::units::Distance;
/// let distance = Distance::from_metres(153);
/// let assigned = Assigned { site: SiteId(17), distance, cost: Cost::from(distance) };
/// let decision = Decision { order: OrderId(7), outcome: Outcome::Assigned(assigned) };
/// let names = |site| format!("L{site:05}");
/// assert_eq!(decision.display_with(&names).to_string(), "order 7: site L00017 at 153 m");
/// assert_eq!(decision.to_string(), "order 7: site 17 at 153 m");
/// ```
pub trait DisplayWith {
    /// Writes what `Display` writes, with these names.
    ///
    /// # Errors
    ///
    /// Those of the formatter.
    fn fmt_with(&self, names: &dyn Names, f: &mut fmt::Formatter<'_>) -> fmt::Result;

    /// The same as something that can be printed.
    fn display_with<'a>(&'a self, names: &'a dyn Names) -> With<'a, Self> {
        With { what: self, names }
    }
}

/// Something with the caller's names: see [`DisplayWith`].
pub struct With<'a, T: ?Sized> {
    what: &'a T,
    names: &'a dyn Names,
}

impl<T: DisplayWith + ?Sized> fmt::Display for With<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.what.fmt_with(self.names, f)
    }
}

impl<T: DisplayWith + ?Sized> fmt::Debug for With<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
