"""Into which class of the legend each value falls, by the number a reader sees, and how many fall there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infraplan.outputs.layers import Layer, edges
from infraplan.outputs.tables import code_of
from infraplan.outputs.themes import Theme

UNKNOWN, WITHHELD = -1, -2
WITHHELD_LABEL = "withheld (few people; see notes)"
RADIUS = 5


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the legend; `pattern` is "" (plain color), "hatch" (unknown) or "dots" (withheld)."""

    code: int
    label: str
    color: str
    count: int
    pattern: str = ""
    radius: int = RADIUS


@dataclass(frozen=True)
class Classed:
    """The class of every row, and the legend: all classes, but unknown and withheld only where something is."""

    codes: NDArray[np.int64]
    legend: tuple[Entry, ...]


def classify(
    layer: Layer, frame: pd.DataFrame, words: Sequence[str | None] | None, theme: Theme, threshold: int
) -> Classed:
    """Class every row of `frame` by the layer's column; `words` mark the rows that are withheld."""
    known, labels, colors, radii = _by_code(layer, frame) if layer.codes else _by_number(layer, frame, theme, threshold)
    codes = known if words is None else np.where([word is None for word in words], known, WITHHELD)
    entries = [
        Entry(code=code, label=label, color=color, count=int((codes == code).sum()), radius=radius)
        for code, (label, color, radius) in enumerate(zip(labels, colors, radii, strict=True))
    ]
    for code, label, pattern in ((WITHHELD, WITHHELD_LABEL, "dots"), (UNKNOWN, layer.missing, "hatch")):
        if (codes == code).any():
            entries.append(
                Entry(
                    code=code,
                    label=label,
                    color=theme.colors["ground"],
                    count=int((codes == code).sum()),
                    pattern=pattern,
                )
            )
    return Classed(codes, tuple(entries))


def _by_number(
    layer: Layer, frame: pd.DataFrame, theme: Theme, threshold: int
) -> tuple[NDArray[np.int64], list[str], list[str], list[int]]:
    raw = pd.to_numeric(frame[layer.column], errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    shown = layer.field.shown(frame[layer.column])
    last = len(layer.breaks) - 2
    codes = np.clip(np.searchsorted(layer.breaks, shown, side="right") - 1, 0, last)
    labels = edges(layer, threshold)
    if layer.zero:
        codes = np.where(raw <= 0, 0, codes + 1)
    colors = theme.ramp(layer.palette, len(labels))[:: -1 if layer.reverse else 1]
    known = np.asarray(np.where(np.isnan(raw), UNKNOWN, codes), dtype=np.int64)
    return known, labels, colors, [RADIUS] * len(labels)


def _by_code(layer: Layer, frame: pd.DataFrame) -> tuple[NDArray[np.int64], list[str], list[str], list[int]]:
    place = {code.code: number for number, code in enumerate(layer.codes)}
    codes = np.asarray(frame[layer.column].map(code_of).map(place).fillna(UNKNOWN), dtype=np.int64)
    return (
        codes,
        [code.label for code in layer.codes],
        [code.color for code in layer.codes],
        [code.radius for code in layer.codes],
    )
