"""Home gaps: locations counted by area, and how many are served, underserved and unserved by a dated rule.

A location is served where one offer alone (to homes, low latency, technology of the rule) reaches the rule's upper
speeds, underserved where one reaches the lower speeds, else unserved. Two offers never add up to one: fast download
from one and fast upload from another serve nobody. A provider's 0/0 row is some service without speed: the location
is counted, the offer serves nobody.

What places locations and tabulates them (geopandas, pandas) is imported while the engine counts: for a small state
that import takes as long as the counting.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import ibis
import ibis.expr.types as ir

from infraplan import engine, rules
from infraplan.connectivity import funded as funded_builds
from infraplan.errors import BadInput, Fault, InfraplanError, NoTable
from infraplan.receipts import Receipt
from infraplan.resources import read_toml
from infraplan.workspace import Partition, Workspace

if TYPE_CHECKING:
    import pandas as pd

    from infraplan.connectivity.areas import By, Placement

SHIPPED_RULES = ("bead-2022", "terrestrial")
NOT_REMOVED = "funded locations not removed; not a statement of BEAD eligibility"
FEWEST_TECHNOLOGIES = 3
ANY_TECHNOLOGY = (0, 10, 40, 50, 60, 61, 70, 71, 72)
NO_DISTRICT = "(locations in no district)"
COLUMNS = (
    "area_id",
    "name",
    "locations",
    "own_locations",
    "served",
    "underserved",
    "unserved",
    "unserved_share",
    "funded_locations",
    "unfunded_unserved",
    "rule_id",
    "universe",
    "method",
)
Universe = Literal["offers", "served_export"]
Detail = Literal["technology", "providers", "needs"]
_COUNTS = ("locations", "served", "underserved", "unserved", "funded_locations", "unfunded_unserved")


@dataclass(frozen=True)
class HomeRule:
    """What makes a home served or unserved: technology codes, latency, and two pairs of speeds in Mbps."""

    rule_id: str
    title: str
    technologies: tuple[int, ...]
    low_latency: bool
    served_mbps: tuple[int, int]
    underserved_mbps: tuple[int, int]
    citations: tuple[str, ...] = ()

    def words(self) -> str:
        """The rule in one sentence."""
        codes = ", ".join(map(str, self.technologies))
        latency = " with low latency" if self.low_latency else ""
        return (
            f"served: one offer{latency} by technology {codes} of at least {self.served_mbps[0]}/{self.served_mbps[1]} "
            f"Mbps; underserved: at least {self.underserved_mbps[0]}/{self.underserved_mbps[1]} Mbps; else unserved"
        )


@dataclass(frozen=True)
class HomeGaps:
    """The table of gaps (columns of `home_gaps`) with what must be said beside it."""

    table: "pd.DataFrame"
    title: str
    rule: HomeRule
    receipts: tuple[Receipt, ...]
    notes: tuple[str, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)


def home_rule(rule_id: str, own_file: Path | None = None) -> HomeRule:
    """Read a shipped rule by id, or the state's own from a TOML file; raises NoRule or BadInput."""
    if rule_id == "own":
        if own_file is None:
            raise InfraplanError(
                "--rule own needs the rule's file\n  mend:  give --rule-file RULE.toml; "
                "docs/tutorial/own-rule.md shows one"
            )
        return _own_rule(own_file)
    told = rules.load("connectivity", rule_id)
    return HomeRule(
        rule_id=rule_id,
        title=told.title,
        technologies=tuple(int(code) for code in told.value("technologies")),
        low_latency=bool(told.value("low_latency")),
        served_mbps=(int(told.value("served.down_mbps")), int(told.value("served.up_mbps"))),
        underserved_mbps=(int(told.value("underserved.down_mbps")), int(told.value("underserved.up_mbps"))),
        citations=tuple(cite.words() for cite in told.citations.values()),
    )


