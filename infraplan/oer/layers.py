"""The table behind the map of open materials: one row per district of the state, from a list that names districts.

A district that the list does not name is not assessed: every figure of it is blank, never zero. The same holds for the
saving of a district none of whose rows could be reckoned.
"""

from dataclasses import dataclass
from decimal import Decimal

import geopandas as gpd
import pandas as pd

from infraplan.columnmaps import known_leas, match_leas
from infraplan.errors import InfraplanError, NoAnswer, NoTable
from infraplan.identifiers import LEA_DIGITS, mended
from infraplan.oer.savings import CASES
from infraplan.oer.sources.lists import is_placeholder
from infraplan.workspace import Workspace

SHARE_LAYER, SAVING_LAYER = "oer_open_share", "oer_saving"
COUNTS = {"open_now": "same_open", "open_alternative": "good", "for_a_person": "review"}
MONEY = tuple(f"saving_{case}_usd_year" for case in CASES)
_MOST_NAMED = 5


@dataclass(frozen=True)
class DistrictMap:
    """What the map of open materials draws: `areas` has area_id, name, area_layer, geometry and the table's columns.

    `table` is the answer `oer_districts`: the districts that the list names, boundary or not.
    """

    areas: gpd.GeoDataFrame
    table: pd.DataFrame
    layers: tuple[str, ...]
    notes: tuple[str, ...]


def district_map(
    workspace: Workspace, items: pd.DataFrame, matched: pd.DataFrame, saved: pd.DataFrame | None = None
) -> DistrictMap:
    """Sum a list's rows up by district and put them on the workspace's boundaries.

    `items` as `sources.lists.read_list` gives it, with a district (NCES number or name) in its rows; `matched` and
    `saved` are what `oer match` and `oer savings` wrote for it. Raises NoTable without boundaries, NoAnswer where no row
    names a district that has one, InfraplanError where the tables are not of this list.
    """
    if not workspace.has("district_shapes"):
        raise NoTable(
            "no district boundaries are loaded, so there is nothing to draw on\n  mend:  infraplan data add "
            "tl_2025_23_unsd.zip (Census TIGER/Line or NCES EDGE)"
        )
    _same_list(items, matched, saved)
    lea, notes = _districts(items["district"], workspace)
    table = by_district(items.assign(lea_id=lea), matched, saved)
    shapes = workspace.geoframe("district_shapes").rename(columns={"lea_id": "area_id"})
    unions = shapes["area_layer"] == "administrative"
    shapes = shapes if unions.all() else shapes[~unions]  # unions administer districts, they are no places
    areas = shapes[["area_id", "name", "area_layer", "geometry"]].merge(table, on="area_id", how="left")
    if areas["materials"].isna().all():
        raise NoAnswer(
            "no district that the list names has a boundary in this workspace\n"
            f"  the list names: {', '.join(table['area_id'].head(_MOST_NAMED))}\n"
            "  mend:  add the boundaries of the list's state, or correct the column district"
        )
    notes += _left_out(areas, table)
    return DistrictMap(areas, table, (SHARE_LAYER,) if saved is None else (SHARE_LAYER, SAVING_LAYER), tuple(notes))


def by_district(items: pd.DataFrame, matched: pd.DataFrame, saved: pd.DataFrame | None) -> pd.DataFrame:
    """`oer_districts`: counts of materials by what was found for them and, with `saved`, the saving; by `area_id`.

    `items` has `lea_id`, blank where a row belongs to no district. Placeholder rows name no material and count nowhere.
    """
    best = matched.drop_duplicates("item_id").set_index("item_id")["outcome"]  # an item's best candidate comes first
    rows = items.assign(outcome=items["item_id"].map(best))
    if saved is not None:
        counted = saved["counted"] == "yes"
        rows = rows.assign(counted=counted.to_numpy(), people=saved["students"].where(counted, "").to_numpy())
        rows = rows.assign(**{name: saved[name].to_numpy() for name in MONEY})
    rows = rows[(rows["lea_id"] != "") & ~rows["title"].map(is_placeholder)]
    named = [
        "area_id",
        "materials",
        *COUNTS,
        "open_share",
        *(("counted", "students", *MONEY) if saved is not None else ()),
    ]
    told = [_district(str(lea), group, with_money=saved is not None) for lea, group in rows.groupby("lea_id")]
    return pd.DataFrame(told, columns=named)


def _district(lea: str, rows: pd.DataFrame, *, with_money: bool) -> dict[str, object]:
    counts = {name: int((rows["outcome"] == word).sum()) for name, word in COUNTS.items()}
    out = {"area_id": lea, "materials": len(rows), **counts, "open_share": counts["open_now"] / len(rows)}
    if not with_money:
        return out
    counted = rows[rows["counted"]]
    sums: dict[str, object] = {"students": None} | dict.fromkeys(MONEY)
    if len(counted):
        sums = {"students": sum(int(cell) for cell in counted["people"])}
        sums |= {name: sum(map(Decimal, counted[name]), Decimal(0)) for name in MONEY}
    return out | {"counted": len(counted)} | sums


def _same_list(items: pd.DataFrame, matched: pd.DataFrame, saved: pd.DataFrame | None) -> None:
    """Refuse matches or savings of another list: every item has a match row, savings have the list's rows in order."""
    strange = sorted(set(items["item_id"]) ^ set(matched["item_id"]))
    if strange:
        raise InfraplanError(
            f"the matches are not of this list: {len(strange):,} items are in one of them only, such as {strange[0]}\n"
            "  mend:  run infraplan oer match on this list again, with the same --columns and --sheet"
        )
    if saved is not None and saved["item_id"].tolist() != items["item_id"].tolist():
        raise InfraplanError(
            "the savings are not of this list: their rows are others, or in another order\n"
            "  mend:  run infraplan oer savings on this list again, with the same --columns and --sheet"
        )


def _districts(cells: pd.Series, workspace: Workspace) -> tuple[pd.Series, list[str]]:
    """Each row's NCES district number, blank where none is certain; and notes on what was read how, or not at all."""
    ids, count = mended(cells, LEA_DIGITS)
    notes = [f"{count:,} district numbers of the list had lost their leading zero; mended"] if count else []
    numbers = ids.str.fullmatch(r"\d{7}")
    by_name = match_leas(pd.DataFrame({"name": ids}), known_leas(workspace), workspace.config.state)["lea_id"]
    lea = ids.where(numbers, by_name.fillna(""))
    blank, unread = int((ids == "").sum()), sorted(set(ids[(ids != "") & (lea == "")]))
    if (lea == "").all():
        raise NoAnswer(
            "no row of the list names a district, so there is nothing to put on a map\n"
            "  mend:  say which column holds the NCES number or the district's name: --columns district=NAME"
        )
    if blank:
        notes.append(f"{blank:,} rows of the list name no district and are not on the map")
    if unread:
        shown = ", ".join(unread[:_MOST_NAMED])
        notes.append(f"{len(unread):,} names on the list belong to no known district, or to several: {shown}")
    return lea, notes


def _left_out(areas: gpd.GeoDataFrame, table: pd.DataFrame) -> list[str]:
    """How many districts are assessed, and which of the list have no boundary."""
    empty = areas["materials"].isna()
    notes = [f"{int((~empty).sum()):,} of {len(areas):,} districts are on the list; the others are not assessed"]
    without = sorted(set(table["area_id"]) - set(areas["area_id"]))
    if without:
        shown = ", ".join(without[:_MOST_NAMED])
        notes.append(f"{len(without):,} districts of the list have no boundary here and are not on the map: {shown}")
    return notes
