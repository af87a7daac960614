"""Bytes of any picture format to square RGB views. Importing this package imports nothing else."""
