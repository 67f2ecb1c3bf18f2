//! Rows leave the library as CSV and come back as the same numbers; headers do not change.

use catchment::limits::Limits;
use catchment::plan::Method;
use catchment::presale::{Policy, Presale, Threshold};
use catchment::report::{
    CampaignRow, CommunityRow, DecisionRow, FormingRow, Interval, MoveRow, Report, SiteRow, Summary,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::plans::{Case, World};
use crate::presale_town::terms;

/// Writes rows and reads them again; returns the header.
fn check<R: Serialize + DeserializeOwned + PartialEq + core::fmt::Debug>(rows: &[R]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).expect("flat rows");
    }
    let text = writer.into_inner().expect("memory does not fail");
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let read: Result<Vec<R>, _> = reader.deserialize().collect();
    assert_eq!(read.expect("what was written"), rows);
    let header = reader.headers().expect("a header").clone();
    header.iter().collect::<Vec<_>>().join(",")
}

#[test]
fn rows_come_back_from_csv() {
    for seed in 0..30 {
        let case = Case::draw(World::Full, seed);
        let (network, plan) = (case.network(), case.route(Method::Balanced));
        let report = Report::of(&network, &case.orders, &plan).expect("they belong together");
        let header = check::<SiteRow>(&report.sites());
        assert_eq!(
            header,
            "site,kind,status,lng,lat,capacity,load,locked,room,fill_ppm,orders,price_orders,price_mm,\
             walk_mean_mm,walk_p50_mm,walk_p95_mm,walk_longest_mm",
        );
        if case.orders.is_empty() {
            continue;
        }
        let header = check::<DecisionRow>(&report.decisions());
        assert_eq!(
            header,
            "order,lng,lat,size,site,distance_mm,cost_mm,nearest,nearest_mm,detour_mm,unassigned",
        );
        let greedy = case.route(Method::Nearest);
        let greedy = Report::of(&network, &case.orders, &greedy).expect("they belong together");
        let rows = report.difference_from(&greedy).rows();
        if !rows.is_empty() {
            let header = check::<MoveRow>(&rows);
            assert_eq!(
                header,
                "order,from,from_mm,to,to_mm,extra_walk_mm,extra_cost_mm,why"
            );
        }
    }
}

#[test]
fn summaries_and_differences_come_back_from_json() {
    for seed in 0..30 {
        let case = Case::draw(World::Full, seed);
        let (network, plan) = (case.network(), case.route(Method::Balanced));
        let report = Report::of(&network, &case.orders, &plan).expect("they belong together");
        let summary = report.summary();
        let text = serde_json::to_string(&summary).expect("plain numbers");
        assert_eq!(
            serde_json::from_str::<Summary>(&text).expect("what was written"),
            summary
        );
        let nearest = case.route(Method::Nearest);
        let nearest = Report::of(&network, &case.orders, &nearest).expect("they belong together");
        let difference = report.difference_from(&nearest);
        let text = serde_json::to_string(&difference).expect("plain numbers");
        let read: catchment::report::Difference =
            serde_json::from_str(&text).expect("what was written");
        assert_eq!(read, difference);
    }
}

#[test]
fn headers_of_logs_and_presales_do_not_change() {
    let header = check(&[Interval::default()]);
    assert_eq!(
        header,
        "from_ms,placed,confirmed,handed_over,released,expired,failed,moved,stranded,refused,pieces_shop,live",
    );
    let header = check(&[FormingRow::default()]);
    assert_eq!(header, "from_ms,pledged,paid,withdrawn,expired,formed");

    let town = terms(1, 1..=1, Policy::new(Threshold::participants(1)));
    let presale = Presale::open(town, &Limits::default()).expect("sound terms");
    let header = check(&[CampaignRow::of(presale.campaign())]);
    assert_eq!(
        header,
        "campaign,phase,communities,communities_min,formed,missing,waiting,reserved,active,confirmed,\
         returned,withdrawn,expired,failed,pieces,amount_minor,currency",
    );
    let header = check(&CommunityRow::of(presale.campaign()));
    assert_eq!(
        header,
        "campaign,site,stage,is_formed,epoch,held,waiting,participants,pieces,amount_minor,\
         missing_participants,missing_pieces,missing_amount_minor,confirmed_pieces,returned_pieces",
    );
}
