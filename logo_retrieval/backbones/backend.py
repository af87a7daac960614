"""The one place that imports Keras, so that its absence has one message."""

from __future__ import annotations

import os

from logo_retrieval.errors import BackendError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # what TensorFlow has to say about its build is no news to a user
try:
    import keras
except ModuleNotFoundError as error:
    raise BackendError(f"a backbone needs TensorFlow ({error}): pip install 'logo-retrieval[train]'") from error

__all__ = ["keras"]
