"""A table as planners read it: HTML with a caption, units in the headers, sortable columns, numbers right-aligned.

The same columns feed the popups of a map, which read the rows of these tables: what a click shows and what the table
says cannot differ.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from markupsafe import Markup, escape
from numpy.typing import NDArray

from infraplan.outputs.templating import render

Format = Literal["count", "number", "share", "percent", "usd", "text"]
DECIMALS: Mapping[str, int] = {"count": 0, "number": 1, "share": 1, "percent": 1, "usd": 2}
UNKNOWN = "unknown"
WITHHELD = "withheld"
LONGEST_UNBROKEN = 12


@dataclass(frozen=True, kw_only=True)
class Field:
    """One column as it is shown: its name, heading, unit and format, and what may be said about people.

    `format`: count (whole number), number, share (a fraction 0-1, shown as percent), percent (0-100), usd, text.
    `missing` is the word for a blank cell. `words` translate the codes of a text column.
    `people` marks a count of people, withheld below the threshold; `part_of` names the total it is a part of;
    `derived_from` names the columns that could be computed back from this one (a rate, a bound): it is withheld with
    them.
    """

    column: str
    label: str
    unit: str = ""
    format: Format = "count"
    decimals: int | None = None
    missing: str = UNKNOWN
    words: Mapping[str, str] = field(default_factory=dict)
    people: bool = False
    part_of: str | None = None
    derived_from: tuple[str, ...] = ()

    @property
    def numeric(self) -> bool:
        """Whether the cells are numbers."""
        return self.format != "text"

    @property
    def places(self) -> int:
        """How many decimals are shown."""
        return DECIMALS.get(self.format, 0) if self.decimals is None else self.decimals

    def shown(self, values: pd.Series) -> NDArray[np.float64]:
        """Numbers in the unit and with the decimals that a reader sees; NaN where there is none."""
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype="float64", na_value=np.nan, copy=True)
        numbers[~np.isfinite(numbers)] = np.nan
        return np.round(numbers * 100 if self.format == "share" else numbers, self.places)

    def texts(self, values: pd.Series) -> list[str]:
        """The cells as text: thousands separators, fixed decimals, `missing` where blank.

        A positive number that rounds to zero is "under 0.1" (or "under 1"), so that a zero always means none.

        >>> Field(column="unserved_share", label="Unserved", format="share").texts(pd.Series([0.1234, 0.0001, None]))
        ['12.3', 'under 0.1', 'unknown']
        """
        if not self.numeric:
            known = values.notna() & (values.astype("string").fillna("") != "")
            codes = [code_of(value) if here else "" for value, here in zip(values, known, strict=True)]
            return [self.words.get(code, code) if code else self.missing for code in codes]
        raw = pd.to_numeric(values, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
        sign = "$" if self.format == "usd" else ""
        return [
            self._number(number, original, sign)
            for number, original in zip(self.shown(values).tolist(), raw.tolist(), strict=True)
        ]

    def _number(self, number: float, original: float, sign: str) -> str:
        if number != number:  # noqa: PLR0124 - NaN, at a tenth of the price of a function call
            return self.missing
        if number == 0 and original > 0:
            return f"under {sign}{10**-self.places:,.{self.places}f}"
        minus = "-" if number < 0 else ""
        return f"{minus}{sign}{abs(number):,.{self.places}f}"

    @property
    def heading(self) -> str:
        """Label and unit, as the column's header says it."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


def code_of(value: object) -> str:
    """A cell's code as files write it: yes and no for booleans.

    >>> code_of(True), code_of("unknown")
    ('yes', 'unknown')
    """
    return ("no", "yes")[bool(value)] if isinstance(value, (bool, np.bool_)) else str(value)


def table(
    frame: pd.DataFrame,
    fields: Sequence[Field],
    *,
    caption: str,
    table_id: str,
    hidden: Mapping[str, Sequence[str | None]] | None = None,
) -> Markup:
    """HTML of a sortable table; the first field heads each row.

    `frame` has one row per row shown, in the order shown. `hidden` maps a column to one word per row that stands in
    the place of the figure ("fewer than 10"), None where the figure is shown; a withheld figure is nowhere in the HTML.
    Everything is escaped. Sorting needs the page's own script; without it the table stands as it is.
    """
    words = hidden or {}
    columns = [
        _cells(frame[item.column], item, words.get(item.column), heads=place == 0) for place, item in enumerate(fields)
    ]
    rows = "\n<tr>".join("".join(row) for row in zip(*columns, strict=True))
    body = Markup(f"<tr>{rows}" if len(frame) else "")  # noqa: S704 - every cell is escaped
    return render("table.html", table_id=table_id, caption=caption, fields=fields, body=body, count=len(frame))


def _cells(values: pd.Series, item: Field, hidden: Sequence[str | None] | None, *, heads: bool) -> list[str]:
    # HTML lets the closing tags of cells and rows be left out; with 10,000 rows that is a fifth of the page.
    tag = "<th scope=row>" if heads else "<td class=n>" if item.numeric else "<td>"
    texts = item.texts(values)
    if hidden is None:
        return [f"{'<td class=k>' if tag == '<td>' and _unbroken(text) else tag}{escape(text)}" for text in texts]
    return [
        f"{tag}{escape(text)}" if word is None else f"<td class='n w'>{escape(word)}"
        for text, word in zip(texts, hidden, strict=True)
    ]


def _unbroken(text: str) -> bool:
    """Whether a cell is a date or a short number with hyphens, which a browser would break after each."""
    return "-" in text and " " not in text and len(text) <= LONGEST_UNBROKEN
