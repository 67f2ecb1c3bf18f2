//! Merging neighbours: communities that stay below their threshold alone may reach one together.
//!
//! Six neighbours pledged at one leader, five at the next, and ten are needed. Instead of refunding eleven people, the
//! five may fetch their melons from the other leader, three minutes away, if they said they would. Which communities
//! go together is planned once, when the campaign freezes, by [`plan`]; nothing happens before somebody accepts it.
//! [`Campaign::plan_merge`](crate::presale::Campaign::plan_merge) goes from a campaign to a plan, [`MergePlan::action`]
//! from a plan to the command.
//!
//! # The problem
//!
//! The short communities are the nodes of a graph with an edge wherever one site is within the walking limit of the
//! other ([`walks`]). A *group* is a star: a host and at least one guest, each guest at an edge with the *host*. A
//! community is in at most one group. Of a guest only the pledges that consented move
//! ([`IfUnformed`](crate::presale::IfUnformed)), the others leave before anything is counted, and a guest without
//! consent at all is none. All pledges of the host stay, consented or not. A customer is one participant of the group,
//! however many pledges and communities brought them there. The group must meet the host's
//! [`Threshold`](crate::presale::Threshold), and counts as one community.
//!
//! # Which plan is best
//!
//! Plans are compared by the first of these in which they differ:
//!
//! 1. more groups, for each counts towards the campaign's minimum;
//! 2. more participants, summed over the groups: a short community at the edge of a group is taken along;
//! 3. fewer participants moved, summed over the guests: of two communities the larger one hosts;
//! 4. less overshoot, summed over the groups: participants beyond the thresholds, then units, then money; parts that a
//!    threshold does not name don't count;
//! 5. the smaller host where the sorted lists of hosts first differ;
//! 6. less walking, the distance of each guest's site times its participants moved;
//! 7. guests and hosts of smaller ids.
//!
//! No two plans are equal in all seven, so the best one does not depend on the order of the input, on threads or on
//! the platform.
//!
//! # How it is found
//!
//! Each connected component is planned by itself. With up to [`EXACT_MAX`] communities the plan is the best
//! ([`Exactness::Exact`]). A community of n has one bit of an n-bit set:
//!
//! - *Who is in a star?* Customers are sorted by two sets: where they pledged, and where they consented. A customer is
//!   absent from the star of a host h and guests G if they did not pledge at h and consented only outside G. How many
//!   consented only inside X, for all X at once, is the subset sum (zeta transform) of Yates \[1\], in n·2ⁿ additions;
//!   so the number of customers, shared or not, costs one pass a host.
//! - *Which stars?* Every set of communities gets the best host of those it reaches; the comparison above adds up over
//!   groups, so no other host can be better in a larger plan.
//! - *Which packing?* best(S) is the better of leaving the first community of S alone and of each star in S that has
//!   it, with best of the rest: the recursion over subsets of Held and Karp \[2\], 3ⁿ steps.
//!
//! Larger components are planned in three steps ([`Exactness::Greedy`]). Each host gathers guests, always the one after
//! which least is missing, until its threshold is met; of these groups that of fewest guests, fewest moved, smallest
//! overshoot and smallest host is formed, as long as there are any. Short communities near a group join the one to
//! which they bring most participants. Then each group is planned once more, exactly, together with its neighbours, ten
//! communities at a time. Packing stars is NP-hard already for stars of two guests \[3\], so some bound on what is
//! exact must be.
//!
//! # Cost
//!
//! O(P log P) for P pledges, and then for each component of n communities with p pledges: exact
//! O(n (p + n 2ⁿ) + 3ⁿ), for n = 12 and all near each other 2 ms, 4 ms if they have 24,000 pledges, and less than 2 MB;
//! greedy O(n) windows, 0.1 ms a community, and O(d² p / n) for each offer of a host with d near it.
//!
//! # Sources
//!
//! 1. F. Yates, *The Design and Analysis of Factorial Experiments*, Imperial Bureau of Soil Science, Technical
//!    Communication 35, 1937.
//! 2. M. Held, R. M. Karp, "A Dynamic Programming Approach to Sequencing Problems", *Journal of the SIAM* 10(1), 1962,
//!    pages 196–210.
//! 3. D. G. Kirkpatrick, P. Hell, "On the Complexity of General Graph Factor Problems", *SIAM Journal on Computing*
//!    12(3), 1983, pages 601–609.

mod campaign;
mod cluster;
mod exact;
mod greedy;
mod input;
mod measure;
mod outcome;
mod walk;

pub use input::{MergeError, ShortCommunity, ShortPledge};
pub use outcome::{Component, Exactness, Guest, MergeGroup, MergePlan};
pub use walk::{Walk, walks};

use crate::presale::merge::cluster::{Cluster, Member};

/// How many communities a connected component may have to be planned exactly. One more would triple time and double
/// memory, and a walk of ten minutes seldom connects more than a dozen short communities.
pub const EXACT_MAX: usize = 12;

/// The best plan to merge short communities; see [the module](self) for what is best and what it costs.
///
/// The order of communities, pledges and walks is of no account. Of several walks between the same sites the shortest
/// counts; a walk to a site that is not among the communities is no error and not used.
///
/// # Errors
///
/// In this order: [`MergeError::DuplicateSite`], [`MergeError::TooManyPledges`], [`MergeError::TotalTooLarge`],
/// [`MergeError::NotShort`]; of several sites the smallest is named.
///
/// ```
/// use catchment::id::{CustomerId, SiteId};
/// use catchment::money::Amount;
/// use catchment::presale::merge::{self, MergeError, ShortCommunity, ShortPledge, Walk};
/// use catchment::presale::{IfUnformed, Pieces, Threshold};
/// use catchment::units::Distance;
///
/// let ten = Threshold::participants(10);
/// let community = |site, customers: core::ops::Range<u64>| ShortCommunity {
///     site: SiteId(site),
///     threshold: ten,
///     pledges: customers
///         .map(|customer| ShortPledge {
///             customer: CustomerId(customer),
///             units: Pieces(1),
///             amount: Amount(990),
///             if_unformed: IfUnformed::MoveNearby,
///         })
///         .collect(),
/// };
/// let walk = Walk { sites: [SiteId(1), SiteId(2)], distance: Distance::from_metres(240) };
///
/// // Six and five, ten are needed: the five walk.
/// let plan = merge::plan(&[community(1, 0..5), community(2, 5..11)], &[walk])?;
/// assert_eq!((plan.groups[0].host, plan.groups[0].tally.participants), (SiteId(2), 11));
/// assert_eq!(plan.groups[0].guests[0].site, SiteId(1));
///
/// // If two of them are the same people, they are nine.
/// let plan = merge::plan(&[community(1, 4..9), community(2, 0..6)], &[walk])?;
/// assert_eq!(plan.left, [SiteId(1), SiteId(2)]);
/// # Ok::<(), MergeError>(())
/// ```
pub fn plan(communities: &[ShortCommunity], walks: &[Walk]) -> Result<MergePlan, MergeError> {
    let members = Member::all(communities)?;
    let mut plan = MergePlan::default();
    for cluster in Cluster::all(&members, walks) {
        if let [alone] = &*cluster.members {
            plan.left.push(alone.site);
        } else if cluster.members.len() <= EXACT_MAX {
            plan.add(&cluster, &exact::stars(&cluster), Exactness::Exact);
        } else {
            plan.add(&cluster, &greedy::stars(&cluster), Exactness::Greedy);
        }
    }
    plan.groups.sort_unstable_by_key(|group| group.host);
    plan.left.sort_unstable();
    Ok(plan)
}
