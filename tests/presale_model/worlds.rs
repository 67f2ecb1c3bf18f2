//! Small worlds and what is done in them, from random numbers or from a fuzzer's bytes.

use std::num::NonZeroU32;

use catchment::id::{
    CampaignId, CommandId, CustomerId, PaymentId, PledgeId, RefundId, SiteId, SkuId, SupplierId,
};
use catchment::money::{Amount, Currency, Money};
use catchment::presale::{
    Action, Amendment, BasisPoints, Caps, Combine, CommunityTerms, Confirm, Decision, GuestSite,
    IfUnformed, MergedSites, NewPayment, NewPledge, Overflow, Phase, Pieces, PledgeState, Policy,
    PresaleCommand, Stragglers, SupplierTerms, Surplus, Terms, Threshold, Tier, Tiers, Verdict,
};
use catchment::time::{Span, Timestamp};
use catchment::units::{Distance, Quantity};

use super::facts::Model;

/// Where choices come from.
pub(crate) trait Draw {
    /// A number below `end`, 0 when nothing is left.
    fn below(&mut self, end: u32) -> u32;
    /// Whether nothing is left.
    fn is_dry(&self) -> bool;

    fn one_in(&mut self, times: u32) -> bool {
        self.below(times) == 1
    }

    fn from(&mut self, least: u32, most: u32) -> u32 {
        least + self.below(most - least + 1)
    }
}

/// SplitMix64.
#[derive(Debug)]
pub(crate) struct Seeded(pub(crate) u64);

impl Draw for Seeded {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        (((bits >> 32) * u64::from(end)) >> 32) as u32
    }

    fn is_dry(&self) -> bool {
        false
    }
}

/// A byte a choice.
#[derive(Debug)]
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl Draw for Bytes<'_> {
    fn below(&mut self, end: u32) -> u32 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        u32::from(*first) % end
    }

    fn is_dry(&self) -> bool {
        self.0.is_empty()
    }
}

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis)
}

fn span(draw: &mut impl Draw, choices: &[u64]) -> Span {
    Span::from_millis(choices[draw.below(choices.len() as u32) as usize])
}

/// Of the last only seven pieces have a price together.
const PRICES: [u64; 16] = [
    1,
    1,
    1,
    3,
    3,
    3,
    7,
    7,
    7,
    7,
    10,
    990,
    990,
    990,
    990,
    u64::MAX / 7,
];
const WALK_MAX: u64 = 300;

fn threshold(draw: &mut impl Draw, price: u64, most: u32) -> Threshold {
    let kinds = draw.from(1, 7);
    let mut part = |kind: u32| (kinds & kind != 0).then(|| draw.from(1, most));
    let (participants, units, amount) = (part(1), part(2), part(4));
    Threshold {
        participants,
        units: units.map(|units| Pieces(u64::from(units) + 1)),
        amount: amount.map(|units| Amount(u64::from(units) * price)),
        combine: [Combine::All, Combine::Any][draw.below(2) as usize],
    }
}

/// Mostly one that is reached by a few.
fn low_threshold(draw: &mut impl Draw, price: u64) -> Threshold {
    match draw.below(4) {
        0 => threshold(draw, price, 3),
        1 => Threshold::units(Pieces(u64::from(draw.from(1, 4)))),
        _ => Threshold::participants(draw.from(1, 3)),
    }
}

/// Terms of every kind: all of them can be opened.
pub(crate) fn terms(draw: &mut impl Draw) -> Terms {
    let price = PRICES[draw.below(16) as usize];
    let sites = draw.from(2, 6);
    let policy = policy(draw, price, sites);
    let suppliers = suppliers(draw, &policy);
    let opens_at = at(1_000);
    let closes_at = at(1_000 + i64::from(draw.from(10, 160)));
    let mut terms = Terms {
        id: CampaignId(1),
        sku: SkuId(9),
        currency: Currency::CNY,
        unit_price: Amount(price),
        opens_at,
        closes_at,
        horizon: closes_at,
        policy,
        suppliers,
        communities: (1..=sites)
            .map(|site| community(draw, price, site))
            .collect(),
    };
    let last = Model::new(terms.clone(), 0).last_due(closes_at);
    let last = last.expect("small spans").as_unix_millis();
    terms.horizon = at(last + i64::from(draw.below(200)));
    terms
}

