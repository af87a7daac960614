"""What a file is, told by its bytes. File names are never asked."""

from __future__ import annotations

import re
import zlib

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.inflate import GZIP, inflated
from logo_retrieval.images.refused import IOS_PNG, behind_others, refused

MAX_BYTES = 32 << 20
"""Of one file of any format."""

MAX_PIXELS = 40_000_000
"""Of one picture."""

SUPPORTED = "SVG, SVGZ, PNG, JPEG, GIF, WebP, AVIF, BMP, TIFF, ICO and CUR"

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
    (b"\0\0\1\0", "ico"),
)

_BMP_HEADER_SIZES = {12, 16, 40, 52, 56, 64, 108, 124}
_HTML_ROOTS = {"html", "head", "body", "title", "meta", "script", "div", "p", "h1", "center"}
_PEEK_BYTES = 1 << 20

_PROLOGUE = re.compile(
    r"""\s+ | <\?.*?\?> | <!--.*?-->
    | <!DOCTYPE\s (?: [^\[>"'] | "[^"]*" | '[^']*' )* (?:
        \[ (?: (?> <!--.*?--> ) | (?> <\?.*?\?> ) | "[^"]*" | '[^']*' | <(?!!--|\?) | [^]"'<] )*+ \]\s*
      | \[ .*? \]\s* )? >""",
    re.DOTALL | re.VERBOSE,
)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)[\s/>]")


def sniff(data: bytes) -> str:
    """Tells the format by content.

    Args:
        data: a whole file.

    Returns:
        "svg", "svgz", "png", "jpeg", "gif", "webp", "avif", "bmp", "tiff", "ico" or "cur". Nothing has been decoded
        yet, so the file may still turn out to be damaged.

    Raises:
        UnreadableImage: "unknown-format", with what it looks like instead where that is known; "too-large".
    """
    if len(data) > MAX_BYTES:
        raise UnreadableImage("too-large", f"{len(data):,} bytes, more than {MAX_BYTES:,}")
    for signature, name in _SIGNATURES:
        if data.startswith(signature) and not data.startswith(IOS_PNG):
            return name
    container = _container(data)
    if container is not None:
        return container
    if data.startswith(GZIP):
        return _gzipped(data)
    other = refused(data)
    if other is not None:
        raise _unknown(other)
    if not data.strip(b"\0"):
        raise _unknown("nothing but NUL bytes" if data else "an empty file of 0 bytes")
    return _markup(data)


def _container(data: bytes) -> str | None:
    """Formats whose mark is not one fixed run of bytes at the start."""
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    if data.startswith(b"\0\0\2\0") and data[4:6] != b"\0\0":  # with 0 entries it is an uncompressed TGA
        return "cur"
    if data.startswith(b"BM") and int.from_bytes(data[14:18], "little") in _BMP_HEADER_SIZES:
        return "bmp"
    if data[4:8] == b"ftyp":
        box = data[: min(int.from_bytes(data[:4], "big"), 1024)]
        brands = {box[8:12], *(box[at : at + 4] for at in range(16, len(box), 4))}
        if brands & {b"avif", b"avis"}:
            return "avif"
        raise _unknown("an HEIC image" if brands & {b"heic", b"heix", b"mif1", b"msf1"} else "a video")
    return None


def _gzipped(data: bytes) -> str:
    """SVGZ, or some other gzip file."""
    try:
        inner, _ = inflated(data, _PEEK_BYTES)
    except zlib.error:
        raise UnreadableImage("corrupt", "the file starts as gzip, but does not inflate") from None
    if not inner.startswith(GZIP) and _root(_text(inner)) == "svg":
        return "svgz"
    raise _unknown("a gzip archive that holds no SVG")


def _markup(data: bytes) -> str:
    """SVG, or the name of the text that stands there instead."""
    text = _text(data)
    root = _root(text)
    if root == "svg":
        return "svg"
    if root is not None and root.lower() in _HTML_ROOTS:
        raise _unknown("an HTML page, such as an error page that was saved under the name of a picture")
    if root is not None:
        raise _unknown(f"XML with the root element <{root[:40]}>")
    if text.lstrip().startswith("<"):
        raise _unknown("markup without a root element")
    inner = behind_others(data)
    if inner is not None:
        raise _unknown(inner)
    if "\ufffd" not in text and "".join(text[:200].split()).isprintable():
        raise _unknown("plain text")
    raise _unknown("no known image")


def _text(data: bytes) -> str:
    """The first part as text; the encoding only has to be right for the ASCII in it."""
    head = data[:_PEEK_BYTES]
    return head.decode(wide_encoding(head) or "utf-8", errors="replace").lstrip("\ufeff")


def wide_encoding(data: bytes) -> str | None:
    """The encoding of text whose letters take two bytes or four; None where they take fewer."""
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "utf-32"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    ways = {b"<\0\0\0": "utf-32-le", b"\0\0\0<": "utf-32-be", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
    return next((name for start, name in ways.items() if data.startswith(start)), None)


def _root(text: str) -> str | None:
    """The local name of the root element; "html" for an HTML doctype; None when there is no element."""
    at = 0
    while True:
        prologue = _PROLOGUE.match(text, at)
        if prologue is None:
            break
        if re.match(r"<!doctype\s+html\b", prologue[0], re.IGNORECASE):
            return "html"
        at = prologue.end()
    if re.match(r"<!doctype\s+html\b", text[at : at + 40], re.IGNORECASE):
        return "html"
    root = _ROOT.match(text, at)
    return root[1] if root else None


def _unknown(what: str) -> UnreadableImage:
    return UnreadableImage("unknown-format", f"this looks like {what}; supported are {SUPPORTED}")
