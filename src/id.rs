//! Typed ids: a site's id can never be passed where an order's is meant.
//!
//! Every id is the caller's own number. Services whose ids are strings keep a table from string to number at
//! the edge (the `city` example does); inside, eight bytes compare and hash faster and order the same everywhere.

use core::fmt;

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