def _own_rule(path: Path) -> HomeRule:
    told = read_toml(path)
    wanted = {"title": str, "technologies": list, "low_latency": bool, "served_mbps": list, "underserved_mbps": list}
    faults = [
        Fault(
            kind="MissingSetting",
            what=f"the rule's {name} is missing or not a {kind.__name__}",
            file=path.name,
            mend="docs/tutorial/own-rule.md shows a whole rule",
        )
        for name, kind in wanted.items()
        if not isinstance(told.get(name), kind)
    ]
    faults += [
        Fault(kind="UnknownSetting", what=f"{name} is not a setting of a rule", file=path.name)
        for name in told.keys() - wanted.keys() - {"cite"}
    ]
    if not faults:
        served, under = told["served_mbps"], told["underserved_mbps"]
        numbers = [*served, *under, *told["technologies"]]
        if len(served) != 2 or len(under) != 2 or not all(isinstance(n, int) and n >= 0 for n in numbers):  # noqa: PLR2004
            faults.append(
                Fault(
                    kind="BadValue",
                    what="speeds are two whole numbers, [down, up] in Mbps; technologies are FCC codes",
                    file=path.name,
                )
            )
        elif served[0] < under[0] or served[1] < under[1]:
            faults.append(Fault(kind="BadValue", what="served_mbps is below underserved_mbps", file=path.name))
    if faults:
        raise BadInput(faults)
    return HomeRule(
        "own",
        told["title"],
        tuple(told["technologies"]),
        told["low_latency"],
        (served[0], served[1]),
        (under[0], under[1]),
        (str(told.get("cite", f"the state's own: {path.name}")),),
    )


# --- expressions ----------------------------------------------------------------------------------------------------


def to_homes(offers: ir.Table, *, business: bool = False) -> ir.Table:
    """Offers made to homes (code R or X), and with `business` those made to businesses only (B)."""
    return offers.filter(offers["business_residential"].isin(["R", "X", *(["B"] if business else [])]))


def reaching(offers: ir.Table, rule: HomeRule, speeds: tuple[int, int]) -> ir.BooleanValue:
    """Whether an offer alone meets the rule at these speeds (down, up in Mbps)."""
    enough: ir.BooleanValue = (
        offers["technology"].isin(rule.technologies)
        & (offers["down_mbps"] >= speeds[0])
        & (offers["up_mbps"] >= speeds[1])
    )
    return enough & offers["low_latency"] if rule.low_latency else enough


def locations(
    offers: ir.Table, rule: HomeRule, export: ir.Table | None = None, *, one_release: bool = False
) -> ir.Table:
    """One row per location: location_id, block_geoid, h3_res8_id, served, reached (lower speeds).

    The locations are those of `offers`, or all of `export` (the served/unserved export), where a location that
    nobody offers anything has no row in `offers` and is unserved.

    Within `one_release` the FCC gives a location one block and one cell, and any row tells them; comparing all of them
    takes a quarter of the whole query's time. Between releases a location may move: the greatest is taken.
    """
    marked = offers.mutate(
        served=reaching(offers, rule, rule.served_mbps), reached=reaching(offers, rule, rule.underserved_mbps)
    )
    found = marked.group_by("location_id").aggregate(
        block_geoid=marked["block_geoid"].arbitrary() if one_release else marked["block_geoid"].max(),
        h3_res8_id=marked["h3_res8_id"].arbitrary() if one_release else marked["h3_res8_id"].max(),
        served=marked["served"].max(),
        reached=marked["reached"].max(),
    )
    if export is None:
        return found
    flags = found.select("location_id", "served", "reached")
    joined = export.left_join(flags, "location_id")
    return joined.select(
        export["location_id"],
        export["block_geoid"],
        export["h3_res8_id"],
        served=joined["served"].fill_null(ibis.literal(value=False)),
        reached=joined["reached"].fill_null(ibis.literal(value=False)),
    )


