//! Every limit of the library, in one place. Each is checked before the memory it protects is allocated.

/// How much one call may ask for.
///
/// The defaults fit a large country on an ordinary server; a service that takes input from strangers
/// lowers them. A limit that is exceeded yields a typed error that names the limit and both numbers.
/// More limits may be added: always end with `..Limits::default()`, as below.
///
/// ```
/// use catchment::limits::Limits;
/// let limits = Limits { sites_max: 1_000, ..Limits::default() };
/// assert!(limits.sites_max < Limits::default().sites_max);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Limits {
    /// Sites in one network. By default 10,000,000.
    pub sites_max: usize,
    /// Corners of one service area's polygons together, holes included. By default 100,000.
    pub area_vertices_max: usize,
    /// H3 cells in one service area. By default 1,000,000.
    pub area_cells_max: usize,
    /// Opening intervals of one site. By default 10,000.
    pub openings_max: usize,
    /// Orders in one batch, or at one desk. By default 100,000,000.
    pub orders_max: usize,
    /// Lines of one order. By default 10,000.
    pub order_lines_max: usize,
    /// Pieces in one line of an order. By default 1,000,000.
    pub line_quantity_max: u32,
    /// Candidates listed for one order of a plan. By default 1,000.
    pub candidates_max: usize,
    /// H3 cells in one map or roll-up. By default 10,000,000.
    pub map_cells_max: usize,
    /// Delivery windows of one fleet. By default 10,000.
    pub windows_max: usize,
    /// Couriers of one fleet. By default 1,000,000.
    pub couriers_max: usize,
    /// Campaigns in one book of presales, compacted ones included. By default 1,000,000.
    pub campaigns_max: usize,
    /// Commands that one ledger remembers, and so decides. By default 1,000,000,000.
    pub commands_max: usize,
}

impl Limits {
    /// The largest `sites_max` that is honoured: slots in the indexes are 32-bit.
    pub const SITES_CEILING: usize = 1 << 30;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sites_max: 10_000_000,
            area_vertices_max: 100_000,
            area_cells_max: 1_000_000,
            openings_max: 10_000,
            orders_max: 100_000_000,
            order_lines_max: 10_000,
            line_quantity_max: 1_000_000,
            candidates_max: 1_000,
            map_cells_max: 10_000_000,
            windows_max: 10_000,
            couriers_max: 1_000_000,
            campaigns_max: 1_000_000,
            commands_max: 1_000_000_000,
        }
    }
}
