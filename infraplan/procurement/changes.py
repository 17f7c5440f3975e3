"""What changed between two downloads of E-Rate filings: requests and lines that came, went, or whose figures moved."""

from collections.abc import Sequence

import pandas as pd

from infraplan.errors import NoAnswer
from infraplan.workspace import Workspace

WATCHED = ("status", "pre_discount_usd", "commitment_usd", "disbursed_usd")
WATCHED_OF_LINES = ("down_mbps", "up_mbps", "usd_month", "quantity", "months", "one_time_usd", "pre_discount_usd")
COLUMNS = ("frn", "ben", "name", "funding_year", "figure", "before_value", "after_value", "change", "before", "after")
LINE_COLUMNS = (
    "line_id",
    "frn",
    "ben",
    "purpose",
    "figure",
    "before_value",
    "after_value",
    "change",
    "before",
    "after",
)


def request_changes(workspace: Workspace, before: str | None = None, after: str | None = None) -> pd.DataFrame:
    """One row per request added or gone, and per watched figure that moved, between two download dates.

    Raises NoAnswer if two downloads of different dates are not loaded.
    """
    return _changes(workspace, "requests", "frn", COLUMNS, WATCHED, before, after)


def line_changes(workspace: Workspace, before: str | None = None, after: str | None = None) -> pd.DataFrame:
    """One row per line of a request added or gone, and per speed, price or amount that moved; see `request_changes`."""
    return _changes(workspace, "request_lines", "line_id", LINE_COLUMNS, WATCHED_OF_LINES, before, after)


def words(table: pd.DataFrame, what: str) -> str:
    """How many came, went and moved, in one line."""
    came, gone = ((table["change"] == word).sum() for word in ("added", "gone"))
    moved = table[table["change"] == "changed"]
    days = f", {table['before'].iloc[0]} to {table['after'].iloc[0]}" if len(table) else ""
    return f"{what}{days}: {came:,} added, {gone:,} gone, {len(moved):,} figures changed"


def _changes(
    workspace: Workspace,
    table: str,
    key: str,
    columns: Sequence[str],
    watched: Sequence[str],
    before: str | None,
    after: str | None,
) -> pd.DataFrame:
    earlier, later = _days(workspace, table, before, after)
    old, new = (_rows(workspace, table, key, day) for day in (earlier, later))
    facts = columns[1 : columns.index("figure")]
    added, gone = sorted(set(new.index) - set(old.index)), sorted(set(old.index) - set(new.index))
    rows = [(one, *_facts(new, one, facts), "whole", None, None, "added") for one in added]
    rows += [(one, *_facts(old, one, facts), "whole", None, None, "gone") for one in gone]
    rows += _moved(old, new, watched, facts)
    return pd.DataFrame(rows, columns=list(columns[:-2])).assign(before=earlier, after=later)


def _moved(
    old: pd.DataFrame, new: pd.DataFrame, watched: Sequence[str], facts: Sequence[str]
) -> list[tuple[object, ...]]:
    """One row for each figure that differs, in the order of keys and figures."""
    both = old.index.intersection(new.index)
    rows: list[tuple[str, int, tuple[object, ...]]] = []
    for place, figure in enumerate(watched):
        was, now = (_texts(side, figure, both) for side in (old, new))
        for one in both[(was != now).to_numpy()]:
            row = (one, *_facts(new, one, facts), figure, was[one], now[one], "changed")
            rows.append((str(one), place, row))
    return [row for _, _, row in sorted(rows, key=lambda each: each[:2])]


def _texts(side: pd.DataFrame, figure: str, keys: pd.Index) -> pd.Series:
    """A figure of some keys as text, blank where there is none."""
    if figure not in side:
        return pd.Series("", index=keys, dtype=object)
    cells: pd.Series = side.loc[keys, figure].astype(object).map(_text)
    return cells


def _days(workspace: Workspace, table: str, before: str | None, after: str | None) -> tuple[str, str]:
    loaded = sorted({part.as_of for part in workspace.catalog if part.table == table and part.as_of})
    later = after or (loaded[-1] if loaded else "")
    earlier = before or next((day for day in reversed(loaded) if day < later), "")
    name, told = table.replace("_", " "), f"loaded: {', '.join(loaded) or 'none'}"
    mend = f"infraplan data fetch usac_{table} again later: the earlier download stays until it is dropped"
    for day in (before, after):
        if day is not None and day not in loaded:
            raise NoAnswer(f"no download of {name} as of {day} is loaded; {told}\n  mend:  {mend}")
    if not earlier or not later:
        raise NoAnswer(f"two downloads of {name} are needed, an earlier and a later; {told}\n  mend:  {mend}")
    if earlier >= later:
        raise NoAnswer(
            f"{earlier} is not earlier than {later}\n  mend:  give --from the earlier of two downloads, --to the later; {told}"
        )
    return earlier, later


def _rows(workspace: Workspace, table: str, key: str, day: str) -> pd.DataFrame:
    frames = [pd.read_parquet(path) for path in workspace.paths(table, as_of=day)]
    return pd.concat(frames, ignore_index=True).drop_duplicates(key).set_index(key)


def _text(value: object) -> str:
    return "" if value is None or value != value else str(value)  # noqa: PLR0124 - a missing number is not itself


def _facts(side: pd.DataFrame, one: str, names: Sequence[str]) -> list[object]:
    return [side.at[one, name] if name in side else None for name in names]
