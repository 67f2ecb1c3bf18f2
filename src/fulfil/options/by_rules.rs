//! Where the policy has rules: all sites within reach are judged, and the best by the rules are offered.

use std::collections::BTreeMap;

use crate::candidates::Filter;
use crate::fulfil::options::asking::{Asking, Snag, no_such, offer};
use crate::fulfil::{
    Contender, ExcludedBy, NotOffered, Offer, OfferTerms, Options, Relaxed, Way, WhyNot,
};
use crate::id::SiteId;
use crate::index::Ranked;
use crate::order::Wish;
use crate::site::Record;
use crate::units::{Quantity, Units};

/// A site that can serve the order, and what it offers.
struct Able {
    contender: Contender,
    offer: Offer,
}

/// A site that was judged.
struct Judged<'a> {
    ranked: Ranked,
    record: &'a Record,
    /// What is the matter with it, if anything is.
    snag: Option<Snag>,
}

/// The answer to a question: each way what the rules put first, and all of it in their order.
pub(super) fn answer(asking: &Asking<'_>, options: &mut Options) {
    let (order, counter) = (asking.order, asking.finder.counter);
    let (rules, home) = (asking.finder.policy.rules(), counter.home_of(order));
    let mut offered: Vec<Able> = Vec::new();
    for way in [Way::Pickup, Way::Delivery] {
        if asking.wanted(way) > 0 {
            offered.extend(consider(asking, way, home, options));
        }
    }
    offered.sort_by_cached_key(|able| {
        let Able { contender, offer } = able;
        let terms = &offer.terms;
        let by_terms = (terms.price(), terms.promised_by());
        let cost = rules.cost(contender, home);
        let places = rules.places(contender, home);
        (places, by_terms, cost, offer.site, terms.way())
    });
    options.offers = offered.into_iter().map(|able| able.offer).collect();
}

/// What is offered for one way; the reasons against the others, and what was relaxed, go into the answer.
fn consider(
    asking: &Asking<'_>,
    way: Way,
    home: Option<SiteId>,
    options: &mut Options,
) -> Vec<Able> {
    let (wanted, rules) = (asking.wanted(way), asking.finder.policy.rules());
    let reasons_max = asking.finder.policy.settings().rejected_max;
    let near = if let Wish::Site(site) = asking.order.wish {
        let Some(chosen) = asking.ranked(site) else {
            let reasons = (reasons_max > 0).then(|| no_such(site, way));
            options.rejected.extend(reasons);
            return Vec::new();
        };
        vec![chosen]
    } else {
        within_reach(asking, way, reasons_max)
    };
    let filter = asking.filter(way);
    let (judged, mut able) = judge(asking, way, &filter, &near);
    let contenders: Vec<Contender> = able.values().map(|able| able.contender).collect();
    let ranking = rules.rank(&contenders, home);
    let relaxed = ranking.relaxed.iter();
    options
        .relaxed
        .extend(relaxed.map(|soft| Relaxed { way, soft: *soft }));
    let best = ranking.ranked.iter().take(wanted);
    let offered: Vec<Able> = best.filter_map(|best| able.remove(&best.site)).collect();
    let excluded = ranking.excluded.iter().map(|gone| (gone.site, gone.by));
    let others = Others {
        excluded: excluded.collect(),
        able,
        offered: offered.len(),
    };
    reasons(asking, way, (&filter, wanted), (&judged, &others), options);
    offered
}

/// The sites that a way can reach, and beyond them as many as may be named, the nearest first.
fn within_reach(asking: &Asking<'_>, way: Way, reasons_max: usize) -> Vec<Ranked> {
    let limit = asking.distance_max(way);
    let mut listed = asking.wanted(way).saturating_add(reasons_max).max(16);
    loop {
        let near = asking.nearest(way, listed);
        let named = near.iter().rev().nth(reasons_max);
        if near.len() < listed || named.is_some_and(|site| site.distance() > limit) {
            return near;
        }
        listed = listed.saturating_mul(4);
    }
}

/// Every site with its verdict, and those that are able by their ids.
fn judge<'a>(
    asking: &'a Asking<'_>,
    way: Way,
    filter: &Filter<'_>,
    near: &[Ranked],
) -> (Vec<Judged<'a>>, BTreeMap<SiteId, Able>) {
    let mut able = BTreeMap::new();
    let judged = near.iter().filter_map(|ranked| {
        let record = asking.record(ranked)?;
        let snag = match asking.terms(way, filter, record, ranked) {
            Ok(terms) => {
                able.insert(ranked.id, able_to(asking, record, ranked, terms));
                None
            }
            Err(snag) => Some(snag),
        };
        Some(Judged {
            ranked: *ranked,
            record,
            snag,
        })
    });
    (judged.collect(), able)
}

/// What the rules ask of a site that can serve the order: it has all the pieces.
fn able_to(asking: &Asking<'_>, record: &Record, ranked: &Ranked, terms: OfferTerms) -> Able {
    let offer = offer(ranked, terms);
    let pieces = asking.order.lines.iter().map(|line| line.quantity.0);
    let room = asking.finder.counter.site(ranked.id).map(|view| view.room);
    Able {
        contender: Contender {
            room: room.or(Some(Units(0))),
            stock: Some(Quantity(pieces.fold(0, u32::saturating_add))),
            ..Contender::of(&record.site, offer.distance)
        },
        offer,
    }
}

/// Who can serve the order and is not offered: excluded, or behind those that are.
struct Others {
    excluded: BTreeMap<SiteId, ExcludedBy>,
    able: BTreeMap<SiteId, Able>,
    /// How many are offered.
    offered: usize,
}

/// Adds why the nearest are not offered, up to the farthest that is; to the last of all, if more are wanted.
fn reasons(
    asking: &Asking<'_>,
    way: Way,
    (filter, wanted): (&Filter<'_>, usize),
    (judged, others): (&[Judged<'_>], &Others),
    options: &mut Options,
) {
    let reasons_max = asking.finder.policy.settings().rejected_max;
    let ends = options.rejected.len() + reasons_max;
    let mut passed = 0;
    for Judged {
        ranked,
        record,
        snag,
    } in judged
    {
        if options.rejected.len() == ends || (others.offered == wanted && passed == wanted) {
            return;
        }
        let site = ranked.id;
        let why = match (snag, others.excluded.get(&site)) {
            (Some(snag), _) => asking.why_not(*snag, filter, record, ranked),
            (None, Some(by)) => WhyNot::ByRule(*by),
            (None, None) if others.able.contains_key(&site) => WhyNot::Behind,
            (None, None) => {
                passed += 1;
                continue;
            }
        };
        options.rejected.push(NotOffered {
            site,
            distance: Some(ranked.distance()),
            way,
            why,
        });
    }
}
