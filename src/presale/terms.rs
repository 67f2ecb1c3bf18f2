//! What a campaign offers, where and on which rules.

use std::collections::BTreeSet;

use crate::faults::Faults;
use crate::id::{CampaignId, SiteId, SkuId, SupplierId};
use crate::ledger::{Canonical, Encoder};
use crate::limits::Limits;
use crate::money::{Amount, Currency};
use crate::presale::{Confirm, Policy, Stragglers, SupplierTerms, Surplus, Threshold};
use crate::time::{Span, Timestamp};

/// Everything that is wrong with the terms of a campaign.
pub type TermsFaults = Faults<TermsFault>;

/// What a campaign offers, where and on which rules. Checked when the campaign is opened.
///
/// Opening and close are half-open: a pledge at `closes_at` is too late. "Until 25 May" is `closes_at` 26 May 00:00 in
/// local time, converted where local time is known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Terms {
    /// The campaign's own number.
    pub id: CampaignId,
    /// What is sold.
    pub sku: SkuId,
    /// In which currency all amounts are.
    pub currency: Currency,
    /// The price of a piece, in minor units.
    pub unit_price: Amount,
    /// The first instant at which pledges are taken.
    pub opens_at: Timestamp,
    /// The first instant at which they are not.
    pub closes_at: Timestamp,
    /// The last instant that is believed: after everything that the campaign can still have to do.
    pub horizon: Timestamp,
    /// The rules.
    pub policy: Policy,
    /// Who delivers, each once.
    pub suppliers: Vec<SupplierTerms>,
    /// Where communities may form, each site once.
    pub communities: Vec<CommunityTerms>,
}

/// One community: the group at a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct CommunityTerms {
    /// Where it picks up.
    pub site: SiteId,
    /// Who delivers there: one of the campaign's suppliers.
    pub supplier: SupplierId,
    /// When it forms, if not as the policy says.
    #[cfg_attr(feature = "serde", serde(default))]
    pub threshold: Option<Threshold>,
}

impl Terms {
    /// Checks the terms as a whole and reports every fault. O(n log n) in communities and suppliers.
    ///
    /// # Errors
    ///
    /// [`TermsFaults`] in the order of the list of [`TermsFault`], those of one kind in the order of the terms.
    pub fn check(&self, limits: &Limits) -> Result<(), TermsFaults> {
        let mut faults = TermsFaults::none();
        let members = self.communities.len().max(self.suppliers.len());
        if members > limits.sites_max {
            faults.push(TermsFault::TooManyMembers {
                members,
                limit: limits.sites_max,
            });
            return faults.into_result();
        }
        self.check_times(&mut faults);
        self.check_policy(&mut faults);
        self.check_members(&mut faults);
        faults.into_result()
    }

    /// The last instant at which something can happen by itself after a close; `None` past the end of time.
    pub(crate) fn last_deadline(&self, closes_at: Timestamp) -> Option<Timestamp> {
        let policy = &self.policy;
        let mut spans = vec![policy.grace];
        match policy.stragglers {
            // The extension ends with a grace of its own.
            Stragglers::ExtendOnce { by } => spans.extend([by, policy.grace]),
            Stragglers::Merge { within, .. } => spans.push(within),
            Stragglers::Refund | Stragglers::FulfilAnyway => {}
        }
        if let Confirm::Manual { within } = policy.confirm {
            spans.push(within);
        }
        let mut last = Some(closes_at);
        for span in spans {
            last = last.and_then(|last| span.after(last).ok());
        }
        last
    }

    fn check_times(&self, faults: &mut TermsFaults) {
        let Self {
            opens_at,
            closes_at,
            horizon,
            ..
        } = *self;
        if opens_at >= closes_at {
            faults.push(TermsFault::EmptyWindow {
                opens_at,
                closes_at,
            });
        }
        if self
            .last_deadline(closes_at)
            .is_none_or(|last| last > horizon)
        {
            faults.push(TermsFault::HorizonTooEarly { closes_at, horizon });
        }
    }

    fn check_policy(&self, faults: &mut TermsFaults) {
        let policy = &self.policy;
        if self.unit_price == Amount::ZERO {
            faults.push(TermsFault::FreeOfCharge);
        }
        if policy.communities_min == 0 {
            faults.push(TermsFault::NoCommunitiesMin);
        }
        if policy.hold == Span::ZERO {
            faults.push(TermsFault::NoHold);
        }
        if !policy.threshold.asks_for_something() {
            faults.push(TermsFault::EmptyThreshold { site: None });
        }
        for community in &self.communities {
            if community
                .threshold
                .is_some_and(|threshold| !threshold.asks_for_something())
            {
                let site = Some(community.site);
                faults.push(TermsFault::EmptyThreshold { site });
            }
        }
        if policy
            .overall
            .is_some_and(|overall| !overall.asks_for_something())
        {
            faults.push(TermsFault::EmptyOverall);
        }
        let joins_later = policy.confirm == Confirm::OnReach
            || !matches!(
                policy.stragglers,
                Stragglers::Refund | Stragglers::Merge { .. }
            );
        for terms in &self.suppliers {
            if joins_later && terms.surplus == Surplus::Reject {
                faults.push(TermsFault::SurplusUnforeseeable {
                    supplier: terms.supplier,
                });
            }
        }
        if policy.confirm != Confirm::AtClose
            && matches!(policy.stragglers, Stragglers::ExtendOnce { .. })
        {
            faults.push(TermsFault::ExtensionNeedsClose);
        }
    }

