"""Chooses what colours say, and from where on shapes say something: `python benchmarks/traits.py MODEL`.

The drawings are those of the wide set whose brands training met as `other`; the decision is not fitted to them, and no
table is made of them. Each is compared with the drawings of its own brand by other artists, and with those of the
stranger that looks most like it to the network of MODEL: traits have to tell apart what the network does not. Of both
sides the drawing that agrees most counts, as in the decision.

For colours, the probability that the brand is the same is the logistic function of w agree + v differ, two features
that meet at the agreement that says nothing; that with the least log-loss at its best w and v wins, and both weights
with it. Not every logo is met in its own colours: some stand on somebody's ground, or are recoloured for a dark page or
a feast. We suppose that this is one in eight, and take strangers' colours for theirs. A pack of icons, whose artist has
looked the colours up, does not show them.

For shapes it is the logistic function of b + w fit, where fit begins at the correlation that is looked for. What it
weighs beside the network is fitted with all the rest (`calibrate.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from embedded import Embedded, embed_wide
from scipy.optimize import minimize
from small import options, parsed, wide_of
from starter_networks import held_out_brands
from surroundings import write_result
from wide_data import WideDrawing

from logo_retrieval.images.hues import agreement
from logo_retrieval.images.shapes import correlation
from logo_retrieval.images.traits import hues_in, shapes_in
from logo_retrieval.models.bundle import read_bundle
from logo_retrieval.open_set.evidence import fit_of, of_agreement
from logo_retrieval.types import Float64Array, Int64Array, UInt8Array

RECOLOURED = 1 / 8
EVEN = (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
UNLIKE = (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)
BINS = 10

Alike = Callable[[UInt8Array, UInt8Array], Float64Array]
"""Of the traits of all views of a drawing and (k, 272) of others: (k,) how much alike they are."""


def of_hues(views: UInt8Array, others: UInt8Array) -> Float64Array:
    """By the hues of the whole drawings."""
    return agreement(hues_in(views[0]), hues_in(others))


def of_shapes(views: UInt8Array, others: UInt8Array) -> Float64Array:
    """By the view that fits best."""
    shapes, theirs = shapes_in(views), shapes_in(others)
    best: Float64Array = correlation(shapes, np.broadcast_to(theirs, (len(views), *theirs.shape))).max(axis=0)
    return best


def compared(
    wide: tuple[WideDrawing, ...], rows: Int64Array, drawn: Embedded, alike: Alike
) -> tuple[Float64Array, Float64Array]:
    """How much drawings are like those of their own brands, and like those of look-alikes."""
    vectors, traits = drawn.of(rows, all_views=False)[0], drawn.traits_of(rows, all_views=False)
    brands = np.array([wide[row].brand for row in rows.tolist()])
    artists = np.array([wide[row].collection for row in rows.tolist()])
    own, strange = [], []
    for place, row in enumerate(rows.tolist()):
        views = drawn.traits_of(np.array([row]), all_views=True)
        fresh = artists != artists[place]
        same = fresh & (brands == brands[place])
        if same.any():
            own.append(alike(views, traits[same]).max())
        stranger = fresh & (brands != brands[place])
        likest = np.flatnonzero(stranger)[(vectors[stranger] @ vectors[place]).argmax()]
        strange.append(alike(views, traits[fresh & (brands == brands[likest])]).max())
    return np.array(own), np.array(strange)


def fitted(
    own: Float64Array, strange: Float64Array, features: Callable[[Float64Array], Float64Array], recoloured: float
) -> tuple[float, list[float]]:
    """The log-loss, in nats, where same and other brands are as many, and the weights of the features.

    Args:
        own: of drawings and their own brands.
        strange: of drawings and look-alikes.
        features: (n, f) of (n,) such values.
        recoloured: how many of the own are met as strangers are.
    """
    values = np.concatenate([own, strange, strange])
    sign = np.repeat([1, 1, -1], [len(own), len(strange), len(strange)])
    shares = ((1 - recoloured) / len(own), recoloured / len(strange), 1 / len(strange))
    weights = np.repeat(shares, [len(own), len(strange), len(strange)]) / 2
    found = features(values)
    best = minimize(lambda said: float(weights @ np.logaddexp(0, -sign * (found @ said))), np.ones(found.shape[1]))
    return float(best.fun), best.x.round(2).tolist()


def colour_features(even: float) -> Callable[[Float64Array], Float64Array]:
    """What agrees and what differs."""
    return lambda values: np.stack(of_agreement(values, even), axis=1)


def shape_features(unlike: float) -> Callable[[Float64Array], Float64Array]:
    """A bias, and how well it fits."""
    return lambda values: np.stack([np.ones(len(values)), fit_of(values, unlike)], axis=1)


def report_of(
    own: Float64Array, strange: Float64Array, losses: dict[float, tuple[float, list[float]]]
) -> dict[str, Any]:
    """The choice, and what it was chosen from."""
    best = min(losses, key=lambda each: losses[each][0])
    edges = np.linspace(0, 1, BINS + 1)
    return {
        "own": len(own),
        "look_alikes": len(strange),
        "says_nothing": best,
        "weights": losses[best][1],
        "own_by_likeness": (np.histogram(own, edges)[0] / len(own)).round(4).tolist(),
        "look_alikes_by_likeness": (np.histogram(strange, edges)[0] / len(strange)).round(4).tolist(),
        "losses": [{"from": each, "log_loss": round(loss, 5)} for each, (loss, _) in losses.items()],
    }


def main() -> None:
    """Compares, chooses, prints, writes."""
    arguments = parsed(options(__doc__, output="traits.json", cache=True, model="folder of a model bundle"))
    wide = wide_of(arguments)
    held = held_out_brands(wide)
    rows = np.array([row for row, each in enumerate(wide) if each.scope == "multi" and each.brand not in held])
    drawn = embed_wide(wide, rows, None, read_bundle(arguments.model), arguments.cache)
    rows = np.intersect1d(rows, drawn.owners)
    coloured = rows[hues_in(drawn.traits_of(rows, all_views=False)).any(axis=1)]
    hues, shapes = compared(wide, coloured, drawn, of_hues), compared(wide, rows, drawn, of_shapes)
    colours = report_of(*hues, {even: fitted(*hues, colour_features(even), RECOLOURED) for even in EVEN})
    report = {
        "recoloured": RECOLOURED,
        "colours": {**colours, "weights": dict(zip(("agree", "differ"), colours["weights"], strict=True))},
        "shapes": report_of(*shapes, {unlike: fitted(*shapes, shape_features(unlike), 0.0) for unlike in UNLIKE}),
    }
    for name, value in report.items():
        print(name, value)
    write_result(arguments.output, "what colours and shapes say", report)


if __name__ == "__main__":
    main()
