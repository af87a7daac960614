"""An enrolled company in the starter index, whose drawings of other are enough to calibrate it by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from test_enrolment import ring

from logo_retrieval import LogoClassifier
from logo_retrieval.decide.decision import DecisionConfig, cautious, class_logits, leads
from logo_retrieval.decide.untrained import chosen_strangers
from logo_retrieval.generation import read_generation, read_head
from logo_retrieval.heads.rows import imprinted_rows
from logo_retrieval.models import copy_starter
from logo_retrieval.values import OTHER

SAMPLES = Path(__file__).resolve().parents[1] / "benchmarks" / "samples"
LETTERS = "".join(f'<path d="M{x} 20h12v60h-12z"/>' for x in range(140, 400, 30))


def lockup() -> bytes:
    mark = ring().split(b">", 1)[1].removesuffix(b"</svg>").decode()
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 100">{mark}{LETTERS}</svg>'.encode()


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("starter") / "copy"
    copy_starter(folder)
    with LogoClassifier.open(folder) as classifier:
        classifier.enroll("ring", [ring(0), lockup()])
    return folder


def test_a_company_is_calibrated_by_the_strangers_that_come_near_it(enrolled: Path) -> None:
    with LogoClassifier.open(enrolled) as classifier:
        store, config = classifier.store, DecisionConfig.from_dict(classifier.store.manifest.decision)
        learned = read_head(classifier.model, store.manifest.dim)
        assert learned is not None
        held = read_generation(store, learned, config, cached=False)
        names, labels, _, _, wholes = store.fingerprints()
        own = store.class_vectors(["ring"])["ring"]
    assert len(own) == 3  # the lockup has a view of its symbol
    whole = wholes[[name.startswith("ring/") for name in names]]
    mean = whole.sum(axis=0, keepdims=True)
    row = imprinted_rows(mean / np.linalg.norm(mean), learned.vectors)[0]
    strangers = wholes[chosen_strangers(np.flatnonzero(np.array(labels) == OTHER))]
    share = config.untrained_head_weight
    evidence = np.sort((1 - share) * (strangers @ own.T).max(axis=1) + share * strangers @ row)
    place = held.classes.index("ring")
    assert held.untrained.reach[place] == pytest.approx(evidence[-11], abs=1e-5)
    assert held.untrained.counts[place] == 2
    assert np.isnan(np.delete(held.untrained.reach, place)).all() and held.untrained.counts.sum() == 2


def test_a_company_that_training_has_met_under_another_name(tmp_path: Path) -> None:
    icon = (SAMPLES / "favicon.ico").read_bytes()
    gallery = tmp_path / "art"
    for name, content in {"My Browser/icon.ico": icon, "ring/ring.svg": ring()}.items():
        (gallery / name).parent.mkdir(parents=True)
        (gallery / name).write_bytes(content)
    with LogoClassifier.build(gallery, index=tmp_path / "index") as classifier:
        learned = read_head(classifier.model, classifier.store.manifest.dim)
        assert learned is not None
        views = classifier.store.class_vectors(["My Browser"])["My Browser"]
        held = read_generation(classifier.store, learned, DecisionConfig(), cached=False)
        assert held.head is not None
        browser, other = held.classes.index("My Browser"), held.classes.index(OTHER)
        assert held.untrained.met.tolist() == [place == browser for place in range(3)]
        assert held.untrained.counts.tolist() == [int(place != other) for place in range(3)]
        mean, target = views[0], learned.vectors[learned.classes.index("firefox")]
        c = mean @ target
        row = (1 - c) * mean + c * target
        row /= np.linalg.norm(row)
        (scores,) = held.head.scores(views, np.zeros(len(views), np.int64), 1)
        assert scores[browser] == pytest.approx((views @ row).max(), abs=1e-4)
        assert scores[other] < (views @ target).max() - 0.2, "its own target speaks for other no more"
        assert classifier.classify([icon])[0].label == "My Browser"


@pytest.mark.parametrize("share", [None, 0.02, 0.1])
def test_a_stated_share_asks_more_of_an_enrolled_company(enrolled: Path, share: float | None) -> None:
    near = [ring(1).replace(b"a20 20", size) for size in (b"a14 14", b"a8 8", b"a4 4", b"a2 2")]
    with LogoClassifier.open(enrolled) as classifier:
        config = DecisionConfig.from_dict(classifier.store.manifest.decision)
        held = read_generation(
            classifier.store, read_head(classifier.model, classifier.store.manifest.dim), config, cached=False
        )
        decisions = classifier.classify([*near, ring(3)], top=len(held.classes), max_false_accept=share)
        least = 0.0 if share is None else classifier._least_lead(share)
    other = held.classes.index(OTHER)
    for decision in decisions:
        said = {each.label: each for each in decision.top}
        nearest = np.array([[said[label].nearest for label in held.classes]], np.float32)
        head = np.array([[said[label].head for label in held.classes]], np.float32)
        plain = class_logits(nearest, head, other, config, held.untrained)
        judged = plain if share is None else cautious(plain, held.untrained, config)
        (lead,) = leads(judged, other, config)
        assert (decision.label != OTHER) == (lead > least)
        if decision.missed_by is not None:
            company = next(each.label for each in decision.top if each.label != OTHER)
            place = held.classes.index(company)
            raised = config.untrained_slope if company == "ring" else 1.0
            judged[0, place] += raised * decision.missed_by / config.temperature
            assert (judged[0, place] - judged[0, other]) * config.temperature == pytest.approx(least, abs=1e-4)
