use crate::id::SiteId;
use crate::presale::Tally;
use crate::presale::merge::cluster::{Cluster, Star};
use crate::units::Distance;

/// Which short communities go together, for somebody to accept or reject.
///
/// Every community of the input is once in it: as a host, as a guest or as one that is left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MergePlan {
    /// The groups in the order of their hosts.
    pub groups: Vec<MergeGroup>,
    /// The communities that stay short, in the order of ids.
    pub left: Vec<SiteId>,
    /// How each connected component of at least two communities was planned, in the order of their first sites.
    pub components: Vec<Component>,
}

/// A host with its guests. They meet the host's threshold together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MergeGroup {
    /// The site where all of them fetch their goods.
    pub host: SiteId,
    /// The communities that move there, in the order of ids; at least one.
    pub guests: Vec<Guest>,
    /// The host's pledges and those that moved. A customer counts once.
    pub tally: Tally,
}

/// A community that moves to its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Guest {
    /// Where it was.
    pub site: SiteId,
    /// How far it is from there to the host.
    pub walk: Distance,
    /// The pledges that consented and move; at least one.
    pub moving: Tally,
    /// The pledges that did not consent and leave. A customer with pledges of both kinds is a participant of both.
    pub leaving: Tally,
}

/// Short communities that are connected by walks within the limit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Component {
    /// Their sites, in the order of ids; at least two.
    pub sites: Vec<SiteId>,
    /// What the plan is worth.
    pub exactness: Exactness,
}

/// Whether the plan of a component is the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Exactness {
    /// No plan is better.
    Exact,
    /// A good plan of a component with more than [`EXACT_MAX`](crate::presale::merge::EXACT_MAX) communities; a better
    /// one may exist.
    Greedy,
}

impl MergeGroup {
    /// How many participants move, summed over the guests. O(guests).
    #[must_use]
    pub fn moved(&self) -> u64 {
        let moved = |guest: &Guest| u64::from(guest.moving.participants);
        self.guests.iter().map(moved).sum()
    }
}

impl MergePlan {
    /// Adds what was decided for one component.
    pub(super) fn add(&mut self, cluster: &Cluster<'_>, stars: &[Star], exactness: Exactness) {
        let mut grouped = vec![false; cluster.members.len()];
        for star in stars {
            for place in star.places() {
                debug_assert!(!grouped[place], "a community is in one group at most");
                grouped[place] = true;
            }
            self.groups.push(MergeGroup::of(cluster, star));
        }
        let sites: Vec<SiteId> = cluster.members.iter().map(|member| member.site).collect();
        let left = sites.iter().zip(grouped);
        self.left
            .extend(left.filter_map(|(site, grouped)| (!grouped).then_some(*site)));
        self.components.push(Component { sites, exactness });
    }
}

impl MergeGroup {
    fn of(cluster: &Cluster<'_>, star: &Star) -> Self {
        let host = &cluster.members[star.host];
        let tally = cluster.tally(star);
        debug_assert!(host.threshold.is_met_by(&tally), "a group is formed");
        let guests = star.guests.iter().map(|place| {
            let guest = &cluster.members[*place];
            Guest {
                site: guest.site,
                walk: cluster.walk(star.host, *place),
                moving: guest.moving,
                leaving: guest.leaving,
            }
        });
        Self {
            host: host.site,
            guests: guests.collect(),
            tally,
        }
    }
}
