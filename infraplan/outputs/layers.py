"""What a map can show, read from maps/layers/<id>.toml: column, unit, classes, colors, and what a click says."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from infraplan.errors import BadInput, Fault, InfraplanError
from infraplan.outputs.tables import Field
from infraplan.resources import maps_path, read_toml

FEWEST_EDGES = 2
NAME, OTHER = "name-", "other"
_REQUIRED = ("title", "kind", "table", "table_title", "column", "about", "computed", "field")


@dataclass(frozen=True, kw_only=True)
class Code:
    """One class of a layer of codes: the cell's value, what the legend says, its color and the size of its circle."""

    code: str
    label: str
    color: str
    radius: int = 5


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One thing a map can show.

    `breaks` are class edges in the unit shown, ascending: a value belongs to the class whose lower edge it reaches, and
    the last class includes its upper edge. `zero` is the legend's word for values of zero and below, which then are a
    class of their own. `reverse` makes low values dark, where less is worse. A layer of codes has `codes` in place of
    `breaks`; with `labels` each class also has its name written on the map once. `fields` are the columns of its table
    and popup, among them `column` itself.
    """

    id: str
    title: str
    kind: Literal["area", "point", "line"]
    table: str
    table_title: str
    column: str
    fields: Sequence[Field]
    about: str
    computed: str
    unit: str = ""
    breaks: Sequence[float] = ()
    zero: str = ""
    palette: str = ""
    reverse: bool = False
    missing: str = "unknown"
    codes: Sequence[Code] = field(default_factory=tuple)
    labels: bool = False

    @property
    def field(self) -> Field:
        """The column that colors the map."""
        return next(item for item in self.fields if item.column == self.column)

    @property
    def heading(self) -> str:
        """Title with unit."""
        return f"{self.title} ({self.unit})" if self.unit else self.title


def load_layer(name: str) -> Layer:
    """Read a layer by id from maps/layers; raises BadInput with everything that is wrong with its description."""
    path = maps_path("layers", f"{name}.toml")
    if not path.is_file():
        raise InfraplanError(f"no map layer is called {name!r}; known: {', '.join(layer_names())}")
    return layer_from(name, read_toml(path))


def layer_names() -> list[str]:
    """Ids of the layers that ship with the tool."""
    return sorted(path.stem for path in maps_path("layers").glob("*.toml"))


def layer_from(name: str, content: Mapping[str, Any]) -> Layer:
    """Make a layer of its description; raises BadInput with all faults."""
    file = f"maps/layers/{name}.toml"
    faults = [
        Fault(kind="MissingKey", what=f"layer {name} does not say its {key}", file=file, column=key)
        for key in _REQUIRED
        if key not in content
    ]
    if faults:
        raise BadInput(faults)
    plain = {key: content[key] for key in ("title", "kind", "table", "table_title", "column", "about", "computed")}
    optional = {
        key: content[key] for key in ("unit", "zero", "palette", "reverse", "missing", "labels") if key in content
    }
    layer = Layer(
        id=name,
        **plain,
        **optional,
        breaks=tuple(float(edge) for edge in content.get("breaks", ())),
        codes=tuple(Code(**code) for code in content.get("code", ())),
        fields=tuple(_field(item) for item in content["field"]),
    )
    faults = [Fault(kind="BadLayer", what=f"layer {name}: {what}", file=file) for what in _wrong(layer)]
    if faults:
        raise BadInput(faults)
    return layer


def _field(item: Mapping[str, Any]) -> Field:
    return Field(**{**item, "derived_from": tuple(item.get("derived_from", ()))})


def _wrong(layer: Layer) -> list[str]:
    columns = [item.column for item in layer.fields]
    wrong = []
    if layer.column not in columns:
        wrong.append(f"its column {layer.column} is not among its fields")
    if bool(layer.codes) == bool(layer.breaks):
        wrong.append("it needs either breaks or codes")
    if layer.breaks and (len(layer.breaks) < FEWEST_EDGES or list(layer.breaks) != sorted(set(layer.breaks))):
        wrong.append("its breaks are not two or more ascending edges")
    if layer.breaks and not layer.palette:
        wrong.append("its breaks have no palette")
    for item in layer.fields:
        named = [*item.derived_from, *([item.part_of] if item.part_of else [])]
        wrong.extend(
            f"field {item.column} names {other}, which is not among the fields"
            for other in named
            if other not in columns
        )
        if item.people and item.format == "share":
            wrong.append(f"field {item.column} is a share: name what it is derived_from instead of people")
    return wrong


def named(layer: Layer, values: Iterable[str], words: Mapping[str, str] | None = None) -> Layer:
    """A layer of codes for the values of one table: its own codes that occur, then colors for the names it cannot know.

    The layer's codes `name-1`, `name-2`, ... hold the colors; values are given them in the order they come, and what is
    left over when they run out is "other", if the layer has such a code, else starts again from the first color.
    """
    known = {code.code: code for code in layer.codes if not code.code.startswith(NAME)}
    slots = [code for code in layer.codes if code.code.startswith(NAME)]
    told = list(dict.fromkeys(values))
    new = [value for value in told if value not in known]
    most = len(slots) if OTHER in known else len(new)
    codes = [replace(slots[at % len(slots)], code=value, label=(words or {}).get(value, value))
             for at, value in enumerate(new[:most])]  # fmt: skip
    left = {OTHER} if new[most:] else set()
    return replace(layer, codes=(*codes, *(code for name, code in known.items() if name in {*told, *left})))


def edges(layer: Layer, threshold: int) -> list[str]:
    """What the legend says of each class of numbers, in order, the class of zeros first where there is one."""
    labels = [layer.zero] if layer.zero else []
    low_word = "over" if layer.zero else ""
    for place, (low, high) in enumerate(zip(layer.breaks, layer.breaks[1:], strict=False)):
        last = place == len(layer.breaks) - FEWEST_EDGES
        start = max(low, threshold) if layer.field.people and place == 0 else low
        word = low_word if start == low and place == 0 and layer.zero else ""
        labels.append(_class_label(start, high, word, last=last))
    return labels


def _class_label(low: float, high: float, word: str, *, last: bool) -> str:
    if math.isinf(high):
        return f"{_plain(low)} or more"
    if math.isinf(low):
        return f"under {_plain(high)}"
    return f"{word} {_plain(low)} to {'' if last else 'under '}{_plain(high)}".strip()


def _plain(edge: float) -> str:
    return f"{edge:,.0f}" if edge == int(edge) else f"{edge:,g}"
