"""What files are that hold no picture, or one of a format that is not read, told by how they begin."""

from __future__ import annotations

_BASE64 = "the Base64 text of a picture; decode it first"
_MAIL = "an e-mail or a saved page; save the picture in it as a file of its own"
_AS_TEXT = "a picture that a transfer as text has damaged"

IOS_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\4CgBI"
"""How a picture of an iOS app begins, whose pixels are packed in another way than those of a PNG."""

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (IOS_PNG, "a PNG that Xcode has changed for iOS, and that browsers do not show; take the one from before"),
    (b"%PDF", "a PDF document"),
    (b"%!PS", "an EPS or PostScript file"),
    (b"\xc5\xd0\xd3\xc6", "an EPS file"),
    (b"version https://git-lfs", "a git-LFS pointer; fetch the real file with `git lfs pull`"),
    (b"PK\3\4", "a ZIP archive"),
    (b"PK\5\6", "an empty ZIP archive"),
    (b"Rar!\x1a\7", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"8BPS", "a Photoshop file"),
    (b"gimp xcf", "a GIMP file"),
    (b"icns", "an Apple ICNS icon"),
    (b"\xff\x0a", "a JPEG XL image"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL image"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 image"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 image"),
    (b"\x8aMNG", "an MNG animation"),
    (b"\xd7\xcd\xc6\x9a", "a WMF metafile"),
    (b"qoif", "a QOI image"),
    (b"DDS ", "a DDS texture"),
    (b"wOFF", "a web font"),
    (b"wOF2", "a web font"),
    (b"\0\1\0\0\0", "a TrueType font"),
    (b"OTTO", "an OpenType font"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"data:", "the text of a data: link; save the picture that it holds"),
    *((start, _BASE64) for start in (b"iVBORw0KGgo", b"/9j/", b"R0lGOD", b"UklGR", b"PHN2Zy", b"PD94bW")),
    *((start, _AS_TEXT) for start in (b"\x89PNG", b"\xef\xbf\xbdPNG", b"\xc2\x89PNG", b"\xef\xbf\xbd\xef\xbf\xbd")),
    (b"{", "JSON, such as the answer of a service or a Lottie animation"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"RIFF", "a sound, a video, an animated cursor or a CorelDRAW file"),
    (b"FWS", "a Flash animation"),
    (b"CWS", "a Flash animation"),
    (b"\xd0\xcf\x11\xe0", "an old Office document, or the Thumbs.db of a folder"),
    (b"MZ", "a program for Windows"),
    (b"\x01\0\x09\0", "a WMF metafile"),
    (b"v/1\x01", "an OpenEXR image"),
    (b"#?RADIANCE", "a Radiance image"),
    *((b"P%d%c" % (kind, gap), "a PPM, PGM or PBM image") for kind in range(1, 8) for gap in b" \n\r\t"),
    *((b"\x0a%c\x01" % version, "a PCX image") for version in (0, 2, 3, 4, 5)),
    (b"\x01\xda", "an SGI image"),
    (b"\x59\xa6\x6a\x95", "a Sun raster image"),
    (b"SIMPLE  =", "a FITS image"),
    (b"PF\n", "a PFM image"),
    (b"Pf\n", "a PFM image"),
    (b"SDPX", "a DPX image"),
    (b"XPDS", "a DPX image"),
    (b"FLIF", "a FLIF image"),
    (b"BPG\xfb", "a BPG image"),
    (b"\xabKTX ", "a KTX texture"),
    (b"\x8bJNG", "a JNG image"),
    (b"II\xbc", "a JPEG XR image"),
    (b"farbfeld", "a farbfeld image"),
    (b"\x06\x06\xed\xf5", "an InDesign document"),
    (b"fig-kiwi", "a Figma document"),
    (b"/* XPM */", "an XPM image"),
    (b"#define ", "an XBM image, or source text"),
    *((start, _MAIL) for start in (b"Received:", b"Return-Path:", b"Delivered-To:", b"MIME-Version:", b"From:")),
    (b"\0\5\x16\7", "what macOS keeps beside a file; the file itself has the name behind the `._`"),
    (b"L\0\0\0\1\x14\2\0", "a Windows shortcut"),
    (b"[InternetShortcut]", "a shortcut to an address"),
)
_PEEK = 1024
_INNER = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF89a", "a GIF image"),
    (b"<svg", "an SVG drawing"),
)
_TGA_END = b"TRUEVISION-XFILE.\0"
_TGA_KINDS = frozenset((1, 2, 3, 9, 10, 11))
_TGA_BITS = frozenset((8, 15, 16, 24, 32))


def refused(data: bytes) -> str | None:
    """What a file is, as a noun; None where that is not known."""
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    if data[:_PEEK].lstrip().startswith(b"%PDF"):  # as readers of PDF take it
        return "a PDF document"
    if data.startswith(b"\x28\0\0\0") and data[12:14] == b"\1\0":
        return "a DIB, a BMP without its file header"
    if data[40:44] == b" EMF":
        return "an EMF metafile"
    if data[257:262] == b"ustar":
        return "a tar archive"
    if data.endswith(_TGA_END) or _has_tga_header(data):
        return "a TGA image"
    return None


def behind_others(data: bytes) -> str | None:
    """A picture with something in front of it, such as the header of an answer over HTTP; None where there is none.

    Browsers show none of these.
    """
    found = ((data.find(start, 1, _PEEK), name) for start, name in _INNER)
    at, name = min((pair for pair in found if pair[0] > 0), default=(0, ""))
    return f"{name} that begins only at byte {at}, behind something else; save the picture alone" if name else None


def _has_tga_header(data: bytes) -> bool:
    return (
        len(data) > 18
        and data[1] in (0, 1)
        and data[2] in _TGA_KINDS
        and data[16] in _TGA_BITS
        and data[12:14] != b"\0\0" != data[14:16]
    )
