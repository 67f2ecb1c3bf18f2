use crate::id::CampaignId;
use crate::index::{map_in_order, map_in_order_mut};
use crate::ledger::{Canonical, Encoder, SnapshotError, StateHash};
use crate::limits::Limits;
use crate::presale::{Phase, Presale, PresaleBook, PresaleSnapshot, StoredFault};

/// The format of [`BookSnapshot`], counted up whenever it changes; its campaigns have one of their own.
const FORMAT: u32 = 1;

/// What a book keeps of a compacted campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Compacted {
    /// Its id, which stays taken.
    pub campaign: CampaignId,
    /// How it ended.
    pub phase: Phase,
    /// The sequence that its ledger had come to.
    pub sequence: u64,
    /// The hash of its ledger: the archived snapshot has the same.
    pub hash: StateHash,
}

impl Canonical for Compacted {
    fn encode(&self, to: &mut Encoder) {
        to.u64(self.campaign.0);
        self.phase.encode(to);
        to.u64(self.sequence);
        self.hash.encode(to);
    }
}

/// A whole book as data: format, campaigns in the order of their ids, and a hash over them all. With the `serde`
/// feature it can be written in any format.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct BookSnapshot {
    format: u32,
    hash: StateHash,
    presales: Vec<PresaleSnapshot>,
    compacted: Vec<Compacted>,
}

impl BookSnapshot {
    /// The hash of the book that was stored.
    #[must_use]
    pub const fn hash(&self) -> StateHash {
        self.hash
    }
}

/// The hash of a book from those of its parts, which hold the ids.
pub(super) fn hash_of<'a>(
    presales: impl ExactSizeIterator<Item = &'a StateHash>,
    compacted: impl ExactSizeIterator<Item = &'a Compacted>,
    encoder: &mut Encoder,
) -> StateHash {
    encoder.all(presales);
    encoder.all(compacted);
    encoder.finish()
}

impl PresaleBook {
    /// The whole book as data, made on all threads of the current rayon pool. O(all campaigns).
    #[must_use]
    pub fn snapshot(&self) -> BookSnapshot {
        let presales: Vec<&Presale> = self.presales.values().collect();
        let presales = map_in_order(&presales, 1, |presale| presale.snapshot());
        let hashes: Vec<StateHash> = presales.iter().map(PresaleSnapshot::hash).collect();
        BookSnapshot {
            format: FORMAT,
            hash: hash_of(hashes.iter(), self.compacted.values(), &mut Encoder::new()),
            presales,
            compacted: self.compacted.values().copied().collect(),
        }
    }

    /// The book that was stored, read by all threads of the current rayon pool. O(all campaigns).
    ///
    /// # Errors
    ///
    /// [`BookSnapshotError`] in the order of its variants if the data is not what was stored.
    pub fn restore(snapshot: BookSnapshot, limits: Limits) -> Result<Self, BookSnapshotError> {
        let BookSnapshot {
            format,
            hash: expected,
            presales,
            compacted,
        } = snapshot;
        if format != FORMAT {
            let known = FORMAT;
            return Err(BookSnapshotError::UnknownFormat { format, known });
        }
        let (campaigns, limit) = (presales.len() + compacted.len(), limits.campaigns_max);
        if campaigns > limit {
            return Err(BookSnapshotError::TooManyCampaigns { campaigns, limit });
        }
        let hashes: Vec<StateHash> = presales.iter().map(PresaleSnapshot::hash).collect();
        let found = hash_of(hashes.iter(), compacted.iter(), &mut Encoder::new());
        if found != expected {
            return Err(BookSnapshotError::WrongHash { expected, found });
        }
        let mut book = Self::new(limits);
        let mut presales: Vec<Option<PresaleSnapshot>> = presales.into_iter().map(Some).collect();
        let restored = map_in_order_mut(&mut presales, |snapshot| {
            let snapshot = snapshot.take();
            snapshot.map(|snapshot| Presale::restore(snapshot, &limits))
        });
        for (place, presale) in restored.into_iter().flatten().enumerate() {
            let presale = presale.map_err(|why| BookSnapshotError::Campaign { place, why })?;
            let campaign = presale.campaign().terms().id;
            if book.presales.contains_key(&campaign) {
                return Err(BookSnapshotError::Repeated { campaign });
            }
            book.enter(campaign, presale);
        }
        for record in compacted {
            let campaign = record.campaign;
            let is_open = book.presales.contains_key(&campaign);
            if is_open || book.compacted.insert(campaign, record).is_some() {
                return Err(BookSnapshotError::Repeated { campaign });
            }
        }
        Ok(book)
    }
}

/// Data that is no snapshot of a book.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BookSnapshotError {
    /// The format is not the one that this version reads.
    #[error("snapshot has format {format}, known is {known}")]
    UnknownFormat {
        /// What the snapshot says.
        format: u32,
        /// What this version writes and reads.
        known: u32,
    },
    /// More campaigns than the limit.
    #[error("snapshot has {campaigns} campaigns, limit is {limit}")]
    TooManyCampaigns {
        /// In the snapshot.
        campaigns: usize,
        /// [`Limits::campaigns_max`].
        limit: usize,
    },
    /// Campaigns are missing, added, in another order, or differ from what was stored.
    #[error("snapshot has hash {found}, should have {expected}")]
    WrongHash {
        /// Of what was stored.
        expected: StateHash,
        /// Of what came.
        found: StateHash,
    },
    /// A campaign is not what was stored.
    #[error("campaign {place} of the list: {why}")]
    Campaign {
        /// Its place in the list, from 0.
        place: usize,
        /// What is wrong with it.
        why: SnapshotError<StoredFault>,
    },
    /// A campaign is named twice.
    #[error("campaign {campaign} is named twice")]
    Repeated {
        /// Which.
        campaign: CampaignId,
    },
}
