"""A pooled purchase of the sample state, ILLUSTRATIVE: what members ask for, what providers bid, the buyers' rules.

Bidders reach some regions and not others, ask a fixed cost, give volume tiers, are limited in capacity, and offer two bundles.
A few districts have present contracts that no bid beats.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from infraplan.sample.erate import ben_of, rates_of
from infraplan.sample.files import SampleFile, write_records, write_text
from infraplan.sample.ground import Floats, Ground, Ints
from infraplan.sample.luck import chance, chances
from infraplan.sample.names import told
from infraplan.sample.nces import CIRCUIT_SIZES, Circuit
from infraplan.sample.people import Lea

HORIZON_MONTHS = 36
REGIONS = 6
NEWCOMER = "franklin-library"
_BUNDLED_REGION = 2
_FEW_DISTRICTS = 50
"""Below so many a few large members may fill a bid (see `_make_room`)."""
Row = dict[str, object]
_BIDDERS = (
    "plains-fiber",
    "prairie-bell",
    "meridian",
    "golden-spike",
    "union-valley",
    "tallgrass",
    "city-light",
    "bluestem",
    "big-river",
    "windbreak",
)


@dataclass(frozen=True)
class Need:
    """One member's demand for one service. `worth` is a middling monthly price for it, `region` where it is."""

    lea: Lea
    service: str
    quantity: int
    current_usd: int | None
    current_quantity: int | None
    worth: float
    region: int


def needs(ground: Ground, bought: list[Circuit], seed: int) -> list[Need]:
    """What each agency asks for: internet at 1 Mbps per student or what it has, and lines between three schools or more."""
    rng = np.random.default_rng([seed, 81])
    prices = told("prices")
    regions = _regions(ground)
    found = []
    for circuit in bought:
        lea = circuit.lea
        wanted = max(
            circuit.mbps or 0, min((size for size in CIRCUIT_SIZES if size >= lea.students), default=CIRCUIT_SIZES[-1])
        )
        worth = prices["circuit"]["scale"] * wanted ** prices["circuit"]["power"]
        now = circuit.usd_month
        if now is not None and chance(rng, 0.08):  # a contract that is hard to beat
            now = round(now * 0.45)
        found.append(Need(lea, "internet", wanted, now, circuit.mbps, worth, int(regions[lea.place])))
        if lea.has_network:
            lines = len(lea.schools) - 1
            price = float(np.mean(prices["wan"]["usd_month"])) * lines
            found.append(
                Need(
                    lea,
                    "wan",
                    lines,
                    round(price * float(rng.uniform(0.8, 1.5))),
                    lines,
                    price,
                    int(regions[lea.place]),
                )
            )
    return found


