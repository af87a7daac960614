"""What an index was made with; a query must be made the same way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Self

from logo_retrieval.errors import IndexStoreError
from logo_retrieval.fields import DIGEST, NUMBERS, OBJECT, SIZE, TEXT, TEXTS, read_object, wrong_field


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Written once a build, in the transaction that writes the items.

    Attributes:
        model: name of the model bundle.
        model_digest: SHA-256 of the bundle, hexadecimal; also names its folder under `models/`.
        precision: the runtime and number format of the vectors, such as "onnxruntime-fp32".
        dim: embedding width.
        preparation: how pictures become views.
        decision: constants of the decision.
        created: UTC time, ISO 8601.
        versions: of the libraries that decoded and embedded.
    """

    model: str
    model_digest: str
    precision: str
    dim: int
    preparation: Mapping[str, object]
    decision: Mapping[str, float]
    created: str
    versions: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """As one line of JSON, keys sorted."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The manifest that `to_json` wrote.

        Raises:
            IndexStoreError: when it is not JSON, or fields are missing, unknown or of the wrong type.
        """
        try:
            values = read_object(text)
        except ValueError as error:
            raise IndexStoreError(f"the manifest {error}: {_ADVICE}") from error
        if values.keys() != _CHECKS.keys():
            raise IndexStoreError(f"the manifest must hold {sorted(_CHECKS)}, got {sorted(values)}: {_ADVICE}")
        fault = wrong_field(values, _CHECKS)
        if fault:
            raise IndexStoreError(f"the manifest is damaged, {fault}: {_ADVICE}")
        return cls(**values)


_ADVICE = "restore a copy, or build the index again"
_CHECKS = {
    **dict.fromkeys(("model", "precision", "created"), TEXT),
    "model_digest": DIGEST,
    "dim": SIZE,
    "preparation": OBJECT,
    "decision": NUMBERS,
    "versions": TEXTS,
}
