"""New drawings and names into an index, and out of it again, while it is in use."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from logo_retrieval.errors import EnrolmentClash, EnrolmentError, GalleryError, IndexStoreError
from logo_retrieval.gallery.names import cleaned_name, cleaned_names, new_names, remarks_on, shared_names
from logo_retrieval.gallery.reader import Intake
from logo_retrieval.gallery.records import (
    Gallery,
    GalleryRecord,
    check_distinct,
    class_name,
    free_name,
    numbered,
    plain_name,
    printable,
    spelling,
)
from logo_retrieval.images.source import Source, check_several, file_or_bytes
from logo_retrieval.indexing.build import embedded, stored_item
from logo_retrieval.indexing.likeness import clashes, clashes_among, unlike
from logo_retrieval.indexing.report import EnrolmentReport
from logo_retrieval.inference.engine import BATCH, Engine
from logo_retrieval.inference.snapshot import IndexSnapshot
from logo_retrieval.models.resolve import check_writable
from logo_retrieval.store.changes import Names, add_items, remove_class, remove_items, remove_names
from logo_retrieval.store.stored import StoredDrawing, StoredItem
from logo_retrieval.store.transactions import IndexChanged
from logo_retrieval.types import OTHER

_ADVICE_ON_CLASHES = (
    "Leave out what is wrong (`logo-retrieval unenroll --item` takes a drawing out of the index), or keep both with "
    "--force (in Python force=True, over HTTP force=true), as for a company whose own logo the index has under "
    f"'{OTHER}' so far."
)


def drawings_of(label: str, sources: Iterable[Source]) -> Gallery:
    """One company's drawings as a gallery.

    Raises:
        EnrolmentError: when the name cannot stand.
    """
    check_several(sources)
    label = _company(label)
    records: dict[str, GalleryRecord] = {}
    for given in sources:
        source = file_or_bytes(given)
        if isinstance(source, Path):
            path, content = source, None
        else:
            path, content = Path(_file_name(given) or hashlib.sha256(source).hexdigest()[:16]), source
        name = free_name(f"{label}/{printable(path.name)}", records)
        records[name] = GalleryRecord(name, label, path, str(path), content=content)
    return Gallery(tuple(records.values()), ())


def _file_name(source: Source) -> str:
    """What an open file is called; nothing where it has no name."""
    name = getattr(source, "name", "")
    return Path(name).name if isinstance(name, str) else ""


def names_of(label: str, names: Iterable[str]) -> Names:
    """One company's names by its class; nothing where none are given.

    Raises:
        EnrolmentError: when the class or one of the names cannot stand, or the names are too many.
    """
    cleaned = cleaned_names(names)
    if cleaned and _company(label) == OTHER:
        raise EnrolmentError([f"'{OTHER}' is many unknown brands, and has no names"], "Give the drawings alone.")
    return {_company(label): cleaned} if cleaned else {}


def _company(label: str) -> str:
    try:
        return class_name(label, "")
    except GalleryError as error:
        raise EnrolmentError([str(error).strip()], "Give another name.") from error


def enroll(engine: Engine, gallery: Gallery, names: Names, *, force: bool, skip_unreadable: bool) -> EnrolmentReport:
    """Adds the drawings and names, all in one transaction; see `LogoClassifier.enroll`.

    Others are answered meanwhile: the engine's turn is taken a batch at a time, and not while the index is written.
    What was checked is checked again where the index has changed since.

    Args:
        engine: of the index.
        gallery: the drawings.
        names: by `names_of`; a class with names needs no drawing.
        force: whatever the index has under other classes.
        skip_unreadable: without those that cannot be read.

    Raises:
        EnrolmentError, IndexStoreError: nothing was added.
    """
    with engine.while_open():
        return _Enrolment(engine).enroll(gallery, names, force=force, skip_unreadable=skip_unreadable)


class _Enrolment:
    """Checks and adds drawings and names to one open index, beside those who are answered."""

    def __init__(self, engine: Engine) -> None:
        """Takes the index at work."""
        self._engine = engine
        self._store = engine.store

    def enroll(self, gallery: Gallery, names: Names, *, force: bool, skip_unreadable: bool) -> EnrolmentReport:
        """See the function of that name."""
        engine = self._engine
        check_writable(self._store.folder)
        _check_classes(sorted({*gallery.classes, *names}), engine.current())
        intake = Intake(gallery, lambda sha256: False)
        drawings: dict[bytes, StoredDrawing] = {}
        for batch in embedded(intake, engine.pool, engine.embed_views, all_views=True):  # few have to stand for all
            drawings |= batch
            engine.current()  # an index that was replaced meanwhile is told now, not after the last picture
        engine.check_usable()
        candidates = [stored_item(record, sha256, drawings[sha256]) for record, sha256 in intake.usable()]
        read = intake.report
        as_given = {record.name: record.given for record in gallery.records}
        unreadable = [(as_given[name], reason) for name, reason in read.unreadable]
        remaining = bool(candidates or names)
        if unreadable and not (skip_unreadable and remaining):
            advice = (
                "Leave them out, or add the others with --skip-unreadable (in Python and over HTTP skip_unreadable)."
            )
            raise EnrolmentError(
                [f"'{name}' is unreadable: {reason}" for name, reason in unreadable],
                advice if remaining else "Name one image file at least that can be read.",
                "skip_unreadable" if remaining else None,
            )
        if not remaining:
            raise EnrolmentError(["no drawing was given, and no name"], "Name one image file at least, or a name.")
        duplicates = [(as_given[name], twin) for name, twin in read.duplicates]
        report = EnrolmentReport(unreadable=unreadable, duplicates=duplicates, remarks=read.remarks)
        twins = [
            f"'{as_given[name]}' and '{as_given[twin]}' have the same bytes, but two classes"
            for name, twin in read.conflicts
        ]
        with engine.adding:
            while True:
                try:
                    return self._add(candidates, names, twins, report, force=force)
                except IndexChanged:  # by another process, or by a removal
                    continue

    def _add(
        self,
        candidates: Sequence[StoredItem],
        names: Names,
        twins: Sequence[str],
        report: EnrolmentReport,
        *,
        force: bool,
    ) -> EnrolmentReport:
        with self._engine.turn():
            snapshot = self._engine.current()
            _check_classes(sorted({*names, *(item.label for item in candidates)}), snapshot)
            same = self._store.held({item.sha256 for item in candidates})
            there = {
                item.name: name
                for item in candidates
                for name, label in same.get(item.sha256, [])
                if label == item.label
            }
            fresh = self._named([item for item in candidates if item.name not in there])
            known = self._store.class_vectors({item.label for item in fresh})
            stored = self._store.class_names()
        overruled = [*twins, *self._clashes(fresh, snapshot, same), *clashes_among(fresh)] if fresh else []
        if overruled and not force:
            raise EnrolmentClash(overruled, _ADVICE_ON_CLASHES, "force")
        as_given = {item.name: item.source for item in candidates}
        named = new_names(names, stored)
        new_classes = sorted({*named, *(item.label for item in fresh)} - set(snapshot.classes))
        known_by_label = {label: (label,) for label in new_classes if label not in named}
        if fresh or named:
            add_items(self._store.folder, fresh, generation=snapshot.number, names=named)
        return replace(
            report,
            added=[(item.name, item.label) for item in fresh],
            named=[(label, name) for label, of_class in named.items() for name in of_class],
            new_classes=new_classes,
            duplicates=[*report.duplicates, *((as_given[name], twin) for name, twin in there.items())],
            overruled=overruled,
            unlike=unlike(fresh, known),
            remarks=[*report.remarks, *remarks_on(named, stored), *shared_names(known_by_label, stored)],
        )

    def _clashes(
        self, items: Sequence[StoredItem], snapshot: IndexSnapshot, same: Mapping[bytes, list[tuple[str, str]]]
    ) -> list[str]:
        """What `clashes` says, a batch a turn.

        Raises:
            IndexChanged: the index is not that one any more, and might call drawings otherwise.
        """
        sentences: list[str] = []
        for start in range(0, len(items), BATCH):
            with self._engine.turn():
                sentences += clashes(items[start : start + BATCH], snapshot, same, self._store)
                if self._engine.current() is not snapshot:
                    raise IndexChanged(f"the index '{self._store.folder}' was changed meanwhile")
        return sentences

    def _named(self, items: Iterable[StoredItem]) -> list[StoredItem]:
        """The items, each with a number behind its name where another has that name."""
        named: dict[str, StoredItem] = {}
        for item in items:
            candidates = numbered(item.name)
            name = next(one for one in candidates if one not in named and not self._store.has_item(one))
            named[name] = replace(item, name=name)
        return list(named.values())


def unenroll(
    folder: Path, label: str | None, items: Iterable[str] = (), names: Iterable[str] | None = None
) -> list[str]:
    """Removes a class, some of its names, or some drawings; see `LogoClassifier.unenroll`.

    Returns:
        The classes that are gone, the one asked for or those that have neither drawings nor names any more.

    Raises:
        ValueError: unless a class, names of it, or drawings are given.
        TypeError: when one drawing or name is given where several are expected.
        IndexStoreError: nothing was removed.
    """
    check_writable(folder)
    check_several(items)
    check_several(names)
    items, names = list(items), None if names is None else list(names)
    if (label is None) == (not items) or (names is not None and (label is None or not names)):
        raise ValueError("expected either a class, one or more names of a class, or drawings to remove")
    if label is None:
        return remove_items(folder, [printable(item) for item in items])
    label = plain_name(label)
    if names is not None:
        return remove_names(folder, label, [cleaned_name(name) for name in names])
    if label == OTHER:
        raise IndexStoreError(
            f"'{OTHER}' is what unknown logos are told by and stays: remove single drawings of it with --item"
        )
    remove_class(folder, label)
    return [label]


def _check_classes(new: Sequence[str], snapshot: IndexSnapshot) -> None:
    spellings = {spelling(name) for name in new}
    alike = [name for name in snapshot.classes if spelling(name) in spellings]
    try:
        check_distinct([*alike, *new])
    except GalleryError as error:
        raise EnrolmentClash([str(error)], "Spell it as the index does.") from error
