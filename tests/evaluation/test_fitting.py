"""The fit finds what was put in, and stays where it starts when there is little to learn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from weights import fusion

from logo_retrieval.evaluation.fitting import Asked, balanced, cross_fitted, fit_fusion
from logo_retrieval.open_set.evidence import COMPANY_FEATURES, RIVAL_FEATURES, ClassProfile, Features
from logo_retrieval.open_set.fusion import GROUPS, HEADLESS_NOVEL, NOVEL, RIVAL, TRAINED, Fusion, probabilities

OTHER = 4
TRUTH = fusion(
    trained={"bias": -2, "nearest": 3, "head": 2},
    novel={"bias": -1, "nearest": 2, "rarity": 1.5},
    rival={"bias": 1, "nearest": 1.5},
)


def drawn(n: int, seed: int = 0, truth: Fusion = TRUTH) -> Asked:
    """Queries whose answers are drawn by the probabilities of some weights."""
    rng = np.random.default_rng(seed)
    company = rng.normal(0.5, 1, (n, 5, len(COMPANY_FEATURES)))
    rival = rng.normal(0, 1, (n, len(RIVAL_FEATURES)))
    none = np.zeros((n, 5), np.float32)
    profile = ClassProfile(np.ones(5, np.int64), np.arange(5) < 2, np.arange(5) == 3)
    features = Features(none, none, company, rival)
    chances = probabilities(truth.log_odds(features, OTHER, profile), OTHER)
    true = np.array([rng.choice(5, p=row) for row in chances])
    return Asked(features, profile, true, OTHER, np.ones(n))


def test_the_fit_finds_the_weights_that_made_the_answers() -> None:
    found = fit_fusion(fusion(), [drawn(4000), drawn(4000, 1)], (TRAINED, NOVEL, RIVAL))
    for group in (TRAINED, NOVEL, RIVAL):
        for name, value in TRUTH.weights[group].items():
            apart = (
                0.5 if name == "bias" else 0.3
            )  # a bias and the weights of what is always there make up for each other
            assert found.weights[group][name] == pytest.approx(value, abs=apart), (group, name)
    assert found.weights[HEADLESS_NOVEL] == fusion().weights[HEADLESS_NOVEL] and found.fitted


def test_no_weight_goes_below_zero_whatever_the_drawings_say() -> None:
    asked = drawn(2000)
    company = asked.features.company.copy()
    company[..., COMPANY_FEATURES.index("nearest")] *= -1
    features = Features(asked.features.nearest, asked.features.head, company, asked.features.rival)
    turned = Asked(features, asked.profile, asked.true, OTHER, asked.weights)
    found = fit_fusion(fusion(), [turned], (TRAINED, NOVEL, RIVAL))
    assert found.weights[TRAINED]["nearest"] == 0.0


def test_few_queries_leave_the_weights_near_their_start() -> None:
    few, many = (fit_fusion(TRUTH, [drawn(n, 3, fusion())], (TRAINED,), ridge=5.0) for n in (5, 3000))
    moved = [abs(each.weights[TRAINED]["nearest"] - 3) for each in (few, many)]
    assert moved[0] < 1 < moved[1]


def test_without_a_head_other_groups_are_fitted() -> None:
    asked = drawn(500)
    plain = replace(asked, features=replace(asked.features, head=None))
    found = fit_fusion(fusion(), [plain], (HEADLESS_NOVEL,))
    assert found.weights[HEADLESS_NOVEL]["nearest"] > 0.5 and found.weights[NOVEL] == fusion().weights[NOVEL]
    assert set(found.weights[HEADLESS_NOVEL]) == {"bias", *GROUPS[HEADLESS_NOVEL]}


def test_no_query_judges_itself() -> None:
    asked = drawn(600)
    folds = np.arange(600) % 3
    (odds,) = cross_fitted(fusion(), [asked], [folds], (TRAINED, NOVEL, RIVAL))
    by_hand = asked.only(folds == 1).log_odds(fit_fusion(fusion(), [asked.only(folds != 1)], (TRAINED, NOVEL, RIVAL)))
    np.testing.assert_array_equal(odds[folds == 1], by_hand)
    assert len(asked.only(folds == 1).true) == 200


def test_known_and_unknown_count_alike_and_kinds_as_they_should() -> None:
    company = np.array([True, True, True, False, False, False, False])
    kinds = np.array([0, 1, 1, 0, 0, 0, 2])
    weights = balanced(company, kinds, {0: 1.0, 1: 3.0, 2: 0.5})
    assert weights[company].sum() == pytest.approx(3.5) and weights[~company].sum() == pytest.approx(3.5)
    assert weights[1] + weights[2] == pytest.approx(3 * weights[0])
    assert weights[6] == pytest.approx(0.5 * weights[3:6].sum())


def test_of_the_peaks_of_the_likelihood_it_takes_the_highest(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = (TRAINED, NOVEL, RIVAL)
    truth = fusion(trained={"bias": 9, "nearest": 1, "head": 3}, rival={"bias": 14, "head": 2})
    asked = drawn(150, 21, truth)

    def loss_from(*biases: float) -> float:
        monkeypatch.setattr("logo_retrieval.evaluation.fitting._BIASES", biases)
        odds = fit_fusion(fusion(), [asked], groups).log_odds(asked.features, OTHER, asked.profile)
        chances = probabilities(odds, OTHER)
        return -float(np.log(chances[np.arange(150), asked.true]).sum())

    near, far = loss_from(0.0), loss_from(8.0)
    assert near != pytest.approx(far, abs=0.01)
    assert loss_from(0.0, 8.0) == pytest.approx(min(near, far)) == pytest.approx(loss_from(8.0, 0.0))
