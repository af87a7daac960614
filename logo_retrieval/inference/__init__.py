"""From embeddings to decisions, by a snapshot of an index."""
