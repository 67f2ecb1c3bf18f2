//! What the model found in the library, each as the shortest log that showed it.

use catchment::id::{CommandId, CustomerId, PaymentId, PledgeId, SiteId, SupplierId};
use catchment::ledger::Outcome;
use catchment::limits::Limits;
use catchment::money::{Amount, Currency, Money};
use catchment::presale::{
    Action, Amendment, BasisPoints, Combine, CommunityFailure, CommunityStage, CommunityTerms,
    Confirm, ConfirmedAs, GuestSite, IfUnformed, MergedSites, NewPayment, NewPledge, Phase, Pieces,
    Policy, Presale, PresaleCommand, RefundCause, Refusal, Stragglers, SupplierTerms, Terms,
    Threshold, Tier, Tiers,
};
use catchment::time::Span;
use catchment::units::{Distance, Quantity};

use super::worlds::at;

const CLOSE: i64 = 1_000;

/// A presale from 0 to 1,000 ms at 100 a piece. Sites 1 and 2 are supplied by 1, site 3 by 2, who sells at least 5.
struct Scene {
    presale: Presale,
    commands: u64,
}

impl Scene {
    fn new(policy: Policy) -> Self {
        let supplier = SupplierTerms::new;
        let community = |(site, supplier)| CommunityTerms {
            site: SiteId(site),
            supplier: SupplierId(supplier),
            threshold: None,
        };
        let terms = Terms {
            id: catchment::id::CampaignId(1),
            sku: catchment::id::SkuId(9),
            currency: Currency::CNY,
            unit_price: Amount(100),
            opens_at: at(0),
            closes_at: at(CLOSE),
            horizon: at(9_000),
            policy,
            suppliers: vec![
                supplier(SupplierId(1)),
                SupplierTerms {
                    units_min: Pieces(5),
                    ..supplier(SupplierId(2))
                },
            ],
            communities: [(1, 1), (2, 1), (3, 2)].map(community).into(),
        };
        Self {
            presale: Presale::open(terms, &Limits::default()).expect("terms are sound"),
            commands: 0,
        }
    }

    fn act(&mut self, action: Action) -> Outcome<Refusal> {
        self.commands += 1;
        let command = PresaleCommand::new(CommandId(self.commands), action);
        let answer = self.presale.apply(self.presale.now().max(at(1)), &command);
        answer.expect("decided").outcome()
    }

    /// A customer of the pledge's number pledges and pays.
    fn join(&mut self, pledge: u64, site: u64, units: u32) {
        let new = NewPledge {
            pledge: PledgeId(pledge),
            customer: CustomerId(pledge),
            site: SiteId(site),
            units: Quantity(units),
            if_unformed: IfUnformed::MoveNearby,
        };
        let payment = NewPayment {
            payment: PaymentId(pledge),
            pledge: PledgeId(pledge),
            money: Money {
                amount: Amount(100 * u64::from(units)),
                currency: Currency::CNY,
            },
            paid_at: at(1),
        };
        assert!(self.act(Action::Pledge(new)).is_accepted());
        assert!(self.act(Action::RecordPayment(payment)).is_accepted());
    }

    fn tick(&mut self, millis: i64) {
        self.presale.tick(at(millis)).expect("within the horizon");
    }

    fn stage(&self, site: u64) -> CommunityStage {
        let community = self.presale.campaign().community(SiteId(site));
        community.expect("known").stage
    }

    fn phase(&self) -> Phase {
        self.presale.campaign().phase()
    }
}

fn on_reach() -> Policy {
    Policy {
        confirm: Confirm::OnReach,
        ..Policy::new(Threshold::participants(1))
    }
}

#[test]
fn who_forms_after_the_confirmation_is_not_confirmed_below_the_suppliers_minimum() {
    let mut scene = Scene::new(on_reach());
    scene.join(1, 1, 1);
    assert_eq!(scene.phase(), Phase::ConfirmedOpen);
    scene.join(2, 3, 4);
    assert_eq!(scene.stage(3), CommunityStage::Collecting);
    let mut late = Scene {
        presale: scene.presale.clone(),
        ..scene
    };
    late.tick(CLOSE);
    let short = CommunityStage::Failed(CommunityFailure::SupplierMinimum);
    assert_eq!(late.stage(3), short);
    // The piece that was missing.
    scene.join(3, 3, 1);
    let formed = CommunityStage::Confirmed(ConfirmedAs::Formed);
    assert_eq!(scene.stage(3), formed);
}

#[test]
fn one_short_supplier_does_not_keep_the_others_from_being_reached() {
    let mut scene = Scene::new(on_reach());
    scene.join(1, 3, 1);
    assert_eq!(scene.phase(), Phase::Open);
    scene.join(2, 1, 1);
    assert_eq!(scene.phase(), Phase::ConfirmedOpen);
    assert_eq!(scene.stage(3), CommunityStage::Collecting);
}

