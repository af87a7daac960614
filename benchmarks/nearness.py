"""Chooses how near a drawing must be for its shape to count: `python benchmarks/nearness.py MODEL`.

Drawings of one logo fit onto each other, and so do signs of one form, whatever stands on them. The decision therefore
looks at the shapes of those drawings alone that the network finds nearly as near as the nearest of all. How nearly is
chosen on the drawings of `traits.py`, as they are and on signs of three forms: each is asked of the drawings of all
other artists, on signs of the same form where it stands on one. Two answers are judged, its own brand and the stranger
that looks most like it. The probability that the brand is the same is the logistic function of b + v near + w fit, near
on the network's scale; one fit for all, in which drawings on signs count as much as the others.

The widest limit wins whose log-loss is above the least by no more than chance, with 95 % confidence: a company of the
index has more drawings than these brands, and the more of them count, the better one of them fits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from scipy.optimize import minimize
from small import options, parsed, wide_of
from starter_networks import held_out_brands
from surroundings import write_result
from wide_data import WideDrawing

from logo_retrieval.embedding import Embedder, load_embedder
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.images.shapes import correlation
from logo_retrieval.images.traits import shapes_in, traits_of
from logo_retrieval.models.bundle import read_bundle
from logo_retrieval.open_set.evidence import fit_of
from logo_retrieval.open_set.scale import Scale
from logo_retrieval.types import BoolArray, Float32Array, Float64Array, Int8Array, LogoImage, UInt8Array

LIMITS = (0.0, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, float("inf"))
"""On the network's scale, see `open_set.scale.Scale`."""

INNER = 0.5
"""Of the side of a sign, what the drawing on it takes."""

_BATCH = 64
_WHITE, _PALE, _DIM = (255, 255, 255), (225, 225, 225), (60, 64, 72)

Form = Callable[[ImageDraw.ImageDraw, float], None]
FORMS: dict[str, Form] = {
    "white": lambda drawn, side: drawn.rounded_rectangle((0, 0, side, side), side / 5, _WHITE, _PALE, round(side / 24)),
    "dim": lambda drawn, side: drawn.rounded_rectangle((0, 0, side, side), side / 5, _DIM),
    "round": lambda drawn, side: drawn.ellipse((0, 0, side, side), _DIM),
}


@dataclass(frozen=True, slots=True)
class Pairs:
    """Drawings and brands, the better of each pair's drawings at every limit.

    Attributes:
        near: (p,) how near the brand's nearest drawing is, on the scale.
        fits: (l, p) how well its shape fits, by limit.
        same: (p,) whether it is the drawing's own brand.
        groups: (p,) the brand of the drawing.
    """

    near: Float64Array
    fits: Float64Array
    same: BoolArray
    groups: np.ndarray


