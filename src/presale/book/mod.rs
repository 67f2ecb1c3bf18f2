//! Many campaigns: routed by id, woken by one queue, settled ones put away.

mod error;
mod queue;
mod stored;

pub use error::{BookError, CompactError, OpenError, ReopenError};
pub use stored::{BookSnapshot, BookSnapshotError, Compacted};

use std::collections::BTreeMap;

use crate::id::CampaignId;
use crate::index::{map_in_order, map_in_order_mut};
use crate::ledger::{Encoder, StateHash};
use crate::limits::Limits;
use crate::presale::book::queue::WakeUps;
use crate::presale::{Presale, PresaleAnswer, PresaleCommand, PresaleSnapshot, PresaleStep, Terms};
use crate::time::Timestamp;

/// Many presales, each with its own time and sequence.
///
/// Nothing that happens in one campaign is seen by another, so a batch may be applied by several threads
/// ([`apply_batch`](Self::apply_batch)), and leaves the same bytes as one command after the other.
///
/// A campaign stays until somebody [compacts](Self::compact) it. That gives its whole ledger back, to be archived, and
/// leaves a record of some hundred bytes: commands for it are then an error that says so, and
/// [`reopen`](Self::reopen) takes it back, for a payment that arrives a year too late is still somebody's money.
///
/// ```
/// use catchment::id::{CampaignId, CommandId, SiteId, SkuId, SupplierId};
/// use catchment::limits::Limits;
/// use catchment::money::{Amount, Currency};
/// use catchment::presale::{
///     Action, BookError, CommunityTerms, Policy, PresaleBook, PresaleCommand, SupplierTerms, Terms, Threshold,
/// };
/// use catchment::time::Timestamp;
///
/// let at = Timestamp::from_unix_millis;
/// let terms = |id, closes_at| Terms {
///     id: CampaignId(id),
///     sku: SkuId(9),
///     currency: Currency::CNY,
///     unit_price: Amount(990),
///     opens_at: at(0),
///     closes_at: at(closes_at),
///     horizon: at(1_000_000),
///     policy: Policy::new(Threshold::participants(10)),
///     suppliers: vec![SupplierTerms::new(SupplierId(4))],
///     communities: vec![CommunityTerms { site: SiteId(17), supplier: SupplierId(4), threshold: None }],
/// };
/// let mut book = PresaleBook::new(Limits::default());
/// book.open(terms(1, 500))?;
/// book.open(terms(2, 300))?;
/// assert_eq!(book.tick(at(0)).len(), 2); // both open
///
/// assert_eq!(book.next_deadline(), Some(at(300)));
/// let woken = book.tick(at(400));
/// assert_eq!(woken.iter().map(|(campaign, _)| *campaign).collect::<Vec<_>>(), [CampaignId(2)]);
///
/// // The second has failed with nobody in it: nothing is due, and it may go.
/// let archived = book.compact(CampaignId(2))?;
/// let late = PresaleCommand::new(CommandId(1), Action::Cancel);
/// let gone = book.apply(at(400), CampaignId(2), &late);
/// assert_eq!(gone.unwrap_err(), BookError::Compacted { campaign: CampaignId(2) });
/// book.reopen(archived)?;
/// assert!(book.apply(at(400), CampaignId(2), &late).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct PresaleBook {
    limits: Limits,
    presales: BTreeMap<CampaignId, Presale>,
    compacted: BTreeMap<CampaignId, Compacted>,
    wake_ups: WakeUps,
}

/// Commands of a batch for one campaign, and what they come to.
struct Share<'a> {
    campaign: CampaignId,
    /// `None` if the book has no such campaign.
    presale: Option<&'a mut Presale>,
    /// Places in the batch, ascending.
    places: Vec<usize>,
}

impl PresaleBook {
    /// A book without campaigns.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// The limits that it was made with; they hold for each of its campaigns.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Opens a presale under the id of its terms. O(log n), and what [`Presale::open`] costs.
    ///
    /// # Errors
    ///
    /// [`OpenError`], checked in the order of its variants.
    pub fn open(&mut self, terms: Terms) -> Result<(), OpenError> {
        let campaign = terms.id;
        if self.presales.contains_key(&campaign) || self.compacted.contains_key(&campaign) {
            return Err(OpenError::Exists { campaign });
        }
        let limit = self.limits.campaigns_max;
        if self.presales.len() + self.compacted.len() >= limit {
            return Err(OpenError::TooManyCampaigns { limit });
        }
        let presale = Presale::open(terms, &self.limits)?;
        self.enter(campaign, presale);
        Ok(())
    }

    /// A presale; `None` if there is none, or it was compacted. O(log n).
    #[must_use]
    pub fn presale(&self, campaign: CampaignId) -> Option<&Presale> {
        self.presales.get(&campaign)
    }

    /// All presales in the order of their ids, without those that were compacted.
    #[must_use]
    pub fn presales(&self) -> impl ExactSizeIterator<Item = (CampaignId, &Presale)> {
        self.presales.iter().map(|(id, presale)| (*id, presale))
    }

