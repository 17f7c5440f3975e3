"""Education agencies and schools of the sample state, their students and how poor they are.

Most districts are unified. In one or two areas elementary districts lie under one secondary district. Charters, a state school, a
supervisory union and service agencies exist too; they have no boundary.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from infraplan.sample import names
from infraplan.sample.ground import CITY, NOT_DEFINED, SUBURB, TOWN, Ground, Ints, merged
from infraplan.sample.homes import BUSINESS, STATE, Homes
from infraplan.sample.luck import chance

CHILDREN_PER_HOME = 0.43
UNIFIED, ELEMENTARY, SECONDARY = "unified", "elementary", "secondary"
CHARTER, STATE_SCHOOL, UNION, AGENCY = "charter", "state", "union", "agency"
WITH_BOUNDARY = (UNIFIED, ELEMENTARY, SECONDARY)
GRADES = ("PK", "KG", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12")
_NETWORK_SCHOOLS = 3
_FIRST_COUNTRY_LOCALE = 31
_FEW_DISTRICTS = 40
_NEIGHBORS = 2
_ONE_SCHOOL, _TWO_SCHOOLS = 180, 600
_SIZES = {"elementary": 420, "middle": 650, "high": 1_250}
_SHARES = {"elementary": 0.46, "middle": 0.23, "high": 0.31}
_SPANS = {
    "elementary": ("PK", "05"),
    "middle": ("06", "08"),
    "high": ("09", "12"),
    "all": ("PK", "12"),
    "lower": ("PK", "06"),
    "upper": ("07", "12"),
    "grade": ("PK", "08"),
}


@dataclass(frozen=True)
class School:
    """A public school. `rural` is USAC's answer, not derived from the locale."""

    ncessch: str
    lea_id: str
    name: str
    level: str
    low: str
    high: str
    lon: float
    lat: float
    students: int
    nslp: int
    rural: bool
    virtual: bool
    street: str
    town: str
    postcode: str
    number: int


@dataclass(frozen=True)
class Lea:
    """A local education agency; `parts` are the numbers of the ground's districts that it covers (none without a boundary)."""

    lea_id: str
    name: str
    kind: str
    state_code: str
    town: str
    county: int
    postcode: str
    low: str
    high: str
    parts: tuple[int, ...]
    place: int
    students: int
    nslp_share: float
    poverty: float
    locale: int
    number: int
    schools: tuple[School, ...]

    @property
    def nslp_students(self) -> int:
        """Students eligible for free or reduced-price meals, over all schools."""
        return sum(school.nslp for school in self.schools)

    @property
    def has_network(self) -> bool:
        """Whether it has schools enough to buy lines between them."""
        return len(self.schools) >= _NETWORK_SCHOOLS

    @property
    def in_country(self) -> bool:
        """Whether its locale is a town or rural."""
        return self.locale >= _FIRST_COUNTRY_LOCALE

    def turn(self, every: int, at: int) -> bool:
        """Whether this is one of the agencies, one in `every`, that something is done to; `at` tells such groups apart."""
        return self.number % every == at

    @property
    def rural(self) -> bool:
        """USAC's rule: rural where more than half of the schools are."""
        return 2 * sum(school.rural for school in self.schools) > len(self.schools)


@dataclass(frozen=True)
class People:
    """All agencies in the order of their number, names of counties and towns, and the polygons of the ground's districts."""

    leas: tuple[Lea, ...]
    counties: tuple[str, ...]
    towns: tuple[str, ...]
    shapes: NDArray[np.object_]

    def of(self, *kinds: str) -> list[Lea]:
        """Agencies of some kinds."""
        return [lea for lea in self.leas if lea.kind in kinds]

    @property
    def schools(self) -> list[School]:
        """Every school."""
        return [school for lea in self.leas for school in lea.schools]


def overlaps(districts: int) -> int:
    """How many secondary districts a state of that many districts has."""
    return 1 if districts < _FEW_DISTRICTS else 2


@dataclass(frozen=True)
class _Plan:
    """What is known of an agency before its schools are."""

    name: str
    kind: str
    parts: tuple[int, ...]
    place: int
    low: str
    high: str
    students: int


def make_people(ground: Ground, homes: Homes, districts: int, seed: int) -> People:
    """Found the agencies of a state whose ground has `districts` less `overlaps(districts)` districts."""
    rng = np.random.default_rng([seed, 15])
    group = np.where(ground.district == NOT_DEFINED, ground.districts, ground.district)
    shapes = merged(ground.shape, group, ground.districts + 1)
    towns = names.towns(ground.districts, rng)
    counties = names.counties(ground.counties, np.random.default_rng([seed, 31]))
    residents = np.bincount(homes.district[(homes.use != BUSINESS) & (homes.district >= 0)], minlength=ground.districts)
    children = np.maximum(14, residents * CHILDREN_PER_HOME * rng.lognormal(0, 0.09, ground.districts)).astype(np.int64)
    seats = _county_of_town(ground)
    called = names.districts(towns, [counties[k] for k in seats], rng)
    plans = _districts(ground, shapes, overlaps(districts), children, towns, called)
    plans += _without_boundary(ground, children, towns)
    plans.sort(key=lambda plan: plan.name)
    by_district = _homes_by_district(homes, ground.districts)
    leas = tuple(_lea(k, plan, ground, homes, by_district, towns, seats, rng) for k, plan in enumerate(plans))
    return People(leas, tuple(counties), tuple(towns), shapes)


