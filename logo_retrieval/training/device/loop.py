"""Trains several networks that share their beginning: a trunk at a steady rate, then each by itself to rate zero.

The rate climbs, stays, and falls (Hu et al. 2024, arXiv 2404.06395, section 4). So networks that may see different
drawings can share the steady part, on the drawings that all of them may see, and pay for the fall alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from logo_retrieval.backbones.backend import keras
from logo_retrieval.training.device.bank import Bank
from logo_retrieval.training.device.views import Arrays, on_device, plain_views, trained_views
from logo_retrieval.training.network import SCORES, backbone_of, build_network, scoring_layer
from logo_retrieval.training.recipe import Recipe
from logo_retrieval.values import BoolArray, Float32Array, Float64Array, Int64Array

_CLIP_NORM = 5.0
_FAR = -1e4

Report = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Leg:
    """One network, or the trunk.

    Attributes:
        name: for the log.
        shares: (n,) how often each drawing is drawn, summing to 1; 0 for what it must not see.
        targets: (t,) which of all targets it tells apart.
        steps: of the optimiser.
        warm_up: steps in which the rate climbs.
        falls: whether the rate is led down to zero; else it stays.
        asked: drawings that are asked at its end.
    """

    name: str
    shares: Float64Array
    targets: BoolArray
    steps: int
    warm_up: int = 0
    falls: bool = True
    asked: Int64Array = field(default_factory=lambda: np.zeros(0, np.int64))

    def rates(self, peak: float) -> Float32Array:
        """(steps,) the learning rate of each step."""
        step = np.arange(self.steps, dtype=np.float32)
        rate = np.minimum(1.0, (step + 1) / max(1, self.warm_up))
        if self.falls:
            rate = rate * (1 - (step / self.steps))
        return (peak * rate).astype(np.float32)


class Weights(NamedTuple):
    """All that a training changes.

    Attributes:
        trained: of the network, in Keras' order.
        other: statistics and the state of its random generators, likewise.
        optimiser: of optax.
    """

    trained: list[jax.Array]
    other: list[jax.Array]
    optimiser: Any


class Trainer:
    """One network on the device with its drawings; weights are values that go in and come out."""

    def __init__(self, bank: Bank, targets: Int64Array, names: Sequence[str], recipe: Recipe) -> None:
        """Builds the network and copies the drawings to the device.

        Args:
            bank: the drawings.
            targets: (n,) what each shows.
            names: t names of the targets.
            recipe: backbone, weights, size, dim, dropout, batch, rate, decay, scale, margin, smoothing, seed.
        """
        keras.utils.set_random_seed(recipe.seed)
        self._recipe, self._made_up, self._classes = recipe, bank.made_up, len(names)
        self.network = _in_half_precision(recipe, len(names))
        self._arrays = on_device(bank)
        self._targets = jnp.asarray(targets, jnp.int32)
        decays = [each.name == "kernel" for each in self.network.trainable_variables]
        self._optimiser = optax.chain(
            optax.clip_by_global_norm(_CLIP_NORM),
            optax.scale_by_adam(),
            optax.add_decayed_weights(recipe.weight_decay, mask=decays),
        )
        self._steps = jax.jit(partial(_steps, self), donate_argnums=0)
        self._scores = jax.jit(self._scores_of)

    def start(self) -> Weights:
        """The weights as they are before any step."""
        trained = [jnp.array(each.value) for each in self.network.trainable_variables]
        other = [jnp.array(each.value) for each in self.network.non_trainable_variables]
        return Weights(trained, other, self._optimiser.init(trained))

    def steps(self, weights: Weights, leg: Leg, first: int, rates: Float32Array) -> tuple[Weights, float]:
        """Some steps of a leg; the weights given are used up. Gives the mean loss too."""
        cumulative = np.cumsum(leg.shares)
        cumulative[np.flatnonzero(leg.shares)[-1] :] = 1.0
        keys = jax.random.split(jax.random.key(self._recipe.seed + first + _number(leg.name), impl="rbg"), len(rates))
        asked = (jnp.asarray(cumulative, jnp.float32), jnp.asarray(leg.targets), self._arrays, self._targets)
        weights, losses = self._steps(weights, keys, jnp.asarray(rates), *asked)
        return weights, float(losses.mean())

    def ask(self, weights: Weights, leg: Leg) -> Int64Array:
        """(m,) the likeliest target of each drawing that a leg asks, as a query would show it."""
        batch = self._recipe.batch
        rows = np.pad(leg.asked, (0, -len(leg.asked) % batch), mode="edge")
        best = [
            np.asarray(self._scores(weights, jnp.asarray(part), jnp.asarray(leg.targets), self._arrays).argmax(1))
            for part in rows.reshape(-1, batch)
        ]
        return np.concatenate(best)[: len(leg.asked)].astype(np.int64)

    def arrays(self, weights: Weights, leg: Leg) -> list[Float32Array]:
        """The weights in the order of `network.get_weights()`, of the head the targets of the leg alone."""
        values = dict(zip(map(id, self.network.trainable_variables), weights.trained, strict=True))
        values |= dict(zip(map(id, self.network.non_trainable_variables), weights.other, strict=True))
        head = {id(variable) for variable in scoring_layer(self.network).weights}
        found = [(np.asarray(values[id(each)], np.float32), id(each) in head) for each in self.network.weights]
        return [array[..., leg.targets] if of_head else array for array, of_head in found]

    def _scores_of(self, weights: Weights, rows: jax.Array, known: jax.Array, arrays: Arrays) -> jax.Array:
        views = plain_views(arrays, rows)
        outputs, _ = self.network.stateless_call(weights.trained, weights.other, views, training=False)
        return jnp.where(known, outputs[SCORES].astype(jnp.float32), _FAR)

    def loss(
        self, trained: list[jax.Array], other: list[jax.Array], views: jax.Array, true: jax.Array, known: jax.Array
    ) -> tuple[jax.Array, list[jax.Array]]:
        """CosFace with label smoothing, as in `training.heads`, over the targets that are known."""
        recipe = self._recipe
        outputs, other = self.network.stateless_call(trained, other, views, training=True)
        truth = jax.nn.one_hot(true, self._classes)
        logits = recipe.scale * (outputs[SCORES].astype(jnp.float32) - recipe.margin * truth)
        shares = jax.nn.log_softmax(jnp.where(known, logits, _FAR))
        wanted = truth * (1 - recipe.smoothing) + recipe.smoothing * known / known.sum()
        return -(wanted * shares * known).sum(1).mean(), other

    def step(
        self,
        weights: Weights,
        key: jax.Array,
        rate: jax.Array,
        cumulative: jax.Array,
        known: jax.Array,
        arrays: Arrays,
        targets: jax.Array,
    ) -> tuple[Weights, jax.Array]:
        """One step on one batch, drawn and made on the device."""
        draw, view = jax.random.split(key)
        rows = jnp.searchsorted(cumulative, jax.random.uniform(draw, (self._recipe.batch,)))
        views = jax.lax.stop_gradient(trained_views(arrays, self._made_up, rows, view))
        grad = jax.value_and_grad(self.loss, has_aux=True)
        (loss, other), gradients = grad(weights.trained, weights.other, views, targets[rows], known)
        updates, optimiser = self._optimiser.update(gradients, weights.optimiser, weights.trained)
        trained = [value - rate * update for value, update in zip(weights.trained, updates, strict=True)]
        return Weights(trained, other, optimiser), loss


def _steps(
    trainer: Trainer,
    weights: Weights,
    keys: jax.Array,
    rates: jax.Array,
    cumulative: jax.Array,
    known: jax.Array,
    arrays: Arrays,
    targets: jax.Array,
) -> tuple[Weights, jax.Array]:
    def one(weights: Weights, chance: tuple[jax.Array, jax.Array]) -> tuple[Weights, jax.Array]:
        return trainer.step(weights, *chance, cumulative, known, arrays, targets)

    return jax.lax.scan(one, weights, (keys, rates))


def copied(weights: Weights) -> Weights:
    """The same values in arrays of their own, since `Trainer.steps` uses up what it is given."""
    return jax.tree.map(jnp.copy, weights)


def run(trainer: Trainer, weights: Weights, leg: Leg, peak: float, *, chunk: int, report: Report) -> Weights:
    """Trains a leg to its end, and reports after each chunk of steps; another length of the last is compiled anew."""
    rates = leg.rates(peak)
    began = time.monotonic()
    for start in range(0, leg.steps, chunk):
        part = rates[start : start + chunk]
        weights, loss = trainer.steps(weights, leg, start, part)
        report(
            {
                "leg": leg.name,
                "step": start + len(part),
                "loss": round(loss, 4),
                "learning_rate": float(part[-1]),
                "wall_s": round(time.monotonic() - began, 1),
            }
        )
        if not np.isfinite(loss):
            raise FloatingPointError(f"the loss of {leg.name} is no number any more at step {start + len(part)}")
    return weights


def _in_half_precision(recipe: Recipe, targets: int) -> keras.Model:
    """The network with a backbone that computes in bfloat16, but on a CPU; all else stays in 32 bits."""
    if jax.default_backend() == "cpu":
        return build_network(recipe, targets)
    keras.mixed_precision.set_dtype_policy("mixed_bfloat16")
    try:
        network = build_network(recipe, targets)
    finally:
        keras.mixed_precision.set_dtype_policy("float32")
    backbone = backbone_of(network)
    for layer in network.layers:
        if layer is not backbone:
            layer.dtype_policy = keras.DTypePolicy("float32")
    return network


def _number(name: str) -> int:
    return int.from_bytes(name.encode()[-4:], "little")
