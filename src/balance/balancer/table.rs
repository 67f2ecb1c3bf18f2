use core::ops::RangeInclusive;

use crate::balance::{Candidate, CandidateSource, Named, Rows, Solution};

/// Rows that change, and what orders pay for leaving the site where they are known.
#[derive(Clone, Debug)]
pub(super) struct Table {
    rows: Vec<Box<[Candidate]>>,
    /// For each order the site where it costs less by the price of a move; [`Solution::NOWHERE`] for none.
    pub(super) anchors: Vec<u32>,
    pub(super) move_price: i64,
}

impl Table {
    pub(super) fn of(rows: &Rows) -> Self {
        Self {
            rows: (0..rows.len())
                .map(|order| rows.row(order).into())
                .collect(),
            anchors: vec![Solution::NOWHERE; rows.len()],
            move_price: 0,
        }
    }

    pub(super) fn push(&mut self, row: Vec<Candidate>) {
        self.rows.push(row.into());
        self.anchors.push(Solution::NOWHERE);
    }

    pub(super) fn pop(&mut self) {
        self.rows.pop();
        self.anchors.pop();
    }

    pub(super) fn row(&self, order: u32) -> &[Candidate] {
        &self.rows[order as usize]
    }

    /// Returns the row before.
    pub(super) fn set_row(&mut self, order: u32, row: Box<[Candidate]>) -> Box<[Candidate]> {
        core::mem::replace(&mut self.rows[order as usize], row)
    }
}

impl CandidateSource for Table {
    fn costs(&self) -> RangeInclusive<i64> {
        -Candidate::COST_MAX..=Candidate::COST_MAX
    }

    const PRUNES: bool = false;

    fn below(&mut self, order: u32, _limit: i64, mut found: impl FnMut(u32, i64)) -> Named {
        let anchor = self.anchors[order as usize];
        for candidate in &self.rows[order as usize] {
            let site = candidate.site();
            let reward = if site == anchor { self.move_price } else { 0 };
            found(site, candidate.cost() - reward);
        }
        Named::All
    }

    fn floors_changed(&mut self, _floors: &[i64]) {}
}
