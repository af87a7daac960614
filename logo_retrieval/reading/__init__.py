"""Pixels that may be writing to lines of text, and text to names of companies. Importing this imports nothing else."""
