"""Maps, tables and pages: a table and a description in, a file out; nothing is computed here that is not shown."""