    /// What is left of the compacted campaigns, in the order of their ids.
    #[must_use]
    pub fn compacted(&self) -> impl ExactSizeIterator<Item = &Compacted> {
        self.compacted.values()
    }

    /// Decides a command of one campaign; see [`Presale::apply`]. O(log n) for n campaigns more than that.
    ///
    /// # Errors
    ///
    /// [`BookError`], checked in the order of its variants. A refusal is an outcome, not an error.
    pub fn apply(
        &mut self,
        at: Timestamp,
        campaign: CampaignId,
        command: &PresaleCommand,
    ) -> Result<PresaleAnswer, BookError> {
        let presale = self
            .presales
            .get_mut(&campaign)
            .ok_or_else(|| BookError::absent(campaign, &self.compacted))?;
        let answer = presale.apply(at, command)?;
        self.wake_ups.set(campaign, presale.next_deadline());
        Ok(answer)
    }

    /// Decides many commands: the answers, in the order of the batch, and the book are those of
    /// [`apply`](Self::apply) one after the other.
    ///
    /// Commands of one campaign are decided in their order by one thread, different campaigns by all threads of the
    /// current rayon pool (feature `rayon`). O(n) for n campaigns, and O(log n) a command more than `apply` costs.
    ///
    /// # Errors
    ///
    /// Each answer by itself, as `apply`: a command that fails does not stop those behind it.
    ///
    /// ```
    /// use catchment::id::{CampaignId, CommandId};
    /// use catchment::limits::Limits;
    /// use catchment::presale::{Action, BookError, PresaleBook, PresaleCommand};
    /// use catchment::time::Timestamp;
    ///
    /// let mut book = PresaleBook::new(Limits::default());
    /// let at = Timestamp::from_unix_millis(0);
    /// let (campaign, cancel) = (CampaignId(7), PresaleCommand::new(CommandId(1), Action::Cancel));
    /// let answers = book.apply_batch(&[(campaign, at, cancel)]);
    /// assert_eq!(answers, [Err(BookError::UnknownCampaign { campaign })]);
    /// ```
    pub fn apply_batch(
        &mut self,
        batch: &[(CampaignId, Timestamp, PresaleCommand)],
    ) -> Vec<Result<PresaleAnswer, BookError>> {
        let (mut shares, owners) = shares(&mut self.presales, batch);
        let compacted = &self.compacted;
        let answers = map_in_order_mut(&mut shares, |share| {
            let absent = || BookError::absent(share.campaign, compacted);
            let answer = |place: &usize| {
                let (_, at, command) = &batch[*place];
                let presale = share.presale.as_deref_mut().ok_or_else(absent)?;
                Ok(presale.apply(*at, command)?)
            };
            share.places.iter().map(answer).collect::<Vec<_>>()
        });
        let touched: Vec<(CampaignId, Option<Timestamp>)> = shares
            .iter()
            .filter_map(|share| Some((share.campaign, share.presale.as_ref()?.next_deadline())))
            .collect();
        for (campaign, deadline) in touched {
            self.wake_ups.set(campaign, deadline);
        }
        let mut answers: Vec<_> = answers.into_iter().map(Vec::into_iter).collect();
        // Each share has an answer to each of its commands, so none is left out.
        let in_order = owners.iter().filter_map(|owner| answers[*owner].next());
        in_order.collect()
    }

