"""Says which company's logo an image shows, or that it knows none."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

# ONNX Runtime otherwise keeps an identifier of the machine, sends what it does to its makers, and does not let
# processes end that were forked.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

# The threads of OpenBLAS, by which numpy multiplies, otherwise spin on after each product for 2**26 cycles, in case
# another comes, and take cores from the networks and the decoders; 2**4 are the fewest. No use once numpy is imported.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")

if TYPE_CHECKING:
    from logo_retrieval.classifier import LogoClassifier
    from logo_retrieval.errors import LogoRetrievalError, UnreadableImage
    from logo_retrieval.estimator import LogoRetrievalClassifier as LogoRetrievalClassifier
    from logo_retrieval.types import Decision, Evidence, ScoredLabel

__all__ = ["Decision", "Evidence", "LogoClassifier", "LogoRetrievalError", "ScoredLabel", "UnreadableImage"]

_HOMES = {
    "LogoClassifier": "classifier",
    "LogoRetrievalClassifier": "estimator",  # not in __all__: it needs scikit-learn, and `import *` must not
    "LogoRetrievalError": "errors",
    "UnreadableImage": "errors",
    "Decision": "types",
    "Evidence": "types",
    "ScoredLabel": "types",
}


def __getattr__(name: str) -> object:
    """Loads a public name on first use, so that importing the package costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
