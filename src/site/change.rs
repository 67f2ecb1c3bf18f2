use std::sync::Arc;

use crate::faults::Faults;
use crate::geo::{CompiledArea, Position, ServiceArea};
use crate::id::SiteId;
use crate::site::builder::{check_count, check_openings, check_supplier, compile};
use crate::site::network::{Packed, Record, Version};
use crate::site::state::State;
use crate::site::{
    Network, NetworkFault, NetworkFaults, Schedule, Site, SiteKind, SiteStatus, Tags,
};
use crate::units::Units;

/// One change to a network.
///
/// Status, capacity, tags, schedule and supplier lie beside the indexes. The others set the site aside from the packed
/// indexes: microseconds, too, and once in a while a new packing.
///
/// In serde form `{"close": 17}` or `{"move": {"site": 17, "to": {"lng": 121.5, "lat": 31.2}}}`; `open` holds a site.
///
/// ```
/// use catchment::id::SiteId;
/// use catchment::site::{Change, SiteStatus};
/// let pause = Change::SetStatus { site: SiteId(17), status: SiteStatus::Paused };
/// assert_eq!(pause.site(), SiteId(17));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Change {
    /// A new site, under an id that is not in the network.
    Open(Site),
    /// A site leaves for good.
    Close(SiteId),
    /// A site pauses or goes on.
    SetStatus {
        /// Which.
        site: SiteId,
        /// From now on.
        status: SiteStatus,
    },
    /// A site moves.
    Move {
        /// Which.
        site: SiteId,
        /// Where to.
        to: Position,
    },
    /// A site takes more or less.
    SetCapacity {
        /// Which.
        site: SiteId,
        /// From now on, in one window.
        capacity: Units,
    },
    /// A site serves other addresses.
    SetArea {
        /// Which.
        site: SiteId,
        /// From now on.
        area: ServiceArea,
    },
    /// A site offers something else.
    SetTags {
        /// Which.
        site: SiteId,
        /// From now on.
        tags: Tags,
    },
    /// A site is open at other times.
    SetSchedule {
        /// Which.
        site: SiteId,
        /// From now on.
        schedule: Schedule,
    },
    /// A leader draws on another store's stock: what comes before that store may close.
    SetSupplier {
        /// Which.
        site: SiteId,
        /// From now on; a store once all changes are in, in whatever order they come.
        supplied_by: Option<SiteId>,
    },
}

impl Change {
    /// The site that changes.
    #[must_use]
    pub fn site(&self) -> SiteId {
        match self {
            Self::Open(Site { id: site, .. })
            | Self::Close(site)
            | Self::SetStatus { site, .. }
            | Self::Move { site, .. }
            | Self::SetCapacity { site, .. }
            | Self::SetArea { site, .. }
            | Self::SetTags { site, .. }
            | Self::SetSchedule { site, .. }
            | Self::SetSupplier { site, .. } => *site,
        }
    }
}

impl Network {
    /// The next version: this one with the changes applied in their order, all or none.
    ///
    /// This version stays as it is for whoever holds it. A change costs a few microseconds. Every 16 moves, areas,
    /// openings or closings it costs some 100 more, in proportion to how many there were since the sites were last
    /// packed: those are then put in order. After one of them for every eight sites (at least 256, at most 4,096) the
    /// sites are packed anew within the call, which costs as much as building the network; spread over the changes that
    /// brought it about that is a few microseconds each at 20,000 sites. Closing a store looks at every site for
    /// leaders that it supplies. Where many sites share one point (a mall of lockers, a geocoder's fallback), a change
    /// of one looks at all of them: 1 ms with 20,000 at one point, some 15 ms with 200,000.
    ///
    /// The new version shares the tiles of [`prepare`](Self::prepare), but a packing drops them.
    ///
    /// # Errors
    ///
    /// [`NetworkFaults`] with all that is wrong, in the order of the changes; what the finished version would lack
    /// (suppliers, room for so many sites) comes last.
    ///
    /// ```
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::SiteId;
    /// use catchment::site::{Change, Network, Site};
    /// use catchment::units::Units;
    ///
    /// let at = |lng, lat| Position::new(LngLat { lng, lat });
    /// let monday = Network::builder().site(Site::store(SiteId(1), at(121.47, 31.23)?, Units(9))).build()?;
    /// let tuesday = monday.with_changes([
    ///     Change::Open(Site::leader(SiteId(2), at(121.48, 31.23)?, Units(60))),
    ///     Change::Move { site: SiteId(1), to: at(121.5, 31.2)? },
    /// ])?;
    /// assert_eq!((monday.len(), tuesday.len()), (1, 2));
    /// assert!(tuesday.with_changes([Change::Close(SiteId(3))]).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_changes(
        &self,
        changes: impl IntoIterator<Item = Change>,
    ) -> Result<Self, NetworkFaults> {
        let mut draft = Draft::of(&self.state);
        for change in changes {
            draft.apply(change);
        }
        draft.finish().map(|state| Self {
            state: Arc::new(state),
        })
    }
}

