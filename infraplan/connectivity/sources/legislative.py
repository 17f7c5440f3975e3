"""State legislative districts as the Census Bureau draws them (TIGER/Line SLDL and SLDU, cartographic boundary files)."""

import numpy as np
import pandas as pd

from infraplan.arrivals import Arrival
from infraplan.connectivity.sources.nces import cleaned, other_state, read_shapes, text_of, year_of
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
    shapes = read_shapes(arrival)
    column = next(name for name in _CHAMBERS if arrival.column(name))
    ids, code = text_of(shapes, "GEOID"), text_of(shapes, column)
    undefined = code == NOT_DEFINED
    own = ids.str.startswith(desk.state.fips) & ~undefined
    if not own.any():
        raise BadInput([other_state(arrival, desk)])
    geometry, notes = cleaned(shapes.geometry[own.to_numpy()], desk.state.crs)
    name = text_of(shapes, "NAMELSAD").where(lambda told: told != "", text_of(shapes, "NAME"))
    frame = pd.DataFrame(
        {
            "legislative_id": ids[own],
            "chamber": _CHAMBERS[column],
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
    return Load(
        [Piece("legislative_districts", frame, series=f"{desk.state.fips}/{_CHAMBERS[column]}")],
        len(shapes),
        desk.as_of or year_of(shapes, arrival),
        None,
        refused,
        notes,
        title=f"State legislative districts, {_CHAMBERS[column]} chamber ({len(frame):,})",
    )


LOADERS: dict[str, Loader] = {"census_tiger_legislative": legislative_districts}