def classes_by_key(found: ir.Table, key: str, funded: ir.Table | None = None) -> ir.Table:
    """Counts by block or cell: key, locations, served, underserved, unserved, funded_locations, unfunded_unserved."""
    if funded is not None:
        listed = funded.select("location_id").distinct().mutate(listed=True)
        found = found.left_join(listed, "location_id").drop("location_id_right")
        has_build = found["listed"].fill_null(ibis.literal(value=False))
    else:
        has_build = ibis.literal(value=False)
    unserved = ~found["reached"]
    return found.group_by(key=found[key]).aggregate(
        locations=found.count(),
        served=found["served"].sum(),
        underserved=(found["reached"] & ~found["served"]).sum(),
        unserved=unserved.sum(),
        funded_locations=(has_build & ~found["served"]).sum(),
        unfunded_unserved=(unserved & ~has_build).sum(),
    )


# --- the analysis ---------------------------------------------------------------------------------------------------


def home_gaps(
    workspace: Workspace, *, by: "By" = "district", rule: HomeRule, business: bool = False, as_of: str | None = None
) -> HomeGaps:
    """Count locations by area and class; see the module's text and `infraplan tables home_gaps`.

    Raises NoTable if no availability file is loaded, or no district boundaries for `by="district"`.
    """
    if not workspace.has("availability"):
        raise _nothing_loaded(workspace)
    found, universe = found_locations(workspace, rule, business=business, as_of=as_of)
    funded = funded_builds.locations(workspace, found)
    key = "h3_res8_id" if by == "district" and not workspace.has("block_districts") else "block_geoid"
    counts = _counted(workspace, classes_by_key(found, key, funded))
    from infraplan.connectivity import areas  # noqa: PLC0415 - imported above, while the engine counted

    placement = areas.place(workspace, counts[["key"]].rename(columns={"key": key}), by)
    table = _table(counts, placement, rule, universe, funded=funded is not None)
    receipts = workspace.receipts_of("availability", "locations", as_of=as_of)
    receipts += workspace.receipts_of(*funded_builds.TABLES, *_place_tables(placement, by))
    notes = [
        *_vintage_notes(workspace, as_of),
        *(_export_notes(workspace, rule, as_of) if universe == "served_export" else ()),
        *placement.notes,
        *_unplaced_note(table),
        *([NOT_REMOVED] if funded is None else funded_builds.notes(workspace)),
    ]
    title = _title(by, rule, universe, business=business, funded=funded is not None)
    about = {
        "title": title,
        "by": by,
        "rule": rule.words(),
        "rule_id": rule.rule_id,
        "citations": rule.citations,
        "business": business,
        "as_of": as_of,
        "notes": notes,
        "receipts": [one.receipt_id for one in receipts],
    }
    return HomeGaps(table, title, rule, tuple(receipts), tuple(notes), about)


def _counted(workspace: Workspace, counts: ir.Table) -> "pd.DataFrame":
    """The rows of an expression; what will place and tabulate them is made ready while the engine counts."""
    with ThreadPoolExecutor(1) as aside:
        counting = aside.submit(engine.rows, workspace.backend, counts)
        try:
            if workspace.has("district_shapes"):
                workspace.geoframe("district_shapes")
            from infraplan.connectivity import areas  # noqa: F401, PLC0415

            frame: pd.DataFrame = counting.result().to_pandas()
        except BaseException:  # also when the command is stopped: nobody waits for a count that will not be used
            if workspace.backend.name == "duckdb":
                workspace.connection.interrupt()
            raise
        return frame


def found_locations(
    workspace: Workspace, rule: HomeRule, *, business: bool, as_of: str | None
) -> tuple[ir.Table, Universe]:
    """The counted locations of a workspace with their classes (see `locations`), and which locations those are."""
    everyone = workspace.table("availability", as_of=as_of)
    offers = to_homes(everyone, business=business)
    releases = {part.age for part in workspace.partitions("availability", as_of=as_of)}
    one_release = len(releases) == 1 and all(date for date, _ in releases)
    export = _export(workspace, as_of)
    if export is None:
        return locations(offers, rule, one_release=one_release), "offers"
    counted = export if business else without_businesses(export, everyone)
    return locations(offers, rule, counted, one_release=one_release), "served_export"


