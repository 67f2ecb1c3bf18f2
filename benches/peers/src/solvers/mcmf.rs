//! The crate `mcmf`. Its call copies the graph into LEMON, runs the network simplex, and cuts the flow into paths.

use mcmf::{Capacity, Cost, GraphBuilder, Path, Vertex};

use super::{SolveError, count};
use crate::instance::Instance;
use crate::measure::{Run, Stopwatch};

pub(super) fn run(instance: &Instance) -> Result<Run, SolveError> {
    let stopwatch = Stopwatch::start();
    let graph = graph(instance)?;
    let build = stopwatch.seconds();
    // Its total wraps round at 32 bits, so the objective is counted from the paths.
    let (_, paths) = graph.mcmf();
    let solve = stopwatch.seconds() - build;

    let plan = plan(instance, &paths);
    let count = count(instance, "mcmf", plan.into_iter())?;
    Ok(Run {
        build,
        solve,
        objective: count.costs + count.prices,
        unassigned: count.unassigned,
    })
}

/// Nodes are the orders, then the sites. An order's arc to the sink leaves it unassigned.
fn graph(instance: &Instance) -> Result<GraphBuilder<u32>, SolveError> {
    let mut graph = GraphBuilder::new();
    let orders = instance.orders() as u32;
    for (order, price) in (0..orders).zip(&instance.prices) {
        let price = i32::try_from(*price).map_err(|_| SolveError::TooLargeForMcmf(*price))?;
        graph.add_edge(Vertex::Source, order, Capacity(1), Cost(0));
        graph.add_edge(order, Vertex::Sink, Capacity(1), Cost(price));
        for (site, cost) in instance.row(order as usize) {
            graph.add_edge(order, orders + site, Capacity(1), Cost(cost));
        }
    }
    for (site, capacity) in (0..).zip(&instance.capacities) {
        let capacity = i32::try_from(*capacity)
            .map_err(|_| SolveError::TooLargeForMcmf(i64::from(*capacity)))?;
        graph.add_edge(orders + site, Vertex::Sink, Capacity(capacity), Cost(0));
    }
    Ok(graph)
}

/// A path with a site in it runs source, order, site, sink.
fn plan(instance: &Instance, paths: &[Path<u32>]) -> Vec<Option<u32>> {
    let orders = instance.orders() as u32;
    let mut plan = vec![None; instance.orders()];
    for path in paths {
        if let [_, Vertex::Node(order), Vertex::Node(site), _] = path.vertices()[..] {
            plan[*order as usize] = Some(site - orders);
        }
    }
    plan
}
