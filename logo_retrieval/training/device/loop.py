"""Trains several networks that share their beginning: a trunk at a steady rate, then each by itself to rate zero.

The rate climbs, stays, and falls (Hu et al. 2024, arXiv 2404.06395, section 4). So networks that may see different
drawings can share the steady part, on the drawings that all of them may see, and pay for the fall alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from logo_retrieval.backbones.backend import keras
from logo_retrieval.training.device.bank import TEXT_PX, Bank
from logo_retrieval.training.device.convolutions import soon_compiled
from logo_retrieval.training.device.grounds import Drawn
from logo_retrieval.training.device.views import Arrays, on_device, picked, plain_views, trained_views
from logo_retrieval.training.network import SCORES, backbone_of, build_network, scoring_layer
from logo_retrieval.training.recipe import Recipe
from logo_retrieval.types import BoolArray, Float32Array, Float64Array, Int64Array

_CLIP_NORM = 5.0
_FAR = -1e4

_CHANCE = "rbg"
"""The generator of `jax.random` that accelerators are quick at."""

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
    """One network on the device; weights are values that go in and come out.

    A step is three programs: which drawings (short), how they look, and what is learned of them. The long two know
    nothing of how many drawings there are, so that `compile` can go on while these are made.
    """

    def __init__(self, recipe: Recipe, classes: int) -> None:
        """Builds the network.

        Args:
            recipe: backbone, weights, size, dim, dropout, batch, rate, decay, scale, margin, smoothing, seed.
            classes: t, how many targets there are.
        """
        keras.utils.set_random_seed(recipe.seed)
        self._recipe, self._classes = recipe, classes
        self.network = soon_compiled(_in_half_precision(recipe, classes))
        decays = [each.name == "kernel" for each in self.network.trainable_variables]
        self._optimiser = optax.chain(
            optax.clip_by_global_norm(_CLIP_NORM),
            optax.scale_by_adam(),
            optax.add_decayed_weights(recipe.weight_decay, mask=decays),
        )
        self._scores = jax.jit(self._scores_of)
        self._pick = jax.jit(self._picked, static_argnames="made_up")

    def compile(self) -> None:
        """Compiles the long two programs side by side."""
        side, batch = self._recipe.size_px, self._recipe.batch
        key = jax.eval_shape(lambda: jax.random.key(0, impl=_CHANCE))
        drawn = jax.eval_shape(lambda: _empty(batch, side))
        views, true = jax.eval_shape(lambda: (jnp.zeros((batch, side, side, 3)), jnp.zeros(batch, jnp.int32)))
        known, rate = jax.eval_shape(lambda: (jnp.zeros(self._classes, bool), jnp.float32(0)))
        make, learn = jax.jit(trained_views), jax.jit(self._learned, donate_argnums=0)
        with ThreadPoolExecutor(2) as threads:
            learning = threads.submit(lambda: learn.lower(self.start(), views, true, known, rate).compile())
            making = threads.submit(lambda: make.lower(drawn, key).compile())
            self._make, self._learn = making.result(), learning.result()

    def load(self, bank: Bank, targets: Int64Array) -> None:
        """Copies n drawings to the device, and what each shows, (n,)."""
        self._made_up = bank.made_up
        self._arrays = on_device(bank)
        self._targets = jnp.asarray(targets, jnp.int32)

    def start(self) -> Weights:
        """The weights as they are before any step."""
        trained = [jnp.array(each.value) for each in self.network.trainable_variables]
        other = [jnp.array(each.value) for each in self.network.non_trainable_variables]
        return Weights(trained, other, self._optimiser.init(trained))

    def steps(self, weights: Weights, leg: Leg, first: int, rates: Float32Array) -> tuple[Weights, float]:
        """Some steps of a leg, after `compile` and `load`; the weights given are used up. Gives the mean loss too."""
        cumulative = np.cumsum(leg.shares)
        cumulative[np.flatnonzero(leg.shares)[-1] :] = 1.0
        shares, known = jnp.asarray(cumulative, jnp.float32), jnp.asarray(leg.targets)
        keys = jax.random.split(jax.random.key(self._recipe.seed + first + _number(leg.name), impl=_CHANCE), len(rates))
        losses = []
        for key, rate in zip(keys, rates, strict=True):
            drawn, true, key = self._pick(key, shares, self._arrays, self._targets, made_up=self._made_up)
            weights, loss = self._learn(weights, self._make(drawn, key), true, known, jnp.float32(rate))
            losses.append(loss)
        return weights, float(jnp.stack(losses).mean())

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

    def _picked(
        self, key: jax.Array, shares: jax.Array, arrays: Arrays, targets: jax.Array, made_up: int
    ) -> tuple[Drawn, jax.Array, jax.Array]:
        """Some drawings by lot, of summed shares; what they show; and a key for the rest of the step."""
        draw, pick, rest = jax.random.split(key, 3)
        rows = jnp.searchsorted(shares, jax.random.uniform(draw, (self._recipe.batch,)))
        return picked(arrays, made_up, rows, pick), targets[rows], rest

    def _learned(
        self, weights: Weights, views: jax.Array, true: jax.Array, known: jax.Array, rate: jax.Array
    ) -> tuple[Weights, jax.Array]:
        """One step of the optimiser on one batch."""
        grad = jax.value_and_grad(self.loss, has_aux=True)
        (loss, other), gradients = grad(weights.trained, weights.other, views, true, known)
        updates, optimiser = self._optimiser.update(gradients, weights.optimiser, weights.trained)
        trained = [value - rate * update for value, update in zip(weights.trained, updates, strict=True)]
        return Weights(trained, other, optimiser), loss


def _empty(batch: int, side: int) -> Drawn:
    """What a batch of `views.picked` is made of."""
    numbers, truths = jnp.zeros((batch, 3)), jnp.zeros(batch, bool)
    art, text = jnp.zeros((batch, side, side, 4), jnp.uint8), jnp.zeros((batch, *TEXT_PX), jnp.uint8)
    pairs = numbers[:, :2]
    return Drawn(art, pairs, truths, truths, numbers, text, pairs, truths, truths)


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