def _export(workspace: Workspace, as_of: str | None) -> ir.Table | None:
    """The served/unserved export, of one release where that is asked for; None where it is not loaded."""
    loaded = any(part.rows for part in workspace.partitions("locations", as_of=as_of))
    return workspace.table("locations", as_of=as_of) if loaded else None


def without_businesses(export: ir.Table, offers: ir.Table) -> ir.Table:
    """The export without locations that are offered service, and to businesses only: those are no homes.

    A location that nobody offers anything stays: it may be a home.
    """
    places = offers.filter(offers["business_residential"] == "B").select("location_id").distinct()
    homes_too = to_homes(offers).semi_join(places, "location_id").select("location_id").distinct()
    return export.anti_join(places.anti_join(homes_too, "location_id"), "location_id")


def _table(
    counts: "pd.DataFrame", placement: "Placement", rule: HomeRule, universe: Universe, *, funded: bool
) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415

    placed = counts.merge(placement.inside, on="key", how="left")
    inside = placed.groupby("area_id", as_index=False)[list(_COUNTS)].sum()
    own = (
        counts.merge(placement.own, on="key")
        .groupby("area_id")["locations"]
        .sum()
        .rename("own_locations")
        .reset_index()
    )
    nowhere = placed[placed["area_id"].isna()]
    table = placement.names.merge(inside, on="area_id", how="left").merge(own, on="area_id", how="left")
    if len(nowhere):
        rest: dict[str, Any] = {name: int(nowhere[name].sum()) for name in _COUNTS}
        rest |= {"area_id": None, "name": NO_DISTRICT, "own_locations": rest["locations"]}
        table = pd.concat([table, pd.DataFrame([rest])], ignore_index=True)
    whole = [*_COUNTS, "own_locations"]
    table[whole] = table[whole].fillna(0).astype("Int64")
    table["unserved_share"] = (
        (table["unserved"] / table["locations"].where(table["locations"] > 0)).astype("Float64").round(6)
    )
    if not funded:
        table[["funded_locations", "unfunded_unserved"]] = pd.NA
    table["rule_id"], table["universe"], table["method"] = rule.rule_id, universe, placement.method
    return table[list(COLUMNS)]


def _nothing_loaded(workspace: Workspace) -> InfraplanError:
    if workspace.has("locations"):
        return InfraplanError(
            "only the served/unserved export is loaded: it says who has 100/20 Mbps, and cannot split the "
            "rest into underserved and unserved\n  mend:  add the FCC's fixed availability files too"
        )
    return NoTable(
        "no FCC availability file is loaded\n  mend:  infraplan data add bdc_23_*.zip "
        "(https://broadbandmap.fcc.gov/data-download, fixed broadband, one file per technology)"
    )


def _title(by: "By", rule: HomeRule, universe: Universe, *, business: bool, funded: bool) -> str:
    counted = (
        "every location of the FCC's list" + ("" if business else " but those offered service as businesses only")
        if universe == "served_export"
        else "locations with a residential offer of any technology in the loaded files"
    )
    who = ", businesses included" if business else ""
    tail = "" if funded else f"; {NOT_REMOVED}"
    return f"Home broadband gaps by {by}, rule {rule.rule_id}; locations counted: {counted}{who}{tail}"


def _place_tables(placement: "Placement", by: "By") -> Sequence[str]:
    if by != "district":
        return ()
    return ("block_districts",) if placement.method == "block_relation" else ("district_shapes",)


def _vintage_notes(workspace: Workspace, as_of: str | None) -> list[str]:
    parts = workspace.partitions("availability", as_of=as_of)
    dates = sorted({part.as_of or "unknown" for part in parts})
    if len(dates) < 2:  # noqa: PLR2004 - one date is no mixture
        return _few_technologies_note(parts, dates, exported=_export(workspace, as_of) is not None)
    told = "; ".join(
        f"{date}: technology {', '.join(sorted({p.series.split('/')[-1] for p in parts if (p.as_of or 'unknown') == date}))}"
        for date in dates
    )
    return [
        f"files of {len(dates)} dates are mixed ({told}); location numbers change between releases, so some homes may "
        "be counted twice; give --as-of DATE for one release"
    ]


