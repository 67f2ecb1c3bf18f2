use std::collections::BTreeSet;

use crate::id::{CampaignId, SiteId};
use crate::money::{Amount, Currency};
use crate::presale::{
    Campaign, CommunityFailure, CommunityStage, Event, Phase, Pieces, PledgeState, PresaleBook,
    PresaleStep,
};
use crate::report::timeline::begin_of;
use crate::time::Span;

/// How a campaign stands: a row of `campaigns.csv`.
///
/// The header: `campaign,phase,communities,communities_min,formed,missing,waiting,reserved,active,confirmed,returned,
/// withdrawn,expired,failed,pieces,amount_minor,currency`.
///
/// ```
/// use catchment::id::{CampaignId, SiteId, SkuId, SupplierId};
/// use catchment::limits::Limits;
/// use catchment::money::{Amount, Currency};
/// use catchment::presale::{CommunityTerms, Policy, Presale, SupplierTerms, Terms, Threshold};
/// use catchment::report::{CampaignRow, CommunityRow};
/// use catchment::time::Timestamp;
///
/// let at = Timestamp::from_unix_millis;
/// let presale = Presale::open(
///     Terms {
///         id: CampaignId(1),
///         sku: SkuId(9),
///         currency: Currency::CNY,
///         unit_price: Amount(990),
///         opens_at: at(0),
///         closes_at: at(86_400_000),
///         horizon: at(30 * 86_400_000),
///         policy: Policy::new(Threshold::participants(1)),
///         suppliers: vec![SupplierTerms::new(SupplierId(4))],
///         communities: vec![CommunityTerms { site: SiteId(17), supplier: SupplierId(4), threshold: None }],
///     },
///     &Limits::default(),
/// )?;
/// let row = CampaignRow::of(presale.campaign());
/// assert_eq!((row.communities, row.formed, row.phase.as_str()), (1, 0, "scheduled"));
/// let communities = CommunityRow::of(presale.campaign());
/// assert_eq!((communities[0].site, communities[0].missing_participants), (SiteId(17), 1));
/// # Ok::<(), catchment::presale::TermsFaults>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CampaignRow {
    /// The campaign.
    pub campaign: CampaignId,
    /// Where it is in its life, in snake case: `confirmed_open`.
    pub phase: String,
    /// All its communities, those that failed or merged included.
    pub communities: u32,
    /// How many must form.
    pub communities_min: u32,
    /// How many are formed.
    pub formed: u32,
    /// How many are missing.
    pub missing: u32,
    /// Pledges that wait for a place.
    pub waiting: u64,
    /// Pledges that are to be paid.
    pub reserved: u64,
    /// Pledges that are paid and count.
    pub active: u64,
    /// Pledges that were confirmed.
    pub confirmed: u64,
    /// Pledges whose goods were given back.
    pub returned: u64,
    /// Pledges that customers stepped back from.
    pub withdrawn: u64,
    /// Pledges that were not paid in time.
    pub expired: u64,
    /// Pledges that were paid in vain.
    pub failed: u64,
    /// Pieces of paid pledges.
    pub pieces: Pieces,
    /// What they cost, in minor units.
    pub amount_minor: Amount,
    /// Of which currency.
    pub currency: Currency,
}

/// How a community stands: a row of `communities.csv`.
///
/// The header:
/// `campaign,site,stage,is_formed,epoch,held,waiting,participants,pieces,amount_minor,missing_participants,
/// missing_pieces,missing_amount_minor,confirmed_pieces,returned_pieces`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CommunityRow {
    /// The campaign.
    pub campaign: CampaignId,
    /// The site.
    pub site: SiteId,
    /// Where the community is in its life, in snake case: `merged_into`.
    pub stage: String,
    /// Whether its threshold is met.
    pub is_formed: bool,
    /// How often it formed and un-formed.
    pub epoch: u32,
    /// Pledges that are reserved and not paid.
    pub held: u32,
    /// Pledges that wait for a place.
    pub waiting: u32,
    /// Customers who have paid.
    pub participants: u32,
    /// Pieces of paid pledges.
    pub pieces: Pieces,
    /// What they cost, in minor units.
    pub amount_minor: Amount,
    /// Customers that are missing to its threshold.
    pub missing_participants: u32,
    /// Pieces that are missing.
    pub missing_pieces: Pieces,
    /// Money that is missing, in minor units.
    pub missing_amount_minor: Amount,
    /// Pieces confirmed, those given back included.
    pub confirmed_pieces: Pieces,
    /// Pieces confirmed and then given back.
    pub returned_pieces: Pieces,
}

/// What happened to a campaign in one interval, and how many communities were formed then: a row of `forming.csv`.
///
/// The header: `from_ms,pledged,paid,withdrawn,expired,formed`. What fell due between two commands counts when it was
/// processed. What follows from a freeze for many pledges at once is not told one by one, and not counted here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FormingRow {
    /// Where it begins, in milliseconds since the Unix epoch; a multiple of its length.
    pub from_ms: i64,
    /// Pledges made.
    pub pledged: u64,
    /// Payments that make a pledge count.
    pub paid: u64,
    /// Pledges that customers stepped back from before the close.
    pub withdrawn: u64,
    /// Pledges that were not paid in time.
    pub expired: u64,
    /// Communities that are formed when it ends.
    pub formed: u64,
}

