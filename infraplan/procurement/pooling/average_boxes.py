"""Which averages can matter: spans of them are bounded at once, and split only where the bound is too low.

With objective `non_discount_share` and a consortium's filing, each of up to 71 averages (per category) is a model of its own.
An award whose average lies in a span costs its members no less than at the span's highest average, and the rates of those
who file together keep between the span's ends: one linear relaxation bounds them all. Most spans end there; what is left
is a few averages, the most promising first.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

Average = dict[str, int]


@dataclass(frozen=True)
class Box:
    """A span of averages per category, ends included, and a cost that no award with such an average is below."""

    least: Average
    most: Average
    bound: float

    @property
    def single(self) -> bool:
        """Whether only one average is left."""
        return self.least == self.most

    def halves(self) -> Iterator[tuple[Average, Average]]:
        """The two halves of the widest span; the upper one is the smaller, since its bound is the weaker."""
        widest = max(self.least, key=lambda name: (self.most[name] - self.least[name], name))
        low, high = self.least[widest], self.most[widest]
        middle = low + (high - low) // 2
        yield self.least, {**self.most, widest: middle}
        yield {**self.least, widest: middle + 1}, self.most


def whole(rates: Mapping[str, Sequence[int]]) -> tuple[Average, Average]:
    """The span of every average that rates can have."""
    return {name: told[0] for name, told in rates.items()}, {name: told[-1] for name, told in rates.items()}


def search(
    rates: Mapping[str, Sequence[int]],
    bound_of: Callable[[Average, Average], float],
    solve_at: Callable[[Average], float],
    enough: Callable[[], float],
    late: Callable[[], bool],
) -> float:
    """Look at averages, most promising first; returns what no award of any average is below.

    `bound_of` bounds a span, `solve_at` searches one average and returns its bound; spans at or above `enough()` are left.
    """
    order = count()
    least, most = whole(rates)
    waiting = [(float("-inf"), next(order), Box(least, most, float("-inf")))]
    settled = float("inf")
    while waiting and waiting[0][0] < enough() and not late():
        _, _, box = heapq.heappop(waiting)
        if box.single:
            settled = min(settled, max(box.bound, solve_at(box.most)))
            continue
        for low, high in box.halves():
            bound = max(box.bound, bound_of(low, high))
            heapq.heappush(waiting, (bound, next(order), Box(low, high, bound)))
    return min([settled, *(bound for bound, _, _ in waiting)])
