use core::fmt;

use crate::candidates::Filter;
use crate::candidates::filter::Demand;
use crate::geo::{Address, Chord, Position, ServiceArea, chord2_reaching};
use crate::id::{DisplayWith, Names, Numbers, SiteId};
use crate::index::{Ranked, Ranking};
use crate::site::{Neighbour, Network, Record, SiteKind, Tags};
use crate::time::Timestamp;
use crate::units::{Distance, Units};

/// A site that was considered for an address, with the verdict.
///
/// `Display` is a sentence, for example `site 17 at 1,240 m: outside service area: 1,240 m > 1,000 m`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Candidate {
    /// The site and its distance from the address.
    pub neighbour: Neighbour,
    /// Whether it may take the order.
    pub verdict: Verdict,
}

/// Whether a site may take an order, and if not, why not.
///
/// In serde form `"eligible"` or, for example, `{"rejected": "paused"}` and
/// `{"rejected": {"too_far": {"distance": 900000, "limit": 800000}}}`, distances in millimetres.
///
/// ```
/// use catchment::candidates::{Filter, Rejection, Verdict};
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::SiteId;
/// use catchment::site::{Network, Site};
/// use catchment::units::{Distance, Units};
///
/// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
/// let network = Network::builder().site(Site::leader(SiteId(17), at(121.40)?, Units(60))).build()?;
/// let near = Filter::default().max_distance(Distance::from_metres(800));
/// let detour = match &network.explain(at(121.41)?, 1, &near)[0].verdict {
///     Verdict::Rejected(Rejection::TooFar { distance, limit }) => distance.saturating_sub(*limit),
///     _ => Distance::ZERO,
/// };
/// assert_eq!(detour.to_string(), "151 m");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Verdict {
    /// No hard rule forbids it.
    Eligible,
    /// The first demand that it does not meet, in the order given at [`Filter`].
    Rejected(Rejection),
}

/// The demand that a site does not meet, with its value and the limit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Rejection {
    /// It takes no orders until further notice.
    Paused,
    /// The buyer chose another site.
    NotChosen {
        /// Which.
        chosen: SiteId,
    },
    /// It is of the other kind.
    WrongKind {
        /// What it is.
        kind: SiteKind,
        /// What was asked for.
        wanted: SiteKind,
    },
    /// The order would not fit even if nothing were there.
    TooSmall {
        /// What it takes in the window.
        capacity: Units,
        /// What the order takes.
        size: Units,
    },
    /// It does not offer everything.
    MissingTags {
        /// What it lacks.
        missing: Tags,
    },
    /// It is not open at the instant.
    Closed {
        /// The instant asked for.
        at: Timestamp,
        /// When it opens next, if it ever does.
        opens_at: Option<Timestamp>,
    },
    /// It is farther away than the order allows.
    TooFar {
        /// How far it is.
        distance: Distance,
        /// How far it may be.
        limit: Distance,
    },
    /// The address is outside the radius that it serves.
    OutsideRadius {
        /// How far the address is.
        distance: Distance,
        /// How far it serves.
        radius: Distance,
    },
    /// The address is outside the polygons that it serves.
    OutsidePolygon,
    /// The address is outside the H3 cells that it serves.
    OutsideCells,
    /// The caller's own predicate does not hold; or, in an explanation of a plan by the caller's own costs, they have
    /// none for it.
    Predicate,
}

impl Rejection {
    /// The name of the demand that was not met: that of the serde form, without value and limit.
    ///
    /// ```
    /// assert_eq!(catchment::candidates::Rejection::Paused.name(), "paused");
    /// ```
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::NotChosen { .. } => "not_chosen",
            Self::WrongKind { .. } => "wrong_kind",
            Self::TooSmall { .. } => "too_small",
            Self::MissingTags { .. } => "missing_tags",
            Self::Closed { .. } => "closed",
            Self::TooFar { .. } => "too_far",
            Self::OutsideRadius { .. } => "outside_radius",
            Self::OutsidePolygon => "outside_polygon",
            Self::OutsideCells => "outside_cells",
            Self::Predicate => "predicate",
        }
    }
}

