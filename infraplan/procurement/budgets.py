"""Category Two budgets of districts, library systems and independent schools and libraries (47 CFR 54.502).

From FY2021 a system's budget is the largest of: students (square feet) x multiplier; sites x floor; and, for at most
ten sites, the sum over sites of the larger of the two. Before, each site had its own. Amounts are pre-discount, exact
decimals. Figures come from `data/rules/erate/<year>/category_two.toml`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from infraplan import rules, tablefiles
from infraplan.errors import BadInput, Fault, Faults
from infraplan.schemas import Schema
from infraplan.units import half_up

COLUMNS = ["entity_id", "sites", "method", "budget_usd", "funded_usd", "pending_usd", "available_usd"]
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Rules:
    """The figures of one funding year that budgets need; USD."""

    funding_year: int
    method: str
    school: Decimal
    any_library: Decimal
    city_library: Decimal | None
    city_locales: frozenset[str]
    floor: Decimal
    tribal_library_floor: Decimal
    hybrid_most_sites: int
    keeps_prior: bool
    cycle: tuple[int, int]

    @classmethod
    def of(cls, funding_year: int) -> "Rules":
        """Read a year's rules; raises NoRule if the year has none."""
        told = rules.load("erate", funding_year, "category_two")

        def amount(name: str) -> Decimal:
            return Decimal(told.value(name))

        floor = amount("floor.usd_per_site")
        tribal, city = "floor.tribal_library_usd_per_site", "library.city_usd_per_square_foot"
        return cls(
            funding_year=funding_year,
            method=str(told.value("method")),
            school=amount("school.usd_per_student"),
            any_library=amount("library.usd_per_square_foot"),
            city_library=amount(city) if told.has(city) else None,
            city_locales=frozenset(str(told.value("library.city_locales")).split()) if told.has(city) else frozenset(),
            floor=floor,
            tribal_library_floor=amount(tribal) if told.has(tribal) else floor,
            hybrid_most_sites=int(told.value("hybrid.most_sites")) if told.has("hybrid.most_sites") else 0,
            keeps_prior=told.has("prior_budget"),
            cycle=(int(told.value("cycle.first_year")), int(told.value("cycle.last_year"))),
        )


@dataclass(frozen=True)
class Site:
    """One school or outlet: what the multiplier gives it, and its floor."""

    by_size: Decimal
    floor: Decimal


@dataclass(frozen=True)
class Budgets:
    """The table `c2_budgets`, and what a person should know about it."""

    table: pd.DataFrame
    notes: tuple[str, ...]


@dataclass
class _System:
    """A district, library system or independent entity under way."""

    entity_id: str
    independent: bool
    sites: list[Site] = field(default_factory=list)
    funded: Decimal = NOTHING
    pending: Decimal = NOTHING
    priors: list[Decimal] = field(default_factory=list)
    rows: int = 0


def from_file(path: Path, funding_year: int) -> Budgets:
    """Budgets of the sites in a file of the table `c2_sites`; raises BadInput with every fault, NoRule."""
    year = Rules.of(funding_year)
    text, schema = tablefiles.with_rows(tablefiles.read_text(path), path.name), Schema.load("c2_sites")
    try:
        frame = tablefiles.typed(text, schema, file=path.name)
    except BadInput as why:
        raise BadInput([*why.faults, *_faults_of_sound_rows(text, schema, year, path.name, why)]) from why
    return budgets(frame, year, file=path.name)


def _faults_of_sound_rows(text: pd.DataFrame, schema: Schema, year: Rules, file: str, why: BadInput) -> list[Fault]:
    """What is wrong with rows whose cells can be read, so that a person meets every fault at once."""
    rows = {fault.row for fault in why.faults if fault.kind != "DuplicateKey"}
    if None in rows:
        return []
    try:
        sound = tablefiles.typed(text.drop(index=list(rows)), replace(schema, unique=False), file=file)
    except BadInput:  # more faulty rows than are listed: those listed come first
        return []
    told = _complete(sound)
    again = [] if len(rows) < len(why.faults) else tablefiles.duplicates(sound, schema, file)
    each = zip(told.index, told.to_dict("records"), strict=True)
    return [*again, *(fault for line, row in each for fault in _row_faults(row, int(line), year, file))]


