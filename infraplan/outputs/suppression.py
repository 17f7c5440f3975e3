"""Which counts of people a page withholds, so that nobody is told apart.

A count of people `n` with 0 < n < threshold is not shown: the page says "fewer than 10". A count is also withheld where
what is shown beside it would give a small count away:

1. complement: a part of a shown total, where total - part is small (97 of 100 children leaves 3);
2. whole: every part of a withheld total, because the total bounds it;
3. neighbors: where one row of a column is withheld alone, or the withheld rows together are fewer than the threshold,
   a state total published elsewhere minus the rows shown gives it away; the next smallest rows are withheld too, until
   two or more that count anybody are, and they add up to the threshold (a zero beside a count hides nothing: the total
   of the two is that count);
4. derived: a rate, bound or target from which a withheld count can be computed back (share x total, the middle of a
   margin of error, Mbps per student) is withheld with it.

Rates of counts that are shown need no blurring: they say no more than the counts beside them. A rate whose count or
total is withheld is never shown, however rounded. Zero is shown: it names nobody. Withheld figures are dropped before
anything is drawn; they are nowhere in the file, not even hidden.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infraplan.outputs.tables import WITHHELD, Field

NOISE = 1e-9  # people are counted in ones; a remainder below this is arithmetic, not a person
FEWEST_ROWS = 2

Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]


def withheld(frame: pd.DataFrame, fields: Sequence[Field], threshold: int) -> dict[str, list[str | None]]:
    """For each column with anything withheld, one word per row: "fewer than 10", "withheld", or None where shown.

    `fields` may come from several layers; a column flagged in any of them is treated so in all. Columns that are not in
    `frame` are skipped.
    """
    rules = _merged([item for item in fields if item.column in frame.columns])
    values = {
        column: pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
        for column, item in rules.items()
        if item.people
    }
    small = {column: _small(numbers, threshold) for column, numbers in values.items()}
    hidden = {column: mask.copy() for column, mask in small.items()}
    for column in sorted(values, key=lambda name: rules[name].part_of is not None):  # totals before their parts
        total = rules[column].part_of
        if total in values:
            hidden[column] |= hidden[total] | _small(values[total] - values[column], threshold)
        if not rules[column].derived_from:  # a bound of an estimate counts nobody: no total of bounds is published
            _hide_neighbors(hidden[column], values[column], threshold)
    _hide_derived(hidden, rules, len(frame))
    return {
        column: _words(mask, small.get(column, np.zeros_like(mask)), threshold)
        for column, mask in hidden.items()
        if mask.any()
    }


def _words(mask: Mask, small: Mask, threshold: int) -> list[str | None]:
    few = f"fewer than {threshold:,}"
    return [
        (few if low else WITHHELD) if gone else None for gone, low in zip(mask.tolist(), small.tolist(), strict=True)
    ]


def cleared(frame: pd.DataFrame, words: Mapping[str, Sequence[str | None]]) -> pd.DataFrame:
    """The frame without the withheld figures."""
    kept = frame.copy()
    for column, row_words in words.items():
        kept[column] = kept[column].where(np.array([word is None for word in row_words]))
    return kept


def _merged(fields: Sequence[Field]) -> dict[str, Field]:
    """One rule per column: the strictest that any layer states."""
    rules: dict[str, Field] = {}
    for item in fields:
        known = rules.setdefault(item.column, item)
        rules[item.column] = replace(
            known,
            people=known.people or item.people,
            part_of=known.part_of or item.part_of,
            derived_from=tuple(dict.fromkeys((*known.derived_from, *item.derived_from))),
        )
    return rules


def _small(numbers: Numbers, threshold: int) -> Mask:
    return (numbers > NOISE) & (numbers < threshold)


def _hide_neighbors(mask: Mask, numbers: Numbers, threshold: int) -> None:
    order = [row for row in np.argsort(numbers, kind="stable").tolist() if numbers[row] > NOISE]
    for row in order:
        people = float(np.nansum(numbers[mask]))
        if not mask.any() or (int((mask & (numbers > NOISE)).sum()) >= FEWEST_ROWS and people >= threshold):
            return
        mask[row] = True


def _hide_derived(hidden: dict[str, Mask], rules: Mapping[str, Field], rows: int) -> None:
    changed = True
    while changed:  # a derived column may have columns derived from it
        changed = False
        for column, item in rules.items():
            causes = [hidden[other] for other in item.derived_from if other in hidden]
            mask = np.logical_or.reduce([hidden.get(column, np.zeros(rows, dtype=bool)), *causes])
            if mask.sum() > hidden.get(column, np.zeros(rows, dtype=bool)).sum():
                hidden[column] = mask
                changed = True
