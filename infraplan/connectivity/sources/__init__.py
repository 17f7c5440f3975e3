"""Loaders of the publishers' files this domain stands on."""

from typing import Any


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    """`LOADERS`, put together when it is asked for: the FCC's files are read without what reads shapes and workbooks."""
    if name != "LOADERS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from infraplan.connectivity.sources import census, fcc, funding, legislative, nces, urban  # noqa: PLC0415

    parts = (fcc, funding, nces, census, legislative, urban)
    return {name: loader for part in parts for name, loader in part.LOADERS.items()}
