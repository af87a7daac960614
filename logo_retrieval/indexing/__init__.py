"""What makes an index, and what changes it."""
