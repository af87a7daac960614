"""Limits of time, for whoever only names them; light, without numpy."""

DECODE_LIMIT_S = 10.0
"""For one file, where nothing else is said: a logo takes hundredths."""

LONGEST_S = 86_400
"""The largest limit that can be set: a day."""
