"""What the maps of lots and of a pool draw, from the files of their answers, by member."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from infraplan import tablefiles
from infraplan.errors import InfraplanError, NoAnswer

LOTS, POOL = "lots", "pool"
LAYERS: Final[Mapping[str, tuple[str, ...]]] = {
    POOL: ("pool_provider", "pool_saving", "pool_leaving"),
    LOTS: ("lots_lot",),
}
CURRENT: Final = "current"
CENT: Final = 0.005
MONTHS_PER_YEAR: Final = 12
SAVING: Final = (("to_100", 100.0), ("to_1000", 1_000.0), ("to_10000", 10_000.0))
LEAVING: Final = (("to_1000", 1_000.0), ("to_3000", 3_000.0), ("to_10000", 10_000.0), ("to_30000", 30_000.0))


@dataclass(frozen=True)
class Answer:
    """One answer's folder: its table by member, what its solution.json says, and its files for the sources."""

    kind: str
    table: pd.DataFrame
    said: Mapping[str, Any]
    files: tuple[Path, ...]

    @property
    def stamps(self) -> tuple[str, ...]:
        """The stamps of the answer, which its map carries too."""
        return tuple(str(stamp) for stamp in self.said.get("stamps", ()))


def lots(folder: Path) -> Answer:
    """The lots of a `procurement lots -o DIR`. Raises InfraplanError where its files are not there."""
    said = _said(folder)
    table = _table(folder, "lots.csv", ("lea_id", "lot_id"))
    summary = _table(folder, "lot_summary.csv", ("lot_id", "value_share"))
    by_lot = summary.set_index("lot_id")
    names = dict(zip(table["lea_id"], table["name"], strict=True)) if "name" in table else {}
    numbers = {
        name: _number(table.get(name)) for name in ("miles_to_hub", "students", "demand_mbps", "value_usd_month")
    }
    table = table.assign(
        **{name: told for name, told in numbers.items() if told is not None},
        hub_name=table["hub"].map(names),
        lot_value_share=_number(table["lot_id"].map(by_lot["value_share"])),
        lot_prices=table["lot_id"].map({row["lot_id"]: _prices(row) for row in summary.to_dict("records")}),
        lot_bidders=_number(table["lot_id"].map(by_lot["bidders"])) if "bidders" in by_lot else np.nan,
    )
    return Answer(LOTS, _blank(table), said, (folder / "lots.csv", folder / "lot_summary.csv"))


def _prices(row: Mapping[Any, Any]) -> str | None:
    """What like lines of a lot pay: the quarter that pays least, half of them, the quarter that pays most."""
    low, half, high = (row.get(f"{name}_usd_month") or None for name in ("low", "expected", "high"))
    if low is None or half is None or high is None:
        return None
    return f"${float(low):,.0f} to ${float(high):,.0f} a month, half of them under ${float(half):,.0f}"


def pool(folder: Path) -> Answer:
    """The pool of a `procurement pool -o DIR`, one row per member. Raises InfraplanError where its files are not there."""
    said = _said(folder)
    rows = _table(folder, "assignments.csv", ("lea_id", "service", "bid_id", "applicant_usd"))
    awards = _table(folder, "awards.csv", ("bid_id", "provider_id"))
    provider_of = dict(zip(awards["bid_id"], awards["provider_id"], strict=True))
    months = int(said.get("policy", {}).get("horizon_months", MONTHS_PER_YEAR))
    table = members(rows, provider_of, months)
    return Answer(POOL, table, said, (folder / "assignments.csv", folder / "awards.csv"))


