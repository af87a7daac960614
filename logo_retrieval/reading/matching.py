"""Text that was read to the names by which companies are known."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

import numpy as np

from logo_retrieval.types import Float32Array, TextLine

MOST_WORDS = 12
"""So many words of a line are looked at: a name has few, and a screenshot should not take long."""

_IDEOGRAPH = 3  # a Chinese character says as much as three letters
_SPACED_FROM = 3  # letters
_FIRST_IDEOGRAPH = "\u2e80"
_OF_ONE_SCRIPT = re.compile(rf"[{_FIRST_IDEOGRAPH}-\U0010ffff]+|[^\s{_FIRST_IDEOGRAPH}-\U0010ffff]+")
_LEGAL_SIGNS = str.maketrans(dict.fromkeys("™℠®©Ⓡⓡ", " "))  # decomposed, they would be letters
_AS_LATIN = str.maketrans(
    {
        **dict(zip("ØĐÐŁĦŦ", "ODDLHT", strict=True)),  # letters with a stroke, which is no accent to Unicode
        **{"Æ": "AE", "Œ": "OE"},
        **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)),  # Greek capitals
        **dict(zip("АВЕЅІЈКМНОРСТУХ", "ABESIJKMHOPCTYX", strict=True)),  # Cyrillic ones
    }
)
"""Capitals that are drawn as Latin ones are, and read as such."""

_READ_SCRIPTS = frozenset(
    ("LATIN", "DIGIT", "GREEK", "CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA")
)
"""Of the letters that the recogniser knows, as Unicode calls them."""


class Clarity(NamedTuple):
    """How clearly a name stands in a text, and how clearly anything does.

    Attributes:
        misread: the power of the share of a name that was read as it is spelled.
        full_length: letters of a name that counts fully; of one letter it counts nothing.
        stray: what a name counts, in [0, 1], when the first or last letter of a line is left out: a symbol so read.
        part: what the first or the last words of a name count, in [0, 1], where they stand for it.
        sure: the power of the reader's confidence in what counts as written.
        nothing: letters that do not count as written: as many are read into symbols.
        writing: letters that do, fully.
    """

    misread: float
    full_length: int
    stray: float
    part: float
    sure: float
    nothing: int
    writing: int


CLARITY = Clarity(misread=4, full_length=3, stray=0.6, part=0.5, sure=4, nothing=2, writing=5)
"""Chosen by `benchmarks/clarity.py`."""


class Names:
    """The names of c classes, ready to be found in text."""

    def __init__(
        self, names: Sequence[Sequence[str]], clarity: Clarity = CLARITY, by_part: Collection[int] = ()
    ) -> None:
        """Takes the names of each class, in the order of the classes; a class may have none.

        Args:
            names: of each class.
            clarity: how much what counts.
            by_part: the classes for which a part of a name may stand, too: Avanza for Avanza Bank. Of a class whose
                names were reviewed all are known.
        """
        self._names = names
        self._clarity = clarity
        self._by_part = by_part

    @cached_property
    def _said(self) -> dict[str, tuple[list[int], float]]:
        """The classes that letters stand for, and what these count; made when something is read for the first time.

        A part of a name that is also the name of another class, or a part of one, stands for none.
        """
        owners: dict[str, list[int]] = {}
        for place, names in enumerate(self._names):
            for letters in dict.fromkeys(map(as_read, names)):
                owners.setdefault(letters, []).append(place)
        said = {letters: (places, 1.0) for letters, places in owners.items()}
        parts: dict[str, list[int]] = {}
        for place in self._by_part:
            for letters in dict.fromkeys(part for name in self._names[place] for part in _parts(name)):
                parts.setdefault(letters, []).append(place)
        for letters, places in parts.items():
            if len(places) == 1:
                said.setdefault(letters, (places, self._clarity.part * self._as_writing(letters)))
        return said

    @cached_property
    def _long(self) -> dict[int, list[str]]:
        """Names of which letters may be misread, by their number of letters."""
        found: dict[int, list[str]] = {}
        for name in self._said:
            if _misreadings(name):
                found.setdefault(len(name), []).append(name)
        return found

    def read_as(self, texts: Sequence[Sequence[TextLine]]) -> tuple[Float32Array, Float32Array]:
        """How clearly each class is named in each picture, and how clearly anything is written there.

        A name counts by four factors in [0, 1]: the reader's confidence; the share of the name that was read as it is
        spelled, to its power in `Clarity`; the share of the line that it makes up, since GitHub Actions is not GitHub;
        and its length, from 0 for one letter to 1, since short names are read into drawings. It begins and ends where
        words do: php is not in phpipam; but the first or the last letter of a line may be a symbol that was taken for
        one. Case, accents, spaces and signs do not count, nor whether a capital is Latin, Greek or Cyrillic where all
        look alike; of a name of five letters one may be misread, of nine two. A name may go over all lines. For a class
        `by_part` the first or the last words of a name may stand, too, for less: see `Clarity`. What is written counts
        by the reader's confidence and the length of the line.

        Args:
            texts: the lines of each of n pictures.

        Returns:
            (n, c) and (n,) float32 in [0, 1], 0 where nothing was read.
        """
        named = np.zeros((len(texts), len(self._names)), np.float32)
        written = np.zeros(len(texts), np.float32)
        for row, lines in enumerate(texts):
            written[row] = max(map(self._clearly_written, lines), default=0.0)
            for line in (*lines, *_joined(lines)):
                for said, runs, counts in self._readings(words(line.text)[:MOST_WORDS]):
                    for owners, clear in self._named_in(said, runs):
                        named[row, owners] = np.maximum(named[row, owners], line.confidence * counts * clear)
        return named, written

    def _readings(self, read: list[str]) -> Iterator[tuple[list[str], list[slice], float]]:
        """The words as they are, and without the first and the last letter where these may be symbols.

        Of each the runs of words that may be a name, and what it counts.
        """
        places = range(len(read))
        yield read, [slice(start, end + 1) for start in places for end in places[start:]], 1.0
        if read and len(read[0]) > 1:  # one that stands alone can be left out without this
            yield [read[0][1:], *read[1:]], [slice(end + 1) for end in places], self._clarity.stray
        if read and len(read[-1]) > 1:
            yield [*read[:-1], read[-1][:-1]], [slice(start, None) for start in places], self._clarity.stray

    def _named_in(self, read: list[str], runs: Iterable[slice]) -> Iterator[tuple[list[int], float]]:
        """The classes that some runs of words name, and how clearly, confidence aside."""
        whole = _length("".join(read))
        for part, name, likeness in self._found("".join(read[run]) for run in runs):
            owners, counts = self._said[name]
            share = min(_length(part) / whole, 1.0)
            clear = likeness**self._clarity.misread * share * _ramp(_length(name), 1, self._clarity.full_length)
            yield owners, counts * clear

    def _clearly_written(self, line: TextLine) -> float:
        """Digits are left out of account: circles and bars are read as such."""
        certainty: float = line.confidence**self._clarity.sure
        return certainty * self._as_writing("".join(words(line.text)[:MOST_WORDS]))

    def _as_writing(self, read: str) -> float:
        """From 0 for letters as few as are read into symbols to 1; digits do not count."""
        letters = "".join(filter(str.isalpha, read))
        return _ramp(_length(letters), self._clarity.nothing, self._clarity.writing)

    def _found(self, parts: Iterable[str]) -> Iterator[tuple[str, str, float]]:
        """Parts of a line, the names that they are, and how alike both are spelled."""
        from rapidfuzz import process
        from rapidfuzz.distance import Levenshtein

        for part in parts:
            if part in self._said:
                yield part, part, 1.0
                continue
            for letters in range(len(part) - 1, len(part) + 2):
                alike = self._long.get(letters, ())
                near = process.extract(part, alike, scorer=Levenshtein.distance, score_cutoff=2, limit=None)
                for name, distance, _ in near:
                    if distance <= _misreadings(name):
                        yield part, name, 1 - distance / len(name)


def _joined(lines: Sequence[TextLine]) -> list[TextLine]:
    """All lines as one, where there are several."""
    there = [line for line in lines if words(line.text)]
    if len(there) < 2:
        return []
    return [TextLine(" ".join(line.text for line in there), min(line.confidence for line in there))]


def as_read(name: str) -> str:
    """What of a name counts where it is read: its words, run together.

    >>> as_read("C++"), as_read("New-Co"), as_read("N E W  C O")
    ('c', 'newco', 'newco')
    """
    return "".join(words(name))


def _parts(name: str) -> Iterator[str]:
    """The first and the last words of a name, run together, but for all of them.

    >>> list(_parts("Delta Air Lines"))
    ['delta', 'airlines', 'deltaair', 'lines']
    """
    said = words(name)[:MOST_WORDS]
    for border in range(1, len(said)):
        yield from ("".join(said[:border]), "".join(said[border:]))


def cannot_be_read(read: str) -> bool:
    """Whether more of the letters of a name, `as_read`, are of scripts that are not read than may be misread.

    >>> cannot_be_read(as_read("МТС")), cannot_be_read(as_read("Яндекс"))
    (False, True)
    """
    unknown = [letter for letter in read if unicodedata.name(letter, "").split(" ")[0] not in _READ_SCRIPTS]
    return len(unknown) > _misreadings(read)


def words(text: str) -> list[str]:
    """The words of a text, without case, accents and signs; letters that stand apart are one word.

    Chinese and other letters need no space between them. Capitals that look like Latin ones are such.

    >>> words("Café  Node.JS"), words("N E T F L I X"), words("Bai百度"), words("Ørsted")
    (['cafe', 'node', 'js'], ['netflix'], ['bai', '百度'], ['orsted'])
    """
    letters = unicodedata.normalize("NFKD", text.translate(_LEGAL_SIGNS))
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    plain = bare.upper().translate(_AS_LATIN).casefold()
    spaced = "".join(letter if letter.isalnum() else " " for letter in plain)
    found: list[str] = []
    for apart, run in groupby(_OF_ONE_SCRIPT.findall(spaced), lambda w: len(w) == 1):
        together = list(run)
        found += ["".join(together)] if apart and len(together) >= _SPACED_FROM else together
    return found


def _misreadings(name: str) -> int:
    """How many letters of a name may be misread."""
    return 0 if len(name) < 5 else 1 if len(name) < 9 else 2


def _length(text: str) -> int:
    """In letters; one character that stands alone may be a symbol, whatever script it is taken for."""
    return len(text) if len(text) < 2 else sum(_IDEOGRAPH if letter >= _FIRST_IDEOGRAPH else 1 for letter in text)


def _ramp(letters: int, low: int, high: int) -> float:
    """From 0 for so few letters to 1 for so many."""
    return min(max(letters - low, 0) / (high - low), 1.0)
