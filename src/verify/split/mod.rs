//! Is this how an order should be divided? Everything counted again, and for small orders everything tried.

mod goods;
mod refusal;
mod search;
mod sound;

use crate::faults::Faults;
use crate::fulfil::{
    Bundle, Pieces, PricedLine, Split, SplitMode, SplitPolicy, SplitProof, Unsplit,
};
use crate::id::{SiteId, SkuId};
use crate::money::Amount;
use crate::units::{Distance, Quantity};

use goods::Count;

/// What was to be divided, as plain data: what a [`Basket`](crate::fulfil::Basket) and
/// [`Sources`](crate::fulfil::Sources) were made of. There is an example at [`verify::split`](crate::verify::split()).
#[derive(Clone, Copy, Debug)]
pub struct SplitTask<'a> {
    /// The lines of the order, each article once.
    pub lines: &'a [PricedLine],
    /// Which of them belong together.
    pub bundles: &'a [Bundle],
    /// The sites in their rank, each once.
    pub stock: &'a [SiteStock],
    /// How it may be divided.
    pub policy: &'a SplitPolicy,
}

/// What a site can give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteStock {
    /// Which.
    pub site: SiteId,
    /// How far away.
    pub distance: Distance,
    /// The pieces that are free, line by line.
    pub pieces: Vec<Quantity>,
}

/// Everything wrong with a split, in the order that [`verify::split`](crate::verify::split()) states.
pub type SplitViolations = Faults<SplitViolation>;

/// One thing wrong with a split, or with the refusal of one.
///
/// ```
/// use catchment::id::SiteId;
/// use catchment::verify::SplitViolation;
/// let better = SplitViolation::NotBest { best: vec![SiteId(3)] };
/// assert_eq!(better.to_string(), "another choice of sites is better, of 1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitViolation {
    /// Nobody gives anything.
    #[error("there are no parts")]
    NoParts,
    /// A part is of a site that was not asked, or of one that has a part already.
    #[error("site {site} was not asked, or has two parts")]
    Stranger {
        /// Which.
        site: SiteId,
    },
    /// A site is nearer or farther than its part says.
    #[error("site {site} is {actual:#} away, not {claimed:#}")]
    Distance {
        /// Which.
        site: SiteId,
        /// According to the part.
        claimed: Distance,
        /// In truth.
        actual: Distance,
    },
    /// A part holds nothing, an article that was not ordered or is there twice, or lines in another order.
    #[error("the lines of the part of site {site} are none, not the order's, or not in its order")]
    Lines {
        /// Whose part.
        site: SiteId,
    },
    /// A site gives more than it has.
    #[error("site {site} gives {given} of sku {sku}, and has {free}")]
    OverStock {
        /// Which.
        site: SiteId,
        /// Of what.
        sku: SkuId,
        /// What it is said to give.
        given: Quantity,
        /// What it has.
        free: Quantity,
    },
    /// Lines that belong together are not, or a set is not whole.
    #[error("the part of site {site} tears apart what belongs together")]
    Torn {
        /// Whose part.
        site: SiteId,
    },
    /// A part is worth more or less than it says.
    #[error("the part of site {site} is worth {}, not {}", actual.0, claimed.0)]
    Value {
        /// Whose part.
        site: SiteId,
        /// According to the part.
        claimed: Amount,
        /// In truth.
        actual: Amount,
    },
    /// A part of several is worth too little.
    #[error("the part of site {site} is worth {}, less than {}", value.0, minimum.0)]
    BelowMinimum {
        /// Whose part.
        site: SiteId,
        /// What it is worth.
        value: Amount,
        /// What it must be.
        minimum: Amount,
    },
    /// Parts and what is unfilled are not the line.
    #[error("{wanted} of sku {sku} were ordered, {found} are in parts or unfilled")]
    Sum {
        /// Of what.
        sku: SkuId,
        /// What was ordered.
        wanted: Quantity,
        /// What is accounted for.
        found: u64,
    },
    /// Something is left unfilled that need not be, or by this policy may not.
    #[error("{claimed} of sku {sku} stay unfilled, not {actual}")]
    Unfilled {
        /// Of what.
        sku: SkuId,
        /// According to the split.
        claimed: Quantity,
        /// What has to.
        actual: Quantity,
    },
    /// The parts are not in the rank of their sites.
    #[error("the parts at {place} and after it are not in their rank")]
    Rank {
        /// The first of the two, counted from 0.
        place: usize,
    },
    /// The distances sum up to something else.
    #[error("the distances sum up to {actual:#}, not {claimed:#}")]
    TotalDistance {
        /// According to the split.
        claimed: Distance,
        /// In truth.
        actual: Distance,
    },
    /// More parts than the policy allows.
    #[error("{parts} parts, limit is {limit}")]
    TooManyParts {
        /// Those there are.
        parts: usize,
        /// Those there may be.
        limit: usize,
    },
    /// A site gives less or more than in its rank it should: the first gives all that it has, then the next.
    #[error("the part of site {site} is not what is its turn")]
    Turn {
        /// Which.
        site: SiteId,
    },
    /// Fewer sites would do, or as many that are nearer, or of the same distance with smaller ids.
    #[error("another choice of sites is better, of {}", best.len())]
    NotBest {
        /// Which, by their ids.
        best: Vec<SiteId>,
    },
    /// The order is not divided, and could be.
    #[error("it can be divided over {} sites", best.len())]
    Divisible {
        /// Which, by their ids.
        best: Vec<SiteId>,
    },
    /// The order can't be divided, for another reason than is said, or what is missing is something else. (How many
    /// sites would be enough, and what the part that is worth too little is worth, is not compared.)
    #[error("that is not why it is not divided")]
    Reason,
}

