"""What changed between two releases of the FCC's availability data: areas, providers, locations.

Only technologies loaded for both releases are compared, and a location is judged better or worse only where both
releases know its number: the FCC's list of locations itself changes, and a number that came or went is counted apart.
Locations are those with an offer to homes in the files compared, as in `homes`; a class is unserved, underserved or
served by one rule for both releases.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from infraplan.connectivity import areas
from infraplan.connectivity.areas import By
from infraplan.connectivity.homes import NO_DISTRICT, HomeRule, locations, to_homes
from infraplan.errors import NoAnswer
from infraplan.workspace import Workspace

_SHOWN = 5
SATELLITES = {60, 61}  # offered nearly everywhere: with them nearly every location has a row
CLASSES = ("unserved", "underserved", "served")
COUNTS = (
    "locations_before",
    "locations_after",
    "unserved_before",
    "unserved_after",
    "served_before",
    "served_after",
    "improved",
    "worsened",
    "new_locations",
    "gone_locations",
)


@dataclass(frozen=True)
class Releases:
    """Two releases to compare, older first, and the technologies that both are loaded for."""

    before: str
    after: str
    technologies: tuple[int, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Changes:
    """A table of changes and what they come to, in words."""

    table: pd.DataFrame
    words: tuple[str, ...]


def releases(workspace: Workspace, before: str | None = None, after: str | None = None) -> Releases:
    """The two newest releases loaded, or those asked for.

    Raises NoAnswer if fewer than two are loaded, one is not loaded, or no technology is loaded for both.
    """
    loaded = sorted({part.as_of for part in workspace.catalog if part.table == "availability" and part.as_of})
    later = after or (loaded[-1] if loaded else "")
    earlier = before or next((day for day in reversed(loaded) if day < later), "")
    told = f"loaded: {', '.join(loaded) or 'none'}"
    mend = "infraplan data fetch fcc_bdc_fixed --as-of DATE, or `infraplan data add` the other release's files"
    for day in (before, after):
        if day is not None and day not in loaded:
            raise NoAnswer(f"no release of availability as of {day} is loaded; {told}\n  mend:  {mend}")
    if not earlier or not later:
        raise NoAnswer(f"two releases of availability are needed, an earlier and a later; {told}\n  mend:  {mend}")
    if earlier >= later:
        raise NoAnswer(
            f"{earlier} is not earlier than {later}\n  mend:  give --from the earlier of two releases, --to the later; {told}"
        )
    have = {day: _technologies(workspace, day) for day in (earlier, later)}
    common = have[earlier] & have[later]
    if not common:
        raise NoAnswer(
            f"no technology is loaded for both releases: {earlier} has {_list(have[earlier])}, {later} {_list(have[later])}\n"
            f"  mend:  add the files of the same technologies of both"
        )
    notes = [f"compared: technologies {_list(common)}"]
    notes += [
        f"left out: technology {_list(have[day] - common)}, loaded for {day} only"
        for day in (earlier, later)
        if have[day] - common
    ]
    if not common & SATELLITES:
        notes.append(
            "no satellite files of both releases are loaded: a location that nobody offered anything is in no file, so "
            "new_locations holds first offers beside new numbers, and gone_locations lost offers beside dropped ones; "
            "an area may have changed by these alone"
        )
    return Releases(earlier, later, tuple(sorted(common)), tuple(notes))


def area_changes(workspace: Workspace, two: Releases, rule: HomeRule, by: By = "district") -> Changes:
    """One row per area: locations and classes in both releases, and how many got better or worse; see `COUNTS`."""
    key = "h3_res8_id" if by == "district" and not workspace.has("block_districts") else "block_geoid"
    moves = _moves(workspace, two, rule)
    counts: pd.DataFrame = workspace.backend.execute(moves.group_by(key=moves[key]).aggregate(**_counted(moves)))
    placement = areas.place(workspace, counts[["key"]].rename(columns={"key": key}), by)
    inside = counts.merge(placement.inside, on="key").groupby("area_id", as_index=False)[list(COUNTS)].sum()
    table = placement.names.merge(inside, on="area_id", how="left")
    nowhere = counts[~counts["key"].isin(placement.inside["key"])]
    if len(nowhere):
        rest: dict[str, Any] = {name: int(nowhere[name].sum()) for name in COUNTS}
        table = pd.concat([table, pd.DataFrame([{"area_id": None, "name": NO_DISTRICT, **rest}])], ignore_index=True)
    table[list(COUNTS)] = table[list(COUNTS)].fillna(0).astype("Int64")
    net = table["improved"] - table["worsened"]
    table["change"] = net.map(lambda value: "better" if value > 0 else "worse" if value < 0 else "same")
    table["before"], table["after"], table["rule_id"] = two.before, two.after, rule.rule_id
    total = {name: int(counts[name].sum()) for name in COUNTS}
    kinds = table["change"].value_counts()
    words = (
        f"{two.before} to {two.after}, rule {rule.rule_id}: {total['improved']:,} locations got better, "
        f"{total['worsened']:,} worse; unserved {total['unserved_before']:,} -> {total['unserved_after']:,}",
        f"areas: {kinds.get('better', 0)} better, {kinds.get('worse', 0)} worse, {kinds.get('same', 0)} the same",
        *_named(table),
        f"location numbers: {total['new_locations']:,} new, {total['gone_locations']:,} gone of "
        f"{total['locations_before']:,}",
        *two.notes,
    )
    return Changes(table, words)


def provider_changes(workspace: Workspace, two: Releases) -> Changes:
    """One row per provider and technology: locations offered to homes in both releases, and whether it came or went."""
    sides = []
    for day in (two.before, two.after):
        offers = _offers(workspace, day, two)
        told = offers.group_by("provider_id", "technology").aggregate(
            brand_name=offers["brand_name"].max(), locations=offers["location_id"].nunique()
        )
        sides.append(workspace.backend.execute(told))
    table = sides[0].merge(sides[1], on=["provider_id", "technology"], how="outer", suffixes=("_before", "_after"))
    table["brand_name"] = table["brand_name_after"].fillna(table["brand_name_before"])
    for name in ("locations_before", "locations_after"):
        table[name] = table[name].fillna(0).astype("Int64")
    table["change"] = [
        _came_or_went(int(was), int(now))
        for was, now in zip(table["locations_before"], table["locations_after"], strict=True)
    ]
    table["before"], table["after"] = two.before, two.after
    columns = [
        "provider_id",
        "brand_name",
        "technology",
        "locations_before",
        "locations_after",
        "change",
        "before",
        "after",
    ]
    table = table[columns].sort_values(["technology", "provider_id"], ignore_index=True)
    came, went = ((table["change"] == word).sum() for word in ("appeared", "withdrew"))
    words = [f"{two.before} to {two.after}: {came} offers of a provider and technology appeared, {went} withdrew"]
    called = table["brand_name"].fillna("provider " + table["provider_id"].astype(str))  # some file no name
    for change, telling in (("appeared", "new in the state"), ("withdrew", "gone from the state")):
        wholly = table.groupby("provider_id").filter(lambda own, word=change: (own["change"] == word).all())
        names = sorted(called[wholly.index].unique())
        if names:
            words.append(f"providers {telling}: {_some(names)}")
    return Changes(table, (*words, *two.notes))


def location_changes(workspace: Workspace, two: Releases, rule: HomeRule) -> Changes:
    """One row per location whose class changed, or whose number came or went: what a challenge would start from."""
    moves = _moves(workspace, two, rule)
    changed = moves.filter(
        _missing(moves["was"])
        | _missing(moves["now"])
        | (moves["was"] != moves["now"]).fill_null(ibis.literal(value=False))
    )
    table: pd.DataFrame = workspace.backend.execute(changed.order_by("location_id"))
    for column in ("was", "now"):  # where every cell is null the engine gives no numbers
        table[column] = table[column].astype("float64")
    table["change"] = [_location_words(was, now) for was, now in zip(table["was"], table["now"], strict=True)]
    for column in ("was", "now"):
        table[column] = table[column].map(dict(enumerate(CLASSES)))
    table["before"], table["after"], table["rule_id"] = two.before, two.after, rule.rule_id
    kinds = table["change"].value_counts().to_dict()
    words = ", ".join(f"{kinds.get(word, 0):,} {word}" for word in ("better", "worse", "new", "gone"))
    return Changes(table, (f"{two.before} to {two.after}, rule {rule.rule_id}: {words}", *two.notes))


# --- expressions ----------------------------------------------------------------------------------------------------


def _offers(workspace: Workspace, day: str, two: Releases) -> ir.Table:
    offers = to_homes(workspace.table("availability", as_of=day))
    return offers.filter(offers["technology"].isin(two.technologies))


def _moves(workspace: Workspace, two: Releases, rule: HomeRule) -> ir.Table:
    """One row per location of either release: its block and cell (the later), class before (`was`) and after (`now`)."""
    only = replace(rule, technologies=tuple(code for code in rule.technologies if code in two.technologies))
    old, new = (
        found.select(
            "location_id",
            "block_geoid",
            "h3_res8_id",
            level=found["served"].cast("int8") + found["reached"].cast("int8"),
        )
        for day in (two.before, two.after)
        for found in [locations(_offers(workspace, day, two), only)]
    )
    both = old.outer_join(new, "location_id")
    return both.select(
        location_id=ibis.coalesce(both["location_id_right"], both["location_id"]),
        block_geoid=ibis.coalesce(both["block_geoid_right"], both["block_geoid"]),
        h3_res8_id=ibis.coalesce(both["h3_res8_id_right"], both["h3_res8_id"]),
        was=both["level"],
        now=both["level_right"],
    )


def _missing(level: ir.Value) -> ir.BooleanValue:
    missing: ir.BooleanValue = level.isnull()  # noqa: PD003 - an Ibis column, which knows no isna
    return missing


def _counted(moves: ir.Table) -> dict[str, ir.Value]:
    was, now = moves["was"], moves["now"]
    told = {
        "locations_before": ~_missing(was),
        "locations_after": ~_missing(now),
        "unserved_before": was == 0,
        "unserved_after": now == 0,
        "served_before": was == 2,  # noqa: PLR2004 - the third class
        "served_after": now == 2,  # noqa: PLR2004
        "improved": now > was,
        "worsened": now < was,
        "new_locations": _missing(was),
        "gone_locations": _missing(now),
    }
    no = ibis.literal(value=False)
    return {name: test.fill_null(no).sum() for name, test in told.items()}


def _technologies(workspace: Workspace, day: str) -> set[int]:
    offers = workspace.table("availability", as_of=day)
    return {int(code) for code in workspace.backend.execute(offers.select("technology").distinct())["technology"]}


def _named(table: pd.DataFrame) -> list[str]:
    """The areas with the most locations better, and with the most worse, by name."""
    net = (table["improved"] - table["worsened"]).astype(int)
    lines = []
    for word, sign in (("better", 1), ("worse", -1)):
        rows = table.assign(net=net * sign).loc[net * sign > 0].sort_values(["net", "name"], ascending=[False, True])
        if len(rows):
            lines.append(
                f"{word}: " + _some([f"{row.name} ({row.net:,})" for row in rows[["name", "net"]].itertuples()])
            )
    return lines


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more, in the table" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _list(codes: set[int]) -> str:
    return ", ".join(str(code) for code in sorted(codes)) or "none"


def _came_or_went(was: int, now: int) -> str:
    if was == 0 or now == 0:
        return "appeared" if was == 0 else "withdrew"
    return "grew" if now > was else "shrank" if now < was else "same"


def _location_words(was: float, now: float) -> str:
    if math.isnan(was) or math.isnan(now):
        return "new" if math.isnan(was) else "gone"
    return "better" if now > was else "worse"