def budgets(frame: pd.DataFrame, year: Rules, *, file: str = "the table") -> Budgets:
    """Budgets of a typed table `c2_sites`: one row per system or independent entity; raises BadInput."""
    frame = _complete(frame)
    faults = Faults(_faults(frame, year, file))
    faults.raise_if_any()
    systems: dict[tuple[bool, str], _System] = {}
    for row in frame.to_dict("records"):
        _add(systems, row, year)
    rows = []
    notes = []
    for system in systems.values():
        method, budget = best(system.sites, year, independent=system.independent)
        prior = _prior(system, year)
        if prior > budget:
            notes.append(
                f"{system.entity_id}: the budget set earlier, ${prior:,.2f}, stands; today's sites give ${budget:,.2f}"
            )
        budget = max(budget, prior)
        available = budget - system.funded - system.pending
        if available < 0:
            notes.append(f"{system.entity_id}: ${-available:,.2f} more is funded and pending than the budget holds")
        rows.append((system.entity_id, len(system.sites), method, budget, system.funded, system.pending, available))
    table = pd.DataFrame(rows, columns=COLUMNS)
    return Budgets(table, (*_general_notes(frame, year), *notes))


def covers(cycle: str, funding_year: int) -> bool:
    """Whether a cycle as USAC writes it has a funding year; a cycle without years has all.

    >>> covers("FY2021-2025", 2026), covers("FY2026-FY2030", 2026)
    (False, True)
    """
    years = [int(word) for word in re.findall(r"(?:19|20)\d{2}", str(cycle))]
    return not years or min(years) <= funding_year <= max(years)


def best(sites: Sequence[Site], year: Rules, *, independent: bool) -> tuple[str, Decimal]:
    """The method that gives the most, the first of equals, and the budget to the cent."""
    by_site = sum((max(site.by_size, site.floor) for site in sites), NOTHING)
    if independent or year.method == "site":
        return "site", half_up(by_site, 2)
    ways = {
        "multiplier": sum((site.by_size for site in sites), NOTHING),
        "floor": sum((site.floor for site in sites), NOTHING),
    }
    if len(sites) <= year.hybrid_most_sites:
        ways["hybrid"] = by_site
    method = max(ways, key=lambda way: ways[way])
    return method, half_up(ways[method], 2)


def _add(systems: dict[tuple[bool, str], _System], row: Mapping[Any, Any], year: Rules) -> None:
    independent = row["system_id"] is None
    entity = str(row["entity_id"] if independent else row["system_id"])
    system = systems.setdefault((independent, entity), _System(entity, independent))
    system.rows += 1
    system.funded += half_up(row["funded_usd"], 2)
    system.pending += half_up(row["pending_usd"], 2)
    if row["prior_budget_usd"] is not None:
        system.priors.append(row["prior_budget_usd"])
    if _size(row) > 0:
        system.sites.append(_site(row, year))


def _size(row: Mapping[Any, Any]) -> Decimal:
    told = row["students"] if row["kind"] == "school" else row["square_feet"]
    return NOTHING if pd.isna(told) else Decimal(str(told))


def _site(row: Mapping[Any, Any], year: Rules) -> Site:
    if row["kind"] == "school":
        return Site(_size(row) * year.school, year.floor)
    in_city = year.city_library is not None and row["imls_locale"] in year.city_locales
    rate = year.city_library if in_city and year.city_library is not None else year.any_library
    return Site(_size(row) * rate, year.tribal_library_floor if row["tribal"] else year.floor)


def _prior(system: _System, year: Rules) -> Decimal:
    """The budget set earlier, from however a person wrote it down.

    One amount, or the same on every row, is the system's whole budget; different amounts are its sites' parts. The same
    amount on every row that is below the sum of the floors cannot be the whole, so it too is a part.
    """
    told = system.priors
    if not told or not year.keeps_prior:
        return NOTHING
    whole = len(set(told)) == 1 and told[0] >= sum((site.floor for site in system.sites), NOTHING)
    return half_up(told[0] if whole else sum(told, NOTHING), 2)


# --- the input ------------------------------------------------------------------------------------------------------


def _complete(frame: pd.DataFrame) -> pd.DataFrame:
    """Every optional column present, blanks None or their default."""
    absent: dict[str, Any] = {
        name: None
        for name in ("system_id", "students", "square_feet", "prior_budget_usd", "imls_locale")
        if name not in frame
    }
    absent |= {name: NOTHING for name in ("funded_usd", "pending_usd") if name not in frame}
    absent |= {"tribal": False} if "tribal" not in frame else {}
    whole = frame.assign(
        **{name: pd.Series([value] * len(frame), index=frame.index, dtype=object) for name, value in absent.items()}
    ).astype(object)
    return whole.where(whole.notna(), None)


