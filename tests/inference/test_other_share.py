"""Probabilities at the share of unknown logos that all answers show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from drawings import scrawl, svg

from logo_retrieval import LogoClassifier
from logo_retrieval.images.source import Source
from logo_retrieval.inference.other_share import shown_share
from logo_retrieval.types import OTHER

SAMPLES = Path(__file__).resolve().parents[2] / "benchmarks" / "samples"


def strangers(n: int) -> list[bytes]:
    return [scrawl(seed) for seed in range(n)]


@pytest.mark.parametrize("top", [1, 3, 500])
def test_auto_is_the_share_that_it_finds(top: int) -> None:
    """Of the starter, whose labels do not depend on the share."""
    asked: list[Source] = [*sorted(SAMPLES.iterdir()), *strangers(20), b"no picture"]
    with LogoClassifier.open() as classifier:
        found = classifier.classify(asked, top=top, other_share="auto")
        share = shown_share(found)
        stated = classifier.classify(asked, top=top, other_share=share)
        even = classifier.classify(asked, top=top)
    assert 0.5 < share < 1 and shown_share(even) == share
    assert [each.to_dict() for each in found] == [each.to_dict() for each in stated]
    assert [each.label for each in found] == [each.label for each in even]
    assert [each.missed_by for each in found] == [each.missed_by for each in even]
    assert found[-1].status == "unreadable" and len(found) == len(asked)


def test_where_the_likeliest_label_is_given_it_follows_the_share(index: Path) -> None:
    """Of a model that has no unknown logos to vouch for a bound; what is worth reading depends on the share, too."""
    discs = [svg("disc").replace(b"/>", b' transform="scale(1 %.4f)"/>' % (height / 80)) for height in range(32, 60)]
    asked = [*discs, *strangers(60)]
    with LogoClassifier.open(index) as classifier:
        classifier.engine.knowledge = replace(classifier.engine.knowledge, impostors=None)
        even = classifier.classify(asked, top=2, text="never")
        found = classifier.classify(asked, top=2, other_share="auto", text="never")
        share = shown_share(found)
        stated = classifier.classify(asked, top=2, other_share=share, text="never")
    for one, other in zip(found, stated, strict=True):
        assert one.to_dict() == other.to_dict()
        assert one.missed_by == (None if other.missed_by is None else pytest.approx(other.missed_by, abs=1e-9))
    assert any(one.label != OTHER and other.label == OTHER for one, other in zip(even, found, strict=True))


def test_a_stream_has_no_end_to_look_at() -> None:
    with LogoClassifier.open() as classifier:
        with pytest.raises(ValueError, match="needs the answers to all sources"):
            classifier.classify_stream([], other_share="auto")  # type: ignore[arg-type]
        with pytest.raises(
            TypeError, match="a number above 0 and below 1, other_share also 'auto', got other_share='most'"
        ):
            classifier.classify([], other_share="most")  # type: ignore[arg-type]
        assert classifier.classify([], other_share="auto") == []


def test_an_estimator_answers_each_by_itself() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed: pip install '.[sklearn]'")
    from logo_retrieval.estimator import LogoRetrievalClassifier

    fitted = LogoRetrievalClassifier(other_share="auto").fit([svg("disc"), svg("bars")], ["disc", "bars"])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="other_share must be a number above 0 and below 1, got 'auto'"):
        fitted.predict([svg("disc")])
