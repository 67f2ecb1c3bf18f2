//! What becomes of an order after it has a place.

use core::fmt;

/// Where an order, or a part of one, stands in its life.
///
/// Every arrow is a [`Deed`], written on it; an order that is fetched has the first life, one that is brought to the
/// door the second. There are no others: [`after`](Self::after) says the same in code, and a test reads these lines.
///
/// ```text
/// pickup:    Accepted ─ready→ Ready ─pick up→ PickedUp ─return→ Returned
///            Accepted ─cancel→ Cancelled
///            Accepted ─expire→ Cancelled
///            Accepted ─move→ Accepted
///            Accepted ─strand→ Waiting ─move→ Accepted ─reject→ Rejected
///            Waiting ─cancel→ Cancelled
///            Waiting ─expire→ Cancelled
///            Ready ─cancel→ Cancelled
///            Ready ─move→ Accepted
///            Ready ─strand→ Waiting
///            Ready ─reject→ Rejected
///
/// delivery:  Accepted ─ready→ Ready ─send out→ OutForDelivery ─deliver→ Delivered ─return→ Returned
///            OutForDelivery ─return→ Returned
///            Accepted ─cancel→ Cancelled
///            Accepted ─expire→ Cancelled
///            Accepted ─move→ Accepted
///            Accepted ─strand→ Waiting ─move→ Accepted ─reject→ Rejected
///            Waiting ─cancel→ Cancelled
///            Waiting ─expire→ Cancelled
///            Ready ─cancel→ Cancelled
///            Ready ─move→ Accepted
///            Ready ─strand→ Waiting
///            Ready ─reject→ Rejected
/// ```
///
/// What was ready at a site that the order then leaves has to be made ready again where it goes, so a move leads back
/// to `Accepted`. Nobody packs an order that is not confirmed: whoever keeps the lives knows of that and waits with
/// `ready`.
///
/// ```
/// use catchment::fulfil::{Deed, Life, Way};
/// let ready = Life::Accepted.after(Way::Pickup, Deed::Ready);
/// assert_eq!(ready, Some(Life::Ready));
/// assert_eq!(Life::Ready.after(Way::Pickup, Deed::PickUp), Some(Life::PickedUp));
/// assert_eq!(Life::Ready.after(Way::Pickup, Deed::SendOut), None); // nobody brings it: it is fetched
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Life {
    /// A site has its goods and a place for it.
    Accepted,
    /// It has lost its place: it waits for another, or for a word of the buyer.
    Waiting,
    /// It is packed, and lies where it will be fetched.
    Ready,
    /// A rider has it.
    OutForDelivery,
    /// The customer has fetched it.
    PickedUp,
    /// The customer has it at the door.
    Delivered,
    /// It was given up, or nobody confirmed it in time.
    Cancelled,
    /// So many sites have rejected it that no other is asked.
    Rejected,
    /// The goods have come back.
    Returned,
}

/// How the customer gets the goods.
///
/// ```
/// assert_eq!(catchment::fulfil::Way::Delivery.to_string(), "delivery");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Way {
    /// The customer fetches them (到店自提).
    Pickup,
    /// A courier brings them (送货上门).
    Delivery,
}

/// What leads from one state of a [`Life`] to another.
///
/// ```
/// use catchment::fulfil::{Deed, Life, Way};
/// let legal = Deed::ALL.iter().filter(|deed| Life::Waiting.after(Way::Pickup, **deed).is_some());
/// assert!(legal.eq(&[Deed::Cancel, Deed::Expire, Deed::Move]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Deed {
    /// The site has packed it.
    Ready,
    /// The customer fetches it.
    PickUp,
    /// A rider takes it along.
    SendOut,
    /// The rider hands it over at the door.
    Deliver,
    /// It comes back.
    Return,
    /// It is given up.
    Cancel,
    /// It was not confirmed in time.
    Expire,
    /// It goes to another site.
    Move,
    /// Its site can't keep it, and there is no other.
    Strand,
    /// The last site that is asked has rejected it.
    Reject,
}

