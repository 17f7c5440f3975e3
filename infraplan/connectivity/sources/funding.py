"""Funded projects that are defined by area: polygons of the FCC funding map, or of a state's broadband office.

The map offers, per program or project, an archive with the table of the program, the table of its projects, and either
the list of their locations (read by `fcc.funded_locations`) or a GeoPackage of their areas (read here).
"""

import re
from collections.abc import Iterable

import h3
import numpy as np
import pandas as pd

from infraplan import arrivals
from infraplan.arrivals import Arrival
from infraplan.connectivity.sources.nces import read_shapes
from infraplan.errors import BadInput, Fault
from infraplan.intake import Desk, Load, Loader, Piece

RESOLUTION = 8
_MOST_CELLS = 20_000_000
"""More than the cells of all the United States: such a file is not a list of projects."""
_NAMES = ("PROGRAM", "PROGRAM_NAME", "PROGRAM_ID")
_RELEASE = re.compile(r"_[jd]\d{2}_\d{2}[a-z]{3}\d{4}", re.IGNORECASE)


def funded_areas(arrival: Arrival, desk: Desk) -> Load:
    """Project areas as the grid cells whose center they contain; a location counts by its cell.

    An area that contains no center is too small to be counted this way: how many are so is told. The areas of other
    states are kept, since none of the state's locations lies in them. Raises BadInput if no area contains a center.
    """
    shapes = read_shapes(arrival)
    areas = shapes.geometry.make_valid()
    cells = [cells_inside(area) for area in areas]
    counts = np.array([len(one) for one in cells])
    if not counts.sum() or counts.sum() > _MOST_CELLS:
        raise BadInput([_no_areas(arrival, int(counts.sum()))])
    frame = pd.DataFrame(
        {
            "h3_res8_id": [cell for one in cells for cell in one],
            "program": np.repeat(_text(shapes, _NAMES, "not named"), counts),
            "project_id": np.repeat(_text(shapes, ("PROJECT_ID",), "not numbered"), counts),
            "source_row": np.repeat(np.arange(1, len(shapes) + 1), counts),
        }
    )
    small = int((counts == 0).sum())
    as_of, revision = arrivals.bdc_dates(arrival.bare_name)
    notes = [
        "counted by area: a location is taken as funded where the center of its grid cell lies in a project's area, also "
        "where the project does not build to every home there; a list of locations, where there is one, is better"
    ]
    if small:
        notes.append(f"{small:,} of {len(shapes):,} areas contain no center of a grid cell: too small for this count")
    return Load(
        [Piece("funded_cells", frame, series=f"{desk.state.fips}/{_RELEASE.sub('', arrival.bare_name)}")],
        len(shapes),
        desk.as_of or as_of,
        revision,
        {"areas too small to contain the center of a grid cell": small},
        notes,
        title=f"Areas already funded ({len(shapes):,} areas)",
    )


def cells_inside(area: object) -> list[str]:
    """The grid cells whose center lies in a polygon or several, sorted, each once."""
    parts: Iterable[object] = getattr(area, "geoms", [area])
    polygons = [part for part in parts if getattr(part, "geom_type", "") in {"Polygon", "MultiPolygon"}]
    return sorted({cell for part in polygons for cell in h3.geo_to_cells(part, RESOLUTION)})


def _text(shapes: pd.DataFrame, names: Iterable[str], blank: str) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    column = next((name for name in names if name in shapes), None)
    if column is None:
        return np.full(len(shapes), blank, dtype=object)
    cells = (
        shapes[column].astype(object).map(lambda cell: "" if pd.isna(cell) else str(cell).strip().removesuffix(".0"))
    )
    return cells.replace("", blank).to_numpy(dtype=object)


def _no_areas(arrival: Arrival, count: int) -> Fault:
    if count:
        what = f"the areas of {arrival.name} cover more than the United States ({count:,} grid cells)"
        mend = "check its reference system; give the project areas of one program"
    else:
        what = f"no area of {arrival.name} contains the center of a grid cell: they are too small to count homes by"
        mend = "download the project's list of locations instead (fundingmap.fcc.gov, Data Download, Funding Data)"
    return Fault(kind="NoRows", what=what, file=arrival.name, mend=mend)


LOADERS: dict[str, Loader] = {"fcc_funding_areas": funded_areas}