def _county_of_town(ground: Ground) -> Ints:
    """County of each district's town: that of the nearest cell."""
    nearest = [
        int(np.argmin((ground.x - x) ** 2 + (ground.y - y) ** 2))
        for x, y in zip(ground.seed_x, ground.seed_y, strict=True)
    ]
    return np.asarray(ground.county[np.array(nearest)], dtype=np.int64)


def _homes_by_district(homes: Homes, districts: int) -> list[Ints]:
    """Row numbers of the homes of each district."""
    order = np.argsort(homes.district, kind="stable")
    bounds = np.searchsorted(homes.district[order], np.arange(districts + 1))
    return [order[a:b] for a, b in pairwise(bounds)]


def _districts(
    ground: Ground, shapes: NDArray[np.object_], count: int, children: Ints, towns: list[str], called: list[str]
) -> list[_Plan]:
    """Agencies with a boundary: `count` groups of three neighbors become elementary under one secondary district."""
    tree = shapely.STRtree(shapes[: ground.districts])
    order = [k for k in np.argsort(children, kind="stable")[len(children) // 4 :].tolist() if ground.kind[k] == TOWN]
    grouped: dict[int, int] = {}
    plans: list[_Plan] = []
    for center in order:
        if len(plans) == count:
            break
        around = [
            k
            for k in sorted(tree.query(shapes[center], predicate="touches").tolist())
            if ground.kind[k] == TOWN and k not in grouped
        ]
        if center in grouped or len(around) < _NEIGHBORS:
            continue
        parts = (center, *around[:_NEIGHBORS])
        grouped.update(dict.fromkeys(parts, center))
        teens = int(sum(children[list(parts)]) * 0.3)
        plans.append(
            _Plan(
                names.told("names")["secondary"].format(town=towns[center]),
                SECONDARY,
                parts,
                center,
                "09",
                "12",
                max(12, teens),
            )
        )
    for k in range(ground.districts):
        if k in grouped:
            plans.append(
                _Plan(
                    names.told("names")["elementary"].format(town=towns[k]),
                    ELEMENTARY,
                    (k,),
                    k,
                    "PK",
                    "08",
                    max(10, int(children[k] * 0.64)),
                )
            )
        else:
            plans.append(
                _Plan(
                    called[k],
                    UNIFIED,
                    (k,),
                    k,
                    "PK",
                    "12",
                    int(children[k] * (0.94 if ground.kind[k] == CITY else 0.97)),
                )
            )
    return plans


def _without_boundary(ground: Ground, children: Ints, towns: list[str]) -> list[_Plan]:
    """Charters, state schools, a supervisory union and service agencies."""
    lists = names.told("names")
    city = np.flatnonzero(ground.kind <= SUBURB)
    largest = city[np.argsort(-children[city], kind="stable")]
    count = max(3, ground.districts // 14)
    every = [
        f"{name}{'' if turn == 0 else f' - Campus {turn + 1}'}"
        for turn in range(1 + count // len(lists["charter"]))
        for name in lists["charter"]
    ]
    plans = []
    for k, name in enumerate(every[:count]):
        place = int(largest[k % len(largest)])
        low, high = (("09", "12"), ("PK", "08"), ("PK", "12"))[k % 3]
        plans.append(_Plan(name, CHARTER, (), place, low, high, int(np.clip(children[place] * 0.05, 24, 420))))
    capital = int(largest[0])
    plans += [
        _Plan(name, STATE_SCHOOL, (), capital, "PK" if k == 0 else "06", "12", 118 - 60 * k)
        for k, name in enumerate(lists["state_school"])
    ]
    plans += [_Plan(name, AGENCY, (), capital, "N", "N", 0) for name in lists["service_agency"]]
    country = np.flatnonzero(ground.kind == TOWN)
    for k in country[: 1 + ground.districts // 60].tolist():
        plans.append(_Plan(lists["union"].format(town=towns[k]), UNION, (), k, "N", "N", 0))
    return plans


def _lea(
    number: int,
    plan: _Plan,
    ground: Ground,
    homes: Homes,
    by_district: list[Ints],
    towns: list[str],
    seats: Ints,
    rng: np.random.Generator,
) -> Lea:
    hardship = float(ground.hardship[list(plan.parts) or [plan.place]].mean())
    nslp = float(np.clip(0.1 + 0.72 * hardship + rng.normal(0, 0.07), 0.02, 0.97))
    poverty = float(np.clip(nslp * 0.36 + rng.normal(0, 0.02), 0.02, 0.6))
    kind = int(ground.kind[plan.place])
    locale = int((rng.choice([12, 13]), rng.choice([21, 22, 23]), rng.choice([32, 33, 41, 42, 43, 43]))[kind])
    lea_id = f"{STATE}{30 * (number + 1) if plan.kind in WITH_BOUNDARY else 30 * (number + 1) + 13:05d}"
    lea = Lea(
        lea_id,
        plan.name,
        plan.kind,
        f"{1000 + (number * 2851) % 8999:04d}",
        towns[plan.place],
        int(seats[plan.place]),
        f"{99_001 + plan.place * 3 % 900:05d}",
        plan.low,
        plan.high,
        plan.parts,
        plan.place,
        plan.students,
        nslp,
        poverty,
        locale,
        number,
        (),
    )
    pool = np.concatenate([by_district[k] for k in plan.parts or (plan.place,)])
    dense = pool[homes.settlement[pool] <= homes.settlement[pool].min() + 1] if len(pool) else pool
    schools = _schools(lea, dense, homes, kind, rng)
    return Lea(**{**vars(lea), "schools": schools, "students": sum(s.students for s in schools)})


def _schools(lea: Lea, sites: Ints, homes: Homes, kind: int, rng: np.random.Generator) -> tuple[School, ...]:
    """Open the schools of one agency and spread its students over them."""
    wanted = _levels(lea)
    if not wanted or not len(sites):
        return ()
    weights = np.array([share * rng.uniform(0.8, 1.2) for _, share in wanted])
    students = np.maximum(4, np.floor(weights / weights.sum() * lea.students)).astype(int)
    spots = rng.choice(sites, len(wanted), replace=len(wanted) > len(sites))
    schools = []
    for k, ((level, _), spot) in enumerate(zip(wanted, spots.tolist(), strict=True)):
        share = float(np.clip(lea.nslp_share + rng.normal(0, 0.05 if len(wanted) > 1 else 0), 0, 1))
        low, high = _SPANS[level] if lea.kind not in (CHARTER, STATE_SCHOOL, SECONDARY) else (lea.low, lea.high)
        schools.append(
            School(
                ncessch=f"{lea.lea_id}{100 + lea.number * 13 % 700 + k:05d}",
                lea_id=lea.lea_id,
                name=_school_name(lea, level, k, rng),
                level=level,
                low=low,
                high=high,
                lon=float(homes.lon[spot]),
                lat=float(homes.lat[spot]),
                students=int(students[k]),
                nslp=round(int(students[k]) * share),
                rural=bool(rng.random() < (0.04, 0.1, 0.93)[kind]),
                virtual="Virtual" in lea.name,
                street=f"{int(rng.integers(1, 99)) * 10 + k} {names.told('names')['street'][int(rng.integers(0, 9))]}",
                town=lea.town,
                postcode=lea.postcode,
                number=k,
            )
        )
    return tuple(schools)


def _levels(lea: Lea) -> list[tuple[str, float]]:
    """Levels of the schools an agency runs, with the share of its students each takes."""
    fixed = {
        UNION: [],
        AGENCY: [],
        CHARTER: [("all", 1.0)],
        STATE_SCHOOL: [("all", 1.0)],
        SECONDARY: [("high", 1.0)],
        ELEMENTARY: [("grade", 1.0)] * max(1, round(lea.students / 450)),
    }
    if lea.kind in fixed:
        return fixed[lea.kind]
    if lea.students < _ONE_SCHOOL:
        return [("all", 1.0)]
    if lea.students < _TWO_SCHOOLS:
        return [("lower", 0.55), ("upper", 0.45)]
    numbers = {level: max(1, round(lea.students * share / _SIZES[level])) for level, share in _SHARES.items()}
    return [(level, _SHARES[level] / count) for level, count in numbers.items() for _ in range(count)]


def _school_name(lea: Lea, level: str, k: int, rng: np.random.Generator) -> str:
    if lea.kind in (CHARTER, STATE_SCHOOL):
        return lea.name
    suffix = {
        "elementary": "Elementary School",
        "middle": "Middle School",
        "high": "High School",
        "all": "School",
        "lower": "Elementary",
        "upper": "Jr/Sr High School",
        "grade": "Grade School",
    }[level]
    if k == 0 or level in {"upper", "high"}:
        compass = "" if level != "high" or k % 2 == 0 else ("North ", "South ", "East ", "West ")[k % 4]
        return f"{lea.town} {compass}{suffix}"
    lists = names.told("names")
    first = lists["person"] if chance(rng, 0.5) else lists["tree"]
    return f"{first[int(rng.integers(0, len(first)))]} {suffix}"
