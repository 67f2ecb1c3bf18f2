//! Act four: a presale (预售). Watermelons are ordered if enough communities each gather enough who pay.

use std::collections::BTreeMap;

use catchment::id::{
    CampaignId, CommandId, CustomerId, PaymentId, PledgeId, SiteId, SkuId, SupplierId,
};
use catchment::ledger::Answer;
use catchment::limits::Limits;
use catchment::money::{Amount, Currency, Money};
use catchment::presale::{
    Action, CampaignFailure, CommunityTerms, Confirm, IfUnformed, NewPayment, NewPledge, Phase,
    Pieces, Policy, Presale, PresaleCommand, Settlement, SupplierTerms, Terms, Threshold,
};
use catchment::report::{self, FormingRow};
use catchment::site::SiteKind;
use catchment::time::{Span, Timestamp};
use catchment::units::Quantity;

use crate::acts::{Evening, STARTS_AT, Told, clock, grouped, numbers};
use crate::seeded::{EVENING, SplitMix64};

/// How many communities take part at most, and which part of them must form.
const COMMUNITIES: usize = 60;
const NEEDED_PERCENT: usize = 80;
/// A city with fewer has no presale.
const COMMUNITIES_MIN: usize = 5;
const PARTICIPANTS_MIN: u32 = 10;
/// Of ten customers, so many want a melon, and of ten of those, so many pay.
const WANT: u64 = 5;
const PAY: u64 = 9;
/// 29.90 yuan a watermelon.
const PRICE: Amount = Amount(2_990);
const SUPPLIER: SupplierId = SupplierId(1);

/// How the communities formed, minute by minute.
pub(crate) struct Forming {
    pub(crate) needed: u32,
    rows: Vec<FormingRow>,
}

/// Plays the presale; nothing if there are too few communities.
pub(super) fn play(
    evening: Evening<'_>,
) -> Result<Option<(String, Forming)>, Box<dyn std::error::Error>> {
    let communities = communities(evening);
    if communities.len() < COMMUNITIES_MIN {
        return Ok(None);
    }
    let needed = (communities.len() * NEEDED_PERCENT / 100) as u32;
    let mut presale = Presale::open(terms(&communities, needed), &Limits::default())?;
    let mut log = Vec::new();
    for (at, command) in script(evening, &communities) {
        let answer = presale.apply(at, &command)?;
        let outcome = answer.outcome();
        assert!(outcome.is_accepted(), "{command:?}: {outcome:?}");
        if let Answer::Decided(step) = answer {
            log.push(step);
        }
    }
    let until = minute(EVENING + 60);
    while let Some(deadline) = presale.next_deadline().filter(|at| *at <= until) {
        log.extend(presale.tick(deadline)?);
    }
    let rows = report::forming(&log, Span::from_minutes(1));
    let forming = Forming { needed, rows };
    let told = tell(&mut presale, &forming, communities.len())?;
    Ok(Some((told, forming)))
}

/// The leaders with most orders: their neighbours are the ones who might want a melon.
fn communities(evening: Evening<'_>) -> Vec<SiteId> {
    let mut rows = evening.report.sites();
    rows.retain(|row| row.kind == SiteKind::Leader && row.orders.0 > 0);
    rows.sort_by_key(|row| (std::cmp::Reverse(row.orders), row.site));
    rows.truncate(COMMUNITIES);
    rows.iter().map(|row| row.site).collect()
}

fn terms(communities: &[SiteId], needed: u32) -> Terms {
    let policy = Policy {
        communities_min: needed,
        confirm: Confirm::AtClose,
        hold: Span::from_minutes(15),
        grace: Span::from_minutes(15),
        ..Policy::new(Threshold::participants(PARTICIPANTS_MIN))
    };
    let communities = communities.iter().map(|site| CommunityTerms {
        site: *site,
        supplier: SUPPLIER,
        threshold: None,
    });
    Terms {
        id: CampaignId(1),
        sku: SkuId(9),
        currency: Currency::CNY,
        unit_price: PRICE,
        opens_at: minute(0),
        closes_at: minute(EVENING + 1),
        horizon: minute(EVENING + 60 * 24 * 30),
        policy,
        suppliers: vec![SupplierTerms {
            case_size: 12.try_into().expect("more than nothing"),
            ..SupplierTerms::new(SUPPLIER)
        }],
        communities: communities.collect(),
    }
}

/// Who orders at one of the communities pledges, or not, when ordering; most pay within minutes.
fn script(evening: Evening<'_>, communities: &[SiteId]) -> Vec<(Timestamp, PresaleCommand)> {
    let mut random = SplitMix64(50);
    let mut messages = Vec::new();
    for (at, order) in evening.in_time() {
        let decision = evening.report.plan().decision(order.id);
        let site = decision.and_then(|decision| Some(decision.assigned()?.site));
        let (wants, pays) = (random.below(10) < WANT, random.below(10) < PAY);
        let (units, pause) = (1 + random.below(3), random.below(10 * 60_000));
        let Some(site) = site.filter(|site| wants && communities.contains(site)) else {
            continue;
        };
        let number = order.id.0 + 1;
        let pledge = NewPledge {
            pledge: PledgeId(number),
            customer: CustomerId(number),
            site,
            units: Quantity(units as u32),
            if_unformed: IfUnformed::Refund,
        };
        messages.push((
            at,
            PresaleCommand::new(CommandId(2 * number), Action::Pledge(pledge)),
        ));
        if pays {
            let at = Timestamp::from_unix_millis(at.as_unix_millis() + pause.cast_signed())
                .min(minute(EVENING));
            let payment = NewPayment {
                payment: PaymentId(number),
                pledge: PledgeId(number),
                money: Money {
                    amount: Amount(PRICE.0 * units),
                    currency: Currency::CNY,
                },
                paid_at: at,
            };
            messages.push((
                at,
                PresaleCommand::new(CommandId(2 * number + 1), Action::RecordPayment(payment)),
            ));
        }
    }
    messages.sort_by_key(|(at, command)| (*at, command.id));
    messages
}

