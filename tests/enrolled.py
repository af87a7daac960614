"""What an index answers before and after enrolment, and the bytes of its files."""

from __future__ import annotations

from pathlib import Path

from drawings import SHAPES, ring, svg

from logo_retrieval import LogoClassifier
from logo_retrieval.images.source import Source
from logo_retrieval.types import Decision

ASKED: list[Source] = [svg(shape, place) for shape in SHAPES for place in (0, 4)]


def answers(folder: Path) -> list[Decision]:
    with LogoClassifier.open(folder) as classifier:
        return classifier.classify([*ASKED, ring()], top=4)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