def on_sign(view: UInt8Array, form: Form) -> UInt8Array:
    """A drawing, on the ground that it has, on a sign: (s, s, 3) as it came."""
    side = len(view)
    sign = Image.new("RGB", (side, side), _WHITE)
    form(ImageDraw.Draw(sign), side - 1)
    inner = round(INNER * side)
    mark = Image.fromarray(view).resize((inner, inner), Image.Resampling.LANCZOS)
    ground = np.asarray(sign)[side // 2, side // 2].astype(np.float32)
    ink = 1 - np.asarray(mark, np.float32).mean(axis=2, keepdims=True) / 255  # a dark mark; light on a dim sign
    colour = np.where(ground.mean() < 128, 255 - np.asarray(mark, np.float32), np.asarray(mark, np.float32))
    placed, start = np.array(sign), (side - inner) // 2
    some = slice(start, start + inner)
    placed[some, some] = np.rint(ink * colour + (1 - ink) * ground).astype(np.uint8)
    return placed


def seen(views: UInt8Array, embedder: Embedder) -> tuple[Float32Array, Int8Array]:
    """Vectors and shapes of n pictures."""
    batches = [views[start : start + _BATCH] for start in range(0, len(views), _BATCH)]
    vectors = np.concatenate([embedder.embed(batch) for batch in batches])
    return vectors, shapes_in(np.concatenate([traits_of(batch) for batch in batches]))


def pairs_of(vectors: Float32Array, shapes: Int8Array, brands: np.ndarray, artists: np.ndarray) -> Pairs:
    """Every drawing with its own brand, where another artist drew it, and with its look-alike."""
    cosines = vectors @ vectors.T
    cosines[artists[:, None] == artists] = -np.inf
    strange = np.where(brands[:, None] == brands, -np.inf, cosines).max(axis=1)
    scale = Scale.of_unknown(strange, None)
    near, fits, same, groups = [], [], [], []
    for place, brand in enumerate(brands):
        among = np.flatnonzero(np.isfinite(cosines[place]))
        close = scale.nearest(cosines[place, among])
        likest = brands[among][np.where(brands[among] == brand, -np.inf, close).argmax()]
        for asked in (brand, likest):
            of_brand = brands[among] == asked
            if not of_brand.any():
                continue
            fit = fit_of(correlation(shapes[[place]], shapes[among[of_brand]][None])[0])
            counts = [close[of_brand] >= close.max() - limit for limit in LIMITS]
            near.append(close[of_brand].max())
            fits.append([np.where(those, fit, 0).max() for those in counts])
            same.append(asked == brand)
            groups.append(brand)
    return Pairs(np.array(near), np.array(fits).T, np.array(same), np.array(groups))


def losses_of(parts: Sequence[Pairs], shares: Sequence[float], limit: int) -> tuple[Float64Array, list[float]]:
    """What each pair adds to the log-loss, in nats, and the weights b, v, w: own and other brands count as much."""
    near, fit, same = (
        np.concatenate(values)
        for values in zip(*[(part.near, part.fits[limit], part.same) for part in parts], strict=True)
    )
    weights = np.concatenate(
        [
            share * np.where(part.same, 0.5 / part.same.sum(), 0.5 / (~part.same).sum())
            for part, share in zip(parts, shares, strict=True)
        ]
    )
    features = np.stack([np.ones(len(near)), near, fit], axis=1)

    def added(said: Float64Array) -> Float64Array:
        losses: Float64Array = weights * np.logaddexp(0, -np.where(same, 1, -1) * (features @ said))
        return losses

    best = minimize(lambda said: float(added(said).sum()), np.zeros(3))
    return added(best.x), best.x.round(2).tolist()


def least_above(losses: Float64Array, others: Float64Array, groups: np.ndarray) -> float:
    """By how much some losses sum to more than others at least, with 95 % confidence; brands are drawn by chance."""
    sums = np.bincount(np.unique(groups, return_inverse=True)[1], losses - others)
    return float(sums.sum() - 1.96 * np.sqrt((sums**2).sum()))


def drawn(wide: tuple[WideDrawing, ...], size_px: int) -> tuple[list[WideDrawing], UInt8Array]:
    """The drawings that can be read, and their whole pictures."""
    with DecoderPool(Preparation(size_px=size_px)) as pool:
        images = list(pool.decode((each.path for each in wide), all_views=False))
    shown = [(each, image.views[0]) for each, image in zip(wide, images, strict=True) if isinstance(image, LogoImage)]
    return [each for each, _ in shown], np.stack([view for _, view in shown])


def main() -> None:
    """Compares, chooses, prints, writes."""
    arguments = parsed(options(__doc__, output="nearness.json", cache=True, model="folder of a model bundle"))
    wide = wide_of(arguments)
    held = held_out_brands(wide)
    embedder = load_embedder(read_bundle(arguments.model))
    chosen = tuple(each for each in wide if each.scope == "multi" and each.brand not in held)
    kept, views = drawn(chosen, embedder.input_size_px)
    brands, artists = (np.array([getattr(each, name) for each in kept]) for name in ("brand", "collection"))
    parts = [(pairs_of(*seen(views, embedder), brands, artists), 0.5)]
    for form in FORMS.values():
        signs = np.stack([on_sign(view, form) for view in views])
        parts.append((pairs_of(*seen(signs, embedder), brands, artists), 0.5 / len(FORMS)))
    shares, groups = [share for _, share in parts], np.concatenate([part.groups for part, _ in parts])
    pairs = [part for part, _ in parts]
    fitted = [losses_of(pairs, shares, place) for place in range(len(LIMITS))]
    least = min((losses for losses, _ in fitted), key=np.sum)
    ends = np.cumsum([len(part.near) for part in pairs])[:-1]
    limits: list[dict[str, Any]] = []
    for limit, (losses, weights) in zip(LIMITS, fitted, strict=True):
        by_part = [part.sum() / share for part, share in zip(np.split(losses, ends), shares, strict=True)]
        limits.append(
            {
                "limit": limit if np.isfinite(limit) else None,
                "log_loss": round(float(losses.sum()), 5),
                "above_the_least_by": round(least_above(losses, least, groups), 5),
                **{name: round(float(loss), 5) for name, loss in zip(("as drawn", *FORMS), by_part, strict=True)},
            }
        )
        print(limits[-1], weights)
    report = {
        "drawings": len(kept),
        "own": int(pairs[0].same.sum()),
        "chosen": [entry["limit"] for entry in limits if entry["above_the_least_by"] <= 0][-1],
        "limits": limits,
    }
    write_result(arguments.output, "how near a drawing must be for its shape to count", report)


if __name__ == "__main__":
    main()
