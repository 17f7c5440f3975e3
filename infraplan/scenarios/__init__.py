"""Try a plan against possible futures: other prices, take-up and enrollment, providers that withdraw.

    ranges (declared by the planner) -> futures (drawn by seed) -> outcomes (solved in parallel) -> summary (in words)

A range is a factor on the figure of the input file: `low` and `high` are its ends, `base` the most likely value, and a
draw follows the triangle between them. `shared` (0 to 1) is the part of the spread common to all keys of a quantity:
0, each key has its own luck; 1, all move together. The plan under trial is the one made for the figures as given.

A future is solved twice: for the best plan with hindsight, and for the plan under trial, mended as little as it must be.
What the plan would have lost is the difference. Where a future was not solved to the end the loss is told as two
figures, one for what is sure (against the best plan found) and one for the most it can be (against the bound).
"""

from infraplan.scenarios.futures import Future, draw
from infraplan.scenarios.ranges import FACTORS, QUANTITIES, Chance, Names, Range, Ranges, read_ranges
from infraplan.scenarios.running import Backend, cores, inner, ready, run
from infraplan.scenarios.trial import DOLLARS, MOST, Outcome, Summary, Unit, summary

__all__ = [
    "DOLLARS", "FACTORS", "MOST", "QUANTITIES", "Backend", "Chance", "Future", "Names", "Outcome", "Range", "Ranges",
    "Summary", "Unit", "cores", "draw", "inner", "read_ranges", "ready", "run", "summary",
]  # fmt: skip