fn policy(draw: &mut impl Draw, price: u64, sites: u32) -> Policy {
    let confirm = match draw.below(4) {
        0 | 1 => Confirm::AtClose,
        2 => Confirm::OnReach,
        _ => Confirm::Manual {
            within: span(draw, &[0, 1, 10, 40]),
        },
    };
    let stragglers = match draw.below(5) {
        0 => Stragglers::Refund,
        1 | 4 => Stragglers::Merge {
            walk_max: Distance::from_millimetres(WALK_MAX),
            within: span(draw, &[0, 10, 40, 80]),
        },
        2 if confirm == Confirm::AtClose => Stragglers::ExtendOnce {
            by: span(draw, &[0, 1, 10, 40, 80]),
        },
        _ => Stragglers::FulfilAnyway,
    };
    let mut cap = |most: u32| {
        draw.one_in(4)
            .then(|| Pieces(u64::from(draw.from(1, most))))
    };
    let caps = Caps {
        per_customer: cap(5),
        per_community: cap(6),
        per_campaign: cap(16),
    };
    let tiers = match draw.below(3) {
        0 => Vec::new(),
        kinds => (1..=kinds)
            .map(|kind| Tier {
                units_min: Pieces(u64::from(draw.from(3, 6) * kind)),
                discount: BasisPoints::new((draw.from(1, 1_600) * kind * kind) as u16)
                    .expect("at most 6,400"),
            })
            .collect(),
    };
    Policy {
        threshold: if matches!(stragglers, Stragglers::Merge { .. }) {
            Threshold::participants(draw.from(2, 3))
        } else {
            low_threshold(draw, price)
        },
        communities_min: draw.from(1, sites.div_ceil(3)),
        overall: draw.one_in(6).then(|| threshold(draw, price, 6)),
        confirm,
        hold: span(draw, &[3, 20, 60, 300, 300]),
        grace: span(draw, &[0, 0, 1, 15, 40]),
        stragglers,
        caps,
        overflow: [Overflow::Reject, Overflow::Waitlist][draw.below(2) as usize],
        tiers: Tiers::new(tiers).unwrap_or_default(),
    }
}

fn suppliers(draw: &mut impl Draw, policy: &Policy) -> Vec<SupplierTerms> {
    let can_foresee = policy.confirm != Confirm::OnReach
        && matches!(
            policy.stragglers,
            Stragglers::Refund | Stragglers::Merge { .. }
        );
    let mut supplier = |number: u32| SupplierTerms {
        supplier: SupplierId(u64::from(number)),
        case_size: NonZeroU32::new(draw.from(1, 4)).expect("from 1 on"),
        units_min: Pieces([0, 0, 0, 3, 6][draw.below(5) as usize]),
        surplus: if can_foresee && draw.one_in(4) {
            Surplus::Reject
        } else {
            Surplus::ToStock
        },
    };
    (1..=2).map(&mut supplier).collect()
}

fn community(draw: &mut impl Draw, price: u64, site: u32) -> CommunityTerms {
    CommunityTerms {
        site: SiteId(u64::from(site)),
        supplier: SupplierId(u64::from(draw.from(1, 2))),
        threshold: draw.one_in(4).then(|| low_threshold(draw, price)),
    }
}

/// What is done to a presale.
#[derive(Clone, Debug)]
pub(crate) enum Doing {
    Apply(Timestamp, PresaleCommand),
    Tick(Timestamp),
}

/// Makes up what is done next.
#[derive(Debug, Default)]
pub(crate) struct Script {
    clock: i64,
    commands: u64,
    pledges: u32,
    payments: u32,
    sent: Vec<PresaleCommand>,
    /// Under way, and overtaken by others.
    delayed: Vec<(Timestamp, PresaleCommand)>,
}