def _few_technologies_note(parts: Sequence[Partition], dates: Sequence[str], *, exported: bool) -> list[str]:
    """Say so where one release counts only by a few technologies: homes that only others reach have no row in it."""
    here = sorted(_technologies(parts))
    if exported or len(here) >= FEWEST_TECHNOLOGIES:
        return []
    return [
        f"only technology {', '.join(here)} is loaded as of {', '.join(dates)}: homes that have no such offer are not "
        "counted at all, so the share unserved is too low; add the other technologies' files, or the served/unserved export"
    ]


def _technologies(parts: Sequence[Partition]) -> set[str]:
    """The technology codes of loaded offers; all of them where a table exported from a workspace does not tell."""
    found = {code for part in parts for code in part.series.split("/")[-1].split("+")}
    return found if all(code.isdigit() for code in found) else {str(code) for code in ANY_TECHNOLOGY}


def _export_notes(workspace: Workspace, rule: HomeRule, as_of: str | None) -> list[str]:
    """Say so where homes of the export count as unserved because what serves them is not loaded, or of another date."""
    offers, export = (workspace.partitions(table, as_of=as_of) for table in ("availability", "locations"))
    notes = []
    dates = [sorted({part.as_of or "unknown date" for part in parts}) for parts in (offers, export)]
    if dates[0] != dates[1]:
        notes.append(
            f"the list of locations is as of {', '.join(dates[1])}, the offers are as of {', '.join(dates[0])}: locations "
            "that are new since then have no offer and count as unserved; load both of one release"
        )
    missing = sorted(set(map(str, rule.technologies)) - _technologies(offers))
    if missing:
        notes.append(
            f"no file of technology {', '.join(missing)} is loaded: homes that only it serves count as unserved here; "
            "add it where the FCC publishes it for the state"
        )
    return notes


def _unplaced_note(table: "pd.DataFrame") -> list[str]:
    rest = table[table["area_id"].isna()]
    if rest.empty:
        return []
    count, total = int(rest["own_locations"].sum()), int(table["own_locations"].sum())
    return [
        f"{count:,} of {total:,} locations ({count / total:.2%}) lie in no district; they are in the row without an id"
    ]


# --- details --------------------------------------------------------------------------------------------------------


def details(
    workspace: Workspace,
    kind: Detail,
    *,
    by: "By" = "district",
    rule: HomeRule,
    business: bool = False,
    as_of: str | None = None,
) -> "pd.DataFrame":
    """Behind the gaps, by own area so that columns add up to the state's.

    `technology`: area_id, name, technology, locations, reached, served (locations with an offer of the technology, and
    those where it alone meets the rule's speeds, whether or not the rule counts the technology).
    `providers`: area_id, name, providers, locations (how many providers reach the served speeds there).
    `needs`: area_id, name, need, locations (what locations that are not served lack, by their best offer).
    """
    if not workspace.has("availability"):
        raise _nothing_loaded(workspace)
    offers = to_homes(workspace.table("availability", as_of=as_of), business=business)
    counted = _universe(offers)
    export = _export(workspace, as_of)
    if export is not None:
        counted = export if business else without_businesses(export, workspace.table("availability", as_of=as_of))
    key = "h3_res8_id" if by == "district" and not workspace.has("block_districts") else "block_geoid"
    make = {"technology": _by_technology, "providers": _by_providers, "needs": _by_needs}[kind]
    counts = _counted(workspace, make(offers, counted, rule, key))
    from infraplan.connectivity import areas  # noqa: PLC0415 - imported above, while the engine counted

    placement = areas.place(workspace, counts[["key"]].drop_duplicates().rename(columns={"key": key}), by)
    group = [name for name in counts.columns if name in {"technology", "providers", "need"}]
    values = [name for name in counts.columns if name not in {"key", *group}]
    table = (
        counts.merge(placement.own, on="key", how="left")
        .groupby(["area_id", *group], as_index=False, dropna=False)[values]
        .sum()
    )
    named = table.merge(placement.names, on="area_id", how="left")
    named["name"] = named["name"].where(named["area_id"].notna(), NO_DISTRICT)
    return named[["area_id", "name", *group, *values]].sort_values(["area_id", *group], ignore_index=True)


