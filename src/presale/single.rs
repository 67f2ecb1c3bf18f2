//! One presale, driven by commands.

use std::borrow::Cow;

use crate::ledger::{
    Answer, Command, CommandError, FollowError, Ledger, Snapshot, SnapshotError, StateHash, Step,
};
use crate::limits::Limits;
use crate::presale::{
    Action, Campaign, Event, EventMismatch, Malformed, Refusal, StoredCampaign, StoredFault, Terms,
    TermsFaults,
};
use crate::time::Timestamp;

/// What is applied to a presale.
pub type PresaleCommand = Command<Action>;
/// What a presale answers.
pub type PresaleAnswer = Answer<Event, Refusal>;
/// What a service stores of a presale.
pub type PresaleStep = Step<Event, Refusal>;
/// A whole presale as data.
pub type PresaleSnapshot = Snapshot<StoredCampaign, Refusal>;

/// One presale (预售): a campaign that commands drive.
///
/// ```
/// use catchment::id::{CampaignId, CommandId, CustomerId, PaymentId, PledgeId, SiteId, SkuId, SupplierId};
/// use catchment::limits::Limits;
/// use catchment::money::{Amount, Currency, Money};
/// use catchment::presale::{
///     Action, CommunityTerms, IfUnformed, NewPayment, NewPledge, Policy, Presale, PresaleCommand, SupplierTerms,
///     Terms, Threshold,
/// };
/// use catchment::time::Timestamp;
/// use catchment::units::Quantity;
///
/// let at = Timestamp::from_unix_millis;
/// let terms = Terms {
///     id: CampaignId(1),
///     sku: SkuId(9),
///     currency: Currency::CNY,
///     unit_price: Amount(990),
///     opens_at: at(0),
///     closes_at: at(86_400_000),
///     horizon: at(30 * 86_400_000),
///     policy: Policy::new(Threshold::participants(1)),
///     suppliers: vec![SupplierTerms::new(SupplierId(4))],
///     communities: vec![CommunityTerms { site: SiteId(17), supplier: SupplierId(4), threshold: None }],
/// };
/// let mut presale = Presale::open(terms, &Limits::default())?;
///
/// let pledge = Action::Pledge(NewPledge {
///     pledge: PledgeId(88),
///     customer: CustomerId(3),
///     site: SiteId(17),
///     units: Quantity(2),
///     if_unformed: IfUnformed::Refund,
/// });
/// presale.apply(at(1_000), &PresaleCommand::new(CommandId(1), pledge))?;
/// assert_eq!(presale.campaign().progress().formed, 0); // who has not paid does not count
///
/// let payment = Action::RecordPayment(NewPayment {
///     payment: PaymentId(5),
///     pledge: PledgeId(88),
///     money: Money { amount: Amount(1_980), currency: Currency::CNY },
///     paid_at: at(2_000),
/// });
/// presale.apply(at(2_500), &PresaleCommand::new(CommandId(2), payment))?;
/// assert_eq!(presale.campaign().progress().formed, 1);
/// assert!(presale.as_of(at(86_400_000)).phase().is_terminal()); // what the close will bring, if nothing else comes
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Presale {
    ledger: Ledger<Campaign>,
}

impl Presale {
    /// A presale on terms that are checked as a whole. O(n log n) in communities.
    ///
    /// # Errors
    ///
    /// [`TermsFaults`]: everything that is wrong with the terms.
    pub fn open(terms: Terms, limits: &Limits) -> Result<Self, TermsFaults> {
        terms.check(limits)?;
        Ok(Self {
            ledger: Ledger::new(Campaign::new(terms), limits),
        })
    }

    /// Decides a command at an instant; see [`ledger`](crate::ledger) for what is done with time and repetitions.
    ///
    /// O(1) for pledges, payments and withdrawals; O(communities) while pledges wait for room, or while a campaign that
    /// confirms on reach has enough communities but not enough of the rest; O(pledges) at the freeze.
    ///
    /// # Errors
    ///
    /// [`CommandError`] if there was nothing to decide. A refusal is an outcome, not an error.
    pub fn apply(
        &mut self,
        at: Timestamp,
        command: &PresaleCommand,
    ) -> Result<PresaleAnswer, CommandError<Malformed>> {
        self.ledger.apply(at, command)
    }

    /// What [`apply`](Self::apply) would answer; nothing changes. O(pledges) if a deadline is due, the campaign
    /// confirms on reach or pledges wait for room, as `apply` otherwise.
    ///
    /// # Errors
    ///
    /// As `apply`.
    pub fn what_if(
        &self,
        at: Timestamp,
        command: &PresaleCommand,
    ) -> Result<PresaleAnswer, CommandError<Malformed>> {
        self.ledger.what_if(at, command)
    }

    /// Lets pass what is due; `None` if nothing is. A hint: what is due also passes before any later command.
    ///
    /// # Errors
    ///
    /// [`CommandError::BeyondHorizon`].
    pub fn tick(&mut self, at: Timestamp) -> Result<Option<PresaleStep>, CommandError<Malformed>> {
        self.ledger.tick(at)
    }

    /// When to call [`tick`](Self::tick): the next instant at which something happens without a command. O(1).
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.ledger.next_deadline()
    }

    /// Goes on by a stored step without deciding it again.
    ///
    /// # Errors
    ///
    /// [`FollowError`] if the step does not go on from here.
    pub fn follow(&mut self, step: &PresaleStep) -> Result<(), FollowError<EventMismatch>> {
        self.ledger.follow(step)
    }

    /// The campaign as it stands after the last step.
    #[must_use]
    pub const fn campaign(&self) -> &Campaign {
        self.ledger.machine()
    }

    /// The campaign as it will stand at a later instant if no command comes until then. Beyond the horizon it is that
    /// of the horizon. O(1) if nothing is due by then, O(pledges) otherwise.
    #[must_use]
    pub fn as_of(&self, at: Timestamp) -> Cow<'_, Campaign> {
        self.ledger.as_of(at)
    }

    /// The time of the last step.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.ledger.now()
    }

    /// How many events and decided commands there were: the `sequence` of the next step.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.ledger.sequence()
    }

    /// How many commands are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.ledger.remembered()
    }

    /// The hash of everything that decides what the presale will answer. O(n) in pledges and commands.
    #[must_use]
    pub fn hash(&self) -> StateHash {
        self.ledger.hash()
    }

    /// The whole presale as data. O(n) in pledges and commands.
    #[must_use]
    pub fn snapshot(&self) -> PresaleSnapshot {
        self.ledger.snapshot()
    }

    /// The presale that was stored. O(n) in pledges and commands.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`] if the data is not what was stored.
    pub fn restore(
        snapshot: PresaleSnapshot,
        limits: &Limits,
    ) -> Result<Self, SnapshotError<StoredFault>> {
        Ok(Self {
            ledger: Ledger::restore(snapshot, limits)?,
        })
    }
}
