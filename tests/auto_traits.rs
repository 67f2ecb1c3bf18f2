//! Public types can be shared between threads and sent to them.

use catchment::{
    candidates, coverage, faults, fulfil, geo, id, limits, order, plan, presale, report, site,
    time, units,
};

macro_rules! send_and_sync {
    ($($type:ty),+ $(,)?) => {
        $(check::<$type>();)+
    };
}

fn check<T: Send + Sync>() {}

#[test]
fn public_types_are_send_and_sync() {
    send_and_sync![
        candidates::Candidate,
        candidates::Filter<'static>,
        candidates::Rejection,
        candidates::Verdict,
        coverage::CatchmentMap,
        coverage::CoverageError,
        coverage::Demand,
        coverage::DemandMap,
        coverage::Hole,
        coverage::Holes,
        faults::Faults<site::NetworkFault>,
        geo::AreaError,
        geo::Bd09,
        geo::Cell,
        geo::CellError,
        geo::Gcj02,
        geo::Position,
        geo::PositionError,
        geo::Region,
        geo::RegionError,
        geo::Resolution,
        geo::ServiceArea,
        id::CustomerId,
        id::OrderId,
        id::SiteId,
        id::SkuId,
        limits::Limits,
        order::Order,
        order::OrderFault,
        order::OrderLine,
        order::Wish,
        plan::Cost,
        plan::Decision,
        plan::ExplainError,
        plan::Explanation,
        plan::Plan,
        plan::Preferences,
        plan::RouteError,
        plan::Router<'static>,
        plan::SiteLoad,
        presale::BookError,
        presale::BookSnapshot,
        presale::BookSnapshotError,
        presale::CellProgress,
        presale::Cheapest,
        presale::CheapestWay,
        presale::Closest,
        presale::CompactError,
        presale::Compacted,
        presale::ConfirmedPledge,
        presale::GeographyError,
        presale::Lacking,
        presale::NoCommunity,
        presale::OpenError,
        presale::People,
        presale::Presale,
        presale::PresaleBook,
        presale::ProgressMap,
        presale::ReopenError,
        presale::Settlement,
        presale::SettlementError,
        presale::Supply,
        presale::Unchosen,
        site::Change,
        site::Neighbour,
        site::Network,
        site::NetworkBuilder,
        site::NetworkFault,
        site::Opening,
        site::Schedule,
        site::ScheduleError,
        site::Site,
        site::Tag,
        site::TagError,
        site::Tags,
        site::Version,
        time::TimeError,
        time::Timestamp,
        time::Window,
        time::WindowError,
        units::Distance,
        units::Orders,
        units::Quantity,
        units::UnitError,
        units::Units,
    ];
    #[cfg(feature = "tz")]
    send_and_sync![
        site::CivilError,
        site::LocalDate,
        site::LocalHours,
        site::LocalHoursError,
        site::LocalOpening,
        site::LocalRules,
        site::LocalTime,
        site::Weekday,
    ];
}

#[test]
fn reports_are_send_and_sync() {
    send_and_sync![
        report::Agreement,
        report::CampaignRow,
        report::CommunityRow,
        report::DecisionRow,
        report::Difference,
        report::Evening,
        report::Fairness,
        report::NextPlaces,
        report::Report<'static>,
        report::ReportError,
        report::SiteRow,
        report::Spread,
        report::Summary,
        report::Supposition,
        report::Table,
        report::WhatIf,
        report::WhatIfError,
    ];
}

#[test]
fn fulfilment_is_send_and_sync() {
    send_and_sync![
        fulfil::Basket,
        fulfil::BasketFault,
        fulfil::Ranking,
        fulfil::Rules,
        fulfil::RulesFault,
        fulfil::SourceFault,
        fulfil::Sources<'static>,
        fulfil::Split,
        fulfil::SplitPolicy,
        fulfil::Unsplit,
        fulfil::Couriers,
        fulfil::Fleet,
        fulfil::Life,
        fulfil::dispatch::Dispatch,
        fulfil::dispatch::DispatchHandle,
        fulfil::Options,
        fulfil::OptionsFinder<'static>,
        fulfil::OptionsPolicy,
    ];
}
