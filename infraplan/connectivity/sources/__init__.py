"""Loaders of the publishers' files this domain stands on."""

from infraplan.connectivity.sources import census, fcc, legislative, nces, urban

LOADERS = {**fcc.LOADERS, **nces.LOADERS, **census.LOADERS, **legislative.LOADERS, **urban.LOADERS}
