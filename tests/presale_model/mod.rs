//! A campaign beside a slow, obvious model of it: lists of facts, and every total counted anew after every step.
//!
//! The model is written from the rules and the documentation, not from the code. Random logs of up to 60 steps go
//! through both; `CATCHMENT_STEPS` sets how many steps are compared, a million by default. The invariants are checked
//! here:
//!
//! | | | |
//! |---|---|---|
//! | I1 | totals equal a recount | [`check::same`], every step |
//! | I2 | formed equals an oracle | [`facts::Model::is_formed`], every step |
//! | I3 | participants are distinct customers with a paid pledge | [`facts::Model::tally`], every step |
//! | I4, I5 | what is held, captured, due and refunded; keys are unique | [`facts::Model::buckets`], every step |
//! | I6 | nothing is live at the end | [`check`], every step |
//! | I7 | replays, from the start and from snapshots | [`run::again`], every log |
//! | I8 | ticks and retries change nothing | [`run::again`], every log |
//! | I9 | the order of commands before the close | [`laws::order_does_not_matter`] |
//! | I10 | who joins un-forms nothing, who leaves forms nothing | [`run::again`], every log |
//! | I12 | merges conserve | [`laws::merges_conserve`], every merge |
//! | I13 | purchase orders conserve | [`laws::orders_conserve`], every step |
//! | I14, I15 | refusals have no events, time and sequence do not go back | [`run::Log::step`], every step |
//! | I16 | what is confirmed is enough | [`laws::confirmed_is_enough`], every step |

mod acts;
mod check;
mod facts;
#[cfg(test)]
mod found;
mod laws;
mod rank;
#[cfg(test)]
mod reach;
mod run;
#[cfg(test)]
mod tests;
mod time;
mod worlds;

#[cfg(not(test))]
pub(crate) use run::{again, run};
#[cfg(not(test))]
pub(crate) use worlds::Bytes;
