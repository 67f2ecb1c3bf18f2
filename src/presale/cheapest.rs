//! The cheapest way to confirm: which communities to bring over their thresholds, and how many pieces that takes.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{CustomerId, SiteId};
use crate::money::Amount;
use crate::presale::{
    Campaign, Combine, CommunityProgress, CommunityStage, ConfirmedPieces, Pieces, PledgeState,
    Tally, Threshold, Unordered, purchases,
};

/// The cheapest way to confirm a campaign, or that there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Cheapest {
    /// So it can be done.
    Way(CheapestWay),
    /// Whatever is sold, not enough communities can form.
    Infeasible {
        /// How many communities would have to be added.
        short_by: u32,
    },
}

/// Which communities to form with how many more pieces, and what that comes to.
///
/// Everything is counted in pieces, the one dimension that all others follow from: whoever buys one is one more
/// participant, and pays one price. So a community that lacks 3 people, 2 pieces and 9.90 yuan lacks 3 pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CheapestWay {
    /// The communities to form, those that lack least first, of several the smaller site.
    pub communities: Vec<Lacking>,
    /// Pieces besides, in any formed community, for what all of them must gather together.
    pub overall: Pieces,
    /// All pieces together.
    pub total: Pieces,
    /// The least that any way could take. Equal to the total: no way is cheaper.
    pub floor: Pieces,
    /// Suppliers that would not deliver even then, as far as is known before the freeze: more has to be sold, in their
    /// communities. Not in the total.
    pub shortfalls: Vec<Unordered>,
}

/// A community and what it lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Lacking {
    /// Where.
    pub site: SiteId,
    /// How many pieces have to be sold there, at least, until it forms.
    pub pieces: Pieces,
    /// What is missing, part by part.
    pub missing: Tally,
}

impl CheapestWay {
    /// Whether it is proven that nothing is cheaper, and nothing else stands in the way.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.total == self.floor && self.shortfalls.is_empty()
    }
}

impl Threshold {
    /// How many more pieces make a tally meet the threshold, at least, at a price a piece: 0 if and only if it is met.
    /// They are sold one each to people who are new, for whoever buys two is one participant. At a price of 0, money
    /// that is missing takes all that 64 bits hold.
    ///
    /// Of parts that must all be met the dearest counts, of parts of which one is enough the cheapest. O(1).
    ///
    /// ```
    /// use catchment::money::Amount;
    /// use catchment::presale::{Combine, Pieces, Tally, Threshold};
    /// let threshold = Threshold { amount: Some(Amount(5_000)), ..Threshold::participants(4) };
    /// let tally = Tally { participants: 2, units: Pieces(2), amount: Amount(1_980) };
    /// assert_eq!(threshold.pieces_missing(&tally, Amount(990)), Pieces(4)); // 3,020 at 990
    /// let either = Threshold { combine: Combine::Any, ..threshold };
    /// assert_eq!(either.pieces_missing(&tally, Amount(990)), Pieces(2)); // two people
    /// ```
    #[must_use]
    pub fn pieces_missing(&self, tally: &Tally, price: Amount) -> Pieces {
        let missing = self.missing(tally);
        let amount = match (missing.amount, price) {
            (Amount::ZERO, _) => 0,
            (_, Amount::ZERO) => u64::MAX,
            (amount, price) => amount.0.div_ceil(price.0),
        };
        let parts = [
            self.participants.map(|_| missing.participants.into()),
            self.units.map(|_| missing.units.0),
            self.amount.map(|_| amount),
        ];
        let asked = parts.into_iter().flatten();
        let pieces = match self.combine {
            Combine::All => asked.max(),
            Combine::Any => asked.min(),
        };
        Pieces(pieces.unwrap_or(0))
    }
}

