"""What a model knows beside its network: targets, unknown logos, and how evidence becomes odds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from logo_retrieval.errors import ModelError
from logo_retrieval.heads.cosine import HEAD_FILE, HeadVectors
from logo_retrieval.models.bundle import ModelBundle
from logo_retrieval.open_set.evidence import ClassProfile
from logo_retrieval.open_set.fusion import Fusion
from logo_retrieval.open_set.impostors import IMPOSTORS_FILE, Impostors
from logo_retrieval.types import Float64Array

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
            ModelError: when a file or the decision is damaged or does not fit the model.
        """
        held, dim = bundle.config.files, bundle.config.dim
        try:
            fusion = Fusion.from_dict(decision)
        except ValueError as error:
            raise ModelError(
                f"the decision for the model {bundle.config.name} is damaged, or of an earlier release, whose models "
                f"are to be trained or exported again: {error}"
            ) from error
        return cls(
            head=HeadVectors.read(bundle.path(HEAD_FILE), dim) if HEAD_FILE in held else None,
            impostors=Impostors.read(bundle.path(IMPOSTORS_FILE)) if IMPOSTORS_FILE in held else None,
            fusion=fusion,
            name=bundle.config.name,
        )

    def share(self, max_false_accept: float | None) -> float | None:
        """The share of unknown logos that may be given a company's name.

        Args:
            max_false_accept: as asked for; None for the default one.

        Returns:
            None where nothing is asked for and the model has not enough unknown logos to vouch for the default share:
            the likeliest answer is given then.

        Raises:
            ValueError: when the share is out of range or less than the model can vouch for.
            ModelError: when a share is asked for and the model has no unknown logos to vouch for it.
        """
        vouching = 0 if self.impostors is None else len(self.impostors.log_odds)
        if max_false_accept is None:
            return DEFAULT_FALSE_ACCEPT if vouching >= _FEWEST_VOUCHING else None
        if self.impostors is None or vouching == 0:
            raise ModelError(
                f"the model {self.name} has no unknown logos to vouch for a share of false names: train it with "
                "drawings of 'other' kept for validation, or take the starter"
            )
        self.impostors.threshold(max_false_accept)
        return max_false_accept

    def thresholds(self, share: float | None, profile: ClassProfile) -> Float64Array | None:
        """(c,) by `Impostors.thresholds`, None where the likeliest answer is given.

        Args:
            share: by `share`.
            profile: of the classes.
        """
        if share is None or self.impostors is None:
            return None
        return self.impostors.thresholds(share, profile.novel)
