"""Reading in the whole line: from the bytes of a picture with writing to the answer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from logo_retrieval import LogoClassifier
from logo_retrieval.inference.doubt import unsettled
from logo_retrieval.models.resolve import starter_index


def wordmark(text: str, fill: str = "#2a4d3c") -> bytes:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 200">'
        f'<text x="20" y="130" font-size="90" font-family="sans-serif" fill="{fill}">{text}</text></svg>'
    ).encode()


SYMBOL = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h3v3h4v4h-7z"/></svg>'
NEW, OTHER_NAME = wordmark("zanzibar mills"), wordmark("quorndale press")


@pytest.fixture
def classifier(tmp_path: Path) -> Iterator[LogoClassifier]:
    shutil.copytree(starter_index(), tmp_path / "index")
    with LogoClassifier.open(tmp_path / "index") as opened:
        yield opened


def labels(classifier: LogoClassifier, *images: bytes, **options: str) -> list[str | None]:
    return [each.label for each in classifier.classify(images, **options)]  # type: ignore[arg-type]


def test_a_company_enrolled_by_its_name_alone_is_known_by_its_wordmark_and_forgotten(
    classifier: LogoClassifier,
) -> None:
    before = classifier.classify([NEW, OTHER_NAME, SYMBOL])
    assert [each.label for each in before] == ["other", "other", "other"]
    report = classifier.enroll("zanzi", names=["Zanzibar Mills", "ZM"])
    assert report.new_classes == ["zanzi"] and not report.added
    assert labels(classifier, NEW, OTHER_NAME, SYMBOL) == ["zanzi", "other", "other"]
    assert labels(classifier, NEW, text="never") == ["other"]
    classifier.unenroll("zanzi")
    assert classifier.classify([NEW, OTHER_NAME, SYMBOL]) == before


def test_what_was_read_stands_in_the_answer_and_in_what_decided(classifier: LogoClassifier) -> None:
    (known,) = classifier.classify([wordmark("facebook")])
    assert known.label == "facebook" and known.text is not None and known.text[0].text == "facebook"
    assert known.text[0].confidence > 0.9
    left, top, right, bottom = known.text[0].place or (0, 0, 0, 0)
    assert left < 0.1 and 0.4 < right < 0.6 and 0.2 < top < bottom < 0.8
    facebook = next(each for each in known.top if each.label == "facebook")
    assert facebook.contributions["named"] > 3


def test_another_name_speaks_against_every_company(classifier: LogoClassifier) -> None:
    read, unread = (classifier.classify([OTHER_NAME], text=text)[0] for text in ("always", "never"))
    assert read.text is not None and unread.text is None
    company = next(each for each in read.top if each.label != "other")
    assert company.contributions["contradicted"] < -1
    assert read.probability is not None and unread.probability is not None and read.probability > unread.probability


def test_drawings_without_writing_have_the_same_answer_with_and_without_reading(classifier: LogoClassifier) -> None:
    always, never = (classifier.classify([SYMBOL], text=text)[0] for text in ("always", "never"))
    assert always.text == () and never.text is None
    assert (always.label, always.probability, always.top) == (never.label, never.probability, never.top)


def test_what_shape_settles_is_not_read(classifier: LogoClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = Path("benchmarks/samples/really-a-jpeg.png")
    (answer,) = classifier.classify([drawing])
    assert answer.label == "airbnb" and answer.text is None
    (answer,) = classifier.classify([drawing], text="always")
    assert answer.text is not None


def test_where_reading_is_worth_while() -> None:
    log_odds = np.array([[-20.0, -6, 0], [-9, -6, 0], [1, -6, 0], [6, -6, 0], [3, -6, 0], [-6, 3, 0]])
    by_text, thresholds = (np.array([9.0, 9, 0]), np.array([7.0, 2, 0])), np.array([0.5, 3.5, 0])
    read = unsettled(log_odds, by_text, 2, thresholds)
    assert read.tolist() == [False, False, True, False, True, True]
    assert not unsettled(log_odds, (np.zeros(3), np.zeros(3)), 2, thresholds).any()


def test_an_answer_does_not_depend_on_the_company_it_is_asked_in(classifier: LogoClassifier) -> None:
    images = [NEW, wordmark("facebook"), SYMBOL, b"broken", OTHER_NAME]
    together = classifier.classify(images)
    for image, found in zip(images, together, strict=True):
        (alone,) = classifier.classify([image])
        assert (alone.label, alone.text and alone.text[0].text) == (found.label, found.text and found.text[0].text)


@pytest.mark.parametrize("text", ["שלום עולם", "百度", "X", "", "l" * 300])
def test_whatever_is_written_gets_an_answer(classifier: LogoClassifier, text: str) -> None:
    (answer,) = classifier.classify([wordmark(text)], text="always")
    assert answer.status in ("ok", "unreadable")