/// A row for each campaign of a book, by id, without those that were compacted. O(pledges of all).
///
/// ```
/// use catchment::limits::Limits;
/// use catchment::presale::PresaleBook;
/// assert_eq!(catchment::report::campaigns(&PresaleBook::new(Limits::default())), []);
/// ```
#[must_use]
pub fn campaigns(book: &PresaleBook) -> Vec<CampaignRow> {
    let presales = book.presales();
    presales
        .map(|(_, presale)| CampaignRow::of(presale.campaign()))
        .collect()
}

/// How communities formed (成团) over time, from the steps of one campaign: what happened interval by interval, in their
/// order. Intervals in which nothing was done are left out. An interval has at least a millisecond. O(n log m) for n
/// events and m communities.
///
/// ```
/// use catchment::time::Span;
/// assert_eq!(catchment::report::forming([], Span::from_hours(1)), []);
/// ```
#[must_use]
pub fn forming<'a>(
    steps: impl IntoIterator<Item = &'a PresaleStep>,
    every: Span,
) -> Vec<FormingRow> {
    let mut rows: Vec<FormingRow> = Vec::new();
    let mut formed: BTreeSet<SiteId> = BTreeSet::new();
    for step in steps {
        let from_ms = begin_of(step.at, every);
        if rows.last().is_none_or(|last| last.from_ms != from_ms) {
            rows.push(FormingRow {
                from_ms,
                ..FormingRow::default()
            });
        }
        let Some(row) = rows.last_mut() else {
            continue;
        };
        for event in step.all_events() {
            match event {
                Event::Pledged { .. } => row.pledged += 1,
                Event::PaymentHeld { .. } => row.paid += 1,
                Event::Withdrawn { .. } => row.withdrawn += 1,
                Event::PledgeExpired { .. } => row.expired += 1,
                Event::CommunityFormed { site, .. } => {
                    formed.insert(*site);
                }
                // Who fails at the freeze stays formed; who is taken out does not count any more.
                Event::CommunityUnformed { site, .. }
                | Event::CommunityFailed {
                    site,
                    why: CommunityFailure::Removed,
                } => {
                    formed.remove(site);
                }
                _ => {}
            }
        }
        row.formed = formed.len() as u64;
    }
    rows
}

impl CampaignRow {
    /// O(pledges + communities).
    #[must_use]
    pub fn of(campaign: &Campaign) -> Self {
        let (terms, progress) = (campaign.terms(), campaign.progress());
        let mut row = Self {
            campaign: terms.id,
            phase: phase(progress.phase).to_owned(),
            communities: campaign.communities().count() as u32,
            communities_min: progress.communities_min,
            formed: progress.formed,
            missing: progress.missing,
            waiting: 0,
            reserved: 0,
            active: 0,
            confirmed: 0,
            returned: 0,
            withdrawn: 0,
            expired: 0,
            failed: 0,
            pieces: progress.units,
            amount_minor: progress.amount,
            currency: terms.currency,
        };
        for pledge in campaign.pledges() {
            *row.pledges_in(pledge.state) += 1;
        }
        row
    }

    fn pledges_in(&mut self, state: PledgeState) -> &mut u64 {
        match state {
            PledgeState::Waiting => &mut self.waiting,
            PledgeState::Reserved => &mut self.reserved,
            PledgeState::Active => &mut self.active,
            PledgeState::Confirmed => &mut self.confirmed,
            PledgeState::Returned => &mut self.returned,
            PledgeState::Withdrawn => &mut self.withdrawn,
            PledgeState::Expired => &mut self.expired,
            PledgeState::Failed => &mut self.failed,
        }
    }
}

impl CommunityRow {
    /// A row for each community of a campaign, in the order of their sites. O(n log n).
    #[must_use]
    pub fn of(campaign: &Campaign) -> Vec<Self> {
        let id = campaign.terms().id;
        let communities = campaign.communities();
        communities
            .map(|community| Self {
                campaign: id,
                site: community.terms.site,
                stage: stage(community.stage).to_owned(),
                is_formed: community.is_formed,
                epoch: community.epoch,
                held: community.held.pledges,
                waiting: community.waiting,
                participants: community.paid.participants,
                pieces: community.paid.units,
                amount_minor: community.paid.amount,
                missing_participants: community.missing.participants,
                missing_pieces: community.missing.units,
                missing_amount_minor: community.missing.amount,
                confirmed_pieces: community.confirmed,
                returned_pieces: community.returned,
            })
            .collect()
    }
}

/// The name of a phase: that of the serde form.
const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Scheduled => "scheduled",
        Phase::Open => "open",
        Phase::ConfirmedOpen => "confirmed_open",
        Phase::Closing => "closing",
        Phase::Deciding { .. } => "deciding",
        Phase::Confirmed => "confirmed",
        Phase::Failed(_) => "failed",
        Phase::Cancelled => "cancelled",
    }
}

/// The name of a stage: that of the serde form.
const fn stage(stage: CommunityStage) -> &'static str {
    match stage {
        CommunityStage::Collecting => "collecting",
        CommunityStage::Confirmed(_) => "confirmed",
        CommunityStage::Failed(_) => "failed",
        CommunityStage::MergedInto(_) => "merged_into",
    }
}
