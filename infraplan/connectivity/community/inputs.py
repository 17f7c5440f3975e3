"""Points and measures, read and checked together: who could serve whom, at what cost, and what E-Rate pays of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import Geod

from infraplan import rules, tablefiles
from infraplan.errors import BadInput, Fault, Faults, NoRule
from infraplan.units import METERS_PER_MILE, half_up

BUSES: Final = ("bus_route", "parked_bus")
PROGRAMS: Final = ("hotspots", "lifeline_outreach")
OFF_PREMISES: Final = {"bus_route": "school_bus_wifi", "hotspots": "hotspots"}
"""What the yearly E-Rate rules call each kind that they may pay for."""
HUNDRED: Final = Decimal(100)
MONTHS: Final = 12
WHOLE_ERATE: Final = 1.0
MONEY: Final = ("usd_once", "usd_month", "usd_student_once", "usd_student_month")
FILES: Final = {"community_points": "points", "community_measures": "measures", "community_stops": "stops"}

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Measure:
    """One site, bus or program. `fixed` and `each` are USD over the plan's months, before E-Rate's share.

    `erate` is the share of `fixed` that E-Rate pays, `erate_each` that of `each` (fractions; of a plan of several funding
    years only the months of those that pay are counted). `places` are longitude and
    latitude of the site or the stops; none for a program.
    """

    site_id: str
    name: str
    kind: str
    existing: bool
    fixed: Decimal
    each: Decimal
    erate: Decimal
    capacity: float | None
    take_up: float
    places: tuple[tuple[float, float], ...] = ()
    radius_miles: float = 0.0
    lea_id: str | None = None
    cost_source: str | None = None
    erate_each: Decimal = Decimal(0)

    @property
    def fixed_net(self) -> Decimal:
        """What the budget pays for it, whomever it serves; nothing where it exists."""
        return Decimal(0) if self.existing else half_up(self.fixed * (1 - self.erate), 2)

    @property
    def each_net(self) -> Decimal:
        """What the budget pays for each student it serves."""
        return self.each * (1 - self.erate_each)


@dataclass(frozen=True)
class Inputs:
    """One choice to make: points (typed, in file order), measures, and who could serve whom.

    `pairs` has columns `point` and `measure` (positions) and `most`: the share of the point's students (or, for
    outreach, of its offered students) whom the measure could serve.
    """

    points: pd.DataFrame
    measures: tuple[Measure, ...]
    pairs: pd.DataFrame
    budget: Decimal
    months: int
    need_weight: float
    notes: tuple[str, ...] = ()
    files: Mapping[str, Path] = field(default_factory=dict)
    gathered: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def weight(self) -> Floats:
        """What a student of each point counts."""
        return 1.0 + self.need_weight * self.points["poor_share"].fillna(0.0).to_numpy(float)

    def students(self, estimate: str = "students") -> Floats:
        """Unreached students by point: `students`, `students_low` or `students_high`."""
        return self.points[estimate].to_numpy(float)

    def most(self, estimate: str = "students") -> Floats:
        """For each pair, the most students that the measure can serve there."""
        point, measure = self.pairs["point"].to_numpy(), self.pairs["measure"].to_numpy()
        students = self.students(estimate)
        middle = self.points["students"].to_numpy(float)
        offered = self.points["offered_students"].to_numpy(float)
        share = np.divide(offered, middle, out=np.zeros_like(offered), where=middle > 0)
        outreach = np.array([told.kind == "lifeline_outreach" for told in self.measures])
        whom = np.where(outreach[measure], students[point] * share[point], students[point])
        return np.asarray(whom * self.pairs["most"].to_numpy(float))


@dataclass(frozen=True)
class Policy:
    """What is asked beside the files."""

    budget: Decimal
    months: int = 12
    need_weight: float = 1.0
    funding_year: int | None = None


def read_files(
    measures: Path, points: Path | None = None, stops: Path | None = None
) -> tuple[dict[str, pd.DataFrame], dict[str, Path]]:
    """Read and check each file by its declaration; raises BadInput with the faults of all files together."""
    given = {"community_points": points, "community_measures": measures, "community_stops": stops}
    paths = {name: path for name, path in given.items() if path is not None}
    faults, tables = Faults(), {}
    for name, path in paths.items():
        try:
            tables[name] = tablefiles.read_declared(path, name)
        except BadInput as refused:
            faults.extend(refused.faults)
    faults.raise_if_any()
    return tables, paths


def assemble(tables: Mapping[str, pd.DataFrame], policy: Policy, paths: Mapping[str, Path] | None = None) -> Inputs:
    """Put typed tables together (`community_points`, `community_measures`, perhaps `community_stops`).

    Raises BadInput with every fault, NoRule where E-Rate's share depends on a year that is not given or has no rules.
    """
    names = {name: path.name for name, path in (paths or {}).items()}
    desk = _Desk(names, policy)
    points = desk.points(tables["community_points"])
    stops = desk.stops(tables.get("community_stops"), tables["community_measures"])
    told = [desk.measure(row, cells, stops) for row, cells in _records(tables["community_measures"])]
    if not told:
        desk.fault(
            "NoRows", "the file names no site, bus or program", "community_measures", None, "site_id", "add rows"
        )
    desk.faults.raise_if_any()
    measures = tuple(measure for measure in told if measure)
    files = {FILES[name]: path for name, path in (paths or {}).items()}
    return Inputs(
        points, measures, reach(points, measures), policy.budget, policy.months, policy.need_weight,
        tuple(desk.notes), files,
    )  # fmt: skip


class _Desk:
    """Rows in, checked things out; faults and notes gathered on the way."""

    def __init__(self, names: Mapping[str, str], policy: Policy) -> None:
        self.names, self.policy = names, policy
        self.faults = Faults()
        self.notes: list[str] = []
        self.ineligible: dict[str, int] = {}

    def fault(self, kind: str, what: str, table: str, row: int | None, column: str, mend: str) -> None:
        self.faults.add(Fault(kind=kind, what=what, file=self.names.get(table), row=row, column=column, mend=mend))

    def points(self, table: pd.DataFrame) -> pd.DataFrame:
        """Points with every column there, ranges filled in and checked."""
        kept = table.copy()
        for column in ("name", "lea_id", "students_low", "students_high", "offered_students", "poor_share"):
            if column not in kept:
                kept[column] = None
        kept["students_low"] = kept["students_low"].astype(float).fillna(kept["students"])
        kept["students_high"] = kept["students_high"].astype(float).fillna(kept["students"])
        kept["offered_students"] = kept["offered_students"].astype(float).fillna(0.0)
        kept["poor_share"] = kept["poor_share"].astype(float)
        wrong = (kept["students_low"] > kept["students"]) | (kept["students"] > kept["students_high"])
        for row in kept.index[wrong]:
            self.fault("OutOfOrder", "students is not between students_low and students_high", "community_points", int(row),
                       "students", "give the range around the estimate, low to high")  # fmt: skip
        for row in kept.index[kept["offered_students"] > kept["students"] + 1e-6]:
            self.fault("OutOfOrder", "offered_students is more than students, of whom it is a part", "community_points",
                       int(row), "offered_students", "correct one of the two")  # fmt: skip
        if not kept["students"].sum() > 0:
            self.fault(
                "NoRows", "the file names no unreached student", "community_points", None, "students", "add rows"
            )
        return kept

    def stops(self, table: pd.DataFrame | None, measures: pd.DataFrame) -> dict[str, list[tuple[float, float]]]:
        """Stops by bus, in the order of the file."""
        found: dict[str, list[tuple[float, float]]] = {}
        known = set(measures["site_id"])
        for row, told in _records(table) if table is not None else ():
            found.setdefault(told["site_id"], []).append((told["lon"], told["lat"]))
            if told["site_id"] not in known:
                self.fault("UnknownSite", f"{told['site_id']} is not among the measures", "community_stops", row, "site_id",
                           f"add it to {self.names.get('community_measures', 'the measures')}, or correct it")  # fmt: skip
        return found

    def measure(
        self, row: int, told: Mapping[str, Any], stops: Mapping[str, list[tuple[float, float]]]
    ) -> Measure | None:
        before = len(self.faults.found)
        places = self._places(row, told, stops)
        existing = bool(told.get("existing"))
        if not existing and all(told.get(name) is None for name in MONEY):
            self.fault("Blank", f"{told['site_id']} has no cost", "community_measures", row, "usd_month",
                       "give usd_once, usd_month, usd_student_once or usd_student_month (0 where it costs nothing), or "
                       "existing = yes")  # fmt: skip
        if told["kind"] == "lifeline_outreach" and told.get("take_up_percent") is None:
            self.fault("Blank", "outreach needs the share of families it wins over: no figure for it is known to hold "
                       "everywhere", "community_measures", row, "take_up_percent", "give the state's own experience, in "
                       "percent")  # fmt: skip
        if len(self.faults.found) > before:
            return None
        months = self.policy.months
        take_up = told.get("take_up_percent")
        erate = self._erate(told)
        return Measure(
            site_id=told["site_id"],
            name=told.get("name") or told["site_id"],
            kind=told["kind"],
            existing=existing,
            fixed=_usd(told, "usd_once") + months * _usd(told, "usd_month"),
            each=_usd(told, "usd_student_once") + months * _usd(told, "usd_student_month"),
            erate=erate[0],
            erate_each=erate[1],
            capacity=told.get("capacity"),
            take_up=1.0 if take_up is None else float(take_up) / 100,
            places=places,
            radius_miles=float(told.get("radius_miles") or 0.0),
            lea_id=told.get("lea_id"),
            cost_source=told.get("cost_source"),
        )

    def _places(
        self, row: int, told: Mapping[str, Any], stops: Mapping[str, list[tuple[float, float]]]
    ) -> tuple[tuple[float, float], ...]:
        """Where it serves from; none for a program."""
        if told["kind"] in PROGRAMS:
            return ()
        found = list(stops.get(told["site_id"], ())) if told["kind"] in BUSES else []
        if told.get("lon") is not None and told.get("lat") is not None:
            found.insert(0, (told["lon"], told["lat"]))
        if not found:
            mend = "give lon and lat" + (", or its stops (--stops)" if told["kind"] in BUSES else "")
            self.fault("NoPlace", f"{told['site_id']} has no place", "community_measures", row, "lon", mend)
        if not told.get("radius_miles"):
            self.fault("Blank", f"{told['site_id']} does not say how far students come", "community_measures", row,
                       "radius_miles", "give the miles of a walk or a drive, more than 0")  # fmt: skip
        return tuple(found)

    def _erate(self, told: Mapping[str, Any]) -> tuple[Decimal, Decimal]:
        """E-Rate's share of the fixed cost and of that of each student, by the rule of each funding year of the plan.

        Only buses and hotspots, only in years that pay for them. The plan's months start with its funding year; what is
        paid once falls in the first.
        """
        rate = told.get("c1_rate")
        if rate is not None and told["kind"] == "parked_bus":
            self.notes_once("no E-Rate share is counted for parked buses: the rule pays for buses that carry students to and "
                            "from school")  # fmt: skip
        if rate is None or told["kind"] not in OFF_PREMISES:
            return Decimal(0), Decimal(0)
        first, months = self.policy.funding_year, self.policy.months
        if first is None:
            raise NoRule(
                "a c1_rate is given for a bus or hotspots, and whether E-Rate pays for them depends on the year\n"
                "  mend:  give --funding-year, or leave c1_rate blank"
            )
        paying = [self._pays(told["kind"], first + at // MONTHS, first) for at in range(0, months, MONTHS)]
        paid = sum(min(MONTHS, months - MONTHS * place) for place, pays in enumerate(paying) if pays)

        def share(once: str, month: str) -> Decimal:
            whole = _usd(told, once) + months * _usd(told, month)
            counted = _usd(told, once) * paying[0] + paid * _usd(told, month)
            return Decimal(str(rate)) / HUNDRED * counted / whole if whole else Decimal(0)

        return share("usd_once", "usd_month"), share("usd_student_once", "usd_student_month")

    def _pays(self, kind: str, year: int, first: int) -> bool:
        """Whether E-Rate pays for a kind in a funding year; later ones than the first may have no rules yet: no, and said."""
        try:
            told_rule = rules.load("erate", year, "program").figure(f"off_premises.{OFF_PREMISES[kind]}")
        except NoRule:
            if year == first:
                raise
            self.notes_once(f"no rules of FY{year} are known here: no E-Rate money is counted in its months")
            return False
        if not told_rule.value:
            cited = f" ({told_rule.cite.words()})" if told_rule.cite else ""
            self.notes_once(f"E-Rate pays nothing for {_plural(kind)} in FY{year}{cited}")
        return bool(told_rule.value)

    def notes_once(self, words: str) -> None:
        if words not in self.notes:
            self.notes.append(words)


def _plural(kind: str) -> str:
    return "Wi-Fi on school buses" if kind in BUSES else "hotspots"


def _usd(told: Mapping[str, Any], name: str) -> Decimal:
    return told.get(name) or Decimal(0)


def _records(table: pd.DataFrame) -> Iterable[tuple[int, dict[str, Any]]]:
    """Rows with their line number; blank cells are None."""
    plain = table.astype(object).where(table.notna(), None)
    for row, told in zip(table.index, plain.to_dict("records"), strict=True):
        yield int(row), {str(name): value for name, value in told.items()}


def reach(points: pd.DataFrame, measures: Sequence[Measure]) -> pd.DataFrame:
    """Who could serve whom: columns `point`, `measure` (positions), `most` (share of the students there), sorted.

    A site serves points within its radius in a straight line over the ground, a program those of its district, or all.
    """
    lon, lat = points["lon"].to_numpy(float), points["lat"].to_numpy(float)
    district = points["lea_id"].to_numpy(object)
    everyone = np.arange(len(points))
    found = []
    for number, told in enumerate(measures):
        if told.kind in PROGRAMS:
            here = everyone if told.lea_id is None else everyone[district == told.lea_id]
        else:
            near = [_within(lon, lat, place, told.radius_miles) for place in told.places]
            here = np.unique(np.concatenate(near)) if near else everyone[:0]
        found.append(pd.DataFrame({"point": here, "measure": number, "most": told.take_up}))
    pairs = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=["point", "measure", "most"])
    return pairs.astype({"point": int, "measure": int, "most": float}).sort_values(
        ["measure", "point"], ignore_index=True
    )


def _within(lon: Floats, lat: Floats, place: tuple[float, float], miles: float) -> NDArray[np.int64]:
    """Positions of the points within some miles of a place; a box is looked at first."""
    meters = miles * METERS_PER_MILE
    rough = meters / 110_000  # degrees of latitude, a little too many
    wide = rough / max(0.05, float(np.cos(np.radians(min(89.0, abs(place[1]) + rough)))))
    box = np.flatnonzero((np.abs(lat - place[1]) <= rough) & (np.abs(lon - place[0]) <= wide))
    if not len(box):
        return box
    away = Geod(ellps="GRS80").inv(np.full(len(box), place[0]), np.full(len(box), place[1]), lon[box], lat[box])[2]
    return box[np.asarray(away) <= meters]
