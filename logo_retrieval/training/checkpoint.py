"""A training as it stands after an epoch, in one file of plain arrays, from which it goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from logo_retrieval.backbones.backend import keras
from logo_retrieval.durable import take_place
from logo_retrieval.errors import ModelError
from logo_retrieval.fields import read_object
from logo_retrieval.training.network import scoring_layer
from logo_retrieval.types import Float32Array

CHECKPOINT = "checkpoint.npz"

_GROUPS = ("weight", "averaged", "best", "optimizer", "chance")


@dataclass(slots=True)
class State:
    """Where a training stands.

    Attributes:
        epoch: how many are done, of both phases.
        best_epoch: the one with the best macro F2 of the second phase, 0 before there is one.
        best_f2: its macro F2 on the validation drawings.
        averaged: the running average of all weights.
        best: the average that is kept so far.
        optimizer: its variables, empty at the start of a phase.
        chance: the state of each random generator within the network, such as a dropout has.
    """

    epoch: int = 0
    best_epoch: int = 0
    best_f2: float = -1.0
    averaged: list[Float32Array] = field(default_factory=list)
    best: list[Float32Array] = field(default_factory=list)
    optimizer: list[Float32Array] = field(default_factory=list)
    chance: list[Any] = field(default_factory=list)


def write_checkpoint(path: Path, facts: Mapping[str, Any], weights: Sequence[Float32Array], state: State) -> None:
    """Writes a checkpoint, whole or not at all.

    Args:
        path: of the file; what is there is replaced.
        facts: plain values by which the training is known again.
        weights: of the network, in its order.
        state: of the training.

    Raises:
        OSError: the file cannot be written.
    """
    numbers = {"epoch": state.epoch, "best_epoch": state.best_epoch, "best_f2": state.best_f2}
    arrays: dict[str, Any] = {"facts": np.array(json.dumps({**facts, **numbers}))}
    for group, values in zip(
        _GROUPS, (weights, state.averaged, state.best, state.optimizer, state.chance), strict=True
    ):
        arrays |= {f"{group}_{number:04d}": value for number, value in enumerate(values)}
    aside = path.with_name(f".{path.name}.new.npz")
    with aside.open("wb") as file:
        np.savez(file, **arrays)
        file.flush()
        os.fsync(file.fileno())
    take_place(aside, path)


def read_checkpoint(path: Path) -> tuple[dict[str, Any], list[Float32Array], State]:
    """Gives back the facts, the weights and the state that were written.

    Raises:
        ModelError: it is missing or damaged, or holds what is no finite number.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            facts = read_object(str(arrays["facts"]))
            weights, *groups = (
                [arrays[name] for name in sorted(arrays) if name.startswith(f"{group}_")] for group in _GROUPS
            )
            state = State(facts["epoch"], facts["best_epoch"], facts["best_f2"], *groups)
        if not all(np.isfinite(array).all() for array in (*weights, *state.averaged, *state.best, *state.optimizer)):
            raise ValueError("not all that it holds is a finite number")
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise ModelError(f"'{path}' is no checkpoint: {error}") from error
    return facts, weights, state


def write_start(path: Path, checkpoint: Path, **facts: object) -> None:
    """Writes of a checkpoint what another training can begin with, see `copy_weights`: its best weights as float16.

    Args:
        path: of the file; what is there is replaced.
        checkpoint: of the training.
        facts: plain values to keep beside those of the checkpoint.

    Raises:
        ModelError: it is no checkpoint.
        OSError: the file cannot be written.
    """
    known, _, state = read_checkpoint(checkpoint)
    best: list[Any] = [array.astype(np.float16) for array in state.best or state.averaged]
    write_checkpoint(path, {**known, **facts}, [], State(state.epoch, state.best_epoch, state.best_f2, best=best))


def copy_weights(checkpoint: Path, network: keras.Model, targets: Sequence[str]) -> list[int]:
    """Begins with the best weights of another training of the same backbone and head.

    What the head learned of a target goes to the target of the same name; targets that are new keep their random start.

    Returns:
        The places of those that are new.

    Raises:
        ModelError: the checkpoint is of another network.
    """
    facts, _, state = read_checkpoint(checkpoint)
    known = {name: place for place, name in enumerate(facts["targets"])}
    shared = [place for place, name in enumerate(targets) if name in known]
    taken = [known[targets[place]] for place in shared]
    values, weights = state.best or state.averaged, network.get_weights()
    if len(weights) != len(values):
        raise ModelError(f"'{checkpoint}' is of another network: {len(values)} arrays, expected {len(weights)}")
    by_target = {id(variable) for variable in scoring_layer(network).weights}
    for place, (variable, old, new) in enumerate(zip(network.weights, weights, values, strict=True)):
        if old.shape == new.shape and id(variable) not in by_target:
            weights[place] = new
        elif old.shape[:-1] == new.shape[:-1] and id(variable) in by_target:
            old[..., shared] = new[..., taken]
        else:
            raise ModelError(f"'{checkpoint}' is of another network: an array of {new.shape}, expected {old.shape}")
    network.set_weights(weights)
    return [place for place, name in enumerate(targets) if name not in known]
