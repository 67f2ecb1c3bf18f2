//! Options for one address: pick up at these sites (到店自提), or have it brought from these stores (送货上门).
//!
//! An [`OptionsFinder`] looks from a buyer's address at the desk's sites, room and stock and at the couriers, and gives
//! one ranked answer: what the buyer may choose now, at which price and until when it is promised, and for every other
//! site near the address why it is not among it.
//!
//! # What is offered
//!
//! 1. Pickup at the nearest sites that may take the order (the same rules by which the desk places it: open, in its
//!    area, with room and with all the goods) and that are no farther than anybody should walk.
//! 2. Delivery from the nearest stores that may take the order, offer [`Tag::DELIVERY`](crate::site::Tag::DELIVERY),
//!    are no farther than the policy says, and for which there is a courier in the window that is asked for.
//!
//! So whatever is offered the desk would accept if it was the next to be placed, with a wish for that site.
//! (A [tentative](crate::desk::Promise::Tentative) desk may take more, as it can still make room.)
//!
//! # In which order
//!
//! By price (the fee, or less than nothing by the discount), then by the instant at which the promise ends, then by
//! distance, then by the id of the site; pickup before delivery.
//!
//! # What is said of the others
//!
//! Each way, the nearest sites that are not offered, up to the last one that is, each with the first reason against
//! it, its value and its limit. For delivery these are stores only.

mod asking;
mod finder;
mod offer;
mod policy;

pub use finder::{OptionsFinder, TravelTimes};
pub use offer::{NotOffered, Offer, OfferTerms, Options, WhyNot};
pub use policy::{OptionsFault, OptionsFaults, OptionsPolicy, OptionsSettings, Preparation};
