"""Open educational resources: licenses, matching, coverage, savings."""
