"""X and y as scikit-learn gives them: checked, and as records named by their places in X."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from logo_retrieval.gallery.records import Gallery, GalleryRecord, class_name
from logo_retrieval.images.source import Source, check_several, files_or_bytes


def gallery_of(X: Iterable[Source], y: Iterable[str], first: int) -> Gallery:
    """Labelled pictures as records named by their places, from `first` on.

    Raises:
        TypeError, ValueError: see `estimator.LogoRetrievalClassifier.fit`.
    """
    sources, labels = sources_of(X), _labels(y)
    if len(sources) != len(labels) or not sources:
        raise ValueError(
            f"expected as many labels as pictures, and one at least, got {len(sources)} pictures in X and "
            f"{len(labels)} labels in y"
        )
    records = []
    for place, (plain, label) in enumerate(zip(files_or_bytes(sources), labels, strict=True)):
        given = f"X[{place}]"
        path, content = (Path(given), plain) if isinstance(plain, bytes) else (plain, None)
        records.append(GalleryRecord(f"X[{first + place}]", label, path, given, content=content))
    return Gallery(tuple(records), ())


def place_of(item: str) -> int:
    """Of a record named by `gallery_of`, its place among all that were fitted."""
    return int(item.removeprefix("X[").removesuffix("]"))


def sources_of(X: Iterable[Source]) -> list[Source]:
    """The n pictures of X.

    Raises:
        TypeError: X is not n pictures.
    """
    dimensions, kind = getattr(X, "ndim", 1), getattr(getattr(X, "dtype", None), "kind", "O")
    if dimensions not in (1, 4) or kind == "S":
        raise TypeError(
            "expected X to be n pictures: a list or 1-d array of paths, bytes or images, or a uint8 array of shape "
            f"(n, h, w, 3) or (n, h, w, 4); got {dimensions} dimensions, dtype kind {kind!r}"
            + (", which cuts off zeros: use dtype=object" if kind == "S" else "")
        )
    check_several(X)
    return list(X)


def _labels(y: Iterable[str]) -> list[str]:
    if y is None or isinstance(y, str) or getattr(y, "ndim", 1) != 1:
        raise TypeError(f"expected y to be a list or 1-d array of class names, got {type(y).__name__}")
    labels = list(y)
    for place, label in enumerate(labels):
        if not isinstance(label, str):
            kind = type(label).__name__
            raise TypeError(f"expected class names, got y[{place}] = {label!r} of type {kind}: give them as text")
        if class_name(label, f"in y[{place}]") != label:
            raise ValueError(f"expected class names in Unicode form NFC without white space around, got {label!r}")
    return [str(label) for label in labels]
