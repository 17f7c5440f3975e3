"""Colors of pages and maps, read from maps/themes: text, borders, and palettes that a color-blind reader can order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from infraplan.errors import BadInput, Fault, InfraplanError
from infraplan.resources import maps_path, read_toml


@dataclass(frozen=True)
class Theme:
    """Colors by role (`--name` in the style sheet) and palettes from light to dark."""

    name: str
    colors: Mapping[str, str]
    palettes: Mapping[str, Sequence[str]]

    @property
    def css(self) -> str:
        """The roles as custom properties of the page."""
        roles = "".join(f"--{role}:{color};" for role, color in self.colors.items())
        return f":root{{{roles}}}"

    def ramp(self, palette: str, steps: int) -> list[str]:
        """`steps` colors of a palette from its lightest to its darkest, evenly spread.

        Raises InfraplanError if the palette is unknown or has fewer colors than steps: two classes never look alike.
        """
        colors = self.palettes.get(palette)
        if colors is None:
            raise InfraplanError(f"palette {palette!r} is not in theme {self.name}; known: {', '.join(self.palettes)}")
        if steps > len(colors):
            raise InfraplanError(f"palette {palette!r} has {len(colors)} colors, {steps} classes need as many")
        if steps == 1:
            return [colors[-1]]
        return [colors[round(step * (len(colors) - 1) / (steps - 1))] for step in range(steps)]


@cache
def load_theme(name: str) -> Theme:
    """Read a theme by name from maps/themes."""
    path = maps_path("themes", f"{name}.toml")
    content = read_toml(path)
    for part in ("color", "palette"):
        if not content.get(part):
            raise BadInput([Fault(kind="MissingPart", what=f"theme {name} has no [{part}] table", file=str(path))])
    return Theme(name, dict(content["color"]), {key: tuple(value) for key, value in content["palette"].items()})