def _universe(offers: ir.Table) -> ir.Table:
    return offers.group_by("location_id").aggregate(
        block_geoid=offers["block_geoid"].max(), h3_res8_id=offers["h3_res8_id"].max()
    )


def _by_technology(offers: ir.Table, counted: ir.Table, rule: HomeRule, key: str) -> ir.Table:
    any_technology = HomeRule(
        rule.rule_id,
        rule.title,
        ANY_TECHNOLOGY,
        rule.low_latency,
        rule.served_mbps,
        rule.underserved_mbps,
    )
    marked = offers.mutate(
        served=reaching(offers, any_technology, rule.served_mbps),
        reached=reaching(offers, any_technology, rule.underserved_mbps),
    )
    each = marked.group_by("location_id", "technology").aggregate(
        served=marked["served"].max(), reached=marked["reached"].max()
    )
    placed = each.inner_join(counted.select("location_id", key=counted[key]), "location_id")
    return placed.group_by("key", "technology").aggregate(
        locations=placed.count(), reached=placed["reached"].sum(), served=placed["served"].sum()
    )


def _by_providers(offers: ir.Table, counted: ir.Table, rule: HomeRule, key: str) -> ir.Table:
    enough = offers.filter(reaching(offers, rule, rule.served_mbps))
    each = enough.group_by("location_id").aggregate(n=enough["provider_id"].nunique())
    joined = counted.select("location_id", key=counted[key]).left_join(each, "location_id")
    placed = joined.mutate(providers=joined["n"].fill_null(0))
    return placed.group_by("key", "providers").aggregate(locations=placed.count())


def _by_needs(offers: ir.Table, counted: ir.Table, rule: HomeRule, key: str) -> ir.Table:
    usable = offers["technology"].isin(rule.technologies)
    quick = usable & offers["low_latency"] if rule.low_latency else usable
    down, up = rule.served_mbps
    marked = offers.mutate(
        usable=usable,
        quick=quick,
        down=quick & (offers["down_mbps"] >= down),
        up=quick & (offers["up_mbps"] >= up),
        served=reaching(offers, rule, rule.served_mbps),
    )
    each = marked.group_by("location_id").aggregate(
        **{n: marked[n].max() for n in ("usable", "quick", "down", "up", "served")}
    )
    joined = counted.select("location_id", key=counted[key]).left_join(each, "location_id")
    flag = {n: joined[n].fill_null(ibis.literal(value=False)) for n in ("usable", "quick", "down", "up", "served")}
    need = ibis.cases(
        (~flag["usable"], "a technology the rule counts"),
        (~flag["quick"], "low latency"),
        (flag["down"] & flag["up"], "both speeds in one offer"),
        (flag["down"], "faster upload"),
        (flag["up"], "faster download"),
        else_="faster download and upload",
    )
    lacking = joined.mutate(need=need).filter(~flag["served"])
    return lacking.group_by("key", "need").aggregate(locations=lacking.count())


# --- the cases beside the rules ---------------------------------------------------------------------------------------


def _home_class(edition: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Class of one location by its offers, for a rule's case."""
    import pandas as pd  # noqa: PLC0415

    place = {"location_id": "1", "block_geoid": "0" * 15, "h3_res8_id": "0" * 15}
    offers = engine.from_frame(pd.DataFrame([{**offer, **place} for offer in given["offers"]]))
    with engine.in_memory() as backend:
        row = backend.execute(locations(offers, home_rule(edition))).iloc[0]
    return {"class": "served" if row["served"] else "underserved" if row["reached"] else "unserved"}


CASES: Mapping[str, rules.Evaluator] = {"home_class": _home_class}
