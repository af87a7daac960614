"""One family of errors. Each message says what was expected, what came, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self


class LogoRetrievalError(Exception):
    """Base of every error this package raises on purpose."""


class UnreadableImage(LogoRetrievalError, ValueError):
    """One image cannot be used; the rest of its batch goes on.

    Attributes:
        code: one of `UNREADABLE_CODES`.
        text: one sentence for a person.
    """

    def __init__(self, code: str, text: str) -> None:
        if code not in UNREADABLE_CODES:
            raise ValueError(f"code must be one of {sorted(UNREADABLE_CODES)}, got {code!r}")
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        return type(self), (self.code, self.text)


UNREADABLE_CODES: dict[str, str] = {
    "missing": "there is no such file, or it is not a regular file",
    "denied": "the file may not be read",
    "too-large": "more bytes, pixels, frames or elements than the limits allow",
    "unknown-format": "the bytes are no image format that is supported",
    "corrupt": "the bytes claim a supported format, but do not decode",
    "unsafe": "the picture asks for more work than the guard allows",
    "empty": "it decodes, but nothing is drawn: blank, a speck or a sliver",
    "timeout": "decoding ran past its time limit and was ended",
    "crashed": "the decoder died on it, or ran out of memory",
}
"""Every code an unreadable image can carry, with its meaning."""

PASSING_CODES = ("timeout", "crashed")
"""Those that a busy machine may have caused: the next time the answer may be another."""


class GalleryError(LogoRetrievalError, ValueError):
    """A folder of classes or a table cannot serve as a gallery."""


class EnrolmentError(LogoRetrievalError, ValueError):
    """Drawings cannot be enrolled as they are; the index is as it was.

    Attributes:
        faults: one sentence for each drawing, or name, at fault.
        advice: what to do.
        remedy: the parameter of `enroll` that lets the same be enrolled all the same; None where none does.
    """

    def __init__(
        self, faults: Sequence[str], advice: str, remedy: Literal["force", "skip_unreadable"] | None = None
    ) -> None:
        super().__init__(f"nothing was enrolled: {'; '.join(faults)}. {advice}")
        self.faults = tuple(faults)
        self.advice = advice
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[Self], tuple[object, ...]]:
        return type(self), (self.faults, self.advice, self.remedy)


class EnrolmentClash(EnrolmentError):
    """The index has the drawings, or a class of nearly that name, already, under another class."""


class ModelError(LogoRetrievalError, ValueError):
    """A model bundle is missing, damaged, or not the one that is needed."""


class IndexStoreError(LogoRetrievalError, ValueError):
    """An index is missing, damaged, of another schema, or cannot be written."""


class IndexMissing(IndexStoreError):
    """There is no index in a folder."""


class IndexReadOnly(IndexStoreError):
    """An index may only be read: its file or its folder may not be written."""


class IndexBusy(IndexStoreError):
    """Another process is using the index, and did not end in time."""


class NoDescriptors(IndexStoreError):
    """No file can be opened: this process, or the system, has as many open as it may have."""


class StorageFull(IndexStoreError):
    """The disk has no room for what is to be written."""


class NotEnrolled(IndexStoreError):
    """There is no such class, or no such drawing, in the index."""


class IndexRebuilt(IndexStoreError):
    """An open index was built anew with another model or other rules, or replaced: it has to be opened again."""


class BackendError(LogoRetrievalError, RuntimeError):
    """An optional library is missing or installed in a way that cannot work."""
