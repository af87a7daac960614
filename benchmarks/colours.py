"""Chooses what colours that agree say, and what others say: `python benchmarks/colours.py MODEL`.

The drawings are the coloured ones of the wide set whose brands training met as `other`; the decision is not fitted to
them, and no table is made of them. Each is compared with the drawings of its own brand by other artists, and with those
of the stranger that looks most like it to the network of MODEL: colours have to tell apart what shapes do not. Of both
sides the hues that agree most count, as in the decision. The probability that the brand is the same is the logistic
function of w agree + v differ, two features that meet at the agreement that says nothing; that with the least log-loss
at its best w and v wins.

Not every logo is met in its own colours: some stand on somebody's ground, or are recoloured for a dark page or a feast.
We suppose that this is one in eight, and take strangers' colours for theirs. A pack of icons, whose artist has looked
the colours up, does not show them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from embedded import Embedded, embed_wide
from scipy.optimize import minimize
from small import options, parsed, wide_of
from starter_networks import held_out_brands
from surroundings import write_result
from wide_data import WideDrawing

from logo_retrieval.images.hues import agreement
from logo_retrieval.models.bundle import read_bundle
from logo_retrieval.open_set.evidence import of_agreement
from logo_retrieval.types import Float64Array, Int64Array

RECOLOURED = 1 / 8
GRID = (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
BINS = 10


def compared(wide: tuple[WideDrawing, ...], rows: Int64Array, drawn: Embedded) -> tuple[Float64Array, Float64Array]:
    """How much the hues of drawings agree with those of their own brands, and with those of look-alikes."""
    hues, vectors = drawn.hues_of(rows), drawn.of(rows, all_views=False)[0]
    brands = np.array([wide[row].brand for row in rows.tolist()])
    artists = np.array([wide[row].collection for row in rows.tolist()])
    own, strange = [], []
    for row in range(len(rows)):
        fresh = artists != artists[row]
        same = fresh & (brands == brands[row])
        if same.any():
            own.append(agreement(hues[row], hues[same]).max())
        stranger = fresh & (brands != brands[row])
        likest = np.flatnonzero(stranger)[(vectors[stranger] @ vectors[row]).argmax()]
        strange.append(agreement(hues[row], hues[fresh & (brands == brands[likest])]).max())
    return np.array(own), np.array(strange)


def fitted(own: Float64Array, strange: Float64Array, even: float) -> tuple[float, list[float]]:
    """The log-loss, in nats, where same and other brands are as many, and w and v."""
    values = np.concatenate([own, strange, strange])
    sign = np.repeat([1, 1, -1], [len(own), len(strange), len(strange)])
    shares = ((1 - RECOLOURED) / len(own), RECOLOURED / len(strange), 1 / len(strange))
    weights = np.repeat(shares, [len(own), len(strange), len(strange)]) / 2
    features = np.stack(of_agreement(values, even), axis=1)
    found = minimize(
        lambda said: float(weights @ np.logaddexp(0, -sign * (features @ said))), np.ones(2), bounds=[(0, None)] * 2
    )
    return float(found.fun), found.x.round(2).tolist()


def main() -> None:
    """Compares, chooses, prints, writes."""
    arguments = parsed(options(__doc__, output="colours.json", cache=True, model="folder of a model bundle"))
    wide = wide_of(arguments)
    held = held_out_brands(wide)
    rows = np.array([row for row, each in enumerate(wide) if each.scope == "multi" and each.brand not in held])
    drawn = embed_wide(wide, rows, None, read_bundle(arguments.model), arguments.cache)
    own, strange = compared(wide, rows[drawn.hues_of(rows).any(axis=1)], drawn)
    losses = {even: fitted(own, strange, even) for even in GRID}
    even = min(losses, key=lambda each: losses[each][0])
    edges = np.linspace(0, 1, BINS + 1)
    report: dict[str, Any] = {
        "brands_agree_with_themselves": len(own),
        "and_with_look_alikes": len(strange),
        "recoloured": RECOLOURED,
        "even": even,
        "weights": dict(zip(("agree", "differ"), losses[even][1], strict=True)),
        "own_by_agreement": (np.histogram(own, edges)[0] / len(own)).round(4).tolist(),
        "look_alikes_by_agreement": (np.histogram(strange, edges)[0] / len(strange)).round(4).tolist(),
        "losses": [{"even": each, "log_loss": round(loss, 5)} for each, (loss, _) in losses.items()],
    }
    for name, value in report.items():
        print(name, value)
    write_result(arguments.output, "what colours say", report)


if __name__ == "__main__":
    main()
