"""Measuring: pure metrics with intervals, and splits that share no shape."""
