"""Loaders of the publishers' files this domain stands on."""

from infraplan.connectivity.sources import census, fcc, nces

LOADERS = {**fcc.LOADERS, **nces.LOADERS, **census.LOADERS}
