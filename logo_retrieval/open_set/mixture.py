"""How common unknown logos are among many that were asked about, as the evidence of all of them says."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

_HALVINGS = 50
_DIGITS = 4
_LEAST = 10.0**-_DIGITS
_SURE = 500.0
_FAR = 2.0


def estimated_other_share(log_odds: Iterable[float]) -> float:
    """The share of unknown logos under which the evidence on all pictures is likeliest.

    With L = exp(l) how much likelier the evidence on a picture is for a known company than for an unknown logo, the
    share s maximises

        ln s + ln(1 - s) + sum ln(s + (1 - s) L)

    The sum is the log-likelihood of Saerens et al. 2002, "Adjusting the outputs of a classifier to new a priori
    probabilities: a simple procedure", section 2.2. The first two terms stand for one unknown and one known logo that
    are supposed to have been seen before, so that a few pictures claim no more than they can show, and none claims a
    half.

    Args:
        log_odds: l of each picture, as `Decision.log_odds` has them.

    Returns:
        In [.0001, .9999], to four digits.

    >>> estimated_other_share([-7.0] * 88 + [7.0] * 8)
    0.9088
    """
    likelihoods = np.exp(np.clip(np.fromiter(log_odds, np.float64), -_SURE, _SURE))
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):  # the slope falls from endless to minus endless
        share = (low + high) / 2
        slopes = (1 - likelihoods) / (share + (1 - share) * likelihoods)
        if 1 / share - 1 / (1 - share) + slopes.sum() > 0:
            low = share
        else:
            high = share
    return min(max(round(low, _DIGITS), _LEAST), 1 - _LEAST)


def are_far_apart(one: float, other: float) -> bool:
    """Whether the odds of two shares differ by more than a factor of two, so that probabilities for one mislead.

    Args:
        one: in [0, 1].
        other: above 0 and below 1.

    >>> are_far_apart(0.9, 0.5), are_far_apart(0.6, 0.5), are_far_apart(1.0, 0.5)
    (True, False, True)
    """
    ratio = one * (1 - other) / max((1 - one) * other, np.finfo(np.float64).tiny)
    return not 1 / _FAR <= ratio <= _FAR
