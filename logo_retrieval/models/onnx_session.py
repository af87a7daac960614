"""Graphs in ONNX Runtime, opened in one way."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import onnxruntime

from logo_retrieval.concurrency.cpus import adds_bytes_exactly, usable_cores
from logo_retrieval.concurrency.forks import never_ends_when_forked
from logo_retrieval.errors import ModelError

_FATAL_ONLY = 4  # errors are raised


def open_session(graph: Path, others: Mapping[str, Path] | None = None) -> onnxruntime.InferenceSession:
    """A session on the CPU, with as many threads as there are usable cores.

    Weights that the graph does not hold come from the files that are named here, or from none: what else it names,
    which nobody has checked and which may be anything on this machine, would be looked for below the null device, where
    there is nothing.

    Args:
        graph: its file.
        others: files that it may take weights from, by what it calls them.

    Raises:
        ModelError: when a file is missing or damaged.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = usable_cores()
    options.log_severity_level = _FATAL_ONLY
    for pool in ("intra_op", "inter_op"):  # threads that spin while they wait burn the cores of other work
        options.add_session_config_entry(f"session.{pool}.allow_spinning", "0")
    if not adds_bytes_exactly():  # then sums of integers take a slower way, to the same end
        options.add_session_config_entry("session.x64quantprecision", "1")
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", os.devnull)
    try:
        if others:
            contents = [file.read_bytes() for file in others.values()]
            options.add_external_initializers_from_files_in_memory(
                list(others), contents, [len(each) for each in contents]
            )
        session = onnxruntime.InferenceSession(graph.read_bytes(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's own exceptions share no base class but this
        raise ModelError(f"ONNX Runtime cannot load {graph}: {error}") from error
    never_ends_when_forked(session)
    return session
