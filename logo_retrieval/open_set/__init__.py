"""Neighbours (and, where a head exists, its cosines) in, log-odds against an unknown logo out."""
