"""The page: all of it there, nothing of it dangerous, nothing from outside."""

from __future__ import annotations

import base64
import hashlib
import io
import math
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from drawings import svg
from PIL import Image

from logo_retrieval import LogoClassifier
from logo_retrieval.evaluation.result import Evaluation
from logo_retrieval.evaluation.run import evaluate
from logo_retrieval.gallery.records import read_gallery
from logo_retrieval.reports import evaluation as report
from logo_retrieval.reports.evaluation import write_report
from logo_retrieval.store.index_store import IndexStore

HOSTILE_CLASS = "<script>alert(1)"
HOSTILE_FILE = "\"'><img src=x onerror=alert(2)>&amp;.svg"
VOID = {"meta", "img", "br", "input"}


class Parsed(HTMLParser):
    """A page taken apart; every tag must be closed in its place."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(content)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self._open):
            self.words.setdefault(tag, []).append(data)

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)

    def all_of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def evaluation(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """Two known classes, a hostile unknown one, a broken file, and a name that is no UTF-8."""
    data = tmp_path_factory.mktemp("asked")
    for label in ("disc", "bars", "other", HOSTILE_CLASS):
        (data / label).mkdir()
    (data / "disc" / "new.svg").write_bytes(svg("disc", 3))
    (data / "bars" / HOSTILE_FILE).write_bytes(svg("disc", 4))
    (data / "bars" / os.fsdecode(b"\xff.svg")).write_bytes(svg("ärzte", 4))
    (data / "other" / "new.svg").write_bytes(svg("other", 3))
    (data / "other" / "<b>broken.svg").write_bytes(b"<svg><path d='M0 0")
    (data / HOSTILE_CLASS / "a.svg").write_bytes(svg("bars", 4))
    with LogoClassifier.open(index) as classifier:
        return evaluate(classifier, read_gallery(data))


@pytest.fixture(scope="module")
def content(evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("page") / "report.html"
    write_report(evaluation, file)
    return file.read_text(encoding="utf-8")


def test_hostile_names_stay_text(content: str) -> None:
    parsed = Parsed(content)
    assert parsed.count("script") == parsed.count("style") == 1 and parsed.count("b") == 2 * 3 + 1
    assert not any(name.startswith("on") for _, attributes in parsed.tags for name in attributes)
    captions = "".join(parsed.words["figcaption"])
    assert HOSTILE_CLASS in captions and HOSTILE_FILE in captions and "\\xff.svg" in captions
    assert any("<b>broken.svg" in word for word in parsed.words["td"])
    assert HOSTILE_CLASS in "".join(parsed.words["li"])


def test_nothing_is_fetched(content: str) -> None:
    parsed = Parsed(content)
    for tag, attributes in parsed.tags:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form", "a")
        assert not {"href", "srcset", "style", "background", "action"} & set(attributes)
        assert str(attributes.get("src", "data:")).startswith("data:")
    assert "http:" not in content and "https:" not in content and "@import" not in content and "url(" not in content


def test_its_own_policy_lets_only_its_own_script_run(content: str) -> None:
    (policy,) = [meta["content"] for meta in Parsed(content).all_of("meta") if "http-equiv" in meta]
    assert policy is not None
    assert policy.startswith("default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; ")
    for kind in ("script", "style"):
        (inline,) = re.findall(rf"<{kind}>(.*?)</{kind}>", content, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def test_every_mistake_is_shown_beside_the_nearest_drawing(content: str, evaluation: Evaluation, index: Path) -> None:
    parsed = Parsed(content)
    assert parsed.count("figure") == len(evaluation.mistakes) == 3
    sources = [str(each["src"]).removeprefix("data:image/webp;base64,") for each in parsed.all_of("img")]
    pictures = [base64.b64decode(source) for source in sources]
    assert all(Image.open(io.BytesIO(picture)).size == (64, 64) for picture in pictures)
    items = [mistake.nearest.item for mistake in evaluation.mistakes if mistake.nearest]
    with IndexStore(index) as store:
        thumbnails = store.thumbnails(items)
    assert pictures[1::2] == [thumbnails[item] for item in items]
    assert len(set(pictures[0::2])) == 3 and not set(pictures[0::2]) & set(thumbnails.values())
    captions = "".join(parsed.words["figcaption"])
    for mistake in evaluation.mistakes:
        assert mistake.probability is not None
        assert f"answered {mistake.predicted} {math.floor(1000 * mistake.probability) / 1000:.3f}" in captions
        assert mistake.nearest and f"nearest {mistake.nearest.similarity:.2f} {mistake.nearest.item}" in captions


def test_figures_and_classes_are_there(content: str, evaluation: Evaluation) -> None:
    cells = Parsed(content).words["td"]
    for figure in evaluation.figures.values():
        assert figure is not None and f"{figure.value:.3f}" in cells
    assert {each.name for each in evaluation.classes} <= set(cells)
    assert "reliability diagram of 5 answers" in content


def test_pictures_are_capped_and_those_left_out_are_counted(
    evaluation: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "MOST_PICTURES", 1)
    evaluation.mistakes[0].file.rename(tmp_path / "moved")
    try:
        write_report(evaluation, tmp_path / "report.html")
    finally:
        (tmp_path / "moved").rename(evaluation.mistakes[0].file)
    content = (tmp_path / "report.html").read_text(encoding="utf-8")
    parsed = Parsed(content)
    assert parsed.count("figure") == 1 and "1 of 3 mistakes, the surest first; 2 are left out here." in content
    assert parsed.count("img") == 1 and ("span", {"class": "none"}) in parsed.tags  # the file has gone since


def test_a_table_sorts_a_missing_number_first(content: str, evaluation: Evaluation) -> None:
    assert any(found.support == 0 for found in evaluation.classes)
    missing = re.findall(r'<td class="number" data-value="([^"]*)">–</td>', content)
    assert missing and set(missing) == {"-1"}
