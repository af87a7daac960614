"""What an index was made with; a query must be made the same way."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Self

from logo_retrieval.errors import IndexStoreError
from logo_retrieval.fields import Digest, Numbers, Object, Size, Text, Texts, built, read_object
from logo_retrieval.versions import installed_version


def library_versions() -> dict[str, str]:
    """Of what decodes and embeds, this package included, by the name of its distribution."""
    return {name: installed_version(name) for name in ("logo-retrieval", "numpy", "onnxruntime", "pillow", "resvg")}


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
        versions: of the libraries that decoded and embedded, by `library_versions`.
    """

    model: Text
    model_digest: Digest
    precision: Text
    dim: Size
    preparation: Object
    decision: Numbers
    created: Text
    versions: Texts = field(default_factory=dict)

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
            return built(cls, read_object(text))
        except ValueError as error:
            raise IndexStoreError(f"the manifest {error}: restore a copy, or build the index again") from error