impl Campaign {
    /// The cheapest way to confirm with what has gathered by now: the smallest number of pieces that still have to be
    /// paid, and where. It does not look at the time, nor whether somebody reserved them already.
    ///
    /// Each community forms by itself, so those that lack least, as many as are missing, are the cheapest: exact for
    /// any thresholds. Caps are obeyed: a community whose cap is below its need can't form, and under a cap of the
    /// campaign no more form than it has room for. Where all formed communities must gather something together, which
    /// communities are best is a knapsack problem; what is given is then a way that works and a
    /// [`floor`](CheapestWay::floor), and the two are equal unless that common threshold takes more.
    ///
    /// O(n log n) for n communities, and O(pledges) if people are counted over all of them.
    ///
    /// ```
    /// # use catchment::id::{CampaignId, SiteId, SkuId, SupplierId};
    /// # use catchment::limits::Limits;
    /// # use catchment::money::{Amount, Currency};
    /// # use catchment::time::Timestamp;
    /// use catchment::presale::{Cheapest, CommunityTerms, Pieces, Policy, Presale, SupplierTerms, Terms, Threshold};
    ///
    /// let open = |communities_min| Presale::open(Terms {
    ///     policy: Policy { communities_min, ..Policy::new(Threshold::participants(10)) },
    ///     communities: [(7, 10), (8, 4), (9, 6)].map(|(site, people)| CommunityTerms {
    ///         site: SiteId(site),
    ///         supplier: SupplierId(4),
    ///         threshold: Some(Threshold::participants(people)),
    ///     }).into(),
    /// #   id: CampaignId(1),
    /// #   sku: SkuId(9),
    /// #   currency: Currency::CNY,
    /// #   unit_price: Amount(990),
    /// #   opens_at: Timestamp::from_unix_millis(0),
    /// #   closes_at: Timestamp::from_unix_millis(1),
    /// #   horizon: Timestamp::from_unix_millis(2),
    /// #   suppliers: vec![SupplierTerms::new(SupplierId(4))],
    ///     // …
    /// }, &Limits::default());
    ///
    /// let two = open(2)?;
    /// let Cheapest::Way(way) = two.campaign().cheapest_way() else { unreachable!("three could form") };
    /// assert_eq!(way.communities.iter().map(|lacking| lacking.site.0).collect::<Vec<_>>(), [8, 9]);
    /// assert_eq!((way.total, way.is_exact()), (Pieces(10), true));
    /// assert_eq!(open(50)?.campaign().cheapest_way(), Cheapest::Infeasible { short_by: 47 });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn cheapest_way(&self) -> Cheapest {
        let wanted = self.progress().missing;
        let mut candidates = self.candidates();
        candidates.sort_unstable_by_key(|lacking| (lacking.pieces, lacking.site));
        let mut room = self.room();
        let fits = |lacking: &Lacking| {
            let fits = lacking.pieces.0 <= room;
            room = room.saturating_sub(lacking.pieces.0);
            fits
        };
        let communities: Vec<Lacking> = candidates
            .into_iter()
            .take(wanted as usize)
            .take_while(fits)
            .collect();
        // Fewer communities than 2^32 were wanted.
        let short_by = wanted - communities.len() as u32;
        if short_by > 0 {
            return Cheapest::Infeasible { short_by };
        }
        let floor = communities
            .iter()
            .fold(0, |sum: u64, lacking| sum.saturating_add(lacking.pieces.0));
        let overall = self.lacking_overall(&communities, floor);
        Cheapest::Way(CheapestWay {
            shortfalls: self.shortfalls(&communities),
            communities,
            overall,
            total: Pieces(floor.saturating_add(overall.0)),
            floor: Pieces(floor),
        })
    }

    /// The communities that are not formed and could be.
    fn candidates(&self) -> Vec<Lacking> {
        let price = self.terms().unit_price;
        let cap = self.terms().policy.caps.per_community;
        let lacking = |community: CommunityProgress| {
            let pieces = community.threshold.pieces_missing(&community.paid, price);
            let after = community.paid.units.checked_add(pieces)?;
            let has_room = cap.is_none_or(|cap| after <= cap);
            has_room.then_some(Lacking {
                site: community.terms.site,
                pieces,
                missing: community.missing,
            })
        };
        self.communities()
            .filter(|community| {
                community.stage == CommunityStage::Collecting && !community.is_formed
            })
            .filter_map(lacking)
            .collect()
    }

    /// How many more pieces can be paid.
    fn room(&self) -> u64 {
        let cap = self
            .terms()
            .policy
            .caps
            .per_campaign
            .unwrap_or(Pieces(u64::MAX));
        cap.saturating_sub(self.progress().units).0
    }

    /// What the formed communities lack together once these have formed too, with so many pieces sold.
    fn lacking_overall(&self, chosen: &[Lacking], sold: u64) -> Pieces {
        let Some(overall) = self.terms().policy.overall else {
            return Pieces::ZERO;
        };
        let price = self.terms().unit_price;
        let mut people: BTreeSet<CustomerId> = BTreeSet::new();
        let (mut units, mut amount) = (sold, price.0.saturating_mul(sold));
        for (community, _) in self.formed_with(chosen) {
            units = units.saturating_add(community.paid.units.0);
            amount = amount.saturating_add(community.paid.amount.0);
            people.extend(self.people_at(community.terms.site));
        }
        let new = u32::try_from(sold).unwrap_or(u32::MAX);
        let tally = Tally {
            participants: (people.len() as u32).saturating_add(new),
            units: Pieces(units),
            amount: Amount(amount),
        };
        overall.pieces_missing(&tally, price)
    }

    /// The communities that are formed, and those that would be, each with the pieces that it lacks.
    fn formed_with(&self, chosen: &[Lacking]) -> Vec<(CommunityProgress, u64)> {
        let lacking = |lacking: &Lacking| (lacking.site, lacking.pieces.0);
        let chosen: BTreeMap<SiteId, u64> = chosen.iter().map(lacking).collect();
        let live = self
            .communities()
            .filter(|community| !matches!(community.stage, CommunityStage::Failed(_)));
        live.filter_map(|community| {
            let lacks = chosen.get(&community.terms.site).copied();
            let lacks = lacks.or(community.is_formed.then_some(0));
            Some((community, lacks?))
        })
        .collect()
    }

    fn people_at(&self, site: SiteId) -> impl Iterator<Item = CustomerId> {
        self.pledges_at(site)
            .filter(|pledge| matches!(pledge.state, PledgeState::Active | PledgeState::Confirmed))
            .map(|pledge| pledge.customer)
    }

    /// Suppliers that would not deliver what is formed and what would be.
    fn shortfalls(&self, chosen: &[Lacking]) -> Vec<Unordered> {
        let rows = self.formed_with(chosen).into_iter();
        let rows = rows.map(|(community, lacks)| ConfirmedPieces {
            supplier: community.terms.supplier,
            site: community.terms.site,
            units: Pieces(community.paid.units.0.saturating_add(lacks)),
        });
        // Suppliers were checked when the campaign was opened; what 64 bits do not hold falls short of nothing.
        purchases(&self.terms().suppliers, rows.collect())
            .map(|made| made.shortfalls)
            .unwrap_or_default()
    }
}
