"""Who offers what to whom: providers' footprints over the cells of the state, and the speeds they advertise."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from infraplan.sample.ground import Floats, Ground, Ints
from infraplan.sample.homes import BUSINESS, IN_TOWN, MIXED, SETTLEMENTS, Homes
from infraplan.sample.names import told

SATELLITE = (60, 61)
WIRELESS = (70, 71, 72)
SAME_HILLS = 0.8
"""Share of cells in which all wireless carriers fare alike."""
SELLS_TO_BOTH = 0.2
TWICE = 0.003
"""Share of rows that a provider files twice, as in the real files."""


@dataclass(frozen=True)
class Provider:
    """A provider with one technology. `reach` and `speeds` are by settlement, from city to farm; see providers.toml."""

    number: int
    frn: str
    brand: str
    holding: str
    technology: int
    latency: int
    order: str
    share: tuple[float, float]
    reach: Floats
    speeds: tuple[Floats, ...]
    fill: bool
    keep: float = 1.0


@dataclass(frozen=True)
class Offers:
    """Rows of one provider and technology: the home's row number, Mbps down and up, and B, R or X as 0, 1, 2."""

    provider: Provider
    home: Ints
    down: Ints
    up: Ints
    code: Ints


def providers(homes: Homes, offers_per_location: float | None) -> list[Provider]:
    """All providers of the state, in the order of technology.

    Where `offers_per_location` is given, satellites and unlicensed wireless are thinned or repeated under other numbers
    until the mean number of rows per location is about that; wired and licensed networks stay as they are, so below
    about 4 it is not reached.
    """
    told_of = told("providers")["provider"]
    numbers = {brand: k for k, brand in enumerate(dict.fromkeys(row["brand"] for row in told_of))}
    found = []
    for row in told_of:
        k = numbers[row["brand"]]
        found.append(
            Provider(
                number=999_000 + 7 * k + 11,
                frn=f"{9_000_431 + 13_577 * k:010d}",
                brand=row["brand"],
                holding=row.get("holding", row["brand"]),
                technology=row["technology"],
                latency=row.get("latency", 1),
                order=row["order"],
                share=tuple(row["share"]),
                reach=np.array(row["reach"]),
                speeds=tuple(np.array(s, dtype=float) for s in row["speeds"]),
                fill=row.get("fill", False),
            )
        )
    return found if offers_per_location is None else _filled(found, homes, offers_per_location)


def _filled(found: list[Provider], homes: Homes, wanted: float) -> list[Provider]:
    share = np.bincount(homes.settlement, minlength=len(SETTLEMENTS)) / max(1, len(homes))
    rows = {id(p): float((share * p.reach).sum() * (p.share[1] - p.share[0])) for p in found}
    fixed = sum(rows[id(p)] for p in found if not p.fill)
    loose = sum(rows[id(p)] for p in found if p.fill)
    factor = max(0.0, wanted - fixed) / loose
    out = []
    for p in found:
        copies = int(np.ceil(factor)) if p.fill else 1
        for k in range(copies):
            keep = min(1.0, factor - k) if p.fill else 1.0
            again = (
                {}
                if k == 0
                else {
                    "number": p.number + 20_000 * k,
                    "frn": f"{int(p.frn) + k:010d}",
                    "brand": f"{p.brand} (resale {k})",
                }
            )
            out.append(Provider(**{**vars(p), **again, "keep": keep}))
    return out


def offers(provider: Provider, ground: Ground, homes: Homes, seed: int) -> Offers:
    """Everything one provider files with one technology, in ascending order of location.

    Coverage and speed are decided per cell and settlement, so that gaps hang together on the map; one location in
    thirty is left out for its own reasons. A location for business only gets business offers only.
    """
    rng = np.random.default_rng([seed, 13, provider.number, provider.technology])
    luck, pace = rng.random(len(ground.x)), rng.random(len(ground.x))
    if provider.technology in WIRELESS:  # hills and creek bottoms are in the way of every carrier
        hills = np.random.default_rng([seed, 16]).random(len(ground.x))
        luck = np.where(rng.random(len(ground.x)) < SAME_HILLS, hills, luck)
    own = rng.random(len(homes), dtype=np.float32)
    present = _present(provider, ground, seed)
    ease = np.append(1 - 0.55 * np.maximum(0, ground.hardship - 0.4), 0.5)
    reach = provider.reach[homes.settlement]
    if provider.technology not in SATELLITE:
        reach = reach * np.where(homes.settlement >= IN_TOWN, ease[homes.district], 1.0)
    here = present[homes.district] & (luck[homes.cell] < reach)
    here &= own < (0.97 if provider.technology not in SATELLITE else 0.9995)
    if provider.keep < 1:
        here &= rng.random(len(homes), dtype=np.float32) < provider.keep
    home = np.flatnonzero(here)
    down, up = _speeds(provider, homes.settlement[home], (pace[homes.cell[home]] + 0.12 * own[home]) % 1.0)
    code = _codes(homes.use[home], own[home])
    twice = np.flatnonzero(rng.random(len(home), dtype=np.float32) < TWICE)
    order = np.argsort(np.concatenate([home, home[twice]]), kind="stable")
    return Offers(provider, *(np.concatenate([column, column[twice]])[order] for column in (home, down, up, code)))


def _present(provider: Provider, ground: Ground, seed: int) -> NDArray[np.bool_]:
    """Districts in which a provider is present, by number; the last place stands for the area in no district."""
    rng = np.random.default_rng([seed, 14, *provider.order.encode()])
    urban_first = ground.kind + rng.normal(0, 0.45, ground.districts)
    if provider.order == "telephone":
        urban_first = ground.kind * 3 + rng.normal(0, 0.45, ground.districts)
    if provider.order.startswith(("air", "mobile")):
        urban_first = rng.random(ground.districts)
    place = np.argsort(np.argsort(urban_first)) / ground.districts
    inside = (place >= provider.share[0]) & (place < provider.share[1])
    return np.append(inside, provider.share == (0.0, 1.0))


def _speeds(provider: Provider, settlement: Ints, luck: Floats) -> tuple[Ints, Ints]:
    """Draw the advertised speed of each offer from its settlement's list; Mbps down and up."""
    down, up = np.zeros(len(settlement), dtype=np.int64), np.zeros(len(settlement), dtype=np.int64)
    for k, choices in enumerate(provider.speeds):
        at = np.flatnonzero(settlement == k)
        bounds = np.cumsum(choices[:, 2]) / choices[:, 2].sum()
        pick = np.minimum(np.searchsorted(bounds, luck[at], side="right"), len(choices) - 1)
        down[at], up[at] = choices[pick, 0].astype(np.int64), choices[pick, 1].astype(np.int64)
    return down, up


def _codes(use: Ints, own: NDArray[np.float32]) -> Ints:
    """B, R or X (0, 1, 2): business-only places get B; homes R, or X where the provider sells to both."""
    code = np.where((use == MIXED) | (own < SELLS_TO_BOTH), 2, 1)
    return np.where(use == BUSINESS, 0, code)


def all_offers(ground: Ground, homes: Homes, seed: int, offers_per_location: float | None = None) -> Iterator[Offers]:
    """Every provider's offers, one after the other."""
    for provider in providers(homes, offers_per_location):
        yield offers(provider, ground, homes, seed)
