"""What an index of made-up drawings says about itself."""

from __future__ import annotations

from logo_retrieval.store.manifest import Manifest

MANIFEST = Manifest(
    model="tiny",
    model_digest="ab" * 32,
    precision="onnxruntime-fp32",
    dim=16,
    preparation={"size_px": 8},
    decision={},
    created="2026-01-01T00:00:00+00:00",
)
