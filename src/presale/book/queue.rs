use std::collections::{BTreeMap, BTreeSet};

use crate::id::CampaignId;
use crate::time::Timestamp;

/// The next deadline of each campaign, and all of them in order. Every entry counts.
#[derive(Clone, Debug, Default)]
pub(super) struct WakeUps {
    deadlines: BTreeMap<CampaignId, Timestamp>,
    queue: BTreeSet<(Timestamp, CampaignId)>,
}

impl WakeUps {
    /// The campaign's next deadline is now this one. O(log n), and no work if it has not changed.
    pub(super) fn set(&mut self, campaign: CampaignId, deadline: Option<Timestamp>) {
        let before = match deadline {
            Some(deadline) => self.deadlines.insert(campaign, deadline),
            None => self.deadlines.remove(&campaign),
        };
        if before == deadline {
            return;
        }
        if let Some(before) = before {
            self.queue.remove(&(before, campaign));
        }
        if let Some(deadline) = deadline {
            self.queue.insert((deadline, campaign));
        }
    }

    pub(super) fn first(&self) -> Option<Timestamp> {
        self.queue.first().map(|(deadline, _)| *deadline)
    }

    /// The campaigns with a deadline up to an instant, in the order of ids.
    pub(super) fn until(&self, at: Timestamp) -> Vec<CampaignId> {
        let due = self
            .queue
            .iter()
            .take_while(|(deadline, _)| *deadline <= at);
        let mut campaigns: Vec<CampaignId> = due.map(|(_, campaign)| *campaign).collect();
        campaigns.sort_unstable();
        campaigns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_of_each_campaign_counts() {
        let at = Timestamp::from_unix_millis;
        let mut wake_ups = WakeUps::default();
        for (campaign, deadline) in [
            (1, Some(50)),
            (2, Some(30)),
            (3, Some(30)),
            (2, Some(70)),
            (3, None),
            (4, Some(i64::MAX)),
            (5, None),
            (1, Some(50)),
        ] {
            wake_ups.set(CampaignId(campaign), deadline.map(at));
        }
        assert_eq!(wake_ups.first(), Some(at(50)));
        assert_eq!(wake_ups.until(at(49)), []);
        assert_eq!(wake_ups.until(at(70)), [1, 2].map(CampaignId));
        assert_eq!(wake_ups.queue.len(), 3);
        assert_eq!(wake_ups.deadlines.len(), 3);
    }
}
