"""Networks of few layers, for tests of what is done with a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def shallow_networks() -> Iterator[None]:
    """EfficientNet-Lite is built of three of its stages, which have every kind of its layers."""
    from logo_retrieval.backbones import efficientnet_lite

    stages = efficientnet_lite._STAGES
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(efficientnet_lite, "_STAGES", (stages[0], stages[2], stages[-1]))
        yield