impl Network {
    /// The `k` nearest sites, nearest first, each with its verdict: why the nearest was taken, or why not.
    ///
    /// Judges by the same rules as [`nearest_eligible`](Self::nearest_eligible). O(log n + k) expected. If all `k` are
    /// rejected the chosen site is not among them: see [`explain_choice`](Self::explain_choice).
    ///
    /// ```
    /// use catchment::candidates::Filter;
    /// use catchment::geo::{LngLat, Position, ServiceArea};
    /// use catchment::id::SiteId;
    /// use catchment::site::{Network, Site};
    /// use catchment::units::{Distance, Units};
    ///
    /// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// let mut leader = Site::leader(SiteId(17), at(121.400)?, Units(60));
    /// leader.area = ServiceArea::Radius(Distance::from_metres(1_000));
    /// let network = Network::builder().site(leader).build()?;
    /// let explained = network.explain(at(121.413)?, 1, &Filter::default());
    /// assert_eq!(
    ///     explained[0].to_string(),
    ///     "site 17 at 1,236 m: outside service area: 1,236 m > 1,000 m",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn explain(&self, from: Position, k: usize, filter: &Filter<'_>) -> Vec<Candidate> {
        let address = Address::from(from);
        let ranked = self.nearest_ranked(address.at, k);
        ranked
            .iter()
            .filter_map(|ranked| self.judge(ranked, &address, filter))
            .collect()
    }

    /// Why the nearest eligible site was chosen: every site that is nearer with the reason against it, nearest first,
    /// then the chosen one as the last.
    ///
    /// At most the nearest `considered_max`: if the chosen site is not among those, or if no site is eligible, all of
    /// the answer are rejected. O(log n + sites of the answer) expected, and one
    /// [`nearest_eligible_site`](Self::nearest_eligible_site).
    ///
    /// ```
    /// use catchment::candidates::Filter;
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::SiteId;
    /// use catchment::site::{Network, Site, SiteKind, SiteStatus};
    /// use catchment::units::Units;
    ///
    /// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// let mut paused = Site::store(SiteId(1), at(121.40)?, Units(500));
    /// paused.status = SiteStatus::Paused;
    /// let network = Network::builder()
    ///     .site(paused)
    ///     .site(Site::leader(SiteId(2), at(121.41)?, Units(60)))
    ///     .site(Site::store(SiteId(3), at(121.42)?, Units(500)))
    ///     .site(Site::store(SiteId(4), at(121.43)?, Units(500)))
    ///     .build()?;
    /// let stores = Filter::default().kind(SiteKind::Store);
    /// let why = network.explain_choice(at(121.40)?, 100, &stores);
    /// assert_eq!(why.iter().map(|candidate| candidate.to_string()).collect::<Vec<_>>(), [
    ///     "site 1 at 0 m: paused",
    ///     "site 2 at 951 m: wrong kind: leader, not store",
    ///     "site 3 at 1,902 m: eligible",
    /// ]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn explain_choice(
        &self,
        from: Position,
        considered_max: usize,
        filter: &Filter<'_>,
    ) -> Vec<Candidate> {
        let chosen = self.nearest_eligible_site(from, filter);
        let bound = chosen.map_or(f64::INFINITY, |chosen| chord2_reaching(chosen.distance));
        let mut ranking = Ranking::new(considered_max, self.len(), bound);
        let address = Address::from(from);
        self.state.search_all(address.at, &mut ranking);
        // The bound lets equally near sites with greater ids pass.
        ranking
            .into_sorted()
            .iter()
            .take_while(|ranked| chosen.is_none_or(|chosen| Neighbour::from(**ranked) <= chosen))
            .filter_map(|ranked| self.judge(ranked, &address, filter))
            .collect()
    }

    /// The verdict on one site, near or far; `None` if it is not in the network. O(log n).
    ///
    /// ```
    /// use catchment::candidates::Filter;
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::SiteId;
    /// use catchment::site::Network;
    /// let network = Network::builder().build()?;
    /// let home = Position::new(LngLat { lng: 121.4, lat: 31.2 })?;
    /// assert!(network.explain_site(home, SiteId(17), &Filter::default()).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn explain_site(
        &self,
        from: Position,
        site: SiteId,
        filter: &Filter<'_>,
    ) -> Option<Candidate> {
        let address = Address::from(from);
        let slot = self.state.directory.slot(site)?;
        let record = self.state.record(slot)?;
        let chord = address.at.chord(self.state.vector(slot, record));
        self.judge(
            &Ranked {
                chord,
                id: site,
                slot,
            },
            &address,
            filter,
        )
    }

    fn judge(&self, ranked: &Ranked, address: &Address, filter: &Filter<'_>) -> Option<Candidate> {
        let record = self.state.record(ranked.slot)?;
        let verdict = match filter.first_unmet(record, address, ranked.chord) {
            None => Verdict::Eligible,
            Some(demand) => Verdict::Rejected(rejection(demand, filter, record, ranked.chord)),
        };
        Some(Candidate {
            neighbour: Neighbour::from(*ranked),
            verdict,
        })
    }
}