/// A version in the making.
struct Draft {
    state: State,
    faults: NetworkFaults,
    /// Sites whose supplier has to be looked up once all changes are in.
    to_supply: Vec<SiteId>,
    /// Whether a store has gone that may have supplied leaders.
    store_closed: bool,
}

impl Draft {
    fn of(state: &State) -> Self {
        let state = State {
            version: Version(state.version.0 + 1),
            ..state.clone()
        };
        Self {
            state,
            faults: Faults::none(),
            to_supply: Vec::new(),
            store_closed: false,
        }
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Open(site) => self.open(site),
            Change::Close(site) => self.close(site),
            Change::SetStatus { site, status } => self.edit(site, |site| site.status = status),
            Change::SetCapacity { site, capacity } => {
                self.edit(site, |site| site.capacity = capacity);
            }
            Change::SetTags { site, tags } => self.edit(site, |site| site.tags = tags),
            Change::SetSchedule { site, schedule } => self.set_schedule(site, schedule),
            Change::SetSupplier { site, supplied_by } => self.set_supplier(site, supplied_by),
            Change::Move { site, to } => self.relocate(site, to),
            Change::SetArea { site, area } => self.set_area(site, area),
        }
    }

    fn open(&mut self, site: Site) {
        let id = site.id;
        let Some(area) = compile(&site, &self.state.limits, &mut self.faults) else {
            return;
        };
        let record = Record {
            site,
            area,
            packed: Packed::Nothing,
        };
        let slot = match self.state.directory.slot(id) {
            Some(slot) if self.state.record(slot).is_some() => {
                self.faults.push(NetworkFault::AlreadyOpen { site: id });
                return;
            }
            // It has been here before, in this generation, and has closed.
            Some(slot) => slot,
            None => {
                let slot = self.state.records.len() as u32;
                self.state.records.push(None);
                self.state.directory.open(id, slot);
                slot
            }
        };
        self.state.live += 1;
        self.to_supply.push(id);
        self.settle(slot, record);
    }

    fn close(&mut self, id: SiteId) {
        let Some((slot, record)) = self.find(id) else {
            return;
        };
        self.store_closed |= record.site.kind == SiteKind::Store;
        self.withdraw(slot, &record);
        if let Some(place) = self.state.records.get_mut(slot) {
            *place = None;
        }
        self.state.follow(slot);
        self.state.live -= 1;
    }

    /// Changes what no index knows of.
    fn edit(&mut self, id: SiteId, change: impl FnOnce(&mut Site)) {
        let slot = self.state.directory.slot(id);
        let found = slot.and_then(|slot| Some((slot, self.state.records.get_mut(slot)?.as_mut()?)));
        let Some((slot, record)) = found else {
            self.faults.push(NetworkFault::UnknownSite { site: id });
            return;
        };
        change(&mut record.site);
        self.state.follow(slot);
    }

    fn set_schedule(&mut self, id: SiteId, schedule: Schedule) {
        check_openings(id, &schedule, &self.state.limits, &mut self.faults);
        self.edit(id, |site| site.schedule = schedule);
    }

    fn set_supplier(&mut self, id: SiteId, supplied_by: Option<SiteId>) {
        self.edit(id, |site| site.supplied_by = supplied_by);
        self.to_supply.push(id);
    }

    fn relocate(&mut self, id: SiteId, to: Position) {
        let Some((slot, mut record)) = self.find(id) else {
            return;
        };
        self.withdraw(slot, &record);
        record.site.position = to;
        record.packed = Packed::Nothing;
        self.settle(slot, record);
    }

    fn set_area(&mut self, id: SiteId, area: ServiceArea) {
        let Some((slot, mut record)) = self.find(id) else {
            return;
        };
        match CompiledArea::compile(&area, &self.state.limits) {
            Ok(compiled) => {
                self.withdraw_area(slot, &record);
                record.site.area = area;
                record.area = compiled;
                record.packed = record.packed.min(Packed::Position);
                self.settle(slot, record);
            }
            Err(error) => self.faults.push(NetworkFault::Area { site: id, error }),
        }
    }

    fn find(&mut self, id: SiteId) -> Option<(u32, Record)> {
        let found = self
            .state
            .directory
            .slot(id)
            .and_then(|slot| Some((slot, self.state.record(slot)?.clone())));
        if found.is_none() {
            self.faults.push(NetworkFault::UnknownSite { site: id });
        }
        found
    }

    /// Takes a record out of the indexes.
    fn withdraw(&mut self, slot: u32, record: &Record) {
        self.withdraw_area(slot, record);
        if record.packed >= Packed::Position {
            self.state.stale += 1;
            let heirs = Arc::make_mut(&mut self.state.heirs);
            heirs.insert(&self.state.generation.tree, slot);
        }
    }

    fn withdraw_area(&mut self, slot: u32, record: &Record) {
        if record.packed == Packed::PositionAndArea {
            self.state.stale_areas += 1;
        } else {
            Arc::make_mut(&mut self.state.overlay).remove(slot);
        }
    }

    /// Puts a record into its slot and into the overlay.
    fn settle(&mut self, slot: u32, record: Record) {
        let site = self.state.aside(slot, &record);
        Arc::make_mut(&mut self.state.overlay).insert(site);
        let tree = &self.state.generation.tree;
        self.state.rivals.enter(tree, &site);
        if let Some(place) = self.state.records.get_mut(slot) {
            *place = Some(record);
        }
        self.state.follow(slot);
    }

    fn finish(mut self) -> Result<State, NetworkFaults> {
        check_count(self.state.live, &self.state.limits, &mut self.faults);
        self.check_suppliers();
        self.faults.into_result()?;
        let mut state = self.state;
        if state.stale_areas.max(state.overlay.len()) <= overlay_max(state.live) {
            state.settle();
            return Ok(state);
        }
        let slots = state.directory.slots_by_id();
        let records = slots
            .filter_map(|slot| state.record(slot).cloned())
            .collect();
        Ok(State::pack(state.version, state.limits, records))
    }

    fn check_suppliers(&mut self) {
        let state = &self.state;
        let site = |id| Some(&state.record(state.directory.slot(id)?)?.site);
        let kind_of = |id| site(id).map(|site| site.kind);
        if self.store_closed {
            let slots = state.directory.slots_by_id();
            for record in slots.filter_map(|slot| state.record(slot)) {
                check_supplier(&record.site, kind_of, &mut self.faults);
            }
        } else {
            self.to_supply.sort_unstable();
            self.to_supply.dedup();
            for site in self.to_supply.iter().filter_map(|id| site(*id)) {
                check_supplier(site, kind_of, &mut self.faults);
            }
        }
    }
}

/// How many changes to the indexes a generation bears before it is packed anew: few enough that copying and searching
/// the overlay stays far below a millisecond, enough that packing costs little when spread over them.
fn overlay_max(sites: usize) -> usize {
    (sites / 8).clamp(256, 4_096)
}
