"""Embedding in, neighbours out: FAISS where it is installed, exact numpy search where not."""
