"""What the sample state's agencies ask for on Form 471: applications of requests of line items, in whole cents."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from infraplan.sample.erate import FUNDING_YEAR, Rates, ben_of, match_points, mean_rates, rates_of, school_ben
from infraplan.sample.luck import chance
from infraplan.sample.names import told
from infraplan.sample.nces import Circuit
from infraplan.sample.people import AGENCY, CHARTER, STATE_SCHOOL, Lea, People

MONTHS = 12
BACKBONE_MEMBERS = 8
_DATA = "Data Transmission and/or Internet Access"
_WIRED = (10, 40, 50)


@dataclass(frozen=True)
class Line:
    """A line item; `cents` is its price for the year."""

    function: str
    product: str
    unit_cents: int
    quantity: int
    monthly: bool
    mbps: int = 0
    purpose: str = ""
    model: str = ""

    @property
    def cents(self) -> int:
        """Pre-discount price of the line for the funding year."""
        return self.unit_cents * self.quantity * (MONTHS if self.monthly else 1)


@dataclass(frozen=True)
class Request:
    """A funding request; `recipients` are entity numbers and names, `contract_years` 0 is month to month."""

    number: str
    nickname: str
    service: str
    lines: tuple[Line, ...]
    recipients: tuple[tuple[str, str], ...]
    provider: tuple[str, str]
    contract_years: int = 0
    contract_years_left: int = 1
    extensions: int = 0
    award_day: int = 1
    status: str = "Funded"
    feet: int = 0
    match_percent: int = 0

    @property
    def cents(self) -> int:
        """Pre-discount price of the request."""
        return sum(line.cents for line in self.lines)

    def committed(self, rate: int) -> int:
        """What is committed at a rate, half up to the cent; nothing where the request failed."""
        points = rate + match_points(self.match_percent, rate)
        return (self.cents * points + 50) // 100 if self.status in {"Funded", "Pending"} else 0


@dataclass(frozen=True)
class Application:
    """One Form 471; `members` are the agencies of a consortium, else the applicant alone."""

    number: str
    applicant: Lea
    category: int
    rate: Rates
    requests: tuple[Request, ...]
    members: tuple[Lea, ...]
    certified: str

    @property
    def percent(self) -> int:
        """The rate of its category."""
        return self.rate.c1 if self.category == 1 else self.rate.c2

    @property
    def consortium(self) -> bool:
        """Whether it is filed for others."""
        return self.members != (self.applicant,)


@dataclass
class _Desk:
    """Where applications are drawn up: numbers run on."""

    rng: np.random.Generator
    filed: list[Application] = field(default_factory=list)
    requests: int = 0

    def request(self, nickname: str, service: str, lines: list[Line], recipients: list[tuple[str, str]], years: int,
                status: str = "Funded", feet: int = 0, match_percent: int = 0) -> Request:  # fmt: skip
        """Draw up one request."""
        self.requests += 1
        rng = self.rng
        return Request(
            f"26990{10_000 + 3 * self.requests:05d}", nickname, service, tuple(lines), tuple(recipients), _provider(rng),
            years, int(rng.integers(1, years + 1)) if years else 1, int(rng.integers(0, 4)), int(rng.integers(1, 28)), status,
            feet, match_percent,
        )  # fmt: skip

    def file(
        self, lea: Lea, category: int, rate: Rates, requests: list[Request], members: list[Lea] | None = None
    ) -> None:
        """File one application."""
        rng = self.rng
        day, hour, minute = (int(rng.integers(low, high)) for low, high in ((1, 27), (1, 12), (0, 60)))
        when = f"03/{day:02d}/{FUNDING_YEAR} {hour:02d}:{minute:02d} PM"
        number = f"26{1_000_000 + 37 * (len(self.filed) + 1):07d}"
        self.filed.append(Application(number, lea, category, rate, tuple(requests), tuple(members or [lea]), when))


def applications(people: People, bought: Iterable[Circuit], seed: int) -> list[Application]:
    """Everything filed in the funding year: agencies whose circuit is known, and one consortium's regional backbone."""
    desk = _Desk(np.random.default_rng([seed, 71]))
    known = [circuit for circuit in bought if circuit.mbps is not None]
    for circuit in known:
        _category_one(desk, circuit)
        if chance(desk.rng, 0.55):
            _category_two(desk, circuit.lea)
    members = [circuit.lea for circuit in known if circuit.lea.kind not in (CHARTER, STATE_SCHOOL)][:BACKBONE_MEMBERS]
    for agency in people.of(AGENCY)[:1]:
        line = Line("Fiber", "Ethernet", 100 * told("prices")["backbone"]["usd_month"], 2, monthly=True, mbps=10_000,
                    purpose=told("form471")["backbone_purpose"])  # fmt: skip
        everyone = [(ben_of(lea), lea.name.upper()) for lea in members]
        desk.file(
            agency,
            1,
            mean_rates([rates_of(lea) for lea in members]),
            [desk.request("Regional backbone", _DATA, [line], everyone, 5)],
            members,
        )
    return desk.filed


