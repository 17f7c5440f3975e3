"""Fixed wireless from a point of presence: in range, fast enough, and in sight where the ground's heights are known.

Sight is a straight line between two masts over the ground between them and over the bulge of the Earth, whose radius
counts four thirds because air bends radio waves down. Trees, buildings and the clearance radio waves ask for around
the line (the Fresnel zone) are not looked at; a survey is needed before anything is bought.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import Geod
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import QhullError

from infraplan.errors import BadInput, Fault
from infraplan.units import METERS_PER_MILE

EARTH_METERS: Final = 6_371_000.0
BENDING: Final = 4 / 3
"""Radius of the Earth that radio waves see, over its own."""
SAMPLES: Final = 101
"""Points of the ground looked at along a link, ends included."""

Place = tuple[float, float]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Terrain:
    """Heights of the ground in meters by longitude and latitude; nan outside the points given."""

    heights: LinearNDInterpolator

    @classmethod
    def of(cls, table: pd.DataFrame, file: str) -> "Terrain":
        """Make it from points (`lon`, `lat`, `meters`); raises BadInput if they do not span an area."""
        try:
            return cls(LinearNDInterpolator(table[["lon", "lat"]].to_numpy(float), table["meters"].to_numpy(float)))
        except (QhullError, ValueError):
            fault = Fault(
                kind="NoArea", what="the points of the terrain do not span an area", file=file, column="lon",
                mend="give a grid of points that covers the sites and points of presence",
            )  # fmt: skip
            raise BadInput([fault]) from None

    def in_sight(self, one: Place, two: Place, mast_meters: float, other_meters: float | None = None) -> bool:
        """Whether the tops of two masts see each other; False where a part of the ground is not known.

        Both masts are `mast_meters` high unless the second's height is given.
        """
        far = mast_meters if other_meters is None else other_meters
        geod = Geod(ellps="GRS80")
        length = geod.inv(one[0], one[1], two[0], two[1])[2]
        inner = geod.npts(one[0], one[1], two[0], two[1], SAMPLES - 2)
        points = np.array([one, *inner, two], dtype=float)
        ground: Floats = np.asarray(self.heights(points), dtype=float)
        part = np.linspace(0.0, 1.0, SAMPLES)
        bulge = part * (1 - part) * length**2 / (2 * BENDING * EARTH_METERS)
        line = (ground[0] + mast_meters) * (1 - part) + (ground[-1] + far) * part
        return bool((ground + bulge <= line)[1:-1].all())


@dataclass(frozen=True)
class Reach:
    """Where fixed wireless can be had: from which places, how far, how fast, over what ground."""

    pops: Sequence[str]
    places: Mapping[str, Place]
    miles: Decimal
    mbps: float | None
    mast_meters: float
    terrain: Terrain | None

    def serves(self, node: str, mbps: float | None) -> bool:
        """Whether some point of presence reaches a node with the bandwidth asked for."""
        place = self.places.get(node)
        if place is None or (self.mbps is not None and mbps is not None and mbps > self.mbps):
            return False
        return any(self._reaches(self.places[pop], place) for pop in self.pops if pop in self.places)

    def _reaches(self, pop: Place, place: Place) -> bool:
        meters = Geod(ellps="GRS80").inv(pop[0], pop[1], place[0], place[1])[2]
        if meters > float(self.miles) * METERS_PER_MILE:
            return False
        return self.terrain is None or self.terrain.in_sight(pop, place, self.mast_meters)