/// Puts numbers to the demand that a site does not meet.
pub(crate) fn rejection(
    unmet: Demand,
    filter: &Filter<'_>,
    record: &Record,
    chord: Chord,
) -> Rejection {
    let site = &record.site;
    let distance = chord.distance();
    match (unmet, filter) {
        (
            Demand::Chosen,
            Filter {
                chosen: Some(chosen),
                ..
            },
        ) => Rejection::NotChosen { chosen: *chosen },
        (
            Demand::Kind,
            Filter {
                kind: Some(wanted), ..
            },
        ) => Rejection::WrongKind {
            kind: site.kind,
            wanted: *wanted,
        },
        (Demand::Capacity, Filter { size, .. }) => Rejection::TooSmall {
            capacity: filter.capacity_of(site),
            size: *size,
        },
        (Demand::Tags, Filter { tags, .. }) => Rejection::MissingTags {
            missing: tags.missing_from(site.tags),
        },
        (
            Demand::Hours,
            Filter {
                open_at: Some(at), ..
            },
        ) => {
            let next = site.schedule.next_opening_after(*at);
            Rejection::Closed {
                at: *at,
                opens_at: next.map(|opening| opening.window.opens_at()),
            }
        }
        (
            Demand::Distance,
            Filter {
                max_distance: Some(limit),
                ..
            },
        ) => Rejection::TooFar {
            distance,
            limit: *limit,
        },
        (Demand::Area, _) => match site.area {
            ServiceArea::Radius(radius) => Rejection::OutsideRadius { distance, radius },
            ServiceArea::Cells(_) => Rejection::OutsideCells,
            _ => Rejection::OutsidePolygon,
        },
        (Demand::Status, _) => Rejection::Paused,
        _ => Rejection::Predicate,
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_with(&Numbers, f)
    }
}

impl DisplayWith for Candidate {
    fn fmt_with(&self, names: &dyn Names, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Neighbour { distance, site } = self.neighbour;
        let (site, verdict) = (names.site(site), self.verdict.display_with(names));
        write!(f, "site {site} at {distance}: {verdict}")
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_with(&Numbers, f)
    }
}

impl DisplayWith for Verdict {
    fn fmt_with(&self, names: &dyn Names, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Eligible => f.write_str("eligible"),
            Self::Rejected(rejection) => rejection.fmt_with(names, f),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_with(&Numbers, f)
    }
}

impl DisplayWith for Rejection {
    fn fmt_with(&self, names: &dyn Names, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused => f.write_str("paused"),
            Self::NotChosen { chosen } => {
                let chosen = names.site(*chosen);
                write!(f, "not chosen: the buyer wants site {chosen}")
            }
            Self::WrongKind { kind, wanted } => write!(f, "wrong kind: {kind}, not {wanted}"),
            Self::TooSmall { capacity, size } => {
                write!(f, "too small: size {size} > capacity {capacity}")
            }
            Self::MissingTags { missing } => write!(f, "does not offer: {missing}"),
            Self::Closed {
                at,
                opens_at: Some(opens_at),
            } => write!(f, "closed at {at}, opens at {opens_at}"),
            Self::Closed { at, opens_at: None } => {
                write!(f, "closed at {at}, its schedule has no later opening")
            }
            Self::TooFar { distance, limit } => write_exceeded(f, "too far", *distance, *limit),
            Self::OutsideRadius { distance, radius } => {
                write_exceeded(f, "outside service area", *distance, *radius)
            }
            Self::OutsidePolygon => f.write_str("outside service area: not in its polygons"),
            Self::OutsideCells => f.write_str("outside service area: not in its cells"),
            Self::Predicate => f.write_str("refused by the caller's predicate"),
        }
    }
}

/// `what: value > limit` in metres, with millimetres where the metres alone would look equal.
fn write_exceeded(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    value: Distance,
    limit: Distance,
) -> fmt::Result {
    let (short_value, short_limit) = (value.to_string(), limit.to_string());
    if short_value == short_limit {
        write!(f, "{what}: {value:#} > {limit:#}")
    } else {
        write!(f, "{what}: {short_value} > {short_limit}")
    }
}
