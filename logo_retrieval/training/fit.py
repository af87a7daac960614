"""The two phases of a training, with a checkpoint after each epoch from which it goes on as if nothing had happened."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from logo_retrieval.backbones.backend import keras
from logo_retrieval.concurrency.cpus import usable_cores
from logo_retrieval.errors import ModelError
from logo_retrieval.evaluation.metrics import macro_f_beta
from logo_retrieval.models.resolve import model_to_begin_with
from logo_retrieval.training.checkpoint import CHECKPOINT, State, copy_weights, read_checkpoint, write_checkpoint
from logo_retrieval.training.data import BatchMaker, TrainingSet, plain_views
from logo_retrieval.training.log import F2, add_to_log, shorten_log
from logo_retrieval.training.network import (
    EMBEDDING,
    SCORES,
    backbone_of,
    build_network,
    count_statistics,
    imprint,
    losses,
    outputs_of,
    unfreeze,
)
from logo_retrieval.training.recipe import Recipe
from logo_retrieval.types import Int64Array

_CLIP_NORM = 5.0
_AVERAGED_EVERY = 8
_COUNTED = 16
"""Batches by which batch norms count anew where training begins with a model."""

Report = Callable[[dict[str, Any]], None]


def make_deterministic() -> None:
    """Lets TensorFlow add in one order only, for the whole process; to be called before anything is computed.

    It has as many threads as there are usable cores; by itself it has as many as the machine has, in a container too.

    Without it the same training can differ in the last bits of its weights, more likely with larger pictures. On the
    CPU it costs nothing that could be measured.
    """
    import tensorflow

    tensorflow.config.experimental.enable_op_determinism()
    with contextlib.suppress(RuntimeError):  # TensorFlow computes already: then this part cannot be changed any more
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
        tensorflow.config.threading.set_intra_op_parallelism_threads(usable_cores())


def fit(
    data: TrainingSet,
    recipe: Recipe,
    folder: Path,
    *,
    start: Path | None = None,
    report: Report | None = None,
    before_step: Callable[[], object] = lambda: None,
) -> keras.Model:
    """Trains a network, or goes on where an earlier call with the same arguments was stopped.

    Args:
        data: to learn from.
        recipe: how.
        folder: for the checkpoint and the log, made when missing.
        start: the checkpoint of another training whose weights to begin with, wherever their shapes fit.
        report: called with each entry of the log.
        before_step: called where the training may be stopped, by any exception: before each of its steps.

    Returns:
        The network with the averaged weights of its best epoch, or of its last, as the recipe says.

    Raises:
        ModelError: a name in the recipe is unknown, weights cannot be had, the checkpoint is of another recipe or of
            other data, or the loss grew beyond all bounds.
        OSError: the folder cannot be written.
    """
    keras.utils.set_random_seed(recipe.seed)
    folder.mkdir(parents=True, exist_ok=True)
    targets = data.trained_targets
    network = build_network(recipe, len(targets))
    run = _Run(data, recipe, folder, network, targets)
    if (folder / CHECKPOINT).is_file():
        run.restore()
    else:
        shorten_log(folder, 0)
        if start is not None:
            run.begin_with(start)
        if model_to_begin_with(recipe.weights, recipe.backbone) is not None:
            run.count_statistics()
    for entry in run.epochs(before_step):
        if report is not None:
            report(entry)
    if run.state.best:
        network.set_weights(run.state.best)
    return network


class _Run:
    def __init__(
        self, data: TrainingSet, recipe: Recipe, folder: Path, network: keras.Model, targets: Int64Array
    ) -> None:
        self._data, self._recipe, self._folder, self._network, self._targets = data, recipe, folder, network, targets
        self._target_names = data.trained_names
        self._place = np.full(len(data.target_classes), -1)
        self._place[targets] = np.arange(len(targets))
        chance = recipe.seed, recipe.probabilities, recipe.company_share
        self._batches = BatchMaker(data, recipe.size_px, recipe.batch, *chance)
        asked = np.flatnonzero(data.validation)
        self._asked_labels = data.labels[asked]
        self._asked = plain_views(data.art, asked, recipe.size_px) if len(asked) else None
        self._data_digest = data.digest()
        self._losses = losses(recipe, len(targets))
        self.state = State()

    def begin_with(self, start: Path) -> None:
        """Takes the weights of another training; targets that it does not know begin at their drawings."""
        new = copy_weights(start, self._network, self._target_names)
        places = self._place[self._data.targets]
        rows = np.flatnonzero(np.isin(places, new) & ~self._data.validation)
        if 0 < len(new) < len(self._target_names):
            imprint(self._network, new, plain_views(self._data.art, rows, self._recipe.size_px), places[rows])

    def count_statistics(self) -> None:
        """Counts for batch norms that know none, on pictures as they will see them."""
        count_statistics(self._network, (batch.views for batch in self._batches.batches(0, _COUNTED)))

    def epochs(self, before_step: Callable[[], object]) -> Iterator[dict[str, Any]]:
        recipe, state = self._recipe, self.state
        total = recipe.head_epochs + recipe.epochs
        compiled = None
        while state.epoch < total and not (state.best_epoch and state.epoch - state.best_epoch >= recipe.patience):
            phase = "head" if state.epoch < recipe.head_epochs else "all"
            if phase != compiled:
                self._compile(phase)
                compiled = phase
            yield self._epoch(phase, before_step)

    def _compile(self, phase: str) -> None:
        recipe = self._recipe
        if phase == "head":
            backbone_of(self._network).trainable = False
            rate: Any = recipe.head_learning_rate
        else:
            unfreeze(self._network, recipe.trained_from, recipe.frozen_kinds)
            steps = recipe.epochs * recipe.steps_per_epoch
            warm = max(1, round(recipe.warm_up * steps))
            rate = keras.optimizers.schedules.CosineDecay(
                recipe.learning_rate / 20,
                steps - warm,
                recipe.final_rate,
                warmup_target=recipe.learning_rate,
                warmup_steps=warm,
            )
        optimizer = keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay, global_clipnorm=_CLIP_NORM)
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        shares = {EMBEDDING: recipe.contrastive, SCORES: 1.0}
        weights = {name: shares[name] for name in self._losses}
        self._network.compile(optimizer, loss=self._losses, loss_weights=weights, jit_compile=False)
        optimizer.build(self._network.trainable_variables)
        if self.state.optimizer:
            for variable, value in zip(optimizer.variables, self.state.optimizer, strict=True):
                variable.assign(value)

    def _epoch(self, phase: str, before_step: Callable[[], object]) -> dict[str, Any]:
        recipe, state, network = self._recipe, self.state, self._network
        began, cpu_began = time.monotonic(), time.process_time()
        first = state.epoch * recipe.steps_per_epoch
        sums = 0.0
        for step, batch in enumerate(self._batches.batches(first, first + recipe.steps_per_epoch), start=first + 1):
            before_step()
            true = dict.fromkeys(self._losses, self._place[batch.targets])
            loss = network.train_on_batch(batch.views.astype(np.float32), true)
            sums += float(np.ravel(loss)[0])
            if step % _AVERAGED_EVERY == 0:
                self._average(phase, step)
        if not state.averaged:
            state.averaged = network.get_weights()
        state.epoch += 1
        entry: dict[str, Any] = {
            "epoch": state.epoch,
            "phase": phase,
            "loss": round(sums / recipe.steps_per_epoch, 4),
            "learning_rate": float(network.optimizer.learning_rate),
        }
        if not (np.isfinite(sums) and all(np.isfinite(array).all() for array in network.get_weights())):
            raise ModelError(
                f"the loss is no number any more in epoch {state.epoch}: begin again with larger batches, with other "
                "weights or with another seed"
            )
        if self._asked is not None:
            f2 = entry[F2] = round(self._validate(), 4)  # by which the log, too, tells the best epoch
            if phase == "all" and f2 > state.best_f2:
                state.best_f2, state.best_epoch = f2, state.epoch
        elif phase == "all":
            state.best_epoch = state.epoch
        if phase == "all" and (recipe.keep == "last" or state.best_epoch == state.epoch):
            state.best = [array.copy() for array in state.averaged]
        entry["wall_s"] = round(time.monotonic() - began, 1)
        entry["cpu_s"] = round(time.process_time() - cpu_began, 1)
        last_of_phase = phase == "head" and state.epoch == recipe.head_epochs
        state.optimizer = [] if last_of_phase else [np.asarray(each) for each in network.optimizer.variables]
        state.chance = [np.asarray(each) for each in _generator_states(network)]
        add_to_log(self._folder, entry)
        self._save()
        return entry

    def _average(self, phase: str, step: int) -> None:
        """An exponential running average; in the first phase it only follows.

        It forgets faster while it is young, as in TensorFlow's `ExponentialMovingAverage` with `num_updates`, so that a
        short training is not held back by its beginning.
        """
        weights = self._network.get_weights()
        if phase == "head" or not self.state.averaged:
            self.state.averaged = weights
            return
        updates = (step - self._recipe.head_epochs * self._recipe.steps_per_epoch) // _AVERAGED_EVERY
        kept = min(self._recipe.average**_AVERAGED_EVERY, (1 + updates) / (10 + updates))
        for averaged, weight in zip(self.state.averaged, weights, strict=True):
            averaged *= kept
            averaged += (1 - kept) * weight

    def _validate(self) -> float:
        """Macro F2 of the likeliest target's class, by the averaged weights."""
        assert self._asked is not None  # noqa: S101
        weights = self._network.get_weights()
        self._network.set_weights(self.state.averaged)
        best = outputs_of(self._network, self._asked, SCORES).argmax(axis=1)
        self._network.set_weights(weights)
        predicted = self._data.target_classes[self._targets[best]]
        return macro_f_beta(self._asked_labels, predicted, np.unique(self._asked_labels))

    def _save(self) -> None:
        facts = {"recipe": self._recipe.to_dict(), "targets": self._target_names, "data": self._data_digest}
        write_checkpoint(self._folder / CHECKPOINT, facts, self._network.get_weights(), self.state)

    def restore(self) -> None:
        facts, weights, state = read_checkpoint(self._folder / CHECKPOINT)
        expected = json.loads(json.dumps(self._recipe.to_dict()))
        changed = [name for name in expected if facts["recipe"].get(name) != expected[name]]
        if facts["targets"] != self._target_names or facts.get("data") != self._data_digest:
            changed.append("the data")
        if changed:
            raise ModelError(
                f"the checkpoint in '{self._folder}' is of another training ({', '.join(changed)} changed): "
                "take another folder, or remove it to begin again"
            )
        self._network.set_weights(weights)
        for variable, value in zip(_generator_states(self._network), state.chance, strict=False):
            variable.assign(value)
        shorten_log(self._folder, state.epoch)
        self.state = state


def _generator_states(network: keras.Model) -> list[Any]:
    weights = {id(variable) for variable in network.weights}
    return [variable for variable in network.variables if id(variable) not in weights]
