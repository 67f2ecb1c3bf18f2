//! Fulfilment: how an order that was accepted is filled, as small policies on top of the [`desk`](crate::desk).
//!
//! Rules rank the sites that may fill it. Splitting divides an order that no single site can fill over the fewest.

mod rules;
mod split;