    fn check_members(&self, faults: &mut TermsFaults) {
        let mut suppliers = BTreeSet::new();
        for terms in &self.suppliers {
            let supplier = terms.supplier;
            if !suppliers.insert(supplier) {
                faults.push(TermsFault::RepeatedSupplier { supplier });
            }
        }
        let mut sites = BTreeSet::new();
        for CommunityTerms { site, .. } in self.communities.iter().copied() {
            if !sites.insert(site) {
                faults.push(TermsFault::RepeatedCommunity { site });
            }
        }
        for CommunityTerms { site, supplier, .. } in self.communities.iter().copied() {
            if !suppliers.contains(&supplier) {
                faults.push(TermsFault::UnknownSupplier { site, supplier });
            }
        }
    }
}

impl Canonical for Terms {
    fn encode(&self, to: &mut Encoder) {
        to.u64(self.id.0);
        to.u64(self.sku.0);
        for letter in self.currency.code().bytes() {
            to.u8(letter);
        }
        to.u64(self.unit_price.0);
        for at in [self.opens_at, self.closes_at, self.horizon] {
            to.i64(at.as_unix_millis());
        }
        self.policy.encode(to);
        to.all(self.suppliers.iter());
        to.all(self.communities.iter());
    }
}

impl Canonical for CommunityTerms {
    fn encode(&self, to: &mut Encoder) {
        to.u64(self.site.0);
        to.u64(self.supplier.0);
        to.option(self.threshold, |to, threshold| threshold.encode(to));
    }
}

/// One thing wrong with the terms of a campaign.
///
/// ```
/// use catchment::id::SiteId;
/// use catchment::presale::TermsFault;
/// let fault = TermsFault::RepeatedCommunity { site: SiteId(7) };
/// assert_eq!(fault.to_string(), "community at site 7 is named twice");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TermsFault {
    /// More communities or suppliers than the limit. Nothing else was looked at.
    #[error("campaign has {members} communities or suppliers, limit is {limit}")]
    TooManyMembers {
        /// How many.
        members: usize,
        /// [`Limits::sites_max`].
        limit: usize,
    },
    /// The campaign would never be open.
    #[error("campaign opens at {opens_at} and closes at {closes_at}")]
    EmptyWindow {
        /// As given.
        opens_at: Timestamp,
        /// As given.
        closes_at: Timestamp,
    },
    /// A deadline would lie beyond the horizon and never take effect.
    #[error("campaign closing at {closes_at} has deadlines beyond its horizon {horizon}")]
    HorizonTooEarly {
        /// As given.
        closes_at: Timestamp,
        /// As given.
        horizon: Timestamp,
    },
    /// The price is 0: then no payment could make a pledge count.
    #[error("price of a piece is 0")]
    FreeOfCharge,
    /// No community need form: then nothing has to be confirmed.
    #[error("minimum of communities is 0")]
    NoCommunitiesMin,
    /// A pledge would expire as it is made.
    #[error("hold is 0")]
    NoHold,
    /// A threshold that asks for nothing, or for 0 of something: of the policy, or of a community.
    #[error("threshold asks for nothing, or for 0 of something{}", of_site(*.site))]
    EmptyThreshold {
        /// Whose, if not the policy's.
        site: Option<SiteId>,
    },
    /// The overall threshold asks for nothing, or for 0 of something.
    #[error("overall threshold asks for nothing, or for 0 of something")]
    EmptyOverall,
    /// A supplier rejects surplus, but communities may join after the order was judged.
    #[error(
        "supplier {supplier} rejects surplus, but communities may join after the first are confirmed"
    )]
    SurplusUnforeseeable {
        /// Which.
        supplier: SupplierId,
    },
    /// Stragglers are given time at the close, so the campaign has to confirm there.
    #[error("stragglers are extended only where campaigns confirm at their close")]
    ExtensionNeedsClose,
    /// A supplier is named twice.
    #[error("supplier {supplier} is named twice")]
    RepeatedSupplier {
        /// Which.
        supplier: SupplierId,
    },
    /// A site is named twice.
    #[error("community at site {site} is named twice")]
    RepeatedCommunity {
        /// Where.
        site: SiteId,
    },
    /// A community's supplier is none of the campaign's.
    #[error("community at site {site} has supplier {supplier}, whom the campaign does not name")]
    UnknownSupplier {
        /// Where.
        site: SiteId,
        /// Who.
        supplier: SupplierId,
    },
}

fn of_site(site: Option<SiteId>) -> String {
    site.map_or_else(String::new, |site| {
        format!(" for the community at site {site}")
    })
}
