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
        told = tomllib.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal if exact else float)
        _refuse_endless(told)
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
    except (ValueError, RecursionError) as why:  # not TOML, not text, or a number of thousands of digits
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
    return told


def _refuse_endless(told: Any) -> None:  # noqa: ANN401 - whatever a TOML file holds
    """Raise ValueError where a whole number has more than the 64 bits that TOML asks of its readers."""
    if isinstance(told, dict):
        for value in told.values():
            _refuse_endless(value)
    elif isinstance(told, list):
        for value in told:
            _refuse_endless(value)
    elif isinstance(told, int) and not -(2**63) <= told < 2**63:
        raise ValueError(f"a whole number of {len(str(abs(told)))} digits")