#[test]
fn who_is_served_anyway_does_not_make_a_suppliers_minimum_before_the_freeze() {
    let mut scene = Scene::new(Policy {
        threshold: Threshold::units(Pieces(2)),
        stragglers: Stragglers::FulfilAnyway,
        ..on_reach()
    });
    let added = Action::AddCommunity(CommunityTerms {
        site: SiteId(4),
        supplier: SupplierId(2),
        threshold: Some(Threshold::units(Pieces(9))),
    });
    assert!(scene.act(added).is_accepted());
    scene.join(1, 4, 3);
    scene.join(2, 3, 2);
    // Five pieces, but three of them may still be withdrawn.
    assert_eq!(scene.phase(), Phase::Open);
    scene.tick(CLOSE);
    let formed = CommunityStage::Confirmed(ConfirmedAs::Formed);
    assert_eq!(scene.stage(3), formed);
    let anyway = CommunityStage::Confirmed(ConfirmedAs::FulfilledAnyway);
    assert_eq!(scene.stage(4), anyway);
}

fn extended(grace: u64) -> Policy {
    Policy {
        grace: Span::from_millis(grace),
        stragglers: Stragglers::ExtendOnce {
            by: Span::from_millis(50),
        },
        ..Policy::new(Threshold::participants(1))
    }
}

#[test]
fn an_extension_begins_when_it_is_given() {
    let mut scene = Scene::new(extended(80));
    scene.join(1, 1, 1);
    scene.tick(CLOSE + 80);
    assert_eq!(scene.phase(), Phase::ConfirmedOpen);
    assert_eq!(scene.presale.campaign().closes_at(), at(CLOSE + 130));
    scene.join(2, 2, 1);
    assert_eq!(
        scene.stage(2),
        CommunityStage::Confirmed(ConfirmedAs::Formed)
    );
}

#[test]
fn one_short_supplier_does_not_cost_stragglers_their_extension() {
    let mut scene = Scene::new(extended(0));
    scene.join(1, 1, 1);
    scene.join(2, 3, 1);
    scene.tick(CLOSE);
    assert_eq!(scene.phase(), Phase::ConfirmedOpen);
    assert_eq!(scene.stage(2), CommunityStage::Collecting);
    assert_eq!(scene.stage(3), CommunityStage::Collecting);
}

#[test]
fn an_unknown_site_in_any_group_comes_before_what_is_wrong_with_a_group() {
    let mut scene = Scene::new(Policy {
        stragglers: Stragglers::Merge {
            walk_max: Distance::from_metres(300),
            within: Span::from_millis(50),
        },
        ..Policy::new(Threshold::participants(3))
    });
    scene.join(1, 1, 1);
    scene.join(2, 2, 1);
    scene.tick(CLOSE);
    let group = |host, guest, metres| MergedSites {
        host: SiteId(host),
        guests: vec![GuestSite {
            site: SiteId(guest),
            walk: Distance::from_metres(metres),
        }],
    };
    let groups = vec![group(1, 2, 301), group(3, 9, 1)];
    let refused = Outcome::Refused(Refusal::UnknownCommunity);
    assert_eq!(scene.act(Action::Merge { groups }), refused);
}

#[test]
fn a_tier_is_off_the_price_whatever_was_given_back_in_part() {
    let tier = Tier {
        units_min: Pieces(2),
        discount: BasisPoints::new(1_000).expect("a tenth"),
    };
    let tiers = Tiers::new(vec![tier]).expect("one is ascending");
    let mut scene = Scene::new(Policy {
        tiers,
        ..on_reach()
    });
    scene.join(1, 1, 2);
    let part = Action::RefundPart {
        payment: PaymentId(1),
        amount: Amount(50),
    };
    assert!(scene.act(part).is_accepted());
    scene.tick(CLOSE);
    let mut refunds = scene.presale.campaign().refunds_due();
    let of_tier = refunds.find(|refund| refund.cause == RefundCause::TierPrice);
    assert_eq!(of_tier.expect("reached").money.amount, Amount(20));
}

#[test]
fn any_of_the_parts_asks_for_less_than_all_of_them() {
    let all = Threshold {
        units: Some(Pieces(4)),
        ..Threshold::participants(2)
    };
    let mut scene = Scene::new(Policy::new(all));
    let amend = |threshold| Action::Amend(Amendment::Default { threshold });
    let any = Threshold {
        combine: Combine::Any,
        ..all
    };
    assert!(scene.act(amend(any)).is_accepted());
    let back = Outcome::Refused(Refusal::AsksForMore);
    assert_eq!(scene.act(amend(all)), back);
}
