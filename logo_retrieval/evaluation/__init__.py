"""Measuring: metrics and their intervals, splits that share no shape, and an index judged on labelled files."""
