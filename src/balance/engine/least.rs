//! From valid prices to the least ones.

use super::{CandidateSource, Engine, Reached};

impl<S: CandidateSource> Engine<S> {
    /// Lowers all prices to the componentwise least at which the plan is optimal.
    ///
    /// The least price of a site is what one more place there would save. That is its price less the reduced length
    /// of the best chain of moves into the site, where a chain that begins at a site adds the price of the unit it
    /// leaves: so all prices fall by the distance from all places at once. Chains found by
    /// [`relieve`](Self::relieve) from prices of 0 leave them least, and nothing is done.
    pub(in crate::balance) fn make_prices_least(&mut self) {
        if self.is_least {
            return;
        }
        self.is_least = true;
        if self.nodes[..self.nodes.len() - 1]
            .iter()
            .all(|node| node.price == 0)
        {
            return;
        }
        self.keep_entrances();
        self.list_unsure();
        let falls = loop {
            let falls = self.distances_from_all();
            // A shorter way may have been out of sight.
            for (site, fall) in (0..self.nowhere()).zip(&falls) {
                if self.certain(site) < *fall {
                    self.want(site, self.farther(self.certain(site)).min(*fall));
                }
            }
            if !self.look_farther() {
                break falls;
            }
        };
        let mut sunk = 0;
        for (site, fall) in falls.iter().enumerate() {
            if *fall > 0 {
                sunk = sunk.max(self.lower_price(site as u32, *fall));
            }
        }
        self.sink(sunk);
    }

    /// For each site the least of price and distance, over all places, from the place along the moves to the site.
    fn distances_from_all(&mut self) -> Vec<i64> {
        self.begin_search();
        let Self {
            nodes, sites, heap, ..
        } = self;
        let mut falls: Vec<i64> = nodes.iter().map(|node| node.price).collect();
        if let Some(nowhere) = falls.last_mut() {
            *nowhere = 0;
        }
        let starts = (0..).zip(&falls);
        heap.extend(starts.map(|(site, fall)| Reached::new(*fall, site)));
        while let Some(reached) = heap.pop() {
            let (fall, site) = (reached.dist(), reached.node());
            if fall != falls[site as usize] {
                continue;
            }
            let price = nodes[site as usize].price;
            for exit in &sites[site as usize].exits {
                let goal = exit.to as usize;
                let reach = fall + exit.low + nodes[goal].price - price;
                if reach < falls[goal] {
                    falls[goal] = reach;
                    heap.push(Reached::new(reach, exit.to));
                }
            }
        }
        if let Some(nowhere) = falls.last_mut() {
            *nowhere = 0;
        }
        falls
    }
}
