"""The truth about an index: one SQLite file, with a cache derived from it beside it."""
