"""How long it takes to try a funding plan of 1,000 projects against 40 possible futures, with one process and with two.

usage: python benchmarks/bench_scenarios.py [PROJECTS] [FUTURES]
"""

import sys
import time
from functools import partial

from bench_fund import plan

from infraplan import scenarios
from infraplan.procurement.funding import answer, futures
from infraplan.solve import Limits


def main() -> None:
    """Measure and print; the outcomes of both must be the same."""
    count, many = (int(word) for word in (sys.argv[1:] + ["1000", "40"][len(sys.argv) - 1 :]))
    told, limits = plan(count), Limits(gap=0.005, threads=1)
    ranges, names = scenarios.read_ranges(None), futures.names(told)
    base = answer.find(told, limits)
    begun = time.perf_counter()
    drawn = scenarios.draw(ranges, many, 1, names)
    print(f"{many} futures of {count:,} projects drawn in {time.perf_counter() - begun:.2f} s")
    found = []
    for workers in (1, 2):
        begun = time.perf_counter()
        found.append(scenarios.run(partial(futures.face, told, base.starts, limits), drawn, "local", workers))
        print(f"{workers} process(es): {time.perf_counter() - begun:.1f} s")
    assert found[0] == found[1], "the answer must not depend on the number of processes"
    summary = scenarios.summary(
        futures.decisions(told, base.starts), found[0], drawn, ranges.used(names), 1, futures.unit(told)
    )
    print("\n".join(summary.words()))


if __name__ == "__main__":
    main()
