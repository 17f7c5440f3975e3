"""State legislative districts as the Census Bureau draws them (TIGER/Line SLDL and SLDU, cartographic boundary files)."""

import numpy as np
import pandas as pd

from infraplan.arrivals import Arrival
from infraplan.connectivity.sources.nces import (
    EXPORTER,
    as_published,
    cleaned,
    other_state,
    read_shapes,
    text_of,
    year_of,
)
from infraplan.errors import BadInput
from infraplan.intake import Desk, Load, Loader, Piece

_CHAMBERS = {"SLDLST": "lower", "SLDUST": "upper"}
NOT_DEFINED = "ZZZ"
"""Code of water and other area that no district holds."""


def legislative_districts(arrival: Arrival, desk: Desk) -> Load:
    """Districts of one chamber; the id is the state's FIPS and the district's code, which may hold letters.

    Shapes are made valid and kept in longitude and latitude; area in no district and other states' are left out.
    Raises NoCrs if the file does not say its reference system, BadInput if it holds no district of the state.
    """
    exported = arrival.column("GEOID") is None
    shapes = as_published(read_shapes(arrival)) if exported else read_shapes(arrival)
    ids = text_of(shapes, "GEOID")
    column = next((name for name in _CHAMBERS if arrival.column(name)), "CHAMBER")
    chamber = text_of(shapes, column) if exported else pd.Series(_CHAMBERS[column], index=shapes.index)
    undefined = (ids.str[2:] if exported else text_of(shapes, column)) == NOT_DEFINED
    own = ids.str.startswith(desk.state.fips) & ~undefined
    if not own.any():
        raise BadInput([other_state(arrival, desk)])
    geometry, notes = cleaned(shapes.geometry[own.to_numpy()], desk.state.crs, chamber[own])
    name = text_of(shapes, "NAMELSAD").where(lambda told: told != "", text_of(shapes, "NAME"))
    frame = pd.DataFrame(
        {
            "legislative_id": ids[own],
            "chamber": chamber[own],
            "name": name[own].replace("", None),
            "session_year": text_of(shapes, "LSY")[own].replace("", None),
            "geometry": geometry.to_wkb(),
            "source_row": np.arange(1, len(shapes) + 1)[own.to_numpy()],
        }
    )
    refused = {
        "area in no district": int(undefined.sum()),
        "districts of other states": int((~own & ~undefined).sum()),
    }
    chambers = "+".join(sorted(frame["chamber"].unique()))
    return Load(
        [Piece("legislative_districts", frame, series=f"{desk.state.fips}/{chambers}")],
        len(shapes),
        desk.as_of or year_of(shapes, arrival),
        None,
        refused,
        notes,
        title=f"State legislative districts, {chambers} chamber ({len(frame):,})",
        publisher=EXPORTER if exported else None,
    )


LOADERS: dict[str, Loader] = {"census_tiger_legislative": legislative_districts}
