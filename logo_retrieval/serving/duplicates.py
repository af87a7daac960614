"""Duplicates among pictures that came with a request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from logo_retrieval.gallery.reader import Progress
from logo_retrieval.gallery.records import Gallery, GalleryRecord, free_name
from logo_retrieval.near_duplicates import find_clusters, find_matches
from logo_retrieval.serving.queries import DuplicatesQuery
from logo_retrieval.serving.uploads import Upload

if TYPE_CHECKING:
    from logo_retrieval.classifier import LogoClassifier


def duplicates_among(
    classifier: LogoClassifier, pictures: Sequence[Upload], query: DuplicatesQuery, progress: Progress
) -> dict[str, object]:
    """Clusters of the pictures, or those that the index has too; of each the form of `duplicates --format jsonl`."""
    drawings = classifier.drawings(Gallery(tuple(_records(pictures)), ()), progress=progress)
    unreadable = [{"path": name, "reason": reason} for name, reason in drawings.unreadable]
    if query.against_index:
        matches = find_matches(drawings, classifier.drawings(), query.threshold, query.kind)
        return {"clusters": None, "matches": [match.to_dict() for match in matches], "unreadable": unreadable}
    clusters = find_clusters(drawings, query.threshold, query.kind)
    rows = [{"cluster": place, **cluster.to_dict()} for place, cluster in enumerate(clusters, start=1)]
    return {"clusters": rows, "matches": None, "unreadable": unreadable}


def _records(pictures: Sequence[Upload]) -> Iterator[GalleryRecord]:
    """One a picture; names that come again get a number."""
    taken: set[str] = set()
    for picture in pictures:
        name = free_name(picture.name, taken)
        taken.add(name)
        yield GalleryRecord(name, "", Path(picture.name), picture.name, content=picture.data)