impl Script {
    pub(crate) fn new(draw: &mut impl Draw) -> Self {
        Self {
            clock: 995 + i64::from(draw.below(10)),
            ..Self::default()
        }
    }

    pub(crate) fn next(&mut self, draw: &mut impl Draw, model: &Model) -> Doing {
        let instant = self.instant(draw, model);
        if draw.one_in(12) {
            return Doing::Tick(instant);
        }
        if !self.delayed.is_empty() && draw.one_in(4) {
            let place = draw.below(self.delayed.len() as u32) as usize;
            let (then, command) = self.delayed.swap_remove(place);
            let instant = if draw.one_in(2) { then } else { instant };
            return Doing::Apply(instant, command);
        }
        let command = self.command(draw, model);
        self.sent.push(command.clone());
        if draw.one_in(10) {
            self.delayed.push((instant, command.clone()));
            // Half of it comes now as well, and later a second time.
            if draw.one_in(2) {
                return Doing::Tick(instant);
            }
        }
        Doing::Apply(instant, command)
    }

    /// Usually a little later; at times back, round the next deadline, far ahead or beyond belief.
    fn instant(&mut self, draw: &mut impl Draw, model: &Model) -> Timestamp {
        let horizon = model.terms.horizon.as_unix_millis();
        let around = i64::from(draw.below(3)) - 1;
        match draw.below(64) {
            0..=3 => return at(self.clock - i64::from(draw.below(60))),
            4 => return at(horizon + 1 + i64::from(draw.below(9))),
            5 if draw.one_in(3) => {
                return at(horizon.min(self.clock + i64::from(draw.below(150))));
            }
            6 if draw.one_in(3) => {
                self.clock = horizon.min(self.clock + i64::from(draw.below(100)));
            }
            7..=9 => {
                if let Some((next, _)) = model.next_due() {
                    self.clock = self.clock.max(next.as_unix_millis() + around).min(horizon);
                }
            }
            10..=30 => {}
            _ => self.clock = horizon.min(self.clock + i64::from(draw.below(4))),
        }
        at(self.clock)
    }

    fn command(&mut self, draw: &mut impl Draw, model: &Model) -> PresaleCommand {
        if !self.sent.is_empty() && draw.one_in(9) {
            let place = draw.below(self.sent.len() as u32) as usize;
            let mut again = self.sent[place].clone();
            if draw.one_in(4) {
                again.action = self.action(draw, model);
            }
            return again;
        }
        self.commands += 1;
        PresaleCommand::new(CommandId(self.commands), self.action(draw, model))
    }

    fn action(&mut self, draw: &mut impl Draw, model: &Model) -> Action {
        let usual = !draw.one_in(4);
        match model.phase {
            Phase::Deciding { decision, .. } if usual => decide(draw, model, decision),
            Phase::Confirmed | Phase::Failed(_) | Phase::Cancelled if usual => {
                self.afterwards(draw, model)
            }
            Phase::ConfirmedOpen if draw.one_in(4) => self.afterwards(draw, model),
            _ => match draw.below(100) {
                0..=38 => Action::Pledge(self.pledge(draw, model)),
                39..=76 => self.payment_or_pledge(draw, model),
                77..=84 => Action::Withdraw {
                    pledge: self.any_pledge(draw, model, |state| {
                        use PledgeState::{Active, Reserved, Waiting};
                        matches!(state, Active | Reserved | Waiting)
                    }),
                },
                85..=90 => self.afterwards(draw, model),
                91..=97 => change(draw, model),
                98 => decide(draw, model, Decision::Verdict),
                _ => decide(draw, model, Decision::Merge),
            },
        }
    }

    /// What belongs after the end.
    fn afterwards(&mut self, draw: &mut impl Draw, model: &Model) -> Action {
        match draw.below(10) {
            0..=2 => Action::Return {
                pledge: self.any_pledge(draw, model, |state| state == PledgeState::Confirmed),
            },
            3..=5 => Action::RecordRefund {
                refund: any_refund(draw, model),
                amount: amount(draw, model),
            },
            6 => Action::RecordRefundFailure {
                refund: any_refund(draw, model),
            },
            7 | 8 => Action::RefundPart {
                payment: self.any_payment(draw, model),
                amount: amount(draw, model),
            },
            _ => Action::RecordDelivery {
                supplier: SupplierId(u64::from(draw.below(13) / 6 + 1)),
                units: Pieces(u64::from(draw.below(10))),
            },
        }
    }