fn minute(minute: u64) -> Timestamp {
    Timestamp::from_unix_millis(STARTS_AT + 60_000 * minute.cast_signed())
}

impl Forming {
    /// Minutes since the stream began, and how many had formed by then.
    pub(crate) fn minutes(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let minute = |from_ms: i64| ((from_ms - STARTS_AT) / 60_000 + 1) as f64;
        let rows = self.rows.iter();
        rows.map(move |row| (minute(row.from_ms), row.formed as f64))
    }

    fn formed(&self) -> u64 {
        self.rows.last().map_or(0, |row| row.formed)
    }

    /// The first minute in which enough have.
    fn enough_at(&self) -> Option<Timestamp> {
        let enough = self
            .rows
            .iter()
            .find(|row| row.formed >= u64::from(self.needed))?;
        Some(Timestamp::from_unix_millis(enough.from_ms))
    }
}

fn tell(presale: &mut Presale, forming: &Forming, communities: usize) -> Told {
    let formed = forming.formed();
    assert_eq!(
        formed,
        u64::from(presale.campaign().progress().formed),
        "counted from the log"
    );
    let enough = formed >= u64::from(forming.needed);
    let settled = match presale.campaign().phase() {
        Phase::Confirmed => true,
        Phase::Failed(CampaignFailure::TooFewCommunities { .. }) => false,
        phase => return Err(format!("the campaign is {phase:?}").into()),
    };
    assert_eq!(
        settled, enough,
        "the campaign is confirmed if enough communities formed"
    );
    let (pieces, cases) = purchase(presale)?;
    if settled {
        operate(
            presale,
            Action::RecordDelivery {
                supplier: SUPPLIER,
                units: Pieces(pieces),
            },
        )?;
    }
    let money = pay_out(presale)?;
    let campaign = presale.campaign();
    let pledges = campaign.pledges().count();
    let yuan = |amount: u128| {
        format!(
            "{}.{:02} yuan",
            grouped((amount / 100) as usize),
            amount % 100
        )
    };
    let when = forming.enough_at().map_or("never".to_owned(), clock);
    let table = numbers([
        ("Pledges", grouped(pledges)),
        ("  paid in time", grouped(campaign.payments().count())),
        ("Communities formed", format!("{formed} of {communities}")),
        (
            &*format!("  {} are needed; reached at", forming.needed),
            when,
        ),
        (
            "Melons ordered",
            format!(
                "{} in {} cases",
                grouped(pieces as usize),
                grouped(cases as usize)
            ),
        ),
        ("Captured", yuan(money.captured)),
        ("Refunded", yuan(money.refunded)),
    ]);
    let outcome = if settled { "confirmed" } else { "called off" };
    Ok(format!(
        "\nAct four: a presale of watermelons, {outcome}\n\n{table}  \
         Every payment is captured or refunded, to the fen; ordered is what was paid for, in whole cases.\n",
    ))
}

/// What is ordered from the supplier: pieces and cases.
fn purchase(presale: &Presale) -> Result<(u64, u64), Box<dyn std::error::Error>> {
    let settlement = Settlement::of(presale.campaign())?;
    let paid: u64 = presale
        .campaign()
        .confirmed_pledges()
        .map(|pledge| u64::from(pledge.units.0))
        .sum();
    let (mut confirmed, mut ordered, mut cases) = (0, 0, 0);
    for order in &settlement.purchases.orders {
        confirmed += order.confirmed().0;
        ordered += order.ordered().0;
        cases += order.cases();
    }
    assert_eq!(confirmed, paid, "what is confirmed is what was paid for");
    assert!(
        ordered >= confirmed && ordered - confirmed < 12,
        "in whole cases and no more"
    );
    Ok((ordered, cases))
}

/// Pays out whatever is due, and adds up.
fn pay_out(
    presale: &mut Presale,
) -> Result<catchment::presale::MoneyTotals, Box<dyn std::error::Error>> {
    let due: Vec<_> = presale.campaign().refunds_due().collect();
    for refund in due {
        let amount = refund.remaining();
        operate(
            presale,
            Action::RecordRefund {
                refund: refund.refund,
                amount,
            },
        )?;
    }
    let money: BTreeMap<_, _> = presale.campaign().money();
    let money = money.get(&Currency::CNY).copied().unwrap_or_default();
    let settled = money.captured + money.refunded;
    assert_eq!(
        (settled, money.held, money.due),
        (money.recorded, 0, 0),
        "no fen is lost"
    );
    Ok(money)
}

/// A command of the operator, now.
fn operate(presale: &mut Presale, action: Action) -> Result<(), Box<dyn std::error::Error>> {
    let command = PresaleCommand::new(CommandId(1 << 40 | presale.remembered() as u64), action);
    let outcome = presale.apply(presale.now(), &command)?.outcome();
    assert!(outcome.is_accepted(), "{command:?}: {outcome:?}");
    Ok(())
}
