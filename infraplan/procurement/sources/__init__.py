"""Publishers' files of E-Rate filings, read into the declared tables."""
