"""The truth about an index: one SQLite file, with a FAISS cache derived from it beside it."""
