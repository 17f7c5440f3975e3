"""E-Rate discount rates of districts, schools, libraries and consortia (47 CFR 54.505), by a funding year's rules.

All arithmetic is on whole numbers: a share is rounded half up as (200 x eligible + students) // (2 x students), so no
binary fraction can push a district over the edge of a band. Figures come from `data/rules/erate/<year>/discounts.toml`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan import rules
from infraplan.errors import Fault, Faults
from infraplan.procurement import entities

Whole = npt.NDArray[np.int64]
Text = npt.NDArray[np.object_]
Mask = npt.NDArray[np.bool_]

COLUMNS = ["entity_id", "kind", "nslp_percent", "urban_rural", "c1_rate", "c2_rate"]


@dataclass(frozen=True)
class Rules:
    """The figures of one funding year that rates need; whole percent throughout."""

    funding_year: int
    band_from: Whole
    urban: Whole
    rural: Whole
    c2_highest: int
    c2_highest_tribal_library: int
    rural_above: int
    cep_multiplier: Decimal
    cep_minimum_identified: int

    @classmethod
    def of(cls, funding_year: int) -> "Rules":
        """Read a year's rules; raises NoRule if the year has none."""
        told = rules.load("erate", funding_year, "discounts")
        bands = sorted(
            (int(told.value(name)), name.removesuffix(".nslp_from"))
            for name in told.figures
            if name.endswith(".nslp_from")
        )
        highest = int(told.value("category_two.highest_rate"))
        tribal = "category_two.tribal_library_highest_rate"
        return cls(
            funding_year=funding_year,
            band_from=np.array([low for low, _ in bands], dtype=np.int64),
            urban=np.array([int(told.value(f"{band}.urban")) for _, band in bands], dtype=np.int64),
            rural=np.array([int(told.value(f"{band}.rural")) for _, band in bands], dtype=np.int64),
            c2_highest=highest,
            c2_highest_tribal_library=int(told.value(tribal)) if told.has(tribal) else highest,
            rural_above=int(told.value("rurality.rural_above")),
            cep_multiplier=Decimal(told.value("cep.multiplier")),
            cep_minimum_identified=int(told.value("cep.minimum_identified")),
        )


@dataclass(frozen=True)
class Rates:
    """The table `discounts`, and what a person should know about it."""

    table: pd.DataFrame
    notes: tuple[str, ...]


def from_file(path: Path, funding_year: int) -> Rates:
    """Rates of the entities in a file of the table `discounts_in`; raises BadInput with every fault, NoRule."""
    year = Rules.of(funding_year)
    return rates(entities.read(path), year, file=path.name)


# --- the arithmetic -------------------------------------------------------------------------------------------------