def members(rows: pd.DataFrame, provider_of: Mapping[str, str], months: int) -> pd.DataFrame:
    """Assignments as text, one row per member: bills, savings and what leaving would cost are summed over its services."""
    money = ("usd_month", "applicant_usd", "saving_applicant_usd", "saving_pre_discount_usd", "baseline_applicant_usd")
    told = rows.assign(
        **{name: _number(rows[name]) if name in rows else np.nan for name in money},
        provider=rows["bid_id"].map(lambda bid: CURRENT if bid == CURRENT else provider_of.get(bid, bid)),
    )
    # an answer about what saying no costs must cover every service, so a member with one that has no comparison has none
    told["leaving_usd"] = told["baseline_applicant_usd"] - told["applicant_usd"]
    found = []
    for lea_id, some in told.groupby("lea_id", sort=True):
        main = some.sort_values("usd_month", ascending=False, kind="stable").iloc[0]
        saved = some["saving_applicant_usd"].sum(min_count=1)
        leaving = some["leaving_usd"].sum(min_count=len(some))
        found.append({
            "lea_id": lea_id, "provider": main["provider"], "all_providers": _services(some),
            "usd_month": some["usd_month"].sum(), "applicant_usd": some["applicant_usd"].sum(),
            "saving_applicant_usd": saved, "saving_year_usd": saved * MONTHS_PER_YEAR / months,
            "saving_pre_discount_usd": some["saving_pre_discount_usd"].sum(min_count=1),
            "saving_class": _class(saved * MONTHS_PER_YEAR / months, "more", SAVING),
            "leaving_usd": leaving, "leaving_class": _class(leaving, "less", LEAVING),
            "outside": "; ".join(dict.fromkeys(some["baseline"].replace("", pd.NA).dropna())) or None,
        })  # fmt: skip
    return pd.DataFrame(found)


def _services(some: pd.DataFrame) -> str:
    words = {CURRENT: "the present contract"}
    return "; ".join(
        f"{service}: {words.get(provider, provider)}"
        for service, provider in zip(some["service"], some["provider"], strict=True)
    )


def _class(amount: float, below: str, steps: Iterable[tuple[str, float]]) -> str | None:
    """The class of an amount: `below` under zero, "none" at zero, then by steps, "over" above the last."""
    if np.isnan(amount):
        return None
    if amount < -CENT:
        return below
    if amount <= CENT:
        return "none"
    return next((name for name, most in steps if amount <= most), "over")


def _said(folder: Path) -> dict[str, Any]:
    path = folder / "solution.json"
    if not path.is_file():
        raise InfraplanError(
            f"{folder} holds no answer (no solution.json)\n  mend:  name the directory given with -o to procurement lots "
            "or procurement pool"
        )
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return told


def _table(folder: Path, name: str, needed: tuple[str, ...]) -> pd.DataFrame:
    path = folder / name
    if not path.is_file():
        raise InfraplanError(f"{folder} has no {name}\n  mend:  make the answer again")
    frame = tablefiles.read_text(path)
    missing = [column for column in needed if column not in frame]
    if missing:
        raise InfraplanError(f"{path} has no column {', '.join(missing)}\n  mend:  make the answer again")
    return frame.reset_index(drop=True)


def _number(cells: Any) -> Any:  # noqa: ANN401 - a column, or None where the file has none
    return None if cells is None else pd.to_numeric(cells, errors="coerce")


def _blank(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.replace({"": None})


def areas(shapes: gpd.GeoDataFrame, answers: Iterable[Answer]) -> gpd.GeoDataFrame:
    """Districts to draw (`area_id, name, area_layer, geometry`) with the columns of the answers; raises NoAnswer.

    Members without a boundary have a row, too, so that the table under the map has everybody.
    """
    told = [answer.table.rename(columns={"lea_id": "area_id"}) for answer in answers]
    ids = list(dict.fromkeys(one for table in told for one in table["area_id"]))
    names = {
        one: name
        for table in told
        if "name" in table
        for one, name in zip(table["area_id"], table["name"], strict=True)
    }
    point = shapes.geometry.geom_type == "Point"
    shapes = shapes[~point | shapes["area_id"].isin(ids)] if (~point).any() else shapes
    absent = [one for one in ids if one not in set(shapes["area_id"])]
    if len(absent) == len(ids) and len(shapes):
        raise NoAnswer(
            "no member of the answer is among the districts of the map\n  mend:  member ids must be NCES district numbers "
            "to be drawn, as in the boundaries"
        )
    rows = gpd.GeoDataFrame(
        {"area_id": absent, "name": [names.get(one, one) for one in absent], "area_layer": "unknown"},
        geometry=np.array([None] * len(absent), dtype=object), crs=shapes.crs,
    )  # fmt: skip
    found = gpd.GeoDataFrame(pd.concat([shapes, rows], ignore_index=True), crs=shapes.crs) if absent else shapes
    for table in told:
        found = found.merge(table.drop(columns="name", errors="ignore"), on="area_id", how="left")
    return found
