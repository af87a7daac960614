"""Evidence to log-odds by a small fitted model, log-odds to probabilities by Bayes' rule."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Self

import numpy as np

from logo_retrieval.fields import built
from logo_retrieval.open_set.evidence import COMPANY_FEATURES, RIVAL_FEATURES, ClassProfile, Features
from logo_retrieval.open_set.scale import Scale
from logo_retrieval.types import Float64Array, Int64Array

BIAS = "bias"
TRAINED, NOVEL, RIVAL = "trained", "novel", "rival"
HEADLESS_NOVEL, HEADLESS_RIVAL = "headless_novel", "headless_rival"
OF_TEXT = ("named", "contradicted")
OF_SHAPE = ("shape",)
OF_COLOURS = ("colours_agree", "colours_differ")
PINNED = (*OF_COLOURS, *OF_TEXT)
"""What says the same whichever network looks at the rest, so that a fit may leave its weights as they are."""

GROUPS = {
    TRAINED: ("nearest", "head", "isolation", *OF_SHAPE, *OF_COLOURS, *OF_TEXT),
    NOVEL: ("nearest", "head", "isolation", "rarity", *OF_SHAPE, *OF_COLOURS, *OF_TEXT),
    RIVAL: ("nearest", "head"),
    HEADLESS_NOVEL: ("nearest", "isolation", "rarity", *OF_SHAPE, *OF_COLOURS, *OF_TEXT),
    HEADLESS_RIVAL: ("nearest",),
}
"""What has weights of its own: companies that training knew, companies that it did not, drawings of `other`, and the
latter two in a model without a head. In each group the features that speak for it: training has kept unknown logos away
from a trained company, however many drawings it has."""

OTHER_SHARE = 0.5
"""Of logos asked about, how many are of no known company, where nothing else is said."""

_SCALE = "scale"
_DEFAULTS = "default.json"


@dataclass(frozen=True, slots=True)
class Fusion:
    """Logistic models of "this query and this class show the same brand", fitted, none of it tuned by hand.

    Attributes:
        weights: by group, by feature, 0 or more, and a bias of any sign.
        scale: of the network; None when the index has to show it, see `inference.contents`.
        fitted: whether the weights travel with the model, fitted for it on unseen drawings; else those that ship with
            the package.
    """

    weights: Mapping[str, Mapping[str, float]]
    scale: Scale | None
    fitted: bool

    def __post_init__(self) -> None:
        for group, features in GROUPS.items():
            weights = self.weights.get(group, {})
            if set(weights) != {BIAS, *features}:
                raise ValueError(f"the weights of {group} must be {[BIAS, *features]}, got {list(weights)}")
            if not all(np.isfinite(value) and (value >= 0 or name == BIAS) for name, value in weights.items()):
                raise ValueError(f"the weights of {group} must be finite and, but for the bias, 0 or more: {weights}")

    @classmethod
    def from_dict(cls, values: Mapping[str, float]) -> Self:
        """What `to_dict` gave; nothing gives `default()`.

        Raises:
            ValueError: when a part is missing or no weight can be such.
        """
        if not values:
            return cls.default()
        parts: dict[str, dict[str, float]] = {}
        for name, value in values.items():
            group, _, feature = name.partition(".")
            parts.setdefault(group, {})[feature] = float(value)
        try:
            scale = built(Scale, parts.pop(_SCALE, {}))
        except ValueError as error:
            raise ValueError(f"a fitted decision must have a scale: {error}") from error
        if set(parts) != set(GROUPS):
            raise ValueError(f"a fitted decision must have weights for {sorted(GROUPS)}, got {sorted(parts)}")
        return cls(parts, scale, True)

    @classmethod
    def default(cls) -> Self:
        """The weights that ship with the package, for a network of which nothing is known."""
        return cls(_shipped_weights(), None, False)

    @classmethod
    def blank(cls) -> Self:
        """Nothing speaks for anything: where a fit begins that owes nothing to the weights that ship."""
        return cls({group: dict.fromkeys((BIAS, *names), 0.0) for group, names in GROUPS.items()}, None, False)

    def to_dict(self) -> dict[str, float]:
        """Plain numbers by `group.feature`.

        Raises:
            ValueError: when there is no scale to keep.
        """
        if self.scale is None:
            raise ValueError("weights without a scale are not this model's, and are not kept with it")
        flat = {f"{group}.{name}": value for group, weights in self.weights.items() for name, value in weights.items()}
        return flat | {f"{_SCALE}.{name}": value for name, value in asdict(self.scale).items()}

    def of_group(self, group: str) -> Float64Array:
        """(1 + f,) bias and weights of a group, in the order of all features of its kind; 0 for those it has not."""
        features = RIVAL_FEATURES if group in (RIVAL, HEADLESS_RIVAL) else COMPANY_FEATURES
        return np.array([self.weights[group].get(name, 0.0) for name in (BIAS, *features)])

    def log_odds(self, features: Features, other: int, profile: ClassProfile) -> Float64Array:
        """How much likelier each company is than that the query shows an unknown logo.

        With x the features of company c, C the number of companies that are known by more than a name, and r what
        speaks for the drawings of `other`, as many unknown logos as known ones beforehand,

            l(c) = ln p(c) / p(other) = b + w x - ln(C + exp r)

        a multinomial logit (McFadden 1974, "Conditional logit analysis of qualitative choice behavior", section 1) with
        these choices: each company; a drawing of `other`, whose brand is a rival like any company, of utility r; and a
        logo that nothing in the index speaks for, of utility ln C: however many companies there are, all of them
        together are as likely beforehand as such a logo, and what chance makes of all of them stays the same.

        Args:
            features: by `evidence.gather`.
            other: the position of `other`.
            profile: of the classes.

        Returns:
            (n, c) float64; 0 for `other`.
        """
        odds: Float64Array = self.contributions(features, profile).sum(axis=2)
        odds[:, other] = 0.0
        return odds

    def most_by_text(self, features: Features, profile: ClassProfile) -> tuple[Float64Array, Float64Array]:
        """(c,) how much reading may add to the log-odds of each company at most, and how much it may take."""
        weights = self._weights(features, profile)
        named, contradicted = (weights[:, 1 + COMPANY_FEATURES.index(name)] for name in OF_TEXT)
        return named, contradicted

    def contributions(self, features: Features, profile: ClassProfile) -> Float64Array:
        """(n, c, 1 + f) what each part of the evidence adds to the log-odds of each company.

        First what is said of any company, its bias less what speaks against all, then the features in their order.
        """
        weights = self._weights(features, profile)
        said_of_any = weights[:, 0] - self._against(features, profile)[:, None]
        return np.concatenate([said_of_any[..., None], weights[:, 1:] * features.company], axis=2)

    def _weights(self, features: Features, profile: ClassProfile) -> Float64Array:
        """(c, 1 + f) bias and weights of each class."""
        if features.head is None:
            return np.repeat(self.of_group(HEADLESS_NOVEL)[None], len(profile.counts), axis=0)
        return np.where(profile.trained[:, None], self.of_group(TRAINED), self.of_group(NOVEL))

    def _against(self, features: Features, profile: ClassProfile) -> Float64Array:
        """(n,) what speaks against every company: that they are many, and the drawings of `other`."""
        rival = self.of_group(HEADLESS_RIVAL if features.head is None else RIVAL)
        utility = rival[0] + (features.rival * rival[1:]).sum(axis=1)  # `@` rounds one row otherwise than many
        against: Float64Array = np.logaddexp(np.log(profile.n_companies), utility)
        return against


def probabilities(log_odds: Float64Array, other: int, other_share: float = OTHER_SHARE) -> Float64Array:
    """(n, c) by Bayes' rule, each row summing to 1.

    Args:
        log_odds: (n, c) by `Fusion.log_odds`, which holds where unknown logos are as many as known ones.
        other: the position of `other`.
        other_share: how common unknown logos are, above 0 and below 1.

    >>> probabilities(np.array([[2.0, 0.0]]), 1).round(3), probabilities(np.array([[2.0, 0.0]]), 1, 0.9).round(3)
    (array([[0.881, 0.119]]), array([[0.451, 0.549]]))
    """
    shifted = log_odds.copy()
    shifted[:, other] += np.log(other_share / (1 - other_share))
    weights = np.exp(shifted - shifted.max(axis=1, keepdims=True))
    rows: Float64Array = weights / weights.sum(axis=1, keepdims=True)
    return rows


def any_company(log_odds: Float64Array, other: int) -> Float64Array:
    """(n,) log-odds that it is one of the companies, whichever; -inf where there is none."""
    companies = np.delete(log_odds, other, axis=1)
    most = companies.max(axis=1, initial=np.finfo(np.float64).min)
    with np.errstate(divide="ignore"):
        odds: Float64Array = most + np.log(np.exp(companies - most[:, None]).sum(axis=1))
    return odds


def best_company(log_odds: Float64Array, other: int) -> tuple[Float64Array, Int64Array]:
    """(n,) the largest log-odds of a company, and whose they are; -inf where there is no company."""
    companies = log_odds.copy()
    companies[:, other] = -np.inf
    company = companies.argmax(axis=1)
    return companies[np.arange(len(companies)), company], company


def named(log_odds: Float64Array, other: int, thresholds: Float64Array | float) -> Int64Array:
    """(n,) the likeliest company of each image where its log-odds are above its threshold, else `other`.

    Args:
        log_odds: (n, c) by `Fusion.log_odds`.
        other: the position of `other`.
        thresholds: (c,), or one for all.
    """
    best, company = best_company(log_odds, other)
    return np.where(best > np.broadcast_to(thresholds, log_odds.shape[1])[company], company, other)


@cache
def _shipped_weights() -> dict[str, dict[str, float]]:
    weights: dict[str, dict[str, float]] = json.loads(
        files(__package__).joinpath(_DEFAULTS).read_text(encoding="utf-8")
    )
    return weights