    fn payment_or_pledge(&mut self, draw: &mut impl Draw, model: &Model) -> Action {
        let mut states = model.pledges.iter().map(|pledge| pledge.state);
        if states.any(|state| state == PledgeState::Reserved) || draw.one_in(6) {
            Action::RecordPayment(self.payment(draw, model))
        } else {
            Action::Pledge(self.pledge(draw, model))
        }
    }

    /// Mostly in a state in which something can be done with it; else any, or none at all.
    fn any_pledge(
        &self,
        draw: &mut impl Draw,
        model: &Model,
        fits: impl Fn(PledgeState) -> bool,
    ) -> PledgeId {
        let known = model.pledges.iter();
        let fitting = known.filter(|pledge| fits(pledge.state));
        let fitting: Vec<_> = fitting.map(|pledge| pledge.new.pledge).collect();
        if fitting.is_empty() || draw.one_in(5) {
            PledgeId(u64::from(draw.from(1, self.pledges + 1)))
        } else {
            fitting[draw.below(fitting.len() as u32) as usize]
        }
    }

    fn any_payment(&self, draw: &mut impl Draw, model: &Model) -> PaymentId {
        let known = model.payments.iter();
        let captured = known.filter(|payment| model.buckets(payment).captured > 0);
        let captured: Vec<_> = captured.map(|payment| payment.id).collect();
        if captured.is_empty() || draw.one_in(4) {
            PaymentId(u64::from(draw.from(1, self.payments + 1)))
        } else {
            captured[draw.below(captured.len() as u32) as usize]
        }
    }

    fn pledge(&mut self, draw: &mut impl Draw, model: &Model) -> NewPledge {
        self.pledges += 1;
        let pledge = if draw.one_in(12) {
            self.any_pledge(draw, model, |_| true)
        } else {
            PledgeId(u64::from(self.pledges))
        };
        NewPledge {
            pledge,
            customer: CustomerId(u64::from(draw.from(1, 5))),
            site: any_site(draw, model),
            units: Quantity(if draw.one_in(60) { 0 } else { draw.from(1, 3) }),
            if_unformed: [IfUnformed::Refund, IfUnformed::MoveNearby][draw.below(2) as usize],
        }
    }

    /// Mostly what a reserved pledge waits for.
    fn payment(&mut self, draw: &mut impl Draw, model: &Model) -> NewPayment {
        self.payments += 1;
        let pledge = self.any_pledge(draw, model, |state| state == PledgeState::Reserved);
        let units = model.pledge(pledge).map_or(1, |pledge| pledge.new.units.0);
        let right = Money {
            amount: Amount(model.price(units.into())),
            currency: Currency::CNY,
        };
        let money = match draw.below(40) {
            1 => Money {
                currency: Currency::new("USD").expect("three capital letters"),
                ..right
            },
            2 => Money {
                amount: Amount(right.amount.0 + 1),
                ..right
            },
            3 => Money {
                amount: Amount(right.amount.0 - 1),
                ..right
            },
            _ => right,
        };
        let closes_at = model.closes_at.as_unix_millis();
        let placed_at = model
            .pledge(pledge)
            .map_or(0, |pledge| pledge.placed_at.as_unix_millis());
        let paid_at = match draw.below(9) {
            1 => closes_at - 1,
            2 => closes_at,
            3 => self.clock + 20,
            4 => placed_at,
            5 => placed_at.saturating_sub(1),
            6 => i64::MIN,
            _ => self.clock - i64::from(draw.below(10)),
        };
        let payment = if draw.one_in(14) {
            PaymentId(u64::from(draw.from(1, self.payments)))
        } else {
            PaymentId(u64::from(self.payments))
        };
        NewPayment {
            payment,
            pledge,
            money,
            paid_at: at(paid_at),
        }
    }
}

