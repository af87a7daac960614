"""Log-odds and probabilities, by hand."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from weights import fusion

from logo_retrieval.open_set.evidence import COMPANY_FEATURES, RIVAL_FEATURES, ClassProfile, Features
from logo_retrieval.open_set.fusion import GROUPS, NOVEL, RIVAL, TRAINED, Fusion, probabilities
from logo_retrieval.open_set.scale import Scale

OTHER = 2
IS = np.arange(3)
PROFILE = ClassProfile(np.array([3, 1, 5]), IS == 0, IS == 1)
SCALE = Scale(0.4, 0.7, 0.2, 0.5)


def features(
    first: dict[str, float], second: dict[str, float], rival: dict[str, float], *, head: bool = True
) -> Features:
    company = [[said.get(name, 0.0) for name in COMPANY_FEATURES] for said in (first, second, {})]
    nearest = np.zeros((1, 3), np.float32)
    return Features(
        nearest,
        nearest if head else None,
        np.array([company]),
        np.array([[rival.get(name, 0.0) for name in RIVAL_FEATURES]]),
    )


def test_the_sum_worked_by_hand() -> None:
    weights = fusion(
        trained={"bias": -1, "nearest": 3, "head": 2},
        novel={"bias": -2, "nearest": 4, "isolation": 1},
        rival={"bias": -1, "nearest": 2},
    )
    asked = features({"nearest": 2, "head": 0.5}, {"nearest": 1, "isolation": 0.5}, {"nearest": 1})
    against = log(2 + exp(1))
    expected = [-1 + 6 + 1 - against, -2 + 4 + 0.5 - against, 0]
    np.testing.assert_allclose(weights.log_odds(asked, OTHER, PROFILE), [expected])
    odds = np.exp(expected)
    np.testing.assert_allclose(probabilities(np.array([expected]), OTHER), [odds / odds.sum()])
    parts = weights.contributions(asked, PROFILE)[0, 1]
    assert parts[0] == pytest.approx(-2 - against) and parts.sum() == pytest.approx(expected[1])
    assert parts[1 + COMPANY_FEATURES.index("isolation")] == 0.5


def test_a_model_without_a_head_has_weights_of_its_own() -> None:
    weights = fusion(
        trained={"nearest": 9}, novel={"nearest": 8}, headless_novel={"nearest": 3}, headless_rival={"bias": -1}
    )
    asked = features({"nearest": 1}, {"nearest": 2}, {}, head=False)
    against = log(2 + exp(-1))
    np.testing.assert_allclose(weights.log_odds(asked, OTHER, PROFILE), [[3 - against, 6 - against, 0]])


def test_a_near_identical_drawing_of_other_wins_unless_the_company_has_one_as_near() -> None:
    """By the weights that ship: 2 on the scale is about a cosine of 1."""
    shipped = Fusion.default()
    known = {"nearest": 1.2, "head": 1.5, "isolation": -0.2}
    twin = shipped.log_odds(features(known, {}, {"nearest": 2.0, "head": 0.5}), OTHER, PROFILE)
    assert (twin <= 0).all()
    both = {**known, "nearest": 2.0}
    assert shipped.log_odds(features(both, {}, {"nearest": 2.0, "head": 0.5}), OTHER, PROFILE)[0, 0] > twin[0, 0] + 1


def test_however_many_companies_there_are_chance_makes_the_same_of_them_together() -> None:
    asked = features({"nearest": 0.5}, {"nearest": 0.5}, {})
    weights = fusion(novel={"nearest": 1}, rival={"bias": -50})
    found = []
    for n in (2, 20, 200):
        many = Features(
            np.zeros((1, n), np.float32),
            np.zeros((1, n), np.float32),
            np.repeat(asked.company[:, :1], n, axis=1),
            asked.rival,
        )
        profile = ClassProfile(np.ones(n, np.int64), np.zeros(n, bool), np.ones(n, bool))
        found.append(probabilities(weights.log_odds(many, n - 1, profile), n - 1)[0, -1])
    np.testing.assert_allclose(found, found[0])


@given(st.lists(st.floats(-50, 50), min_size=3, max_size=3), st.floats(0.001, 0.999), st.floats(0.001, 0.999))
def test_bayes_rule(odds: list[float], share: float, other_share: float) -> None:
    log_odds = np.array([odds])
    log_odds[0, OTHER] = 0
    rows = [probabilities(log_odds, OTHER, each)[0] for each in (share, other_share)]
    for row in rows:
        assert abs(row.sum() - 1) < 1e-9 and (row >= 0).all()
    one, other = sorted(zip((share, other_share), rows, strict=True), key=lambda pair: pair[0])
    assert one[1][OTHER] <= other[1][OTHER] + 1e-9


def test_round_trip() -> None:
    given = fusion(trained={"bias": -1, "nearest": 3}, novel={"isolation": 2}, rival={"bias": 4}, scale=SCALE)
    assert Fusion.from_dict(given.to_dict()) == given
    assert set(given.to_dict()) >= {"trained.nearest", "rival.bias", "scale.nearest_low"}


def test_what_no_fit_has_written_gives_the_weights_that_ship() -> None:
    found = Fusion.from_dict({})
    assert found == Fusion.default() and not found.fitted and found.scale is None
    with pytest.raises(ValueError, match="without a scale"):
        Fusion.default().to_dict()


def test_the_weights_that_ship_are_fitted_ones() -> None:
    shipped = Fusion.default()
    for group in GROUPS:
        assert shipped.weights[group]["nearest"] > 0.5, group
    for group in (TRAINED, NOVEL):
        assert shipped.weights[group]["head"] > 0
    assert shipped.weights[NOVEL]["rarity"] > 0 and shipped.weights[RIVAL]["head"] > 0


DAMAGED = [
    ({"trained.nearest": -1.0}, "0 or more"),
    ({"trained.nearest": float("inf")}, "finite"),
    ({"trained.colour": 1.0}, r"the weights of trained must be \['bias', 'nearest', .*\], got"),
    ({"scale.nearest_low": 2.0}, "low end of a scale"),
    ({"scale.width": 2.0}, r"must have a scale: .* unknown fields \['width'\]"),
    ({"scale.head_high": float("inf")}, "head_high must be a finite number, got inf"),
    ({"k": 100.0}, r"must have weights for \['headless_novel', .*\], got"),
    ({"stranger.nearest": 2.0}, r"must have weights for \['headless_novel', .*\], got"),
]


@pytest.mark.parametrize(("change", "message"), DAMAGED)
def test_damage_is_named(change: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Fusion.from_dict({**fusion(scale=SCALE).to_dict(), **change})
