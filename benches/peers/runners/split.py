"""Divides orders with HiGHS: a JSON order a line on the standard input, a JSON answer a line on the standard output.

    python split.py < orders

An order has `wanted` pieces and `values` of a piece by line, `distances` and `has` by store, a `minimum` value for each
part, and says whether each line comes `from_one` store. An answer has the `stores` that are used, or null if there is
no way, and the `seconds` of CPU time that the model and its solution took. One thread.
"""

import json
import sys
import time

import highspy
import numpy as np


class SolverError(Exception):
    """The solver neither found an optimum nor proved that there is no way."""


def divide(order):
    """Fewest stores first, least distance second, in one objective: a store costs its distance and more than all."""
    begin = time.process_time()
    wanted, values, distances = order["wanted"], order["values"], order["distances"]
    stores, lines = len(distances), len(wanted)
    solver = highspy.Highs()
    options = {"output_flag": False, "threads": 1, "mip_rel_gap": 0.0, "mip_abs_gap": 0.0}
    for option, value in options.items():
        solver.setOptionValue(option, value)
    # A column for each store: is it used? Then one for each store and line: how many pieces, in units of `unit`.
    unit = wanted if order["from_one"] else [1] * lines
    most = [[min(has, want) // of for has, want, of in zip(row, wanted, unit)] for row in order["has"]]
    several = sum(distances) + 1
    columns = [1] * stores + [count for row in most for count in row]
    costs = [several + distance for distance in distances] + [0] * (stores * lines)
    count = len(columns)
    solver.addVars(count, np.zeros(count), np.array(columns, dtype=float))
    everything = np.arange(count, dtype=np.int32)
    solver.changeColsCost(count, everything, np.array(costs, dtype=float))
    solver.changeColsIntegrality(count, everything, np.full(count, highspy.HighsVarType.kInteger))

    def row(low, high, entries):
        slots = np.array([slot for slot, _ in entries], dtype=np.int32)
        solver.addRow(low, high, len(entries), slots, np.array([value for _, value in entries], dtype=float))

    slot = lambda store, line: stores + store * lines + line
    for line in range(lines):
        need = wanted[line] // unit[line]
        row(need, need, [(slot(store, line), 1) for store in range(stores)])
        for store in range(stores):
            if most[store][line]:
                row(-highspy.kHighsInf, 0, [(slot(store, line), 1), (store, -most[store][line])])
    if order["minimum"]:
        for store in range(stores):
            worth = [(slot(store, line), values[line] * unit[line]) for line in range(lines)]
            row(0, highspy.kHighsInf, worth + [(store, -order["minimum"])])
    solver.run()
    status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        used = None
    elif status == highspy.HighsModelStatus.kOptimal:
        solution = solver.getSolution().col_value
        used = [store for store in range(stores) if solution[store] > 0.5]
    else:
        raise SolverError(f"HiGHS ended with {status}")
    return {"stores": used, "seconds": time.process_time() - begin}


def main():
    for line in sys.stdin:
        print(json.dumps(divide(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
