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
