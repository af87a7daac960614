"""The names by which a company is known: cleaned, compared, and which of them an index does not have yet."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from logo_retrieval.errors import EnrolmentError
from logo_retrieval.gallery.records import printable, spelling
from logo_retrieval.images.source import check_several
from logo_retrieval.reading.matching import MOST_WORDS, as_read, cannot_be_read, words
from logo_retrieval.types import OTHER

LONGEST_NAME = 100
"""In characters."""

MOST_NAMES = 50
"""Of one company, how many are taken at once."""


def cleaned_name(name: str) -> str:
    """A name in Unicode form NFC, with one blank where it has white space.

    >>> cleaned_name(" Die  A\u0308rzte")
    'Die Ärzte'
    """
    return " ".join(unicodedata.normalize("NFC", printable(name)).split())


def cleaned_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names in Unicode form NFC, white space between words alone; of those that differ in case or white space, one.

    Raises:
        EnrolmentError: when there are too many, or one of them cannot stand; the error tells of them all.
        TypeError: when it is one name, which would be taken for its letters.
    """
    check_several(names)
    cleaned = [cleaned_name(name) for name in names]
    if len(cleaned) > MOST_NAMES:
        raise EnrolmentError(
            [f"expected at most {MOST_NAMES} names at once, got {len(cleaned)}"], "Give some of them, then the others."
        )
    faults = [
        f"a name must be text of 1 to {LONGEST_NAME} characters without control characters, a letter or digit among "
        f"them, got {name!r:.{LONGEST_NAME}}" + (f" of {len(name)} characters" if len(name) > LONGEST_NAME else "")
        for name in cleaned
        if not _can_stand(name)
    ]
    if faults:
        raise EnrolmentError(faults, "Give each name as the company writes it.")
    distinct: dict[str, str] = {}
    for name in cleaned:
        distinct.setdefault(_without_spaces(name), name)
    return tuple(distinct.values())


def new_names(given: Mapping[str, Sequence[str]], stored: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Of the names given, by class, those that it does not have yet; its first ones bring its label along.

    A class without stored names is known by its label, and stays so. The label is the first of the names where it was
    given itself, and behind those that brought it.

    Args:
        given: by `cleaned_names`.
        stored: of the classes of the index.
    """
    added = {}
    for label, names in given.items():
        known = stored.get(label, ())
        spellings = {_without_spaces(name) for name in known}
        fresh = [name for name in names if _without_spaces(name) not in spellings]
        if not known:
            given_itself = label in fresh
            others = [name for name in fresh if name != label]
            fresh = [label, *others] if given_itself else [*others, label]
        if fresh:
            added[label] = tuple(fresh)
    return added


def remarks_on(added: Mapping[str, Sequence[str]], stored: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """A sentence for each name that reads like one of another class, its label included, or that cannot be told.

    Args:
        added: names by class.
        stored: of the classes of the index.
    """
    for label, names in added.items():
        for read, name in _by_reading(names):
            if why := _why_mute(name, read):
                yield f"'{name}' of class '{label}' says nothing where it is read: {why}"
    told = {
        label: [name for read, name in _by_reading(names) if not _why_mute(name, read)]
        for label, names in added.items()
    }
    yield from shared_names(told, stored)


def shared_names(added: Mapping[str, Sequence[str]], stored: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """A sentence for each name that reads like one of another class, its label included.

    Args:
        added: names by class.
        stored: of the classes of the index.
    """
    owners: dict[str, dict[str, None]] = {}
    for label, names in stored.items():
        if label != OTHER:
            for name in (label, *names):
                owners.setdefault(as_read(name), {})[label] = None
    for label, names in added.items():
        for read, name in _by_reading(names):
            for owner in owners.get(read, {}) if read else ():
                if owner != label:
                    yield f"'{name}' is a name of class '{owner}' too: where it is read it speaks for both"


def _by_reading(names: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Names, `as_read` and as written; of those that are read alike the first."""
    return reversed({as_read(name): name for name in reversed(names)}.items())


def _why_mute(name: str, read: str) -> str:
    """Why a name says nothing; nothing where it says something, or has no letters, as the label of a class may."""
    if len(read) == 1:
        return "one letter is read into many symbols"
    if cannot_be_read(read):
        return "Latin, Greek, Chinese and Japanese letters are read, not these"
    return f"of a line {MOST_WORDS} words are looked at" if len(words(name)) > MOST_WORDS else ""


def _can_stand(name: str) -> bool:
    return (
        len(name) <= LONGEST_NAME
        and any(letter.isalnum() for letter in name)
        and not any(unicodedata.category(letter) == "Cc" for letter in name)
    )


def _without_spaces(name: str) -> str:
    return spelling(name).replace(" ", "")
