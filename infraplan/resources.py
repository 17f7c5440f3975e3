"""The one place that finds shipped files, from a wheel, an editable install or a checkout alike."""

import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from infraplan.errors import BadInput, Fault

_PACKAGE = Path(__file__).resolve().parent


@cache
def _root() -> Path:
    """The directory that holds `data/` and `maps/`: inside an installed wheel, else the checkout around the package."""
    shipped = _PACKAGE / "shipped"
    return shipped if shipped.is_dir() else _PACKAGE.parent


def data_path(*parts: str) -> Path:
    """Path of a shipped file or folder under `data/`."""
    return _root().joinpath("data", *parts)


def maps_path(*parts: str) -> Path:
    """Path of a shipped file or folder under `maps/`."""
    return _root().joinpath("maps", *parts)


def read_toml(path: Path, *, exact: bool = False) -> dict[str, Any]:
    """Read a TOML file; raises BadInput with the line of a syntax error, or if the file cannot be read.

    With `exact`, decimal fractions come as Decimal: 201.57 must not become the nearest binary fraction.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal if exact else float)
    except OSError as why:
        raise BadInput(
            [
                Fault(
                    kind="Unreadable",
                    what=f"{path.name} cannot be read: {why.strerror}",
                    file=str(path),
                    mend="check the path and its permissions",
                )
            ]
        ) from why
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as why:
        raise BadInput(
            [
                Fault(
                    kind="BadToml",
                    what=f"{path.name} is not valid TOML: {why}",
                    file=str(path),
                    mend="correct the line named",
                )
            ]
        ) from why