def _recipients(lea: Lea) -> list[tuple[str, str]]:
    return [(school_ben(lea, school), school.name.upper()) for school in lea.schools]


def _category_one(desk: _Desk, circuit: Circuit) -> None:
    """Internet for all; lines between schools where there are three; a few districts build fiber with state match."""
    lea, rng, everyone, words = circuit.lea, desk.rng, _recipients(circuit.lea), told("form471")
    fiber = circuit.line == "Fiber"
    kind = ("Fiber", "Ethernet") if fiber else ("Copper", "Cable Modem")
    price, mbps = 100 * int(circuit.usd_month or 0), int(circuit.mbps or 0)
    internet = Line(*kind, price, 1, monthly=True, mbps=mbps, purpose=words["internet_purpose"])
    requests = [desk.request("Internet", _DATA, [internet], everyone, int(rng.choice([0, 1, 3, 5])), _outcome(rng))]
    if lea.has_network:
        price = 100 * int(rng.integers(*told("prices")["wan"]["usd_month"]))
        wan = Line(
            "Fiber", "Ethernet", price, len(everyone) - 1, monthly=True, mbps=1_000, purpose=words["wan_purpose"]
        )
        requests.append(desk.request("WAN", _DATA, [wan], everyone[1:], 3, _outcome(rng)))
    if lea.turn(23, 4):
        feet = int(rng.integers(4_000, 40_000))
        trench = Line(
            "Fiber",
            "Special Construction",
            100 * feet * int(rng.integers(*told("prices")["construction"]["usd_per_foot"])),
            1,
            monthly=False,
        )
        requests.append(desk.request("Fiber build", _DATA, [trench], everyone[:1], 0, feet=feet, match_percent=10))
    desk.file(lea, 1, rates_of(lea), requests)


def _category_two(desk: _Desk, lea: Lea) -> None:
    """Switches, access points and cabling for all schools of an agency."""
    rng, each = desk.rng, told("prices")["equipment"]
    rooms = max(3, lea.students // 20)
    lines = [
        Line(
            "Wireless Data Distribution",
            "Access Point",
            _cents(each["access_point"], rng),
            rooms,
            monthly=False,
            model="AP-620",
        ),
        Line(
            "Data Distribution",
            "Switch",
            _cents(each["switch"], rng),
            max(1, rooms // 14),
            monthly=False,
            model="SW-48P",
        ),
        Line("Cabling/Connectors", "Cabling", _cents(each["cabling"], rng), rooms, monthly=False),
    ]
    request = desk.request("Switches, APs & cabling", "Internal Connections", lines, _recipients(lea), 0)
    desk.file(lea, 2, rates_of(lea), [request])


def _outcome(rng: np.random.Generator) -> str:
    return str(rng.choice(["Funded", "Denied", "Cancelled", "Pending"], p=[0.94, 0.02, 0.02, 0.02]))


def _cents(between: list[int], rng: np.random.Generator) -> int:
    """A price in cents between two amounts in dollars."""
    return int(rng.integers(100 * between[0], 100 * between[1]))


def _provider(rng: np.random.Generator) -> tuple[str, str]:
    """Name and number of a provider with wires."""
    brands = list(dict.fromkeys(row["brand"] for row in told("providers")["provider"] if row["technology"] in _WIRED))
    k = int(rng.integers(0, len(brands)))
    return brands[k], str(143_990_001 + 13 * k)
