"""Faults in the text of a drawing that hide nothing of it."""

from __future__ import annotations

import re

from logo_retrieval.images.sniff import wide_encoding

_STRAY_AMPERSAND = re.compile(rb"&(?!(?:#\d+|#x[0-9a-fA-F]+|amp|lt|gt|quot|apos);)")
_REMARK = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_DECLARATIONS = re.compile(rb"\A(?:\s*<\?xml\s[^>]*\?>)+\s*")
_DECLARED_ENCODING = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([\w.:-]+)[\"']")


def mended(text: bytes) -> tuple[bytes, str]:
    """The text without faults of its encoding and declaration, stray ampersands and remarks; and its encoding."""
    text = _DECLARATIONS.sub(b"", _as_utf_8(text))
    if b"<!ENTITY" not in text:
        text = _STRAY_AMPERSAND.sub(b"&amp;", text)
    if b"<![CDATA[" not in text:
        text = _REMARK.sub(b"", text)  # two hyphens in it are a fault
    return text, "utf-8"


def _as_utf_8(text: bytes) -> bytes:
    """Text in an encoding that expat does not know, by the codec of that name; what is wrong in it is replaced."""
    wide = wide_encoding(text)
    if wide is not None:
        return text.decode(wide, errors="replace").lstrip("\ufeff").encode()
    named = _DECLARED_ENCODING.match(text)
    codec = named[1].decode().lower() if named else "utf-8"
    try:
        return text.decode("utf-8" if codec.startswith("utf") else codec, errors="replace").encode()
    except LookupError:
        return text.decode(errors="replace").encode()