def percent_half_up(part: Whole, whole: Whole) -> Whole:
    """Part of whole as whole percent, rounded half up, exactly; 0 where the whole is 0.

    >>> percent_half_up(np.array([99, 149, 4]), np.array([200, 200, 1000])).tolist()
    [50, 75, 0]
    """
    safe = np.maximum(whole, 1)
    return np.where(whole > 0, (200 * part + safe) // (2 * safe), 0)


def mean_half_up(total: Whole, count: Whole) -> Whole:
    """Total over count as a whole number, rounded half up, exactly.

    >>> mean_half_up(np.array([285, 105]), np.array([4, 2])).tolist()
    [71, 53]
    """
    return (2 * total + count) // (2 * count)


def cep_eligible(identified: Whole, students: Whole, multiplier: Decimal) -> Whole:
    """Eligible students of CEP schools: identified students x multiplier, up to whole students, at most all.

    >>> cep_eligible(np.array([198, 250]), np.array([331, 300]), Decimal("1.6")).tolist()
    [317, 300]
    """
    top, bottom = multiplier.as_integer_ratio()
    return np.minimum(-(-identified * top // bottom), students)


def is_rural(schools: Whole, rural_schools: Whole, rural_above: int) -> Mask:
    """Whether a district is rural: strictly more than `rural_above` percent of its schools are.

    >>> is_rural(np.array([4, 4]), np.array([2, 3]), 50).tolist()
    [False, True]
    """
    return np.asarray(100 * rural_schools > rural_above * schools, dtype=np.bool_)


def matrix_rates(percent: Whole, rural: Mask, tribal_library: Mask, year: Rules) -> tuple[Whole, Whole]:
    """Category One and Category Two rates of whole-percent shares."""
    band = np.searchsorted(year.band_from, percent, side="right") - 1
    c1 = np.where(rural, year.rural[band], year.urban[band])
    return c1, np.minimum(c1, np.where(tribal_library, year.c2_highest_tribal_library, year.c2_highest))


# --- one table in, one table out ------------------------------------------------------------------------------------


def rates(frame: pd.DataFrame, year: Rules, *, file: str = "the table") -> Rates:
    """Rates of a typed table `discounts_in`: its rows in order, then parents without a row, then consortia.

    A school with `parent_id` gets its district's share, status and rates; a library the district's share and its own
    status. Raises BadInput with every fault.
    """
    body = frame[frame["kind"] != "consortium"]
    faults = Faults(
        [
            *entities.row_faults(frame, file),
            *entities.duplicate_faults(body, file),
            *entities.consortium_faults(frame, file),
        ]
    )
    columns = _Columns.of(body, year)
    parents = _Parents.of(columns, year)
    faults.extend(_parent_faults(body, columns, parents, file))
    faults.raise_if_any()
    table = _entity_table(columns, parents, year)
    consortia = _consortium_table(columns, parents, body["member_of"], table)
    whole = pd.concat([table, consortia], ignore_index=True)[COLUMNS]
    return Rates(
        whole.astype({"nslp_percent": "Int64", "c1_rate": "int64", "c2_rate": "int64"}),
        tuple(_notes(body, columns, year)),
    )


@dataclass(frozen=True)
class _Columns:
    """The input as arrays in row order; a blank count is 0, and `told` says where students are given."""

    entity: Text
    kind: Text
    students: Whole
    told: Mask
    eligible: Whole
    knows_status: Mask
    rural: Mask
    parent: Text
    has_parent: Mask
    tribal_library: Mask

    @classmethod
    def of(cls, frame: pd.DataFrame, year: Rules) -> "_Columns":
        students, cep = _whole(frame["students"]), entities.mask(frame["cep"])
        from_cep = cep_eligible(_whole(frame["identified_students"]), students, year.cep_multiplier)
        status = frame["urban_rural"].notna().to_numpy()
        counted = is_rural(_whole(frame["schools"]), _whole(frame["rural_schools"]), year.rural_above)
        return cls(
            entity=frame["entity_id"].to_numpy(dtype=object),
            kind=frame["kind"].to_numpy(dtype=object),
            students=students,
            told=frame["students"].notna().to_numpy(),
            eligible=np.where(cep, from_cep, _whole(frame["nslp_students"])),
            knows_status=status | (frame["schools"].notna() & frame["rural_schools"].notna()).to_numpy(),
            rural=np.where(status, (frame["urban_rural"] == "Rural").to_numpy(), counted),
            parent=frame["parent_id"].to_numpy(dtype=object),
            has_parent=frame["parent_id"].notna().to_numpy(),
            tribal_library=entities.mask(frame["tribal"]) & (frame["kind"] == "library").to_numpy(),
        )


def _whole(cells: pd.Series) -> Whole:
    return cells.fillna(0).to_numpy(dtype=np.int64)


@dataclass(frozen=True)
class _Parents:
    """Districts that rows point to, numbered in order of appearance, and what their schools add up to."""

    names: Text
    of_row: Whole  # number of the parent that a row points to; -1 = none
    is_row: Whole  # number of the parent that a row is itself; -1 = none
    own_row: Whole  # first row of the parent itself; -1 = none
    listed: Mask  # some school row of it gives students
    summed: Whole  # students of those rows
    students: Whole
    eligible: Whole
    rural: Mask
    knows_status: Mask

    @classmethod
    def of(cls, columns: _Columns, year: Rules) -> "_Parents":
        codes, uniques = pd.factorize(columns.parent)
        of_row, names = np.asarray(codes, dtype=np.int64), np.asarray(uniques, dtype=object)
        is_row = np.asarray(pd.Index(names).get_indexer(pd.Index(columns.entity)), dtype=np.int64)
        own_row = np.full(len(names), -1, dtype=np.int64)
        rows = np.flatnonzero(is_row >= 0)[::-1]
        own_row[is_row[rows]] = rows
        school = columns.has_parent & (columns.kind == "school")
        given = school & columns.told

        def total(values: Whole, where: Mask) -> Whole:
            sums = np.zeros(len(names), dtype=np.int64)
            np.add.at(sums, of_row[where], values[where])
            return sums

        ones = np.ones(len(of_row), dtype=np.int64)
        listed, summed, count = total(ones, given) > 0, total(columns.students, given), total(ones, school)
        at, own = np.maximum(own_row, 0), own_row >= 0
        told_rural = own & columns.knows_status[at]
        counted_rural = is_rural(count, total(ones, school & columns.rural), year.rural_above)
        return cls(
            names=names,
            of_row=of_row,
            is_row=is_row,
            own_row=own_row,
            listed=listed,
            summed=summed,
            students=np.where(listed, summed, np.where(own, columns.students[at], 0)),
            eligible=np.where(listed, total(columns.eligible, given), np.where(own, columns.eligible[at], 0)),
            rural=np.where(told_rural, columns.rural[at], counted_rural),
            knows_status=told_rural | ((count > 0) & (count == total(ones, school & columns.knows_status))),
        )


def _parent_faults(body: pd.DataFrame, columns: _Columns, parents: _Parents, file: str) -> list[Fault]:
    """Faults of districts and of rows that point to one, seen across rows."""

    def fault(wrong: Mask, kind: str, column: str, what: str, mend: str) -> list[Fault]:
        return entities.examples(
            body, wrong, kind=kind, column=column, file=file, mend=mend, what=lambda row: what.format(**row)
        )

    wrong_pointers = [fault(*told) for told in _pointers(columns, parents)]
    wrong_districts = [fault(*told) for told in _districts(columns, parents)]
    return [one for group in (*wrong_pointers, *wrong_districts) for one in group]


def _pointers(columns: _Columns, parents: _Parents) -> Iterator[tuple[Mask, str, str, str, str]]:
    """What can be wrong with a row's parent: the rows, kind, column, sentence and mend."""
    points, at = parents.of_row >= 0, np.maximum(parents.of_row, 0)
    yield (
        points & (_taken(parents.students, at) == 0),
        "NoParentFigures",
        "parent_id",
        "no students are given for parent_id {parent_id} ({kind} {entity_id})",
        "give the district its own row with students, or list its schools with theirs",
    )
    yield (
        points & (_taken(columns.kind, _taken(parents.own_row, at)) == "library"),
        "OddParent",
        "parent_id",
        "parent_id {parent_id} of {kind} {entity_id} is a library",
        "name the school district as the parent",
    )
    yield (
        points & (columns.kind == "school") & ~_taken(parents.knows_status, at),
        "NoStatus",
        "urban_rural",
        "district {parent_id} of school {entity_id} has no urban_rural",
        "give the district a row with urban_rural, or give it for every school of the district",
    )


def _districts(columns: _Columns, parents: _Parents) -> Iterator[tuple[Mask, str, str, str, str]]:
    """What can be wrong with a district, given its schools: the rows, kind, column, sentence and mend."""
    district = columns.kind == "district"
    lists = _taken(parents.listed, parents.is_row)
    yield (
        lists & columns.told & (columns.students != _taken(parents.summed, parents.is_row)),
        "ParentDisagrees",
        "students",
        "students of district {entity_id} is {students}, its school rows add up to another number",
        "leave the district's students and nslp_students blank where its schools are listed, or list all of them",
    )
    yield (
        district & ~columns.told & ~lists,
        "NoEnrollment",
        "students",
        "students is blank and no school of district {entity_id} is listed",
        "give the enrollment, or list the district's schools with parent_id",
    )
    yield (
        district & ~columns.knows_status & ~_taken(parents.knows_status, parents.is_row),
        "NoStatus",
        "urban_rural",
        "urban_rural is blank (district {entity_id}) and its schools do not all give it",
        "give USAC's status, Urban or Rural (not the NCES locale), or schools and rural_schools",
    )


def _taken(values: npt.NDArray[Any], at: Whole) -> npt.NDArray[Any]:
    """values[at], with zero, False or None where `at` is -1."""
    blank = np.zeros(1, dtype=values.dtype)
    return np.concatenate([values, blank])[at]


def _entity_table(columns: _Columns, parents: _Parents, year: Rules) -> pd.DataFrame:
    """Rates of the rows given, and of parents without a row of their own behind them."""
    basis = np.where(parents.of_row >= 0, parents.of_row, parents.is_row)
    shared = basis >= 0
    parent_percent = percent_half_up(parents.eligible, parents.students)
    percent = np.where(shared, _taken(parent_percent, basis), percent_half_up(columns.eligible, columns.students))
    rural = np.where(shared & (columns.kind != "library"), _taken(parents.rural, basis), columns.rural).astype(bool)
    extra = parents.own_row < 0
    count = int(extra.sum())
    percent = np.concatenate([percent, parent_percent[extra]])
    rural = np.concatenate([rural, parents.rural[extra]])
    c1, c2 = matrix_rates(percent, rural, np.concatenate([columns.tribal_library, np.zeros(count, dtype=bool)]), year)
    return pd.DataFrame(
        {
            "entity_id": np.concatenate([columns.entity, parents.names[extra]]),
            "kind": np.concatenate([columns.kind, np.full(count, "district", dtype=object)]),
            "nslp_percent": percent,
            "urban_rural": np.where(rural, "Rural", "Urban"),
            "c1_rate": c1,
            "c2_rate": c2,
        }
    )


def _consortium_table(columns: _Columns, parents: _Parents, member_of: pd.Series, table: pd.DataFrame) -> pd.DataFrame:
    """One row per consortium in order of appearance: the plain mean of its members, each counted once.

    A school of a district stands for its district, as on Form 471: several schools of one district are one member.
    """
    named = member_of.notna().to_numpy()
    of_parent = _taken(parents.names, parents.of_row)
    member = np.where((columns.kind == "school") & columns.has_parent, of_parent, columns.entity)
    rows = pd.DataFrame(
        {
            "entity_id": member_of.to_numpy(dtype=object),
            "member": member,
            "c1": table["c1_rate"].to_numpy()[: len(member)],
            "c2": table["c2_rate"].to_numpy()[: len(member)],
        }
    )[named]
    each = rows.drop_duplicates(["entity_id", "member"]).groupby("entity_id", sort=False)
    total, count = each[["c1", "c2"]].sum(), np.asarray(each.size().to_numpy(), dtype=np.int64)
    return pd.DataFrame(
        {
            "entity_id": total.index.to_numpy(dtype=object),
            "kind": "consortium",
            "nslp_percent": pd.NA,
            "urban_rural": None,
            "c1_rate": mean_half_up(total["c1"].to_numpy(dtype=np.int64), count),
            "c2_rate": mean_half_up(total["c2"].to_numpy(dtype=np.int64), count),
        }
    )


def _notes(body: pd.DataFrame, columns: _Columns, year: Rules) -> list[str]:
    again = int(body["entity_id"].duplicated().sum())
    cep = entities.mask(body["cep"])
    identified = _whole(body["identified_students"])
    low = int((cep & (100 * identified < year.cep_minimum_identified * columns.students)).sum())
    group = "they may elect it only in a group that reaches it"
    empty = int((columns.told & (columns.students == 0)).sum())
    return [
        note
        for count, note in (
            (
                again,
                f"rows that repeat an entity with the same figures: {again:,}; kept, and counted once in a consortium",
            ),
            (
                low,
                f"CEP schools with under {year.cep_minimum_identified} percent identified students: {low:,}; {group}",
            ),
            (empty, f"schools of districts without students: {empty:,}; they count as schools, not as students"),
        )
        if count
    ]


# --- the cases beside the rules -------------------------------------------------------------------------------------


def _discount_case(edition: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    row = pd.DataFrame(
        [
            {
                "entity_id": "1",
                "kind": "school",
                "nslp_students": None,
                "schools": None,
                "rural_schools": None,
                "parent_id": None,
                "cep": False,
                "identified_students": None,
                "tribal": False,
                "member_of": None,
                **given,
            }
        ]
    )
    return dict(zip(COLUMNS, rates(row, Rules.of(int(edition))).table.iloc[0], strict=True))


def _rurality_case(edition: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    year = Rules.of(int(edition))
    rural = is_rural(np.array([given["schools"]]), np.array([given["rural_schools"]]), year.rural_above)
    return {"urban_rural": "Rural" if rural[0] else "Urban"}


def _consortium_case(edition: str, given: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ARG001 - the rule has no figure
    told = np.array([int(word) for word in str(given["rates"]).split(",")])
    return {"rate": int(mean_half_up(np.array([told.sum()]), np.array([len(told)]))[0])}


CASES: Mapping[str, rules.Evaluator] = {
    "discount": _discount_case,
    "rurality": _rurality_case,
    "consortium": _consortium_case,
}
