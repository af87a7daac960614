"""Answers to pictures of which nobody has said how many show unknown logos."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from logo_retrieval.inference.predict import Policy
from logo_retrieval.open_set.mixture import estimated_other_share
from logo_retrieval.types import OTHER, Decision


def shown_share(decisions: Iterable[Decision]) -> float:
    """The share of unknown logos that answers show together, whatever share they are for; unreadable ones show nothing.

    Returns:
        As `estimated_other_share`.
    """
    return estimated_other_share(answer.log_odds for answer in decisions if answer.log_odds is not None)


def at_share(decisions: Iterable[Decision], share: float, policy: Policy) -> list[Decision]:
    """The same answers, with the probabilities that they have at a share of unknown logos.

    Args:
        decisions: by a policy whose share is `AUTO`.
        share: above 0 and below 1.
        policy: that one.
    """
    return [answer if answer.log_odds is None else _at_share(answer, share, policy) for answer in decisions]


def _at_share(decision: Decision, share: float, policy: Policy) -> Decision:
    """By Bayes' rule; the label changes only where the policy gives the likeliest one."""
    odds = share / (1 - share)
    (unknown,) = (each.probability for each in decision.top if each.label == OTHER)
    whole = unknown * odds + 1 - unknown
    rescaled = [
        replace(each, probability=each.probability * (odds if each.label == OTHER else 1) / whole)
        for each in decision.top
    ]
    top = sorted(rescaled, key=lambda each: -each.probability)
    answer = top[0] if policy.share is None else next(each for each in top if each.label == decision.label)
    missed_by = decision.missed_by
    if policy.share is None:
        best = max((each.probability for each in top if each.label != OTHER), default=0.0)
        missed_by = math.log(answer.probability / best) if answer.label == OTHER and best > 0 else None
    return replace(
        decision,
        label=answer.label,
        probability=answer.probability,
        top=tuple(top[: policy.top]),
        missed_by=missed_by,
    )
