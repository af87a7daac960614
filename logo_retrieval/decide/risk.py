"""How far a company must be ahead to be named: a threshold from the share of unknown logos that may be."""

from __future__ import annotations

import io
import math
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from logo_retrieval.errors import ModelError
from logo_retrieval.values import Float32Array

UNKNOWN_FILE = "unknown.npz"
"""The file of a model bundle with the leads of unknown logos: `leads` (n,) float32."""


@dataclass(frozen=True, slots=True)
class UnknownLogos:
    """How the model judged logos of no company that it knows, and that it had not seen.

    Attributes:
        leads: (n,) float32, by `decision.leads`.
    """

    leads: Float32Array

    @classmethod
    def read(cls, file: Path) -> Self:
        """Reads a file with the content of `to_bytes`.

        Raises:
            ModelError: when it is missing or damaged.
        """
        try:
            with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
                leads = arrays["leads"]
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ModelError(f"'{file}' holds no leads of unknown logos: {error}") from error
        if leads.dtype != np.float32 or leads.ndim != 1 or not np.isfinite(leads).all():
            raise ModelError(f"'{file}' must hold (n,) finite float32, got {leads.dtype} of shape {leads.shape}")
        return cls(leads)

    def to_bytes(self) -> bytes:
        """The content of the file: a plain array, no pickle."""
        file = io.BytesIO()
        np.savez(file, allow_pickle=False, leads=self.leads)
        return file.getvalue()

    def least_lead(self, max_false_accept: float) -> float:
        """The lead above which a company may be named.

        The split conformal quantile (Vovk et al. 2005, "Algorithmic Learning in a Random World", section 2.2): of n
        leads the one of rank ceil((n + 1)(1 - a)). An unknown logo that is like those n exceeds it with a probability
        of at most a, whatever the distribution.

        Args:
            max_false_accept: a, above 0 and below 1.

        Raises:
            ValueError: when it is out of that range, or so small that n logos cannot vouch for it.

        >>> UnknownLogos(np.float32([0.1, 0.4, 0.2, 0.3])).least_lead(0.4)
        0.30000001192092896
        """
        if not 0 < max_false_accept < 1:
            raise ValueError(
                f"the share of unknown logos to be named must be above 0 and below 1, got {max_false_accept}"
            )
        n = len(self.leads)
        rank = math.ceil((n + 1) * (1 - max_false_accept) - 1e-9)
        if rank > n:
            raise ValueError(
                f"{max_false_accept} is less than the {n} unknown logos of this model can vouch for: give "
                f"{1 / (n + 1):.4f} or more"
            )
        return float(np.sort(self.leads)[rank - 1])