    /// When to call [`tick`](Self::tick): the first instant at which something happens in any campaign without a
    /// command. O(1).
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.wake_ups.first()
    }

    /// Lets pass what is due in every campaign, on all threads of the current rayon pool: the steps in the order of
    /// campaigns, none for campaigns where nothing is due. A hint as [`Presale::tick`] is.
    ///
    /// # Errors
    ///
    /// Each step by itself: [`BookError::Command`] where the instant is beyond the campaign's horizon. Nothing then
    /// changes there, and the campaign is due still: who has slept so long ticks it at an instant that it believes
    /// ([`tick_one`](Self::tick_one)).
    pub fn tick(&mut self, at: Timestamp) -> Vec<(CampaignId, Result<PresaleStep, BookError>)> {
        let due = self.wake_ups.until(at);
        if due.is_empty() {
            return Vec::new();
        }
        let presales = self.presales.iter_mut();
        let mut woken: Vec<_> = presales
            .filter(|(campaign, _)| due.binary_search(campaign).is_ok())
            .collect();
        let steps = map_in_order_mut(&mut woken, |(_, presale)| {
            let step = presale.tick(at).map_err(BookError::from).transpose();
            (step, presale.next_deadline())
        });
        let mut done = Vec::with_capacity(due.len());
        for (campaign, (step, deadline)) in due.into_iter().zip(steps) {
            self.wake_ups.set(campaign, deadline);
            done.extend(step.map(|step| (campaign, step)));
        }
        done
    }

    /// Lets pass what is due in one campaign; `None` if nothing is.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply).
    pub fn tick_one(
        &mut self,
        at: Timestamp,
        campaign: CampaignId,
    ) -> Result<Option<PresaleStep>, BookError> {
        let presale = self
            .presales
            .get_mut(&campaign)
            .ok_or_else(|| BookError::absent(campaign, &self.compacted))?;
        let step = presale.tick(at)?;
        self.wake_ups.set(campaign, presale.next_deadline());
        Ok(step)
    }

    /// Goes on by a stored step of one campaign without deciding it again; see [`Presale::follow`].
    ///
    /// # Errors
    ///
    /// [`BookError`]: [`Follow`](BookError::Follow) if the step does not go on from where the campaign is.
    pub fn follow(&mut self, campaign: CampaignId, step: &PresaleStep) -> Result<(), BookError> {
        let presale = self
            .presales
            .get_mut(&campaign)
            .ok_or_else(|| BookError::absent(campaign, &self.compacted))?;
        let followed = presale.follow(step);
        self.wake_ups.set(campaign, presale.next_deadline());
        Ok(followed?)
    }

    /// Takes a campaign that is over out of the book and gives its whole ledger, to be archived. Only a
    /// [record](Compacted) stays. O(the campaign).
    ///
    /// # Errors
    ///
    /// [`CompactError`] in the order of its variants: the campaign must be over and owe nobody anything.
    pub fn compact(&mut self, campaign: CampaignId) -> Result<PresaleSnapshot, CompactError> {
        let presale = self
            .presales
            .get(&campaign)
            .ok_or_else(|| BookError::absent(campaign, &self.compacted))?;
        let phase = presale.campaign().phase();
        if !phase.is_terminal() {
            return Err(CompactError::NotTerminal { campaign, phase });
        }
        if let Some(due) = presale.campaign().refunds_due().next() {
            let (refund, amount) = (due.refund, due.remaining());
            return Err(CompactError::MoneyDue {
                campaign,
                refund,
                amount,
            });
        }
        let snapshot = presale.snapshot();
        let record = Compacted {
            campaign,
            phase,
            sequence: snapshot.sequence(),
            hash: snapshot.hash(),
        };
        self.compacted.insert(campaign, record);
        self.presales.remove(&campaign);
        self.wake_ups.set(campaign, None);
        Ok(snapshot)
    }

    /// Takes a compacted campaign back as it was. O(the campaign + compacted ones).
    ///
    /// # Errors
    ///
    /// [`ReopenError`]: the snapshot is not the one that [`compact`](Self::compact) gave. Nothing has changed.
    pub fn reopen(&mut self, snapshot: PresaleSnapshot) -> Result<(), ReopenError> {
        let hash = snapshot.hash();
        let record = self
            .compacted
            .values()
            .find(|record| record.hash == hash)
            .ok_or(ReopenError::NotCompacted { hash })?;
        let campaign = record.campaign;
        // The hash covers the terms, and with them the id.
        let presale = Presale::restore(snapshot, &self.limits)?;
        self.compacted.remove(&campaign);
        self.enter(campaign, presale);
        Ok(())
    }

    /// The hash of everything that decides what the book will answer. O(all campaigns).
    #[must_use]
    pub fn hash(&self) -> StateHash {
        let presales: Vec<&Presale> = self.presales.values().collect();
        let hashes = map_in_order(&presales, 1, |presale| presale.hash());
        stored::hash_of(hashes.iter(), self.compacted.values(), &mut Encoder::new())
    }

    fn enter(&mut self, campaign: CampaignId, presale: Presale) {
        self.wake_ups.set(campaign, presale.next_deadline());
        self.presales.insert(campaign, presale);
    }
}

/// The batch by campaign, and for each command the place of its share.
fn shares<'a>(
    presales: &'a mut BTreeMap<CampaignId, Presale>,
    batch: &[(CampaignId, Timestamp, PresaleCommand)],
) -> (Vec<Share<'a>>, Vec<usize>) {
    let mut asked: BTreeMap<CampaignId, usize> = BTreeMap::new();
    for (campaign, ..) in batch {
        *asked.entry(*campaign).or_default() += 1;
    }
    let mut presales = presales.iter_mut().peekable();
    let mut shares = Vec::with_capacity(asked.len());
    for (share, (campaign, count)) in asked.iter_mut().enumerate() {
        while presales.next_if(|(id, _)| *id < campaign).is_some() {}
        let presale = presales
            .next_if(|(id, _)| *id == campaign)
            .map(|(_, presale)| presale);
        shares.push(Share {
            campaign: *campaign,
            presale,
            places: Vec::with_capacity(*count),
        });
        *count = share;
    }
    let place_of = |(place, (campaign, ..)): (usize, &(CampaignId, _, _))| {
        let share = asked[campaign];
        shares[share].places.push(place);
        share
    };
    let owners = batch.iter().enumerate().map(place_of).collect();
    (shares, owners)
}
