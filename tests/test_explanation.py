"""The page that explains answers."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import Run
from drawings import svg

from logo_retrieval import LogoClassifier
from logo_retrieval.decide.decision import DecisionConfig, class_probabilities
from logo_retrieval.decide.untrained import Untrained


def pictures(page: str) -> int:
    return page.count("data:image/webp;base64,")


def test_every_input_is_there_with_its_evidence(run: Run, index: Path, queries: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = run("classify", queries, "--index", index, "--explain", page, "--format", "csv")
    assert done.code == 3 and len(done.out.splitlines()) == 8
    content = page.read_text(encoding="utf-8")
    assert all(content.count(f"{name}</bdi>") == 1 for name in ("a.svg", "b.png", "c.ico", "d.gif", "f.svg", "g.png"))
    assert content.count("<b>unreadable</b>") == 2 and "corrupt" in content
    assert pictures(content) == 5 + 5 * 5  # readable inputs and their neighbours
    assert not re.search(r"(?:src|href)=\"(?!data:)", content)


def test_an_other_says_which_company_was_nearest_and_what_it_lacked(run: Run, index: Path, tmp_path: Path) -> None:
    query, page = tmp_path / "<i>.svg", tmp_path / "page.html"
    query.write_bytes(svg("other", 5))
    run("classify", query, "--index", index, "--explain", page)
    content = page.read_text(encoding="utf-8")
    assert "nearest company <bdi>" in content and "would have to be more similar by" in content
    assert "&lt;i&gt;.svg" in content and "<i>" not in content


def test_what_a_company_lacks_is_what_makes_it_as_likely(index: Path) -> None:
    with LogoClassifier.open(index) as classifier:
        decision, known = classifier.classify([svg("other", 5), svg("disc", 1)], top=4)
        config = DecisionConfig.from_dict(classifier.store.manifest.decision)
        labels, sizes = list(classifier.classes), classifier.store.class_sizes()
    assert known.missed_by is None and decision.missed_by is not None and decision.missed_by > 0
    evidence = {each.label: each for each in decision.top}
    nearest = np.array([[evidence[label].nearest for label in labels]], np.float32)
    head = np.array([[evidence[label].head for label in labels]], np.float32)
    company, other = labels.index(decision.top[1].label), labels.index("other")
    counts = np.array([0 if label == "other" else sizes[label] for label in labels])  # all that training never knew
    nothing = Untrained.none_of(len(labels))
    untrained = replace(nothing, counts=counts)  # and three drawings of other are no measure
    assert class_probabilities(nearest, head, other, config, untrained)[0, other] == pytest.approx(
        decision.probability, abs=1e-5
    )
    nearest[0, company] += decision.missed_by
    head[0, company] += decision.missed_by
    probabilities = class_probabilities(nearest, head, other, config, untrained)[0]
    assert probabilities[company] == pytest.approx(probabilities[other], rel=1e-4)


def test_a_page_that_cannot_be_written_is_said_before_the_work(run: Run, index: Path, queries: Path) -> None:
    done = run("classify", queries, "--index", index, "--explain", queries / "absent" / "page.html")
    assert done.code == 1 and done.out == "" and "cannot write" in done.err
    assert run("classify", queries, "--explain", "p.html", "--resume", "--output", "a.csv", "--format", "csv").code == 2
