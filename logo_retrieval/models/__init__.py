"""Model bundles: what lies in one, which one is meant, and sessions with their graphs."""