def _faults(frame: pd.DataFrame, year: Rules, file: str) -> list[Fault]:
    found = []
    kinds: dict[str, str] = {}
    live: set[str] = set()
    for line, row in zip(frame.index, frame.to_dict("records"), strict=True):
        found += _row_faults(row, int(line), year, file)
        system = row["system_id"]
        if system is None:
            continue
        if kinds.setdefault(system, row["kind"]) != row["kind"]:
            found.append(
                Fault(
                    kind="MixedSystem",
                    what=f"system {system} has schools and libraries",
                    file=file,
                    row=int(line),
                    column="kind",
                    value=row["kind"],
                    mend="give the libraries a system of their own; their budgets are reckoned apart",
                )
            )
        if _size(row) > 0:
            live.add(system)
    found += [
        Fault(
            kind="EmptySystem",
            what=f"system {system} has no school with students, or outlet with square feet",
            file=file,
            column="system_id",
            value=system,
            mend="give the enrollment or the square feet",
        )
        for system in kinds
        if system not in live
    ]
    return found


def _row_faults(row: Mapping[Any, Any], line: int, year: Rules, file: str) -> list[Fault]:
    column, unit = (
        ("students", "the full-time enrollment") if row["kind"] == "school" else ("square_feet", "the square feet")
    )
    found = []
    if row[column] is None:
        found.append(
            Fault(
                kind="NoSize",
                what=f"{column} is blank ({row['kind']} {row['entity_id']})",
                file=file,
                row=line,
                column=column,
                mend=f"give {unit}",
            )
        )
    elif row["system_id"] is None and _size(row) == 0:
        found.append(
            Fault(
                kind="NoSize",
                what=f"{column} is 0 ({row['kind']} {row['entity_id']}, independent)",
                file=file,
                row=line,
                column=column,
                value="0",
                mend=f"give {unit}, or leave the row out: it has no budget",
            )
        )
    if row["kind"] == "library" and year.city_library is not None and row["imls_locale"] is None:
        found.append(
            Fault(
                kind="NoLocale",
                what=f"imls_locale is blank (library {row['entity_id']})",
                file=file,
                row=line,
                column="imls_locale",
                mend=f"give the two-digit IMLS locale code: the FY{year.funding_year} multiplier depends on it",
            )
        )
    return found


def _general_notes(frame: pd.DataFrame, year: Rules) -> list[str]:
    first, last = year.cycle
    notes = [f"cycle FY{first} to FY{last}; what is left after FY{last} lapses"]
    empty = sum(1 for row in frame.to_dict("records") if _size(row) == 0)
    if empty:
        notes.append(f"sites without students or square feet, not counted: {empty:,}")
    if year.method == "site" and frame["system_id"].notna().any():
        notes.append(
            f"in FY{year.funding_year} each site had a budget of its own: a system's row adds them up, and one site "
            "could not spend another's"
        )
    if not year.keeps_prior and frame["prior_budget_usd"].notna().any():
        notes.append(f"prior_budget_usd is not used: the rules of FY{year.funding_year} here say nothing about it")
    return notes


# --- the cases beside the rules -------------------------------------------------------------------------------------


def _budget_case(edition: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    sizes = (
        [word.strip() for word in str(given["sites"]).split(",")]
        if "sites" in given
        else [str(given.get("students", given.get("square_feet")))]
    )
    column = "students" if given["kind"] == "school" else "square_feet"
    frame = pd.DataFrame(
        [
            {
                "entity_id": str(at),
                "kind": given["kind"],
                "system_id": "system" if "sites" in given else None,
                column: int(size),
                "tribal": given.get("tribal", False),
                "imls_locale": given.get("imls_locale"),
                "prior_budget_usd": Decimal(given["prior_budget_usd"]) if "prior_budget_usd" in given else None,
            }
            for at, size in enumerate(sizes)
        ]
    )
    return dict(zip(COLUMNS, budgets(frame, Rules.of(int(edition))).table.iloc[0], strict=True))


CASES: Mapping[str, rules.Evaluator] = {"budget": _budget_case}
