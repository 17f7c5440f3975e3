"""Drawing lots and pools: what the commands lots, pool and map share."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from infraplan.cli import options

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.outputs.layers import Layer
    from infraplan.outputs.pages import SourceNote
    from infraplan.procurement.places import Points
    from infraplan.procurement.pool_layers import Answer
    from infraplan.workspace import Workspace

_TITLES = {"lots": "Lots", "pool": "The pool"}


def draw(path: Path, answers: "Sequence[Answer]", shapes: "gpd.GeoDataFrame", here: "Workspace | None") -> Path:
    """Draw the layers of answers on districts (`area_id, name, area_layer, geometry`); returns `path`."""
    from infraplan.outputs.maps import draw_map
    from infraplan.procurement import pool_layers

    names = " and ".join(_TITLES[answer.kind] for answer in answers)
    notes = [note for answer in answers for note in (*tradeoff(answer), *answer.said.get("notes", ()))]
    return draw_map(
        path,
        title=f"{options.state_name(here)}: {names.lower()}" if here else names,
        areas=pool_layers.areas(shapes, answers),
        points=None,
        layers=layers(answers),
        sources=[*_boundaries(here), *sources(answers)],
        lead=" ".join(lead(answer) for answer in answers),
        stamps=stamps(answers, here),
        notes=notes,
        threshold=here.config.threshold if here else 10,
    )


def draw_answers(here: "Workspace", lots: Path | None, pool: Path | None, given: "Points", path: Path) -> None:
    """Draw the answers in the folders given on the workspace's districts, else on the points given; says what it did."""
    from infraplan.errors import NoTable
    from infraplan.procurement import pool_layers
    from infraplan.procurement.lots import pictures

    answers = [pool_layers.lots(lots)] if lots is not None else []
    answers += [pool_layers.pool(pool)] if pool is not None else []
    shapes = pictures.of_workspace(here, given.by_lea)
    if shapes is None:
        raise NoTable(
            "neither district boundaries nor schools are loaded, so there is nothing to draw on\n  mend:  infraplan data add "
            "tl_2025_23_unsd.zip (Census TIGER/Line or NCES EDGE), or give --points FILE"
        )
    draw(path, answers, shapes, here)
    options.say(f"wrote {path} ({path.stat().st_size / 1e6:.1f} MB); open it in any browser")


def beside(folder: Path, workspace: Path) -> None:
    """Write map.html into the folder of a pool's answer, if there is a workspace that knows where its members are."""
    from infraplan.errors import NoAnswer
    from infraplan.procurement import pool_layers
    from infraplan.procurement.lots import pictures

    here = workspace_in(workspace)
    shapes = pictures.of_workspace(here) if here else None
    if here is None or shapes is None:
        return
    try:
        draw(folder / "map.html", [pool_layers.pool(folder)], shapes, here)
    except NoAnswer as nowhere:  # the workspace is about other members: the answer stands without a map
        options.say(f"note: no map: {str(nowhere).splitlines()[0]}")


def workspace_in(folder: Path) -> "Workspace | None":
    """The workspace asked for or stood in, or None where the command runs on files outside any."""
    from infraplan.workspace import SETTINGS, Workspace

    given = click.get_current_context().get_parameter_source("workspace") is not ParameterSource.DEFAULT
    return Workspace.open(folder) if given or (folder / SETTINGS).is_file() else None


def layers(answers: "Iterable[Answer]") -> "list[Layer]":
    """The layers of the answers, with the names of their lots and providers."""
    from infraplan.outputs.layers import load_layer, named
    from infraplan.procurement import pool_layers

    found = []
    for answer in answers:
        for name in pool_layers.LAYERS[answer.kind]:
            layer = load_layer(name)
            if layer.labels:
                values = answer.table[layer.column].value_counts().index
                layer = named(layer, sorted(values) if answer.kind == pool_layers.LOTS else values)
            found.append(layer)
    return found


def lead(answer: "Answer") -> str:
    """How good the answer is, and what it rests on."""
    said = answer.said
    kind = "These lots are" if answer.kind == "lots" else "This award is"
    proved = str(said.get("proved", "an answer"))
    why = f" {said['why_lots']}" if "why_lots" in said else ""
    return f"{kind} {proved}.{why} {said.get('caveat', '')}".strip()


def tradeoff(answer: "Answer") -> list[str]:
    """Every number of lots tried, a sentence each."""
    told = [str(line) for line in answer.said.get("tradeoff", ())]
    return (
        ["How many lots: more of them put less at risk in each, fewer give a bidder more to count on.", *told]
        if told
        else []
    )


def stamps(answers: "Iterable[Answer]", here: "Workspace | None") -> list[str]:
    """The stamps of the workspace and of the answers, each once."""
    told = [*(options.stamps(here) if here else []), *(stamp for answer in answers for stamp in answer.stamps)]
    synthetic = [stamp for stamp in told if stamp.startswith("SYNTHETIC")][:1]
    return [*synthetic, *dict.fromkeys(stamp for stamp in told if not stamp.startswith("SYNTHETIC"))]


def sources(answers: "Iterable[Answer]") -> "list[SourceNote]":
    """The answers' files as sources."""
    from infraplan.outputs.pages import SourceNote
    from infraplan.receipts import sha256_of

    return [
        SourceNote(
            title=f"Answer of infraplan procurement {answer.kind}", publisher="the planner", as_of="this answer",
            file=path.name, sha256=sha256_of([path]), tables=(answer.kind,),
        )
        for answer in answers for path in answer.files
    ]  # fmt: skip


def _boundaries(here: "Workspace | None") -> "list[SourceNote]":
    if here is None or not here.has("district_shapes"):
        return []
    return options.source_notes(here, {one.receipt_id: ("lots", "pool") for one in here.receipts_of("district_shapes")})
