"""What changed between two downloads of E-Rate funding requests: requests that came, went, or whose figures moved."""

import pandas as pd

from infraplan.errors import NoAnswer
from infraplan.workspace import Workspace

WATCHED = ("status", "pre_discount_usd", "commitment_usd", "disbursed_usd")
COLUMNS = ("frn", "ben", "name", "funding_year", "figure", "before_value", "after_value", "change", "before", "after")


def request_changes(workspace: Workspace, before: str | None = None, after: str | None = None) -> pd.DataFrame:
    """One row per request added or gone, and per watched figure that moved, between two download dates.

    Raises NoAnswer if two downloads of different dates are not loaded.
    """
    loaded = sorted({part.as_of for part in workspace.catalog if part.table == "requests" and part.as_of})
    later = after or (loaded[-1] if loaded else "")
    earlier = before or next((day for day in reversed(loaded) if day < later), "")
    if earlier not in loaded or later not in loaded or earlier >= later:
        raise NoAnswer(
            f"two downloads of funding requests are needed, an earlier and a later; loaded: {', '.join(loaded) or 'none'}\n"
            "  mend:  infraplan data fetch usac_requests again later: the earlier download stays until it is dropped"
        )
    old, new = (_requests(workspace, day) for day in (earlier, later))
    rows = [_row(new, frn, "request", None, None, "added") for frn in sorted(set(new.index) - set(old.index))]
    rows += [_row(old, frn, "request", None, None, "gone") for frn in sorted(set(old.index) - set(new.index))]
    for frn in sorted(set(old.index) & set(new.index)):
        for figure in WATCHED:
            was, now = (side.at[frn, figure] if figure in side else None for side in (old, new))
            if _text(was) != _text(now):
                rows.append(_row(new, frn, figure, was, now, "changed"))
    table = pd.DataFrame(rows, columns=COLUMNS[:-2])
    return table.assign(before=earlier, after=later)


def _requests(workspace: Workspace, day: str) -> pd.DataFrame:
    frames = [pd.read_parquet(path) for path in workspace.paths("requests", as_of=day)]
    return pd.concat(frames, ignore_index=True).drop_duplicates("frn").set_index("frn")


def _text(value: object) -> str:
    return "" if value is None or value != value else str(value)  # noqa: PLR0124 - a missing number is not itself


def _row(side: pd.DataFrame, frn: str, figure: str, was: object, now: object, change: str) -> tuple[object, ...]:
    facts = [side.at[frn, name] if name in side else None for name in ("ben", "name", "funding_year")]
    return (frn, *facts, figure, was, now, change)