/// Checks how an order was divided, or why it was not.
///
/// Nothing of the search is asked. All pieces are counted again: what is ordered is in the parts or unfilled, nobody
/// gives more than there is, what belongs together is together, sets are whole, each part is worth enough, there are
/// no more of them than may be, and each site gives what is its turn. What is said to be
/// [exact](SplitProof::Exact) is compared with every other choice of sites, as long as there are no more than 50,000:
/// that is all choices of four of 30 sites.
///
/// The lines and bundles are those of a sound basket; of others only some faults are found.
///
/// O(parts · lines) and the choices of sites, for each O(sites · lines) or, with a minimum value, at most 20,000 ways
/// to share.
///
/// # Errors
///
/// [`SplitViolations`]: all that is wrong, part by part, then sums line by line, then what is about all parts. Only of
/// a split without any such fault the choice of sites is judged.
///
/// ```
/// use catchment::fulfil::{Basket, PricedLine, Sources, SplitPolicy, split};
/// use catchment::id::{SiteId, SkuId};
/// use catchment::limits::Limits;
/// use catchment::order::OrderLine;
/// use catchment::units::{Distance, Quantity};
/// use catchment::verify::{self, SiteStock, SplitTask};
///
/// let lines: [PricedLine; 1] = [OrderLine { sku: SkuId(9), quantity: Quantity(70) }.into()];
/// let stock = [(1, 55), (2, 30)].map(|(site, pieces)| SiteStock {
///     site: SiteId(site),
///     distance: Distance::from_metres(400),
///     pieces: vec![Quantity(pieces)],
/// });
/// let basket = Basket::new(&lines, &[], &Limits::default())?;
/// let mut sources = Sources::new(&basket, &Limits::default());
/// for site in &stock {
///     sources.add(site.site, site.distance, |_| site.pieces[0])?;
/// }
/// let policy = SplitPolicy::default();
/// let task = SplitTask { lines: &lines, bundles: &[], stock: &stock, policy: &policy };
/// let mut answer = split(&sources, &policy);
/// assert_eq!(verify::split(&task, &answer), Ok(()));
///
/// if let Ok(split) = &mut answer {
///     split.parts.pop(); // and 15 melons with it
/// }
/// assert!(verify::split(&task, &answer).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn split(task: &SplitTask<'_>, answer: &Result<Split, Unsplit>) -> Result<(), SplitViolations> {
    let mut violations = SplitViolations::none();
    let pieces = match task.policy.mode {
        // What waits for some pieces may wait for any.
        SplitMode::Whole => Pieces::FromSeveral,
        _ => task.policy.pieces,
    };
    let count = Count::new(task, pieces);
    match answer {
        Ok(split) => {
            sound::check(task, &count, split, &mut violations);
            if violations.total() == 0 {
                check_best(task, &count, split, &mut violations);
            }
        }
        Err(unsplit) => refusal::check(task, &count, unsplit, &mut violations),
    }
    violations.into_result()
}

/// The sites of a sound split, against all others.
fn check_best(
    task: &SplitTask<'_>,
    count: &Count,
    split: &Split,
    violations: &mut SplitViolations,
) {
    let places = split.parts.iter().filter_map(|part| {
        let mut sites = task.stock.iter();
        sites.position(|stock| stock.site == part.site)
    });
    let own = search::key(task, &places.collect::<Vec<_>>());
    let limit = match split.proof {
        SplitProof::Exact => usize::from(task.policy.sources_max.get()),
        SplitProof::Bounded => 1,
    };
    let is_partial = task.policy.mode == SplitMode::Partial;
    let (wanted, found) = (count.wanted(), count.found());
    let asked = if is_partial { &found } else { &wanted };
    let best = match task.policy.mode {
        SplitMode::Whole => search::best(task, count, asked, 1),
        _ => search::best(task, count, asked, limit),
    };
    // What is left unfilled that is there: only where nothing else would do.
    let may_wait = is_partial || task.policy.mode == SplitMode::Whole;
    let waits = may_wait && sound::given(task, count, split) != *asked;
    let best = match best {
        Some(best) => (waits || best < own).then_some(best),
        None if waits && split.proof == SplitProof::Exact => {
            search::fewest_missing(task, count).filter(|fewest| *fewest != own)
        }
        None => None,
    };
    if let Some((.., best)) = best {
        violations.push(SplitViolation::NotBest { best });
    }
}
