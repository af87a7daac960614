"""A picture that lies in the index itself: its label counts, whatever else is like it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from drawings import SHAPES, lay_classes, svg

from logo_retrieval.classifier import LogoClassifier
from logo_retrieval.inference.doubt import settled_by_twins
from logo_retrieval.open_set.evidence import COMPANY_FEATURES, RIVAL_FEATURES, Features

OTHER = 2
RING = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" fill="#d22">'
    b'<circle cx="50" cy="50" r="40"/><circle cx="50" cy="50" r="12" fill="#fff"/></svg>'
)
"""Near to a disc, but no twin of it."""


def settled(nearest: list[float], log_odds: list[float], colours_differ: float = 0.0) -> np.ndarray:
    company = np.zeros((1, len(nearest), len(COMPANY_FEATURES)))
    company[..., COMPANY_FEATURES.index("colours_differ")] = colours_differ
    features = Features(np.array([nearest], np.float32), None, company, np.zeros((1, len(RIVAL_FEATURES))))
    odds: np.ndarray = settled_by_twins(np.array([log_odds]), features, OTHER)[0]
    return odds


def test_a_twin_in_other_beats_every_company() -> None:
    odds = settled([0.97, 0.5, 1.0], [9.0, 2.0, 0.0])
    assert (odds[:2] <= -np.log(99)).all() and odds[OTHER] == 0


def test_a_twin_of_a_company_beats_other_and_the_rest() -> None:
    odds = settled([0.995, 0.6, 0.9], [-3.0, 5.0, 0.0])
    assert odds[0] >= np.log(99) and odds[1] <= odds[0] - np.log(99) + 1e-9 and odds[OTHER] == 0


def test_without_one_twin_alone_nothing_changes() -> None:
    for nearest in ([0.98, 0.5, 0.9], [0.995, 0.99, 0.2], [1.0, 0.3, 0.995], [-np.inf, -np.inf, -np.inf]):
        assert settled(nearest, [3.0, -2.0, 0.0]).tolist() == [3.0, -2.0, 0.0]


def test_the_same_shape_in_other_colours_is_no_twin() -> None:
    assert settled([0.995, 0.6, 0.9], [-3.0, 5.0, 0.0], colours_differ=-0.1).tolist() == [-3.0, 5.0, 0.0]


def test_a_false_name_is_corrected_by_one_drawing_and_comes_back_when_that_goes(tmp_path: Path) -> None:
    with LogoClassifier.build(lay_classes(tmp_path / "art"), index=tmp_path / "index") as classifier:
        strange = RING
        before = classifier.classify([strange])[0]
        assert before.label == "disc"
        classifier.enroll("other", [io.BytesIO(strange)], force=True)
        corrected = classifier.classify([strange])[0]
        assert corrected.label == "other" and corrected.probability is not None and corrected.probability > 0.9
        assert classifier.classify([strange], max_false_accept=0.6)[0].label == "other"
        assert [each.label for each in classifier.classify([svg(shape) for shape in SHAPES])] == list(SHAPES)
        (item,) = (each.item for each in corrected.neighbours if each.similarity > 0.9999)
        classifier.unenroll(items=[item])
        assert classifier.classify([strange])[0].label == "disc"
