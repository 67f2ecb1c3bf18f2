"""Solves instances with OR-Tools or HiGHS and prints a line of JSON for each.

    python flow.py ortools|highs FILE...

The format of the files is described in ../src/file.rs, that of the lines in ../src/measure.rs. Times are CPU seconds
of this process, which uses one thread; the solver's own call counts as solving, what leads to it as building.
"""

import json
import resource
import statistics
import struct
import sys
import time
from dataclasses import dataclass

import numpy as np

SECONDS_MEASURED = 1.0
RUNS_MAX = 9


class FormatError(Exception):
    """The file is no instance."""


class SolverError(Exception):
    """The solver did not find an optimum."""


@dataclass
class Instance:
    capacities: np.ndarray
    prices: np.ndarray
    starts: np.ndarray
    sites: np.ndarray
    costs: np.ndarray

    @property
    def orders(self):
        """The order of each candidate."""
        return np.repeat(np.arange(len(self.prices), dtype=np.int32), np.diff(self.starts))


def read(path):
    with open(path, "rb") as file:
        if file.read(8) != b"BALANCE1":
            raise FormatError(f"{path}: does not begin with BALANCE1")
        n, m, c, _objective, _places = struct.unpack("<5I", file.read(20))

        def array(kind, count):
            values = np.fromfile(file, dtype=kind, count=count)
            if len(values) != count:
                raise FormatError(f"{path}: ends after {len(values)} of {count} values")
            return values

        instance = Instance(array("<u4", m), array("<i8", n), array("<u4", n + 1), array("<u4", c), array("<i4", c))
    if instance.starts[-1] != c or (c and instance.sites.max() >= m):
        raise FormatError(f"{path}: a row or a site is out of range")
    return instance


@dataclass
class Run:
    build: float
    solve: float
    objective: int
    unassigned: int


def ortools(instance):
    """SimpleMinCostFlow: order -> site -> sink, and order -> sink for the price."""
    from ortools.graph.python import min_cost_flow

    begin = time.process_time()
    n, m = len(instance.prices), len(instance.capacities)
    orders, sites = np.arange(n, dtype=np.int32), np.arange(n, n + m, dtype=np.int32)
    tails = np.concatenate([instance.orders, orders, sites])
    heads = np.concatenate([instance.sites.astype(np.int32) + n, np.full(n + m, n + m)]).astype(np.int32)
    room = np.concatenate([np.ones(len(instance.sites) + n), instance.capacities]).astype(np.int64)
    costs = np.concatenate([instance.costs.astype(np.int64), instance.prices, np.zeros(m, dtype=np.int64)])
    solver = min_cost_flow.SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(tails, heads, room, costs)
    supplies = np.concatenate([np.ones(n), np.zeros(m), [-n]]).astype(np.int64)
    solver.set_nodes_supplies(np.arange(n + m + 1, dtype=np.int32), supplies)
    ready = time.process_time()
    status = solver.solve()
    end = time.process_time()
    if status != solver.OPTIMAL:
        raise SolverError(f"OR-Tools ended with {status}")
    leaving = arcs[len(instance.sites) : len(instance.sites) + n]
    unassigned = int(solver.flows(leaving).sum())
    return Run(ready - begin, end - ready, int(solver.optimal_cost()), unassigned)


def highs(instance):
    """Simplex on the linear relaxation, which has an integral optimum: a column a candidate, a column a price."""
    import highspy
    import scipy.sparse

    begin = time.process_time()
    n, m, c = len(instance.prices), len(instance.capacities), len(instance.sites)
    columns = np.arange(c)
    rows = np.concatenate([instance.orders, np.arange(n), n + instance.sites.astype(np.int64)])
    columns = np.concatenate([columns, np.arange(c, c + n), columns])
    matrix = scipy.sparse.csc_matrix((np.ones(len(rows)), (rows, columns)), shape=(n + m, c + n))
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = c + n, n + m
    program.col_cost_ = np.concatenate([instance.costs, instance.prices]).astype(float)
    program.col_lower_, program.col_upper_ = np.zeros(c + n), np.full(c + n, highspy.kHighsInf)
    program.row_lower_ = np.concatenate([np.ones(n), np.zeros(m)])
    program.row_upper_ = np.concatenate([np.ones(n), instance.capacities]).astype(float)
    program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    program.a_matrix_.start_, program.a_matrix_.index_ = matrix.indptr, matrix.indices
    program.a_matrix_.value_ = matrix.data
    solver = highspy.Highs()
    for option, value in [("output_flag", False), ("solver", "simplex"), ("threads", 1)]:
        solver.setOptionValue(option, value)
    solver.passModel(program)
    ready = time.process_time()
    solver.run()
    end = time.process_time()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise SolverError(f"HiGHS ended with {solver.getModelStatus()}")
    leaving = np.asarray(solver.getSolution().col_value)[c:]
    return Run(ready - begin, end - ready, round(solver.getObjectiveValue()), round(leaving.sum()))


SOLVERS = {"ortools": ortools, "highs": highs}


def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report(solver, path):
    instance = read(path)
    loaded_mib = peak_mib()
    runs = [SOLVERS[solver](instance)]
    while len(runs) < RUNS_MAX and sum(run.solve for run in runs) < SECONDS_MEASURED:
        runs.append(SOLVERS[solver](instance))
    return {
        "file": path,
        "solver": solver,
        "orders": len(instance.prices),
        "sites": len(instance.capacities),
        "candidates": len(instance.sites),
        "runs": len(runs),
        "build": statistics.median(run.build for run in runs),
        "solve": statistics.median(run.solve for run in runs),
        "objective": runs[0].objective,
        "unassigned": runs[0].unassigned,
        "loaded_mib": loaded_mib,
        "peak_mib": peak_mib(),
    }


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in SOLVERS:
        sys.exit(__doc__)
    try:
        for path in sys.argv[2:]:
            print(json.dumps(report(sys.argv[1], path)), flush=True)
    except (OSError, struct.error, FormatError, SolverError) as error:
        sys.exit(f"flow.py: {error}")


if __name__ == "__main__":
    main()
