"""Faults in the text of a drawing that hide nothing of it."""

from __future__ import annotations

import re

_STRAY_AMPERSAND = re.compile(rb"&(?!(?:#\d+|#x[0-9a-fA-F]+|amp|lt|gt|quot|apos);)")
_REMARK = re.compile(rb"<!--.*?-->", re.DOTALL)
_DECLARED_ENCODING = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([\w.:-]+)[\"']")


def mended(text: bytes) -> tuple[bytes, str | None]:
    """The text without faults of its encoding, stray ampersands and remarks; and what it is encoded in, if known."""
    encoding = None
    if b"\0" not in text[:4]:
        text, encoding = _as_utf_8(text), "utf-8"
    if b"<!ENTITY" not in text:
        text = _STRAY_AMPERSAND.sub(b"&amp;", text)
    if b"<![CDATA[" not in text:
        text = _REMARK.sub(b"", text)  # two hyphens in it are a fault
    return text, encoding


def _as_utf_8(text: bytes) -> bytes:
    """Text in an encoding that expat does not know, by the codec of that name; what is wrong in it is replaced."""
    named = _DECLARED_ENCODING.match(text)
    codec = named[1].decode().lower() if named else "utf-8"
    try:
        return text.decode("utf-8" if codec.startswith("utf") else codec, errors="replace").encode()
    except LookupError:
        return text.decode(errors="replace").encode()
