"""Neighbours (and, where a head exists, logits) in, decision out."""
