"""Embedding in, neighbours out: exact with numpy or FAISS, in partitions where there are very many."""
