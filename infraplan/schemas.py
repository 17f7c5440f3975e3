"""Tables declared once as data: `data/schemas/<table>.toml` gives grain, key, columns, units, ranges and codes.

The same declaration checks rows on arrival, names the columns in messages and makes the reference page.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from infraplan.errors import BadInput, Fault, InfraplanError
from infraplan.resources import data_path, read_toml

Type = Literal["string", "integer", "number", "decimal", "boolean", "date", "geometry"]
TYPES = ("string", "integer", "number", "decimal", "boolean", "date", "geometry")
_LARGE = 10_000
_COLUMN_KEYS = {
    "type",
    "unit",
    "range",
    "doubt",
    "codes",
    "pattern",
    "null",
    "default",
    "required",
    "about",
    "people",
    "publish",
    "formula",
    "rule",
    "inputs",
    "pad",
    "part_of",
    "derived_from",
}
_TABLE_KEYS = {"title", "layer", "grain", "key", "unique", "source", "about", "column", "series", "apart"}


@dataclass(frozen=True)
class Column:
    """One declared column. `null` says what a blank means (None: a fault); `people` marks a count of people.

    Outside `range` a cell is a fault; outside `doubt` it is kept, and a person is asked to look at it.
    `part_of` names the total that a count of people is part of, `derived_from` the counts it could be computed back to:
    both are withheld together with what they would give away.
    """

    name: str
    type: Type
    about: str = ""
    unit: str | None = None
    low: float | None = None
    high: float | None = None
    doubt: tuple[float, float] | None = None
    codes: tuple[str, ...] | None = None
    pattern: str | None = None
    null: str | None = None
    default: Any = None
    required: bool = True
    people: bool = False
    publish: bool = True
    formula: str | None = None
    rule: str | None = None
    inputs: tuple[str, ...] = ()
    pad: int | None = None
    part_of: str | None = None
    derived_from: tuple[str, ...] = ()

    @property
    def nullable(self) -> bool:
        """Whether a blank cell is allowed."""
        return self.null is not None or self.default is not None

    def expectation(self) -> str:
        """What a cell must be, in words.

        >>> Column("rate", "integer", low=0, high=100).expectation()
        'a whole number from 0 to 100'
        """
        words = {
            "string": "text",
            "integer": "a whole number",
            "number": "a number",
            "decimal": "an amount",
            "boolean": "yes or no",
            "date": "a date as 2026-06-30",
            "geometry": "a shape",
        }[self.type]
        if self.codes:
            return "one of " + ", ".join(self.codes)
        if self.low is not None and self.high is not None and math.isfinite(self.high):
            words += f" from {_figure(self.low)} to {_figure(self.high)}"
        elif self.low is not None:
            words += f" of {_figure(self.low)} or more"
        if self.pattern:
            digits = re.fullmatch(r"\^\\d\{(\d+)\}\$", self.pattern)
            words = f"{digits[1]} digits" if digits else f"text matching {self.pattern}"
        return words


@dataclass(frozen=True)
class Schema:
    """A declared table. `unique` is whether rows must differ in `key`; a file's duplicates are a fault only then.

    `apart` names the kinds of area whose answer is kept under a name of its own beside the one by district.
    """

    name: str
    title: str
    layer: str
    grain: str
    key: tuple[str, ...]
    source: str
    columns: Mapping[str, Column]
    unique: bool = True
    about: str = ""
    series: tuple[str, ...] = field(default=())
    apart: tuple[str, ...] = field(default=())

    @classmethod
    def load(cls, name: str) -> "Schema":
        """Read one declaration; raises InfraplanError if there is no table of that name."""
        return _load(name)

    @property
    def required(self) -> tuple[str, ...]:
        """Columns a file of this table must have."""
        return tuple(c.name for c in self.columns.values() if c.required and c.default is None)


def doubt_in_words(column: Column, file: str, count: int, examples: Sequence[tuple[int, str]]) -> str:
    """One sentence on cells outside a column's plausible range, with the first of their rows."""
    assert column.doubt is not None  # noqa: S101 - asked only where there is one
    listed = ", ".join(f"row {row:,}: {value}" for row, value in examples)
    more = f" and {count - len(examples):,} more" if count > len(examples) else ""
    low, high = column.doubt
    return (
        f"{file}: {column.name} is outside {low:,} to {high:,} {column.unit or ''}".rstrip()
        + f" in {count:,} rows ({listed}{more}); taken as it stands, please check"
    )


def _figure(number: float) -> str:
    """A number for reading: thousands apart in large ones, a year as it is written."""
    return f"{number:,.10g}" if abs(number) >= _LARGE else f"{number:g}"


def of_answer(name: str) -> Schema:
    """The declaration of an answer by the name it is kept under: `home_gaps_county` is a `home_gaps` by county.

    Raises InfraplanError if there is no table of that name.
    """
    table, _, kind = name.rpartition("_")
    if name not in names() and table in names() and kind in Schema.load(table).apart:
        return Schema.load(table)
    return Schema.load(name)


def names() -> list[str]:
    """All declared tables, sorted."""
    return sorted(path.stem for path in data_path("schemas").glob("*.toml"))


@cache
def _load(name: str) -> Schema:
    path = data_path("schemas", f"{name}.toml")
    if not path.is_file():
        raise InfraplanError(f"there is no table named {name}; `infraplan tables` lists them")
    told = read_toml(path)
    faults = [_unknown(path.name, key) for key in told.keys() - _TABLE_KEYS]
    columns = {}
    for column, facts in told.get("column", {}).items():
        faults += [_unknown(path.name, f"{column}.{key}") for key in facts.keys() - _COLUMN_KEYS]
        if facts.get("type") not in TYPES:
            faults.append(
                Fault(
                    kind="UnknownType",
                    what=f"column {column} has type {facts.get('type')!r}",
                    file=path.name,
                    mend=f"use one of {', '.join(TYPES)}",
                )
            )
            continue
        columns[column] = _column(column, facts)
    faults += [
        Fault(kind="UnknownKey", what=f"key column {key} is not declared", file=path.name)
        for key in told.get("key", [])
        if key not in columns
    ]
    if faults:
        raise BadInput(faults)
    return Schema(
        name=name,
        title=told["title"],
        layer=told["layer"],
        grain=told["grain"],
        key=tuple(told.get("key", ())),
        source=told["source"],
        columns=columns,
        unique=told.get("unique", True),
        about=told.get("about", ""),
        series=tuple(told.get("series", ())),
        apart=tuple(told.get("apart", ())),
    )


def _unknown(file: str, key: str) -> Fault:
    return Fault(
        kind="UnknownSetting",
        what=f"{key} is not a setting of a table declaration",
        file=file,
        mend="see docs/reference/tables.md for the settings",
    )


def _column(name: str, facts: Mapping[str, Any]) -> Column:
    low, high = facts.get("range", (None, None))
    known = {
        key: facts[key]
        for key in (
            "about",
            "unit",
            "pattern",
            "null",
            "default",
            "people",
            "publish",
            "formula",
            "rule",
            "pad",
            "part_of",
        )
        if key in facts
    }
    codes = tuple(str(code) for code in facts["codes"]) if "codes" in facts else None
    return Column(
        name=name,
        type=facts["type"],
        low=low,
        high=high,
        doubt=tuple(facts["doubt"]) if "doubt" in facts else None,
        codes=codes,
        inputs=tuple(facts.get("inputs", ())),
        derived_from=tuple(facts.get("derived_from", ())),
        required=facts.get("required", True),
        **known,
    )
