//! Options for one address: pick up at these sites (到店自提), or have it brought from these stores (送货上门).
//!
//! What is offered, and what is said of the rest, is on the page of [`OptionsFinder`].

mod asking;
mod by_rules;
mod finder;
mod offer;
mod policy;

pub use finder::{OptionsFinder, TravelTimes};
pub use offer::{NotOffered, Offer, OfferTerms, Options, Relaxed, WhyNot};
pub use policy::{OptionsFault, OptionsFaults, OptionsPolicy, OptionsSettings, Preparation};
