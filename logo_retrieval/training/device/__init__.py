"""Training with everything on one accelerator: art, transforms and network, in JAX. Imported by nothing that serves."""