def _regions(ground: Ground) -> Ints:
    """Six regions of equal numbers of districts: three from west to east, each cut in north and south."""
    across = np.argsort(np.argsort(ground.seed_x)) * 3 // ground.districts
    regions = np.zeros(ground.districts, dtype=np.int64)
    for third in range(3):
        here = np.flatnonzero(across == third)
        regions[here] = third * 2 + (np.argsort(np.argsort(ground.seed_y[here])) * 2 // max(1, len(here)))
    return regions


def write_bids(folder: Path, ground: Ground, bought: list[Circuit], seed: int) -> list[SampleFile]:
    """Write demand, bids, their prices and tiers, the policy and what the request for proposals disclosed."""
    rng = np.random.default_rng([seed, 82])
    asked = needs(ground, bought, seed)
    tables = _Tables([], [], [])
    internet = [need for need in asked if need.service == "internet"]
    wan = [need for need in asked if need.service == "wan"]
    count = int(np.clip(5 + len(internet) // 12, 6, 40))
    for k in range(count):
        _itemized(tables, f"net-{k + 1:02d}", k, internet, rng, everywhere=k == 0)
    for k in range(3):
        _itemized(tables, f"wan-{k + 1}", k + 1, wan, rng, everywhere=k == 0)
    if ground.districts < _FEW_DISTRICTS:
        _make_room(tables, asked)
    _bundle(tables, "bundle-1", 3, [need for need in internet if need.region == 1][:5], "internet")
    both = {need.lea.lea_id for need in wan if need.region == _BUNDLED_REGION}
    _bundle(tables, "bundle-2", 4, [need for need in asked if need.lea.lea_id in sorted(both)[:4]], "")
    _late(tables, internet)
    write_text(folder / "policy.toml", _POLICY)
    write_text(folder / "rfp.toml", _RFP)
    write_text(folder / "lots.toml", _LOTS)
    what = {
        "demand": "What members ask for",
        "bids": "Bids",
        "bid_prices": "Prices of the bids by member",
        "bid_tiers": "Volume tiers of the bids",
    }
    rows = {
        "demand": [_demand_row(need, rng) for need in asked],
        "bids": tables.bids,
        "bid_prices": tables.prices,
        "bid_tiers": tables.tiers,
    }
    files = [
        SampleFile(write_records(folder / f"{name}.csv", rows[name]), f"{what[name]} (ILLUSTRATIVE)", role="bids")
        for name in what
    ]
    return [
        *files,
        *_join_files(folder, tables, internet),
        SampleFile(folder / "policy.toml", "The buyers' rules (ILLUSTRATIVE)", role="bids"),
        SampleFile(folder / "lots.toml", "How even lots must be (ILLUSTRATIVE)", role="bids"),
        SampleFile(folder / "rfp.toml", "What the request for proposals disclosed (ILLUSTRATIVE)", role="bids"),
    ]


def _join_files(folder: Path, tables: "_Tables", asked: list[Need]) -> list[SampleFile]:
    """A library outside the pool that wants to join later: what it asks for, and what the bidders quote it."""
    like = sorted(need.worth for need in asked)[len(asked) // 2]
    demand = {
        "lea_id": NEWCOMER,
        "service": "internet",
        "quantity": 200,
        "current_usd_month": round(like * 1.4),
        "c1_rate": 80,
        "named_in_470": "no",
        "loa_through_fy": None,
    }
    quotes = [
        {
            "bid_id": bid["bid_id"],
            "lea_id": NEWCOMER,
            "usd_month": f"{like * (0.7 + 0.02 * place):.2f}",
            "usd_once": 250,
        }
        for place, bid in enumerate(tables.bids)
        if bid["service"] == "internet" and bid["kind"] == "itemized" and not bid["disqualified"]
    ]
    what = {
        "join_demand": ("What a library outside the pool asks for", [demand]),
        "join_prices": ("What the bidders quote it", quotes),
    }
    return [
        SampleFile(write_records(folder / f"{name}.csv", rows), f"{words} (ILLUSTRATIVE)", role="bids")
        for name, (words, rows) in what.items()
    ]


@dataclass
class _Tables:
    bids: list[Row]
    prices: list[Row]
    tiers: list[Row]


def _demand_row(need: Need, rng: np.random.Generator) -> Row:
    ends = (
        str(rng.choice(["", "2027-06-30", "2028-06-30", "2029-06-30"], p=[0.4, 0.3, 0.2, 0.1]))
        if need.current_usd is not None
        else ""
    )
    return {
        "lea_id": need.lea.lea_id,
        "service": need.service,
        "quantity": need.quantity,
        "current_usd_month": need.current_usd,
        "c1_rate": rates_of(need.lea).c1,
        "ben": ben_of(need.lea),
        "category": "C1",
        "eligible_share": 0.95 if need.lea.turn(17, 6) else 1,
        "current_quantity": need.current_quantity,
        "contract_end": ends,
        "extension_months": 12 if ends == "2028-06-30" else 0,
        "current_rebid": "no",
        "termination_usd": 1_500 if ends == "2029-06-30" else 0,
        "named_in_470": "no" if need.lea.turn(19, 8) else "yes",
        "loa_through_fy": 2029,
        "students": need.lea.students,
    }


def _itemized(
    tables: _Tables, bid: str, bidder: int, asked: list[Need], rng: np.random.Generator, *, everywhere: bool
) -> None:
    """One itemized bid: its regions, level, delivery factor by region, fixed cost, capacity and tiers."""
    told_of = told("prices")["bid"]
    covered = chances(rng, 0.55, REGIONS)
    covered[bidder % REGIONS] = True
    if everywhere:
        covered[:] = True
    reach = [need for need in asked if covered[need.region]]
    if not reach:
        return
    level = told_of["level"][1] if everywhere else float(rng.uniform(*told_of["level"]))
    (far_low, far_high), (near_low, near_high) = told_of["delivery_away"], told_of["delivery_home"]
    delivery: Floats = rng.uniform(far_low, far_high, REGIONS)
    for region in (bidder % REGIONS, (bidder + 1) % REGIONS):
        delivery[region] = rng.uniform(near_low, near_high)
    prices = [need.worth * level * delivery[need.region] * float(rng.uniform(0.92, 1.1)) for need in reach]
    total = sum(need.quantity for need in reach)
    fixed = sum(prices) * HORIZON_MONTHS * float(rng.uniform(*told_of["fixed_share"])) * (0.3 if everywhere else 1)
    limited = not everywhere and chance(rng, 0.75)
    tables.bids.append(
        _bid(
            bid,
            _BIDDERS[bidder % len(_BIDDERS)],
            reach[0].service,
            "itemized",
            f"{fixed:.0f}",
            None,
            round(total * float(rng.uniform(0.25, 0.6))) if limited else None,
        )
    )
    tables.prices += [
        {
            "bid_id": bid,
            "lea_id": need.lea.lea_id,
            "service": need.service,
            "usd_month": f"{price:.2f}",
            "usd_once": int(rng.integers(*told_of["once_usd"])),
        }
        for need, price in zip(reach, prices, strict=True)
    ]
    if bidder % 2 == 0 and not everywhere:
        steps = {max(2, round(total * share)): factor for share, factor in told_of["tier"]}
        tables.tiers += [
            {"bid_id": bid, "from_quantity": quantity, "factor": factor} for quantity, factor in steps.items()
        ]


def _make_room(tables: _Tables, asked: list[Need]) -> None:
    """Let each bid hold all for whom it is the cheapest: of few members two large ones may fill a bid.

    Each is to be as well off as with that bid alone, so where it cannot hold them all nothing may be awarded.
    """
    size = {(need.lea.lea_id, need.service): need.quantity for need in asked}
    fixed = {str(bid["bid_id"]): float(str(bid["usd_fixed"])) for bid in tables.bids}
    best: dict[tuple[str, str], tuple[float, str]] = {}
    for price in tables.prices:
        name, key = str(price["bid_id"]), (str(price["lea_id"]), str(price["service"]))
        cost = fixed[name] + HORIZON_MONTHS * float(str(price["usd_month"])) + float(str(price["usd_once"]))
        best[key] = min(best.get(key, (cost, name)), (cost, name))
    for bid in tables.bids:
        if bid["capacity"] is not None:
            held = sum(size[key] for key, (_, name) in best.items() if name == bid["bid_id"])
            bid["capacity"] = max(int(str(bid["capacity"])), held)


def _bundle(tables: _Tables, bid: str, bidder: int, asked: list[Need], service: str) -> None:
    """An all-or-nothing bid for its members, below what they are worth."""
    if not asked:
        return
    price = (
        sum(need.worth for need in asked)
        * float(np.mean(told("prices")["bid"]["level"]))
        * told("prices")["bid"]["bundle_discount"]
    )
    tables.bids.append(_bid(bid, _BIDDERS[bidder], service, "bundle", "0", f"{price:.2f}", None))
    tables.prices += [
        {"bid_id": bid, "lea_id": need.lea.lea_id, "service": need.service, "usd_month": None, "usd_once": None}
        for need in asked
    ]


def _late(tables: _Tables, asked: list[Need]) -> None:
    """A bid that came too late: cheap, and out of the running."""
    tables.bids.append(
        {
            **_bid("late-1", "windbreak", "internet", "itemized", "0", None, None),
            "disqualified": "received after the deadline",
        }
    )
    tables.prices += [
        {
            "bid_id": "late-1",
            "lea_id": need.lea.lea_id,
            "service": "internet",
            "usd_month": f"{need.worth * 0.5:.2f}",
            "usd_once": 0,
        }
        for need in asked[:4]
    ]


def _bid(bid: str, provider: str, service: str, kind: str, fixed: str, month: Any, capacity: int | None) -> Row:  # noqa: ANN401 - text or blank
    return {
        "bid_id": bid,
        "provider_id": provider,
        "service": service,
        "kind": kind,
        "usd_fixed": fixed,
        "usd_month": month,
        "capacity": capacity,
        "disqualified": None,
    }


_POLICY = """# The buyers' rules for the pooled purchase of the fictional state. ILLUSTRATIVE.
horizon_months = 36
start_date = 2027-07-01
objective = "pre_discount"
filing = "separate"
may_keep_current = true
no_district_worse_off = true
share_fixed = "quantity"
max_awards = 10
"""
_LOTS = """# How the members may be divided into lots before bids open. ILLUSTRATIVE.
# A state of few districts, some large, cannot be even in everything: here lots are even in what they are worth.
students_within = "none"
demand_within = "none"
value_within = 0.5
min_members = 2
most_at_risk = 0.5
"""
_RFP = """# What the request for proposals told the bidders. ILLUSTRATIVE.
award_date = 2027-02-19
objective = "pre_discount"
partial_awards = true
bundles = true
max_awards = 10
[factors]
"price of eligible services" = 45
"technical approach" = 25
"experience" = 20
"local support" = 10
"""
