"""Publishers' files of E-Rate filings, read into the declared tables."""

from infraplan.procurement.sources import usac

LOADERS = {**usac.LOADERS}
