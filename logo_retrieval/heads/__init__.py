"""What training learned of its targets, asked with embeddings."""
