"""A threshold from the share of unknown logos that may be named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import Run
from drawings import svg

from logo_retrieval import LogoClassifier
from logo_retrieval.decide.decision import DecisionConfig, class_logits, leads
from logo_retrieval.decide.risk import UNKNOWN_FILE, UnknownLogos
from logo_retrieval.errors import ModelError


def test_the_promise_holds_for_logos_like_those_it_is_made_from(rng: np.random.Generator) -> None:
    """Over many draws of 99 known and one new lead, the new one exceeds the threshold as often as promised."""
    drawn = rng.gamma(2.0, size=(4000, 100)).astype(np.float32)
    for share in (0.01, 0.05, 0.3):
        exceeded = np.mean([UnknownLogos(row[:-1]).least_lead(share) < row[-1] for row in drawn])
        assert exceeded == pytest.approx(share, abs=0.02) and exceeded < share + 0.015


def test_ranks() -> None:
    unknown = UnknownLogos(np.arange(1, 20, dtype=np.float32)[::-1])
    assert [unknown.least_lead(share) for share in (0.05, 0.1, 0.5, 0.95)] == [19, 18, 10, 1]
    with pytest.raises(ValueError, match=r"less than the 19 unknown logos .* give 0.0500 or more"):
        unknown.least_lead(0.04)
    for share in (0.0, 1.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="above 0 and below 1"):
            unknown.least_lead(share)


def test_a_lead_is_what_a_company_could_lose_and_still_be_as_likely(rng: np.random.Generator) -> None:
    config = DecisionConfig(temperature=0.04, margin=0.02, background=0.4)
    nearest = rng.uniform(0, 1, (50, 4)).astype(np.float32)
    ahead = leads(class_logits(nearest, None, 3, config), 3, config)
    best = nearest[:, :3].argmax(axis=1)
    nearest[np.arange(50), best] -= ahead.astype(np.float32)
    logits = class_logits(nearest, None, 3, config)
    np.testing.assert_allclose(logits[np.arange(50), best], logits[:, 3], atol=1e-4)


def test_file(tmp_path: Path) -> None:
    file = tmp_path / UNKNOWN_FILE
    unknown = UnknownLogos(np.array([0.5, -0.25], np.float32))
    file.write_bytes(unknown.to_bytes())
    np.testing.assert_array_equal(UnknownLogos.read(file).leads, unknown.leads)
    for content in (b"", b"junk", UnknownLogos(np.array([np.nan], np.float32)).to_bytes()):
        file.write_bytes(content)
        with pytest.raises(ModelError, match=UNKNOWN_FILE):
            UnknownLogos.read(file)


def test_a_smaller_share_names_fewer_companies(index: Path) -> None:
    asked = [svg(shape, place) for shape in ("disc", "bars", "ärzte", "other") for place in range(10)]
    with LogoClassifier.open(index) as classifier:
        usual = classifier.classify(asked)
        answers = {share: classifier.classify(asked, max_false_accept=share) for share in (0.9, 0.1, 0.01)}
    named = [sum(each.label != "other" for each in own) for own in answers.values()]
    assert named == sorted(named, reverse=True) and named[0] > named[-1]
    for own in answers.values():
        for decision, before in zip(own, usual, strict=True):
            assert decision.top == before.top
            assert (decision.missed_by is not None) == (decision.label == "other")
            assert decision.probability == next(e.probability for e in decision.top if e.label == decision.label)


def test_command(run: Run, index: Path, classes: Path, tmp_path: Path) -> None:
    query = tmp_path / "q.svg"
    query.write_bytes(svg("disc", 1))
    asked = ("classify", query, "--index", index, "--max-false-accept")
    assert "disc" in run(*asked, "0.5").out
    refused = run(*asked, "0.00001")
    assert refused.code == 2 and "can vouch for" in refused.err and refused.out == ""
    assert run(*asked, "0").code == run(*asked, "1.5").code == 2
    tiny = Path(__file__).parents[1] / "embedding" / "data" / "tiny"
    assert run("build-index", classes, "--index", tmp_path / "tiny", "--model", tiny).code == 0
    refused = run("classify", query, "--index", tmp_path / "tiny", "--max-false-accept", "0.1")
    assert refused.code == 1 and "no unknown logos to vouch" in refused.err
