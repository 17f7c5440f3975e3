"""Publishers' files of E-Rate filings, read into the declared tables."""

from infraplan.procurement.sources import published, usac

LOADERS = {**usac.LOADERS, **published.LOADERS}
