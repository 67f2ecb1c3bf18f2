use crate::geo::Position;
use crate::id::{CustomerId, OrderId, SiteId, SkuId};
use crate::site::Tags;
use crate::units::{Distance, Quantity, Units};

/// What a customer bought, and where they are.
///
/// Every combination of fields is a value; whether it is a sensible one is for
/// [`check_batch`](crate::order::check_batch) to say, which sees all orders of a batch at once. More fields may be
/// added, so an order is made by [`new`](Self::new) and then filled in. `Filter::for_order` turns size, required tags
/// and wish into demands on a site.
///
/// In serde form `id` and `position` are required, every other field has the default of [`new`](Self::new).
///
/// ```
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::{OrderId, SkuId};
/// use catchment::order::{Order, OrderLine, Wish};
/// use catchment::site::Tag;
/// use catchment::units::{Distance, Quantity};
///
/// let home = Position::new(LngLat { lng: 121.4737, lat: 31.2304 })?;
/// let mut order = Order::new(OrderId(4711), home);
/// order.lines = vec![OrderLine { sku: SkuId(9), quantity: Quantity(2) }];
/// order.required_tags = Tag::COLD_CHAIN.into();
/// order.wish = Wish::Within(Distance::from_metres(800));
/// assert_eq!(order.customer, None);
/// # Ok::<(), catchment::geo::PositionError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Order {
    /// The order's own number, unique in its batch.
    pub id: OrderId,
    /// Where the customer starts walking, or with [`Wish::Deliver`] wants the order brought.
    pub position: Position,
    /// Who ordered, if that is known.
    #[cfg_attr(feature = "serde", serde(default))]
    pub customer: Option<CustomerId>,
    /// The leader (or store) who knows the customer, if there is one: what it is worth to stay there is for
    /// `plan::Preferences` to say. A preference, not a wish: nothing is refused for its sake.
    #[cfg_attr(feature = "serde", serde(default))]
    pub home: Option<SiteId>,
    /// The goods, each SKU at most once. No lines: the goods are not told and no stock is looked at.
    #[cfg_attr(feature = "serde", serde(default))]
    pub lines: Vec<OrderLine>,
    /// What the order takes of a site's capacity, at least 1 unit.
    #[cfg_attr(feature = "serde", serde(default = "one_unit"))]
    pub size: Units,
    /// What the site must offer.
    #[cfg_attr(feature = "serde", serde(default))]
    pub required_tags: Tags,
    /// Where the customer wants the order.
    #[cfg_attr(feature = "serde", serde(default))]
    pub wish: Wish,
}

impl Order {
    /// An order of one unit by nobody in particular, without lines or requirements, that any site may serve.
    ///
    /// ```
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::OrderId;
    /// use catchment::order::{Order, Wish};
    /// use catchment::units::Units;
    /// let order = Order::new(OrderId(1), Position::new(LngLat { lng: 0.0, lat: 0.0 })?);
    /// assert_eq!((order.size, order.wish), (Units(1), Wish::Any));
    /// # Ok::<(), catchment::geo::PositionError>(())
    /// ```
    #[must_use]
    pub const fn new(id: OrderId, position: Position) -> Self {
        Self {
            id,
            position,
            customer: None,
            home: None,
            lines: Vec::new(),
            size: one_unit(),
            required_tags: Tags::NONE,
            wish: Wish::Any,
        }
    }
}

const fn one_unit() -> Units {
    Units(1)
}

/// Some pieces of one article.
///
/// ```
/// use catchment::id::SkuId;
/// use catchment::order::OrderLine;
/// use catchment::units::Quantity;
/// let watermelons = OrderLine { sku: SkuId(9), quantity: Quantity(2) };
/// assert_eq!(watermelons.quantity, Quantity(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct OrderLine {
    /// Which article.
    pub sku: SkuId,
    /// How many pieces, at least 1.
    pub quantity: Quantity,
}

/// Where the customer wants the order. The wish comes before every preference of the retailer.
///
/// In serde form `"any"`, `"deliver"`, `{"site": 7}` or `{"within": 800000}`, the last in millimetres.
///
/// ```
/// use catchment::id::SiteId;
/// use catchment::order::Wish;
/// assert_eq!(Wish::default(), Wish::Any);
/// assert_ne!(Wish::Site(SiteId(7)), Wish::Site(SiteId(8)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Wish {
    /// Any site will do, the nearer the better: the default.
    #[default]
    Any,
    /// The site the buyer chose (选择自提点): locked, and moved only with the buyer's consent.
    Site(SiteId),
    /// Any site at most this far away: a hard rule.
    Within(Distance),
    /// Brought to the door (送货上门), by a site that offers [`Tag::DELIVERY`](crate::site::Tag::DELIVERY).
    Deliver,
}
