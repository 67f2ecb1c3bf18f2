//! Presales (预售): communities form (成团), a campaign confirms, and nobody's money gets lost.
//!
//! A supplier of watermelons is not ordered from until 50 communities have each gathered enough pledges. A *campaign*
//! is one such offer, a *community* the group at one site, a *pledge* one customer's promise to buy, which counts once
//! it is paid. [`Presale`] is one campaign as a state machine: commands in, events out, time passed in. What commands,
//! time and repetitions mean in general is said in [`ledger`](crate::ledger).
//!
//! [`PresaleBook`] holds many of them.
//!
//! # The rules in short
//!
//! - **Forming is a predicate.** A community is formed while what is paid meets its [`Threshold`]. It forms and
//!   un-forms until the freeze; each change has an epoch, so that messages about it can be put in order.
//! - **Windows are half-open.** A pledge at `closes_at` is too late, a hold that ends at `t` has ended at `t`.
//! - **Closing is not freezing.** For as long as the grace, payments made before the close may still arrive; a
//!   place that is kept at the close is kept so long, whatever the end of its hold. A payment that claims to have
//!   been made before its pledge had a place, or in the future, counts as made when it came. Then the sets freeze,
//!   once; whatever is confirmed, ordered and refunded follows from what was frozen.
//! - **Money is never in limbo.** Of every payment, recorded = held + captured + due + refunded. A payment that is
//!   late, wrong, doubled or for nothing is recorded and due for refund; it is never refused and never revives what is
//!   over.
//!   A refund belongs to a payment, has a number of its own and a key, and is never more than was paid.
//! - **Terms are fixed** when the campaign opens, and may then only ask for less.
//!
//! # What a deadline does
//!
//! Of several at one instant, in this order: the opening; ends of holds, by pledge id; the close; the freeze; the end
//! of a decision.
//!
//! # On the map
//!
//! A pledge names its site; [`Campaign::nearest_community`] finds it for an address. [`ProgressMap`] shows which
//! neighbourhoods are close to forming, [`Campaign::cheapest_way`] what is still missing where, [`merge`] plans which
//! communities under their threshold could go together.
//!
//! # Settlement
//!
//! [`Settlement`] is what a campaign comes to: confirmed pledges, which become orders, refunds due and purchase orders.
//! [`purchases`] makes orders and pick lists of confirmed pieces, [`tier_refunds`] gives back what the reached price
//! tier takes off, and [`ShortSupply`] shares out a delivery that is too small: functions from plain numbers to plain
//! numbers, all conserved.

pub mod merge;

mod action;
mod book;
mod campaign;
mod cheapest;
mod event;
mod geography;
mod pieces;
mod policy;
mod purchase;
mod purchase_order;
mod records;
mod refusal;
mod settlement;
mod shortage;
mod single;
mod terms;
mod threshold;
mod tiers;

pub use action::{
    Action, Amendment, GuestSite, IfUnformed, Malformed, MergedSites, NewPayment, NewPledge,
    Verdict,
};
pub use book::{
    BookError, BookSnapshot, BookSnapshotError, CompactError, Compacted, OpenError, PresaleBook,
    ReopenError,
};
pub use campaign::{
    Campaign, CampaignProgress, CommunityProgress, ConfirmedPledge, EventMismatch, Held,
    MoneyTotals, PaymentView, PledgeView, RefundView, StoredCampaign, StoredFault,
};
pub use cheapest::{Cheapest, CheapestWay, Lacking};
pub use event::{
    Because, CampaignFailure, CommunityFailure, ConfirmedAs, Decision, Event, Extension, Place,
};
pub use geography::{
    CellProgress, Closest, GeographyError, NoCommunity, People, ProgressMap, Unchosen,
};
pub use pieces::Pieces;
pub use policy::{Caps, Confirm, Overflow, Policy, Stragglers};
pub use purchase::{
    ConfirmedPieces, PurchaseError, Purchases, Shortfall, SupplierTerms, Surplus, Unordered,
    purchases,
};
pub use purchase_order::{Pick, PurchaseOrder, PurchaseOrderError};
pub use records::{CommunityStage, PaymentState, Phase, PledgeState, RefundCause};
pub use refusal::{Cap, MergeFault, Refusal};
pub use settlement::{Settlement, SettlementError, Supply};
pub use shortage::{Claim, Share, ShortSupply};
pub use single::{Presale, PresaleAnswer, PresaleCommand, PresaleSnapshot, PresaleStep};
pub use terms::{CommunityTerms, Terms, TermsFault, TermsFaults};
pub use threshold::{Combine, Tally, Threshold};
pub use tiers::{
    BasisPoints, BasisPointsError, PaidPledge, Tier, TierRefund, Tiers, TiersError, tier_refunds,
};
