"""What a model knows beside its network: targets, unknown logos, and how evidence becomes odds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from logo_retrieval.bundle import ModelBundle
from logo_retrieval.errors import ModelError
from logo_retrieval.heads.cosine import HEAD_FILE, HeadVectors
from logo_retrieval.open_set.fusion import Fusion
from logo_retrieval.open_set.impostors import IMPOSTORS_FILE, Impostors

DEFAULT_FALSE_ACCEPT = 0.02
"""Of unknown logos, the largest share that is given a company's name where nothing else is said."""

_FEWEST_VOUCHING = 100
"""Fewer unknown logos do not vouch for the default share."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Read once; the same for every index that the model makes.

    Attributes:
        head: what training learned of its targets, None when the model has no head.
        impostors: that travel with the model, None when it has none.
        fusion: evidence to log-odds.
        name: of the model, for messages.
    """

    head: HeadVectors | None
    impostors: Impostors | None
    fusion: Fusion
    name: str

    @classmethod
    def read(cls, bundle: ModelBundle, decision: Mapping[str, float]) -> Self:
        """Reads the files of a bundle.

        Args:
            bundle: of the model.
            decision: by `Fusion.to_dict`, as the index keeps it.

        Raises:
            ModelError: when a file is damaged or does not fit the model.
            ValueError: when the decision is damaged.
        """
        held, dim = bundle.config.files, bundle.config.dim
        return cls(
            head=HeadVectors.read(bundle.path(HEAD_FILE), dim) if HEAD_FILE in held else None,
            impostors=Impostors.read(bundle.path(IMPOSTORS_FILE), dim) if IMPOSTORS_FILE in held else None,
            fusion=Fusion.from_dict(decision),
            name=bundle.config.name,
        )

    def threshold(self, max_false_accept: float | None) -> float | None:
        """The log-odds above which a company is named, see `Impostors.threshold`.

        Args:
            max_false_accept: the share of unknown logos that may be; None for the default one, for which a model
                without enough unknown logos has no threshold: the likeliest answer is given then.

        Raises:
            ValueError: when the share is out of range or less than the model can vouch for.
            ModelError: when a share is stated and the model has no unknown logos to vouch for it.
        """
        vouching = 0 if self.impostors is None else len(self.impostors.log_odds)
        if max_false_accept is None:
            if self.impostors is None or vouching < _FEWEST_VOUCHING:
                return None
            return self.impostors.threshold(DEFAULT_FALSE_ACCEPT)
        if self.impostors is None or vouching == 0:
            raise ModelError(
                f"the model {self.name} has no unknown logos to vouch for a share of false names: train it with "
                "drawings of 'other' kept for validation, or take the starter"
            )
        return self.impostors.threshold(max_false_accept)
