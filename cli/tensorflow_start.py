"""Loads TensorFlow for a command, and keeps its chatter from the user."""

from __future__ import annotations

import importlib
import logging
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import click

_CHATTER = re.compile(r"^(WARNING: All log messages before absl::InitializeLog\(\)|I\d{4} .*oneDNN custom operations)")


def load_exporter() -> None:
    """Imports what exports a backbone.

    It computes once, to compare: oneDNN would keep hundreds of MB of prepared convolutions for more.
    """
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    with _without_chatter():
        _load("logo_retrieval.backbones.export")


def load_tensorflow() -> None:
    """Imports what trains and exports, and makes it compute the same each time."""
    with _without_chatter():
        _load("logo_retrieval.training.export")
        from logo_retrieval.training.fit import make_deterministic

        make_deterministic()
    retracing = re.compile("triggered tf.function retracing")  # as it must for each phase
    logging.getLogger("tensorflow").addFilter(lambda record: not retracing.search(record.getMessage()))


def _load(module: str) -> None:
    """Imports a module that needs Keras, on TensorFlow and with its defaults.

    The environment and `~/.keras/keras.json` may say otherwise, for the user's other programs.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    importlib.import_module(module)
    from logo_retrieval.backbones.backend import keras

    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")


@contextmanager
def _without_chatter() -> Iterator[None]:
    """Holds stderr back while TensorFlow is imported, then passes on all but two known lines that say nothing."""
    with tempfile.TemporaryFile() as held:
        terminal = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
            held.seek(0)
            for line in held.read().decode(errors="replace").splitlines():
                if not _CHATTER.match(line):
                    click.echo(line, err=True)