impl Life {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Accepted,
        Self::Waiting,
        Self::Ready,
        Self::OutForDelivery,
        Self::PickedUp,
        Self::Delivered,
        Self::Cancelled,
        Self::Rejected,
        Self::Returned,
    ];

    /// Where every life begins.
    pub const FIRST: Self = Self::Accepted;

    /// Where a deed leads from here; `None` if it can't be done here, or not this way. O(1).
    #[must_use]
    pub const fn after(self, way: Way, deed: Deed) -> Option<Self> {
        Some(match (self, deed, way) {
            (Self::Accepted, Deed::Ready, _) => Self::Ready,
            (Self::Ready, Deed::PickUp, Way::Pickup) => Self::PickedUp,
            (Self::Ready, Deed::SendOut, Way::Delivery) => Self::OutForDelivery,
            (Self::OutForDelivery, Deed::Deliver, Way::Delivery) => Self::Delivered,
            (Self::PickedUp, Deed::Return, Way::Pickup)
            | (Self::OutForDelivery | Self::Delivered, Deed::Return, Way::Delivery) => {
                Self::Returned
            }
            (Self::Accepted | Self::Waiting | Self::Ready, Deed::Cancel, _)
            | (Self::Accepted | Self::Waiting, Deed::Expire, _) => Self::Cancelled,
            (Self::Accepted | Self::Waiting | Self::Ready, Deed::Move, _) => Self::Accepted,
            (Self::Accepted | Self::Ready, Deed::Strand, _) => Self::Waiting,
            (Self::Accepted | Self::Ready, Deed::Reject, _) => Self::Rejected,
            _ => return None,
        })
    }

    /// Whether the deed can be done here, or may be after others. O(states · deeds).
    pub(super) fn may_come_to(self, way: Way, deed: Deed) -> bool {
        let (mut reached, mut seen) = (vec![self], 0);
        while let Some(&state) = reached.get(seen) {
            seen += 1;
            if state.after(way, deed).is_some() {
                return true;
            }
            for next in Deed::ALL.iter().filter_map(|deed| state.after(way, *deed)) {
                if !reached.contains(&next) {
                    reached.push(next);
                }
            }
        }
        false
    }

    /// Whether something is still to be done. An order that is not open may only come back.
    ///
    /// ```
    /// use catchment::fulfil::Life;
    /// assert!(Life::OutForDelivery.is_open());
    /// assert!(!Life::PickedUp.is_open());
    /// ```
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            Self::Accepted | Self::Waiting | Self::Ready | Self::OutForDelivery
        )
    }

    /// Whether nothing can happen any more. O(1).
    ///
    /// ```
    /// use catchment::fulfil::Life;
    /// assert!(Life::Cancelled.is_final());
    /// assert!(!Life::PickedUp.is_final()); // the customer may bring it back
    /// ```
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Cancelled | Self::Rejected | Self::Returned)
    }
}

impl Way {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Pickup, Self::Delivery];
}

impl Deed {
    /// Every deed.
    pub const ALL: [Self; 10] = [
        Self::Ready,
        Self::PickUp,
        Self::SendOut,
        Self::Deliver,
        Self::Return,
        Self::Cancel,
        Self::Expire,
        Self::Move,
        Self::Strand,
        Self::Reject,
    ];
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Accepted => "accepted",
            Self::Waiting => "waiting",
            Self::Ready => "ready",
            Self::OutForDelivery => "out for delivery",
            Self::PickedUp => "picked up",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
            Self::Returned => "returned",
        })
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pickup => "pickup",
            Self::Delivery => "delivery",
        })
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ready => "ready",
            Self::PickUp => "pick up",
            Self::SendOut => "send out",
            Self::Deliver => "deliver",
            Self::Return => "return",
            Self::Cancel => "cancel",
            Self::Expire => "expire",
            Self::Move => "move",
            Self::Strand => "strand",
            Self::Reject => "reject",
        })
    }
}
