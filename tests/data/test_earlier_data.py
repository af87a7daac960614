"""The earlier marks that were drawn for this project."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from logobench_data import EARLIER, Drawing, LogoBench, load_earlier
from starter_data import seen

from logo_retrieval import LogoClassifier
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.types import LogoImage

MOST_BYTES = 8000


def test_every_drawing_is_small_and_of_a_known_company(bench: LogoBench) -> None:
    drawings = load_earlier()
    assert len(drawings) == len(list(EARLIER.iterdir())) >= 24
    for drawing in drawings:
        assert drawing.label in bench.classes[:-1], drawing.key
        assert drawing.path.stat().st_size <= MOST_BYTES, drawing.key
    assert len({drawing.dup_group for drawing in drawings}) == len(drawings)


def test_every_drawing_can_be_drawn_and_each_is_another() -> None:
    files = [drawing.path for drawing in load_earlier()]
    with DecoderPool(Preparation(size_px=64)) as pool:
        images = list(pool.decode(files, all_views=False))
    drawn = [image.views[0] for image in images if isinstance(image, LogoImage)]
    assert len(drawn) == len(files)
    for one, other in combinations(drawn, 2):
        assert np.abs(one.astype(int) - other).mean() > 1


def test_the_starter_holds_each() -> None:
    drawings = load_earlier()
    with LogoClassifier.open() as classifier:
        decisions = classifier.classify([drawing.path for drawing in drawings])
    for drawing, decision in zip(drawings, decisions, strict=True):
        assert decision.label == drawing.label
        assert decision.neighbours[0].item == drawing.key


def test_they_are_learned_and_never_asked(bench: LogoBench) -> None:
    earlier = load_earlier()
    learned: list[Drawing] = [drawing for drawing, _ in seen(bench, (), vintage=earlier, split="collection").bench]
    assert set(earlier) <= set(learned)
