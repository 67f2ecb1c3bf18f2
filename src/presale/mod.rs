//! Presales (预售): what is ordered from suppliers and refunded to customers once a campaign is confirmed.
//!
//! Functions from plain numbers to plain numbers, all conserved: [`purchases`] makes orders and pick lists of
//! confirmed pieces, [`tier_refunds`] gives back what the reached price tier takes off, and [`ShortSupply`] shares
//! out a delivery that is too small.

pub mod merge;

mod pieces;
mod purchase;
mod purchase_order;
mod shortage;
mod tiers;

pub use merge::terms::{Combine, Tally, Threshold};
pub use pieces::Pieces;
pub use purchase::{
    ConfirmedPieces, PurchaseError, Purchases, Shortfall, SupplierTerms, Surplus, Unordered,
    purchases,
};
pub use purchase_order::{Pick, PurchaseOrder, PurchaseOrderError};
pub use shortage::{Claim, Share, ShortSupply};
pub use tiers::{
    BasisPoints, BasisPointsError, PaidPledge, Tier, TierRefund, Tiers, TiersError, tier_refunds,
};
