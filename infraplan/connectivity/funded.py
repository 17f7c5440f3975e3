"""Which counted locations have a funded build: those on a list, and those in the area of a funded project."""

import ibis
import ibis.expr.types as ir

from infraplan.workspace import Workspace

TABLES = ("funded_locations", "funded_cells")
BY_AREA = "funded areas are counted by the center of each location's grid cell: every home inside is taken as funded"


def is_known(workspace: Workspace) -> bool:
    """Whether any list or area of funded builds is loaded."""
    return any(workspace.has(table) for table in TABLES)


def is_funded(workspace: Workspace, places: ir.Table) -> ir.BooleanValue:
    """Whether each of `places` (location_id, h3_res8_id) has a funded build; false for all where nothing is loaded."""
    funded: ir.BooleanValue = ibis.literal(value=False)
    if workspace.has("funded_locations"):
        funded = funded | places["location_id"].isin(workspace.table("funded_locations")["location_id"])
    if workspace.has("funded_cells"):
        funded = funded | places["h3_res8_id"].isin(workspace.table("funded_cells")["h3_res8_id"])
    return funded


def locations(workspace: Workspace, places: ir.Table) -> ir.Table | None:
    """The `location_id` of every one of `places` with a funded build; None where nothing is loaded that would say so."""
    listed = workspace.table("funded_locations").select("location_id") if workspace.has("funded_locations") else None
    if not workspace.has("funded_cells"):
        return listed
    inside = places.semi_join(workspace.table("funded_cells"), "h3_res8_id").select("location_id")
    return inside if listed is None else listed.union(inside)


def notes(workspace: Workspace) -> list[str]:
    """What must be said of counts that stand on areas."""
    return [BY_AREA] if workspace.has("funded_cells") else []