/// What the retailer changes.
fn change(draw: &mut impl Draw, model: &Model) -> Action {
    match draw.below(8) {
        0 => Action::Extend {
            closes_at: at(model.closes_at.as_unix_millis() - 3 + i64::from(draw.below(60))),
        },
        1..=3 => Action::Amend(amendment(draw, model)),
        4 | 5 => Action::AddCommunity(any_community(draw, model)),
        6 => Action::RemoveCommunity {
            site: any_site(draw, model),
        },
        _ if draw.one_in(2) => Action::Cancel,
        _ => Action::Amend(amendment(draw, model)),
    }
}

fn decide(draw: &mut impl Draw, model: &Model, decision: Decision) -> Action {
    match decision {
        Decision::Merge => Action::Merge {
            groups: groups(draw, model),
        },
        Decision::Verdict => {
            Action::Decide([Verdict::Confirm, Verdict::Fail][draw.below(2) as usize])
        }
    }
}

/// The last is one that there is none of.
fn any_site(draw: &mut impl Draw, model: &Model) -> SiteId {
    let known = model.communities.len() as u32;
    let site = if draw.one_in(25) {
        known + 1
    } else {
        // The first are the most popular.
        1 + draw.below(known).min(draw.below(known))
    };
    SiteId(u64::from(site))
}

fn any_refund(draw: &mut impl Draw, model: &Model) -> RefundId {
    RefundId(u64::from(draw.below(model.refunds.len() as u32 + 2)))
}

fn amount(draw: &mut impl Draw, model: &Model) -> Amount {
    let price = model.terms.unit_price.0;
    let choices = [0, 1, price, price * 2, price.div_ceil(2), 1, price, price];
    Amount(choices[draw.below(8) as usize])
}

fn amendment(draw: &mut impl Draw, model: &Model) -> Amendment {
    let price = model.terms.unit_price.0;
    match draw.below(3) {
        0 => Amendment::CommunitiesMin {
            communities: draw.below(3),
        },
        kind => {
            let site = any_site(draw, model);
            let known = model.communities.get(&site);
            let known = known.map_or(model.threshold, |community| model.threshold_of(community));
            let lowered = Threshold {
                participants: known.participants.map(|least| least.min(draw.from(1, 2))),
                units: known.units.map(|least| least.min(Pieces(2))),
                ..known
            };
            let threshold = if draw.one_in(3) {
                threshold(draw, price, 3)
            } else {
                lowered
            };
            if kind == 1 {
                Amendment::Default { threshold }
            } else {
                Amendment::Community { site, threshold }
            }
        }
    }
}

fn any_community(draw: &mut impl Draw, model: &Model) -> CommunityTerms {
    let known = model.communities.len() as u32;
    let site = if draw.one_in(4) { known } else { known + 1 };
    let mut terms = community(draw, model.terms.unit_price.0, site);
    if draw.one_in(10) {
        terms.supplier = SupplierId(3);
    }
    terms
}

/// Mostly possible ones.
fn groups(draw: &mut impl Draw, model: &Model) -> Vec<MergedSites> {
    let mut sites = model.stragglers();
    let has_people = |site: &SiteId| model.tally(|other| other == *site).participants > 0;
    if !draw.one_in(8) {
        sites.retain(has_people);
    }
    let count = draw.below(3).min(1 + draw.below(2));
    let group = |_| {
        let mut take = || match sites.len() as u32 {
            0 => any_site(draw, model),
            _ if draw.one_in(12) => any_site(draw, model),
            some => sites.swap_remove(draw.below(some) as usize),
        };
        let host = take();
        let (first, second) = (take(), take());
        let walk = Distance::from_millimetres(WALK_MAX - 1 + u64::from(draw.below(12) / 5));
        let guest = |site| GuestSite { site, walk };
        let mut guests = vec![guest(first), guest(second)];
        guests.truncate(draw.from(1, 2) as usize);
        if draw.one_in(20) {
            guests.clear();
        }
        MergedSites { host, guests }
    };
    (0..count).map(group).collect()
}
