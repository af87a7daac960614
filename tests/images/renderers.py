"""The renderers, and whether the second one is there."""

from __future__ import annotations

import pytest


def has_cairo() -> bool:
    """Whether CairoSVG is installed and finds libcairo."""
    try:
        import cairosvg  # noqa: F401
    except (ImportError, OSError):
        return False
    return True


needs_cairo = pytest.mark.skipif(not has_cairo(), reason="CairoSVG or libcairo2 is missing: pip install '.[svg-cairo]'")

ENGINES = ["resvg", pytest.param("cairosvg", marks=needs_cairo)]
