"""The one place that imports Keras, so that its absence has one message."""

from __future__ import annotations

from logo_retrieval.errors import BackendError

try:
    import keras
except ModuleNotFoundError as error:
    raise BackendError(f"a backbone needs TensorFlow ({error}): pip install 'logo-retrieval[train]'") from error

__all__ = ["keras"]
